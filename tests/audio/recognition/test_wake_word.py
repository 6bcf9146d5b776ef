"""The wake word: how the phrase is found, and when speech is transcribed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.language.phrases import phrases_for
from audio.demo_model.words import corpus
from audio.errors import SpeechModelError
from audio.pcm import Samples
from audio.recognition.grammar import GrammarListener, HeardWord, parse_words
from audio.recognition.transcriber import Transcript, unknown_words
from audio.recognition.wake_word import AttentiveTranscriber, default_phrase, find_phrase

MODEL = Path(corpus.__file__).parents[1] / "en"
PHRASE = "hey camera"
RATE_HZ = 16_000


def words(*texts: str, confidence: float = 1.0) -> tuple[HeardWord, ...]:
    """Words of 0.4 s each, one after the other."""
    return tuple(HeardWord(text, confidence, 0.4 * n, 0.4 * (n + 1)) for n, text in enumerate(texts))


# The phrase.


@pytest.mark.parametrize(
    ("heard", "ends_s"),
    [
        (words("hey", "camera"), 0.8),
        (words("hey", "camera", "[unk]", "[unk]"), 0.8),
        (words("[unk]", "hey", "camera"), 1.2),
        (words("hey", "hey", "camera", "hey", "camera"), 1.2),
        (words("hey", "[unk]", "camera"), None),
        (words("camera", "hey"), None),
        (words("hey"), None),
        (words(), None),
        (words("hey", "camera", confidence=0.8), None),
        ((HeardWord("hey", 1.0, 0.3, 0.6), HeardWord("camera", 1.0, 0.65, 1.0)), 1.0),
        ((HeardWord("hey", 1.0, 0.3, 0.6), HeardWord("camera", 1.0, 0.75, 1.0)), None),
        ((HeardWord("hey", 1.0, 2.6, 2.8), HeardWord("camera", 1.0, 2.8, 3.2)), None),
    ],
)
def test_the_phrase_is_its_words_one_after_the_other(heard: tuple[HeardWord, ...], ends_s: float | None) -> None:
    """The phrase is its words in a row: each sure, nothing and no pause between them, near the beginning.

    The first place where it was said counts.
    """
    found = find_phrase(heard, PHRASE)
    assert (found.ended_s if found else None) == (pytest.approx(ends_s) if ends_s else None)


def test_word_times_count_from_the_utterance() -> None:
    """Times of words count from the utterance's beginning, although Vosk's times run on through all utterances.

    Pieces that Vosk closed itself follow each other.
    """
    pieces = [
        '{"text": "hey", "result": [{"word": "hey", "conf": 0.9, "start": 10.2, "end": 10.5}]}',
        '{"text": ""}',
        '{"text": "camera", "result": [{"word": "camera", "conf": 1.2, "start": 10.5, "end": 11.0}]}',
    ]
    heard = parse_words(pieces, 10.0)
    assert [(w.text, w.confidence, round(w.started_s, 3), round(w.ended_s, 3)) for w in heard] == [
        ("hey", 0.9, 0.2, 0.5), ("camera", 1.0, 0.5, 1.0),
    ]  # fmt: skip


# What is transcribed when.


class FakeWords:
    """Stands in for the real transcriber, and counts what it was given."""

    def __init__(self, text: str, confidence: float = 0.9, word_confidences: tuple[float, ...] = ()) -> None:
        self.text, self.confidence, self.word_confidences = text, confidence, word_confidences
        self.samples = 0
        self.resets = 0

    def accept(self, samples: Samples) -> None:
        self.samples += len(samples)

    def finish(self) -> Transcript:
        return Transcript(self.text, self.confidence, word_confidences=self.word_confidences)

    def reset(self) -> None:
        self.resets += 1


class FakeWake:
    """Hears the given words in every utterance."""

    def __init__(self, *heard: HeardWord) -> None:
        self.heard = heard
        self.samples = 0
        self.resets = 0

    def accept(self, samples: Samples) -> None:
        self.samples += len(samples)

    def partial(self) -> str:
        """One more word for each half second."""
        return " ".join(word.text for word in self.heard[: self.samples // (RATE_HZ // 2)])

    def finish(self) -> tuple[HeardWord, ...]:
        return self.heard

    def reset(self) -> None:
        self.resets += 1


def said(
    transcriber: AttentiveTranscriber, seconds: float = 2.0, between: Callable[[], None] = lambda: None
) -> Transcript:
    for _ in range(round(seconds * 10)):
        transcriber.accept(np.zeros(RATE_HZ // 10, np.int16))
        between()
    return transcriber.finish()


def test_one_breath_is_phrase_and_question() -> None:
    """Phrase and question in one breath give one text, which begins with the phrase whatever was said before it."""
    real, wake = FakeWords("um hey camera what is this", 0.8), FakeWake(*words("hey", "camera", "[unk]"))
    transcript = said(AttentiveTranscriber(real, lambda: False, wake, PHRASE))
    assert transcript == Transcript("hey camera what is this", 0.8)
    assert real.samples == 2 * RATE_HZ


@pytest.mark.parametrize(("rest", "confidence"), [("", 0.9), (" the", 0.2)])
def test_the_phrase_alone(rest: str, confidence: float) -> None:
    """If nothing, or only a breath, follows the phrase, the text is the phrase alone, with its confidence."""
    wake = FakeWake(*words("hey", "camera", confidence=0.9))
    transcript = said(AttentiveTranscriber(FakeWords("hey camera" + rest, confidence), lambda: False, wake, PHRASE))
    assert transcript == Transcript("hey camera", 0.9)


def test_both_recognisers_must_find_the_phrase() -> None:
    """If only the grammar finds the phrase, it was babble and does not wake."""
    wake = FakeWake(*words("hey", "camera"))
    assert said(AttentiveTranscriber(FakeWords("they came around", 0.9), lambda: False, wake, PHRASE)).text == ""


@pytest.mark.parametrize(
    ("confidences", "wakes"),
    [((0.1, 0.9, 0.8, 0.2), True), ((1.0, 0.9, 0.6, 1.0), False), ((1.0, 0.6, 1.0, 1.0), False)],
)
def test_the_transcriber_must_be_sure_of_each_word_of_the_phrase(confidences: tuple[float, ...], wakes: bool) -> None:
    """A phrase that the transcriber only guesses does not wake. How sure it is of the words around it does not matter."""
    real = FakeWords("um hey camera what", 0.9, confidences)
    wake = FakeWake(*words("hey", "camera"))
    assert bool(said(AttentiveTranscriber(real, lambda: False, wake, PHRASE)).text) == wakes


def test_the_phrase_is_announced_as_soon_as_it_may_be_there() -> None:
    """The phrase is suspected once for an utterance, by partial words that may still turn out to be others."""
    told: list[int] = []
    wake = FakeWake(*words("[unk]", "hey", "camera", "[unk]"))
    transcriber = AttentiveTranscriber(FakeWords("they came around", 0.9), lambda: False, wake, PHRASE)

    def ask() -> None:
        if transcriber.wake_suspected():
            told.append(wake.samples)

    said(transcriber, between=ask)
    assert told == [RATE_HZ * 3 // 2]
    said(transcriber, between=ask)
    assert len(told) == 2


def test_talk_without_the_phrase_is_never_transcribed() -> None:
    """Talk without the phrase goes to the grammar only, and gives no text."""
    real = FakeWords("something private")
    transcriber = AttentiveTranscriber(real, lambda: False, FakeWake(*words("[unk]", "camera")), PHRASE)
    assert said(transcriber) == Transcript("", 0.0)
    assert real.samples == 0


def test_with_attention_all_is_transcribed_as_it_comes() -> None:
    """With attention no phrase is needed, and every sound is transcribed as it comes."""
    real, wake = FakeWords("what is this"), FakeWake()
    assert said(AttentiveTranscriber(real, lambda: True, wake, PHRASE)).text == "what is this"
    assert (real.samples, wake.samples) == (2 * RATE_HZ, 0)


@pytest.mark.parametrize("with_wake", [True, False])
def test_attention_in_the_middle_of_an_utterance(with_wake: bool) -> None:
    """If the button is pressed just after the first word, the utterance is transcribed from its beginning."""
    real, wake, attentive = FakeWords("what is this"), FakeWake(*words("[unk]")), False
    transcriber = AttentiveTranscriber(real, lambda: attentive, wake if with_wake else None, PHRASE)
    transcriber.accept(np.zeros(4000, np.int16))
    attentive = True
    transcriber.accept(np.zeros(4000, np.int16))
    assert transcriber.finish().text == "what is this"
    assert real.samples == 8000
    assert wake.resets == (1 if with_wake else 0)


def test_without_a_button_press_nothing_is_recognised_at_all() -> None:
    """With the button only, nothing is recognised before a press, and the next utterance begins anew."""
    real = FakeWords("something")
    transcriber = AttentiveTranscriber(real, lambda: False)
    assert said(transcriber) == said(transcriber) == Transcript("", 0.0)
    transcriber.accept(np.zeros(100, np.int16))
    transcriber.reset()
    assert real.samples == real.resets == 0


# With a real model.


def test_a_word_that_the_model_does_not_know_is_refused() -> None:
    """A phrase with an unknown word is refused, because Vosk would silently drop the word and nothing could wake it."""
    with pytest.raises(SpeechModelError, match="does not know the word 'xylophone'"):
        GrammarListener(MODEL, ["hey xylophone"])
    GrammarListener(MODEL, phrases_for("en").wake_phrases[:1])


def test_the_default_phrase_is_one_that_the_model_knows() -> None:
    """The default is the language's first phrase of which the model knows every word, else simply the first.

    GrammarListener then says which word is missing.
    """
    assert default_phrase(phrases_for("en").wake_phrases, lambda phrases: unknown_words(MODEL, phrases)) == "hey camera"
    assert (
        default_phrase(
            phrases_for("zh").wake_phrases, lambda phrases: [word for word in phrases[0].split() if len(word) > 1]
        )
        == "你 好 相 机"
    )
    assert default_phrase(phrases_for("zh").wake_phrases, lambda phrases: phrases) == "你好 相机"
