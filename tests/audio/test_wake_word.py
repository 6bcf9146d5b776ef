"""The wake word: how the phrase is found, when speech is transcribed, and what is meant for the assistant."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.activation import Activation, ActivationSettings, Woken, settings_from, without_phrase
from assistant.language.phrases import phrases_for
from audio.demo_model import corpus
from audio.errors import SpeechModelError
from audio.grammar import GrammarListener, HeardWord, parse_words
from audio.hearing import (
    Hearing,
    Situation,
    SpeechPaused,
    SpeechRejected,
    SpeechStarted,
    StopHeard,
    Utterance,
    WakeSuspected,
)
from audio.pcm import Samples
from audio.settings import EndpointSettings
from audio.transcriber import Transcript, unknown_words
from audio.wake_word import AttentiveTranscriber, default_phrase, find_phrase
from tests.audio.fakes import LevelVad, ScriptedSource, ScriptedTranscriber

MODEL = Path(corpus.__file__).parent / "en"
PHRASE = "hey camera"
RATE_HZ = 16_000
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the espeak-ng command")


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


@pytest.mark.parametrize(
    ("text", "phrase", "rest"),
    [
        ("hey camera what is this", "hey camera", "what is this"),
        ("hey camera", "hey camera", ""),
        ("hey cameras", "hey camera", None),
        ("say hey camera", "hey camera", None),
        ("你好 相机 这 是 什么", "你好 相机", "这 是 什么"),
        ("anything", "", None),
    ],
)
def test_the_phrase_is_taken_off_the_front(text: str, phrase: str, rest: str | None) -> None:
    """The phrase is removed from the front as whole words, in any language that the recogniser writes with spaces."""
    assert without_phrase(text, phrase) == rest


# What is transcribed when.


class FakeWords:
    """Stands in for the real transcriber, and counts what it was given."""

    def __init__(self, text: str, confidence: float = 0.9) -> None:
        self.text, self.confidence = text, confidence
        self.samples = 0
        self.resets = 0

    def accept(self, samples: Samples) -> None:
        self.samples += len(samples)

    def finish(self) -> Transcript:
        return Transcript(self.text, self.confidence)

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


# What counts.

BUTTON = settings_from("button", PHRASE, 6.0)
WAKE = settings_from("wake_word", PHRASE, 6.0)
BOTH = settings_from("button+wake_word", PHRASE, 6.0)
OPEN = settings_from("open", PHRASE, 6.0)

Q = "what is this"

# (settings, [presses and what is heard], what counts of it); an utterance is (text, from, to).
STORIES: dict[str, tuple[ActivationSettings, list[Press | tuple[str, float, float]], list[str]]] = {
    "open: everything": (OPEN, [(Q, 1, 2), ("stop", 3, 3.5)], [Q, "stop"]),
    "open: the phrase is taken off": (OPEN, [("hey camera what is this", 1, 2), ("hey camera", 3, 4)], [Q, "woken"]),
    "button: nothing unasked": (BUTTON, [(Q, 1, 2)], []),
    "button: a press": (BUTTON, [Pressed(1), Released(1.1, False), (Q, 2, 3)], [Q]),
    "button: one question a press": (BUTTON, [Pressed(1), Released(1.1, False), (Q, 2, 3), (Q, 4, 5)], [Q]),
    "button: too late": (BUTTON, [Pressed(1), Released(1.1, False), (Q, 7.1, 8)], []),
    "button: a long question may end late": (BUTTON, [Pressed(1), (Q, 6.9, 20)], [Q]),
    "button: begun just before the press": (BUTTON, [Pressed(1), (Q, 0.6, 2)], [Q]),
    "button: talk to others before the press": (BUTTON, [Pressed(1), (Q, 0.4, 2)], []),
    "button: all while held": (
        BUTTON, [Pressed(1), Held(2, 1), (Q, 1.5, 3), (Q, 30, 31), Released(32, True), (Q, 33, 34)], [Q, Q],
    ),
    "button: let go in mid-sentence": (BUTTON, [Pressed(1), Held(2, 1), Released(4, True), (Q, 2, 5)], [Q]),
    "button: stop is no question": (BUTTON, [StopPress(1), Released(1.1, False), (Q, 2, 3)], []),
    "button: stopped and held is": (BUTTON, [StopPress(1), Held(2, 1), (Q, 1.2, 3)], [Q]),
    "button: a double press is no question": (
        BUTTON, [Pressed(1), Released(1.1, False), DoublePress(1.2), (Q, 2, 3)], [],
    ),
    "button: the phrase wakes nobody": (BUTTON, [("hey camera what is this", 1, 2)], []),
    "wake word: nothing unasked": (WAKE, [(Q, 1, 2)], []),
    "wake word: in one breath": (WAKE, [("hey camera what is this", 1, 2), (Q, 3, 4)], [Q]),
    "wake word: then the question": (WAKE, [("hey camera", 1, 2), (Q, 8, 9), (Q, 9.5, 10)], ["woken", Q]),
    "wake word: too late": (WAKE, [("hey camera", 1, 2), (Q, 8.1, 9)], ["woken"]),
    "wake word: said again": (WAKE, [("hey camera", 1, 2), ("hey camera", 7, 8), (Q, 13, 14)], ["woken", "woken", Q]),
    "both: either": (BOTH, [("hey camera what is this", 1, 2), Pressed(3), (Q, 4, 5), (Q, 6, 7)], [Q, Q]),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    """Each story gives the utterances that are meant for the assistant."""
    settings, story, meant = STORIES[name]
    activation, counted = Activation(settings), []
    for item in story:
        if not isinstance(item, tuple):
            activation.pressed(item)
            continue
        text, began, ended = item
        activation.meant(SpeechStarted(began))
        event = activation.meant(Utterance(text, 0.9, began, ended))
        if isinstance(event, Utterance):
            assert (event.started_at, event.ended_at) == (began, ended)
            counted.append(event.text)
        elif isinstance(event, Woken):
            counted.append("woken")
    assert counted == meant


def test_the_onset_counts_as_its_utterance_will() -> None:
    """The onset, which takes the picture, and the end of speech count only if somebody asked for attention."""
    activation = Activation(BUTTON)
    assert activation.meant(SpeechStarted(0.1)) is None
    assert activation.meant(SpeechRejected(0.2)) is None
    activation.pressed(Pressed(1.0))
    assert activation.meant(SpeechStarted(2.0)) == SpeechStarted(2.0)
    assert activation.meant(SpeechRejected(2.2)) == SpeechRejected(2.2)
    assert activation.meant(SpeechStarted(3.0)) == SpeechStarted(3.0)  # a cough did not use up the attention


def test_a_question_that_was_stopped_drops_its_picture() -> None:
    """If a question is stopped between onset and words, the conversation is told that it held no words."""
    activation = Activation(BUTTON)
    activation.pressed(Pressed(1.0))
    activation.meant(SpeechStarted(2.0))
    activation.pressed(StopPress(2.5))
    assert activation.meant(Utterance(Q, 0.9, 2.0, 3.0)) == SpeechRejected(3.0)


def test_a_stop_word_always_counts_and_ends_attention() -> None:
    """A stop word always counts, without a press or a wake phrase, and ends attention."""
    activation, stop = Activation(BUTTON), StopHeard("stop", 0.9, 2.0, 2.4)
    activation.pressed(Pressed(1.0))
    assert activation.meant(stop) == stop
    assert activation.meant(SpeechStarted(3.0)) is None


def test_an_answer_to_the_assistant_needs_no_press() -> None:
    """After "did you ask …?" a yes counts without a press, and a button that is held stays held."""
    activation = Activation(BUTTON)
    activation.expect(1.0, 10.0)
    assert activation.meant(Utterance("yes", 0.9, 9.0, 9.4)) == Utterance("yes", 0.9, 9.0, 9.4)
    activation.pressed(Held(20.0, 19.0))
    activation.expect(20.5, 10.0)
    assert activation.held()


def test_attention_that_was_asked_for_and_not_used_lapses_once() -> None:
    """Attention times out once after a press without words, but not after a question or after "did you ask …?"."""
    activation = Activation(BUTTON)
    activation.pressed(Pressed(1.0))
    assert not activation.listen_timed_out(7.5)
    assert activation.listen_timed_out(8.1)
    assert not activation.listen_timed_out(8.2)
    activation.expect(10.0, 2.0)
    assert not activation.listen_timed_out(20.0)
    activation.pressed(Pressed(30.0))
    activation.meant(SpeechStarted(35.0))
    assert not activation.listen_timed_out(40.0)  # still speaking
    activation.meant(Utterance(Q, 0.9, 35.0, 41.0))
    assert not activation.listen_timed_out(60.0)


def test_during_an_answer_that_anything_may_interrupt_everything_counts() -> None:
    """With `barge_in = "any"` everything counts while it speaks, without a press or a wake word."""
    speaking = [True]
    activation = Activation(WAKE, always=lambda: speaking[0])
    assert activation.meant(SpeechStarted(1.0)) == SpeechStarted(1.0)
    speaking[0] = False  # the answer ended while the user spoke
    assert activation.meant(Utterance("stop", 0.9, 1.0, 1.5)) == Utterance("stop", 0.9, 1.0, 1.5)
    activation.meant(SpeechStarted(2.0))
    assert activation.meant(Utterance("stop", 0.9, 2.0, 2.5)) is None


def test_a_stop_needs_no_call_while_it_thinks() -> None:
    """While it thinks everything is transcribed; a stop counts although nobody has called, and a question does not."""
    busy = [False]
    activation = Activation(WAKE, stoppable=lambda: busy[0], is_stop=lambda text: text == "stop")
    assert not activation.attentive(1.0)
    busy[0] = True
    assert activation.attentive(1.0)
    assert activation.meant(SpeechStarted(1.0)) is None
    assert activation.meant(Utterance("stop", 0.9, 1.0, 1.5)) == Utterance("stop", 0.9, 1.0, 1.5)
    assert activation.meant(Utterance(Q, 0.9, 2.0, 2.5)) is None


def test_a_pause_behind_what_may_be_the_phrase_is_told() -> None:
    """A pause is reported for a question in one breath with the phrase, and not for other talk."""
    activation = Activation(WAKE)
    activation.meant(SpeechStarted(1.0))
    assert activation.meant(SpeechPaused(2.0)) is None
    activation.meant(WakeSuspected(2.5))
    assert activation.maybe_addressed
    assert activation.meant(SpeechPaused(3.0)) == SpeechPaused(3.0)
    activation.meant(Utterance("hey camera what is this", 0.9, 1.0, 3.0))
    assert not activation.maybe_addressed


def test_attention_is_known_while_it_lasts() -> None:
    """Attention lasts in the window after a press and during an utterance, and always in open mode."""
    activation = Activation(BUTTON)
    assert not activation.attentive(1.0)
    activation.pressed(Pressed(1.0))
    assert activation.attentive(1.0)
    activation.meant(SpeechStarted(6.9))
    assert activation.attentive(15.0)
    activation.meant(SpeechRejected(15.0))
    assert not activation.attentive(15.0)
    assert Activation(OPEN).attentive(0.0)


def test_a_pause_while_the_button_is_held_does_not_end_the_question() -> None:
    """While the button is held there is one utterance from onset to release, however long the pauses are."""
    activation, source = Activation(BUTTON), ScriptedSource("." * 10 + "S" * 20 + "." * 60 + "S" * 20 + "." * 60)
    activation.pressed(Pressed(0.0))
    activation.pressed(Held(1.0, 0.0))

    def held() -> bool:
        if source.position == 110:
            activation.pressed(Released(3.3, True))
        return activation.held()

    hearing = Hearing(
        source, LevelVad(), EndpointSettings(), ScriptedTranscriber("what is this"), situation=Situation(held=held)
    )
    counted = [activation.meant(event) for event in hearing.events()]
    assert counted == [SpeechStarted(pytest.approx(0.3)), Utterance(Q, 0.9, pytest.approx(0.3), pytest.approx(3.3))]
    assert not activation.held()


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


@needs_espeak
@pytest.mark.slow
def test_hits_and_false_wakes() -> None:
    """At least 95 of 100 wake phrases heard; in two hours of other speech and noise at most one false wake."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant.bench.accuracy.wake_rates"], capture_output=True, text=True, check=True
    )
    rates = json.loads(done.stdout)
    assert rates["other_hours"] >= 2.0
    assert rates["phrases_heard"] >= 0.95 * rates["phrases_said"], rates["missed"]
    assert rates["false_wakes_an_hour"] <= 0.5, rates["woken_by"]


@needs_espeak
def test_a_few_hits_and_no_false_wake() -> None:
    """A short version of the test above: the whole path, from sound to question."""
    command = [sys.executable, "-m", "assistant.bench.accuracy.wake_rates", "--said", "8", "--hours", "0.01"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rates = json.loads(done.stdout)
    assert rates["phrases_heard"] >= 7, rates["missed"]
    assert rates["questions_right"] >= 3, rates["missed"]
    assert rates["false_wakes"] == 0, rates["woken_by"]
