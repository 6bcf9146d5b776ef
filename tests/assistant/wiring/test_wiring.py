"""What is built out of the configuration."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config_reader import parse_config
from assistant.wiring.engine import load_engine
from assistant.wiring.hearing import Ears
from audio.barge_in import SpottedWord
from audio.errors import SpeechModelError
from audio.hearing import Utterance, WakeSuspected


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
    """Every model gets the prompt, except for the demo model, which was never taught to read one."""
    loaded: list[Any] = []

    def load(folder: Path, settings: Any, progress: Any) -> contextlib.AbstractContextManager[None]:
        loaded.append(settings)
        return contextlib.nullcontext()

    monkeypatch.setattr("vision.engine.engine.Engine.load", load)
    with contextlib.ExitStack() as stack:
        load_engine(parse_config(text, "x"), Path("anywhere"), stack, print, is_demo=is_demo)
    assert [settings.instructions for settings in loaded] == [told]


CART = '[hearing]\nbarge_in = "stop_word"\n[activation]\nby = "wake_word"\n'
SPEECH = catalog.demo_speech("en")


def test_only_stop_words_that_the_model_knows_are_listened_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser's grammar would silently leave out the others. If none is left, the user is told what to do."""
    made: list[list[str]] = []
    monkeypatch.setattr("audio.barge_in.VoskSpotter.__init__", lambda self, folder, stops: made.append(stops))
    monkeypatch.setattr("audio.transcriber.unknown_words", lambda folder, phrases: [p for p in phrases if p != "停 下"])
    chinese = parse_config(CART + '[conversation]\nlanguage = "zh"\n', "x")
    assert Ears(chinese, SPEECH).stop_ear is not None
    assert made == [["停 下"]]
    monkeypatch.setattr("audio.transcriber.unknown_words", lambda folder, phrases: phrases)
    with pytest.raises(SpeechModelError, match=r"knows none of the stop words .*barge_in"):
        _ = Ears(chinese, SPEECH).stop_ear


@pytest.mark.parametrize(("barge_in", "counts"), [("off", False), ("stop_word", True), ("any", True)])
def test_a_stop_is_heard_while_it_thinks_where_it_may_be_interrupted(barge_in: str, counts: bool) -> None:
    """A stop word of the language counts without the wake phrase, and other words do not."""
    config = parse_config(CART.replace("stop_word", barge_in), "x")
    activation = Ears(config, SPEECH).activation(speaking=lambda: False, busy=lambda: True)
    assert activation.attentive(0.0) == counts
    assert activation.meant(Utterance("please stop", 0.9, 1.0, 2.0)) is not None
    assert activation.meant(Utterance("what is this", 0.9, 1.0, 2.0)) is None


@pytest.mark.parametrize(("text", "ended"), [("hey camera what is this", True), ("hey camera", False)])
def test_the_wake_phrase_alone_is_not_acknowledged(text: str, ended: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wake phrase alone has an earcon of its own, of two notes."""
    words = [SpottedWord(word, 1.0, 0.1 * place, 0.1 * place + 0.2) for place, word in enumerate(text.split())]
    monkeypatch.setattr("audio.barge_in.VoskSpotter.__init__", lambda self, folder, stops: None)
    monkeypatch.setattr("audio.barge_in.VoskSpotter.spot", lambda self, samples: words)
    config = parse_config(CART, "x")
    activation = Ears(config, SPEECH).activation(speaking=lambda: False, busy=lambda: False)
    ear = Ears(config, SPEECH).pause_ear(activation)
    assert ear is not None
    assert not ear.has_ended(np.zeros(16_000, np.int16)), "nobody has called it"
    activation.meant(WakeSuspected(0.0))
    assert ear.has_ended(np.zeros(16_000, np.int16)) == ended
