"""Whatever speaks has units and figures written as words: the conversation, and all that has a voice of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.engines.answers import Asker
from assistant.cli.doctor import say_findings
from assistant.cli.setup import draft_of
from assistant.settings.config import Config, ConversationConfig
from assistant.setup.devices import RealParts
from assistant.setup.dialogue import NotPossible
from assistant.setup.keys import Keys
from assistant.wiring.assembly import Assembly
from audio.errors import VoiceError

ENGLISH, CHINESE = Config(), Config(conversation=ConversationConfig(language="zh"))


def by_doctor(config: Config) -> None:
    say_findings([], config)


def by_bench(config: Config) -> None:
    nothing: Any = None
    with contextlib.ExitStack() as stack:
        Asker(nothing, stack, nothing)


def by_setup(config: Config) -> None:
    with contextlib.suppress(NotPossible):
        RealParts(config, draft_of(config), Path("config.toml"), Keys(0), lambda kind: []).speak_as(())


def by_conversation(config: Config) -> None:
    with contextlib.ExitStack() as stack:
        assembly = Assembly(config, stack)
        assembly.open_synthesizer(assembly.remembered_voice)


@pytest.mark.parametrize(
    ("speak", "config", "words"),
    [
        (by_conversation, ENGLISH, "5 kilograms"),
        (by_conversation, CHINESE, "5公斤"),
        (by_setup, ENGLISH, "5 kilograms"),
        (by_setup, CHINESE, "5公斤"),
        (by_bench, ENGLISH, "5 kilograms"),
        (by_doctor, ENGLISH, "5 kilograms"),
        (by_doctor, CHINESE, "5 kilograms"),  # the findings are English
    ],
)
def test_units_are_spoken_as_words(
    speak: Callable[[Config], None], config: Config, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the language of what is said."""
    written: list[str] = []

    def no_voice(*settings: Any, to_spoken: Callable[[str], str] | None = None) -> None:
        written.append((to_spoken or settings[3])("5 kg"))
        raise VoiceError("there is no voice: install one")

    monkeypatch.setattr("audio.speaking.synthesizer.Synthesizer", no_voice)
    with contextlib.suppress(VoiceError):
        speak(config)
    assert written == [words]
