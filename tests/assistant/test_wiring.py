"""What is made of the configuration."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from assistant.config import parse_config
from assistant.phrases import phrases_for
from assistant.wiring import load_engine


@pytest.mark.parametrize(
    ("text", "is_demo", "told"),
    [
        ("", False, phrases_for("en").instructions),
        ("", True, ""),
        ('[conversation]\nlanguage = "zh"\n', False, phrases_for("zh").instructions),
        ('[conversation]\nlanguage = "zh"\n', True, ""),
        ('[prompt]\nen = "Count."\n', False, "Count."),
        ('[prompt]\nen = ""\n', False, ""),
    ],
)
def test_the_model_is_told_the_prompt_of_its_users_language(
    text: str, is_demo: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the demo model, which has never read any."""
    loaded: list[Any] = []

    def load(folder: Path, settings: Any, progress: Any) -> contextlib.AbstractContextManager[None]:
        loaded.append(settings)
        return contextlib.nullcontext()

    monkeypatch.setattr("vision.engine.Engine.load", load)
    with contextlib.ExitStack() as stack:
        load_engine(parse_config(text, "x"), Path("anywhere"), stack, print, is_demo=is_demo)
    assert [settings.instructions for settings in loaded] == [told]
