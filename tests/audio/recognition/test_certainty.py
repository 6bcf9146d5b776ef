"""How surely an utterance was understood: what was heard at two speeds, and what that costs."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from audio.pcm import Samples
from audio.recognition.certainty import MOST_COST, Faster, TwiceHeard, agreement, certainty
from audio.recognition.transcriber import Transcript
from tests.audio.fakes import ScriptedTranscriber

CHUNK = np.zeros(480, np.int16)


class Clock:
    """Counts the computing time that the second recogniser is said to take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(ScriptedTranscriber):
    """Takes `seconds` of computing for each chunk."""

    def __init__(self, clock: Clock, seconds: float, *texts: str) -> None:
        super().__init__(*texts)
        self._clock = clock
        self._seconds = seconds

    def accept(self, samples: Samples) -> None:
        super().accept(samples)
        self._clock.now += self._seconds


@pytest.mark.parametrize(
    ("words", "others", "share"),
    [
        ("what is this", "what is this", 1.0),
        ("what is this", "what was this", 2 / 3),
        ("what is this", "what is", 2 / 3),
        ("what is this", "what is this now", 2 / 3),
        ("what is this", "", 0.0),
        ("stop", "we must go now", 0.0),
        ("", "", 1.0),
    ],
)
def test_agreement_is_the_share_of_words_heard_both_times(words: str, others: str, share: float) -> None:
    """Changed, dropped and added words count against it, and it does not go below 0."""
    assert agreement(words.split(), others.split()) == pytest.approx(share)


def test_words_heard_twice_are_surer_than_words_of_a_higher_confidence() -> None:
    """What Vosk is quite sure of but hears differently at another speed is less sure than what it hears twice."""
    twice = certainty(Transcript("what is this", 0.95), "what is this")
    once = certainty(Transcript("what is this", 1.0), "what was the")
    assert once < 0.2 < 0.6 < twice
    assert certainty(Transcript("what is this", 0.4), "what is this") < twice


def test_both_hear_each_utterance_and_the_words_are_those_of_the_first() -> None:
    """The text comes from the sound as it was said, and the confidence from both."""
    first, second = ScriptedTranscriber("go back", "what is it"), ScriptedTranscriber("spell that", "what is it")
    ear = TwiceHeard(first, second)
    confidences = []
    for text in ("go back", "what is it"):
        for _ in range(10):
            ear.accept(CHUNK)
        heard = ear.finish()
        assert heard.text == text
        confidences.append(heard.confidence)
    assert (first.fed, second.fed) == ([10, 10], [10, 10])
    assert confidences[0] < 0.1 < 0.6 < confidences[1]


def test_what_the_words_take_is_told_on() -> None:
    """The first recogniser's times count, since its words do."""
    ear = TwiceHeard(ScriptedTranscriber("yes", seconds=0.4), ScriptedTranscriber("yes", seconds=0.3))
    ear.accept(CHUNK)
    assert ear.finish().seconds == 0.4


def test_nothing_heard_stays_nothing() -> None:
    """Without words there is no certainty, whatever the second one heard."""
    ear = TwiceHeard(ScriptedTranscriber("", confidence=0.0), ScriptedTranscriber("the"))
    ear.accept(CHUNK)
    assert ear.finish() == Transcript("", 0.0)


def test_reset_forgets_with_both() -> None:
    """Half an utterance is not left in the second recogniser."""
    first, second = ScriptedTranscriber("yes"), ScriptedTranscriber("yes")
    ear = TwiceHeard(first, second)
    ear.accept(CHUNK)
    ear.reset()
    assert (first.resets, second.resets, second.pending) == (1, 1, 0)


def test_a_model_that_is_too_slow_is_asked_once(caplog: pytest.LogCaptureFixture) -> None:
    """Else it would hear later and later. That is logged, and its own confidence counts from then on."""
    clock = Clock()
    texts = ["one"] * 30
    second = Slow(clock, 1.2 * MOST_COST * 0.03, *texts)
    ear = TwiceHeard(ScriptedTranscriber(*texts, confidence=0.9), second, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            for _ in range(40):
                ear.accept(CHUNK)
            last = ear.finish()
    assert last.confidence == 0.9
    assert len(second.fed) < 10
    assert len(caplog.records) == 1


def test_a_model_that_is_quick_enough_is_asked_twice_for_ever() -> None:
    """Also if single utterances took long."""
    clock = Clock()
    texts = ["one"] * 200
    second = Slow(clock, 0.5 * MOST_COST * 0.03, *texts)
    ear = TwiceHeard(ScriptedTranscriber(*texts), second, clock)
    for _ in range(200):
        for _ in range(40):
            ear.accept(CHUNK)
        ear.finish()
    assert len(second.fed) == 200


@pytest.mark.parametrize("size", [1, 7, 480, 16_000])
def test_the_faster_sound_is_the_same_in_whatever_chunks_it_comes(size: int) -> None:
    """It is that much shorter, and a tone in it is that much higher."""
    sound = (8000 * np.sin(2 * np.pi * 1000.0 * np.arange(16_000) / 16_000)).astype(np.int16)
    faster = Faster(1.07)
    heard = np.concatenate([faster.push(sound[start : start + size]) for start in range(0, len(sound), size)])
    assert abs(len(heard) - 16_000 / 1.07) < 2
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * 16_000 / len(heard) == pytest.approx(1070.0, abs=2.0)
    whole = Faster(1.07).push(sound)
    both = min(len(heard), len(whole))
    assert np.abs(heard[:both].astype(int) - whole[:both]).max() <= 1  # a rounding
