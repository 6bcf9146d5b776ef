"""Answers of a closed kind are heard with a grammar, and everything else as ever."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from audio.demo_model.evaluate import with_noise
from audio.demo_model.sounds.noise import pink
from audio.demo_model.words import corpus
from audio.pcm import Samples
from audio.recognition.closed_answers import ClosedAnswers, closed_answer
from audio.recognition.grammar import GrammarListener, HeardWord
from audio.recognition.transcriber import Transcript, VoskTranscriber
from audio.wav import WavSource

MODEL = Path(corpus.__file__).parents[1] / "en"
NOISY_VOICES = ("gmw/en-US+f5", "gmw/en-US+m7", "gmw/en+michael", "gmw/en-US+Alicia")
ANSWERS = ("yes", "no", *"one two three four five six seven eight nine ten twenty thirty forty".split())


class Script:
    """Plays both recognisers: it gives scripted words and counts what it was fed."""

    def __init__(self, text: str = "", heard: Sequence[HeardWord] = ()) -> None:
        self.text, self.heard = text, heard
        self.fed = self.resets = 0

    def accept(self, samples: Samples) -> None:
        self.fed += len(samples)

    def reset(self) -> None:
        self.resets += 1


class Words(Script):
    def finish(self) -> Transcript:
        return Transcript(self.text, 0.5)


class Listener(Script):
    def finish(self) -> Sequence[HeardWord]:
        return self.heard


def said(text: str, confidence: float = 1.0) -> list[HeardWord]:
    return [HeardWord(word, confidence, 0.3 * n, 0.3 * n + 0.3) for n, word in enumerate(text.split())]


CHUNK = np.zeros(480, np.int16)


def test_an_answer_of_the_closed_kind_counts() -> None:
    """Both recognisers hear it, and the one with the grammar is believed."""
    words, listener = Words("forty to"), Listener(heard=said("forty two"))
    ears = ClosedAnswers(words, lambda: ANSWERS, lambda phrases: listener)
    ears.accept(CHUNK)
    ears.accept(CHUNK)
    assert ears.finish() == Transcript("forty two", 1.0)
    assert words.fed == listener.fed == 960
    assert words.resets == 1


@pytest.mark.parametrize("heard", [said("forty [unk]"), said("[unk]"), said("forty two", 0.5), []])
def test_other_words_are_heard_as_ever(heard: list[HeardWord]) -> None:
    """A question in between is no answer: what does not fit is left to the recogniser that knows all words."""
    assert closed_answer(heard) is None
    ears = ClosedAnswers(Words("what is this"), lambda: ANSWERS, lambda phrases: Listener(heard=heard))
    ears.accept(CHUNK)
    assert ears.finish().text == "what is this"


class TwiceWords(Script):
    """Words of which the recogniser itself is surer than hearing them twice makes one."""

    def finish(self) -> Transcript:
        return Transcript(self.text, 0.3, own_confidence=0.9)


@pytest.mark.parametrize("has_grammar", [True, False])
def test_an_answer_in_other_words_has_the_confidence_of_the_recogniser_itself(has_grammar: bool) -> None:
    """It is read back anyway. Other words keep the stricter confidence, and so does all that is said unasked."""

    def confidence(text: str, expected: tuple[str, ...]) -> float:
        listener_for = (lambda phrases: Listener(heard=said("[unk]"))) if has_grammar else None
        ears = ClosedAnswers(TwiceWords(text), lambda: expected, listener_for, lambda text: text == "forty two")
        ears.accept(CHUNK)
        return ears.finish().confidence

    assert confidence("forty two", ANSWERS) == 0.9
    assert confidence("what is this", ANSWERS) == 0.3
    assert confidence("forty two", ()) == 0.3


class NoVowels:
    has_heard = False

    def accept(self, samples: Samples) -> None:
        pass

    def reset(self) -> None:
        pass


def test_without_a_vowel_only_an_answer_that_the_grammar_is_sure_of_counts() -> None:
    """While nothing is expected, all that comes here has passed a stricter gate, so its words count."""

    def text(heard: list[HeardWord], expected: tuple[str, ...]) -> str:
        listener = Listener(heard=heard)
        ears = ClosedAnswers(Words("hey this"), lambda: expected, lambda phrases: listener, vowels=NoVowels())
        ears.accept(CHUNK)
        return ears.finish().text

    assert text(said("yes"), ANSWERS) == "yes"
    assert text(said("yes", 0.5), ANSWERS) == ""
    assert text(said("[unk]"), ANSWERS) == ""
    assert text(said("yes"), ()) == "hey this"


def test_phrases_that_make_no_answer_together_do_not_count() -> None:
    """Two numbers in a row are none, so the other recogniser may have heard what was really said."""
    ears = ClosedAnswers(
        Words("fifty nine"),
        lambda: ANSWERS,
        lambda phrases: Listener(heard=said("five nine")),
        lambda text: "fifty" in text,
    )
    ears.accept(CHUNK)
    assert ears.finish().text == "fifty nine"


def test_what_is_expected_is_asked_once_for_an_utterance() -> None:
    """A change in the middle of an utterance counts for the next one. A listener is kept for the next time."""
    expected: list[tuple[str, ...]] = [(), ("yes", "no"), ("one",), ("yes", "no"), ("yes", "no")]
    made: list[tuple[str, ...]] = []

    def listener_for(phrases: tuple[str, ...]) -> Listener:
        made.append(phrases)
        return Listener(heard=said(phrases[0]))

    ears = ClosedAnswers(Words("hello"), lambda: expected.pop(0), listener_for)
    heard = []
    for _ in range(5):
        ears.accept(CHUNK)
        ears.accept(CHUNK)
        heard.append(ears.finish().text)
    assert heard == ["hello", "yes", "one", "yes", "yes"]
    assert made == [("yes", "no"), ("one",)]


def test_a_forgotten_utterance_is_forgotten_by_both() -> None:
    words, listener = Words("hello"), Listener(heard=said("yes"))
    ears = ClosedAnswers(words, lambda: ANSWERS, lambda phrases: listener)
    ears.accept(CHUNK)
    ears.reset()
    assert (words.resets, listener.resets) == (1, 1)
    ears.reset()
    assert listener.resets == 1


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the espeak-ng command")
def test_numbers_in_noise_are_heard_better_with_the_grammar(tmp_path: Path) -> None:
    """Real speech in pink noise as loud as it, and 5 dB softer: more numbers are right with the grammar, and most are."""
    rng = np.random.default_rng(5)
    numbers = [
        f"{ten} {one}" for ten in ("twenty", "thirty", "forty") for one in ("one", "two", "five", "seven", "nine")
    ]
    free = VoskTranscriber(MODEL)
    closed = ClosedAnswers(VoskTranscriber(MODEL), lambda: ANSWERS, lambda phrases: GrammarListener(MODEL, phrases))
    right = {"free": 0, "closed": 0}
    said = list(itertools.product((0, 5), NOISY_VOICES, numbers))
    for snr_db, voice, number in said:
        path = tmp_path / "said.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "-w", str(path), number], check=True)
        speech = np.concatenate([chunk.samples for chunk in WavSource(path).chunks()]).astype(np.float32)
        [(_, noisy)] = with_noise([(number, np.pad(speech, 8000))], pink, snr_db, int(rng.integers(1000)))
        sound = np.clip(noisy, -32768, 32767).astype(np.int16)
        for name, ears in (("free", free), ("closed", closed)):
            ears.accept(sound)
            right[name] += ears.finish().text == number
    assert right["closed"] > right["free"], right
    assert right["closed"] >= 0.8 * len(said), right
