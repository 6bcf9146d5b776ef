"""Which speech is meant for the assistant: after a press, after the wake phrase, or always."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.activation import (
    Activation,
    ActivationSettings,
    NotAwaited,
    Woken,
    settings_from,
    without_phrase,
)
from audio.demo_model.words import corpus
from audio.listening.hearing import (
    Hearing,
    Situation,
    SpeechPaused,
    SpeechRejected,
    SpeechStarted,
    StopHeard,
    Utterance,
    WakeSuspected,
)
from audio.settings import EndpointSettings
from tests.audio.fakes import LevelVad, ScriptedSource, ScriptedTranscriber

MODEL = Path(corpus.__file__).parents[1] / "en"

PHRASE = "hey camera"

BUTTON = settings_from("button", PHRASE, 6.0)
WAKE = settings_from("wake_word", PHRASE, 6.0)
BOTH = settings_from("button+wake_word", PHRASE, 6.0)
OPEN = settings_from("open", PHRASE, 6.0)

Q = "what is this"

# Each story has its settings, then the presses and what is heard, and then the part of it that counts. An utterance is
# (text, from, to).
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


def test_the_phrase_in_a_long_speech_wakes_nobody() -> None:
    """Nobody asks for more than ten seconds in one breath with the phrase. After a press it counts."""
    activation = Activation(settings_from("button+wake_word", PHRASE, 6.0))
    reading = Utterance("hey camera what is this", 0.9, 15.0, 25.1)
    assert activation.meant(reading) is None
    assert isinstance(activation.meant(replace(reading, ended_at=24.9)), Utterance)
    activation.pressed(Pressed(14.0))
    assert isinstance(activation.meant(reading), Utterance)


def test_the_onset_counts_as_its_utterance_will() -> None:
    """The onset, which takes the picture, and the end of speech count only if somebody asked for attention."""
    activation = Activation(BUTTON)
    assert activation.meant(SpeechStarted(0.1)) is None
    assert activation.meant(SpeechRejected(0.2)) is None
    activation.pressed(Pressed(1.0))
    assert activation.meant(SpeechStarted(2.0)) == SpeechStarted(2.0)
    assert activation.meant(SpeechRejected(2.2)) == SpeechRejected(2.2)
    # the cough before it did not use up the attention
    assert activation.meant(SpeechStarted(3.0)) == SpeechStarted(3.0)


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


def test_an_awaited_reply_needs_no_press_and_other_words_do() -> None:
    """While a mode waits for a reply everything is transcribed, and only what it waits for counts."""
    awaits = True
    activation = Activation(WAKE, awaits=lambda: awaits, is_awaited=lambda text: text == "seven")
    assert activation.attentive(100.0)
    assert activation.meant(Utterance("seven", 0.9, 9.0, 9.4)) == Utterance("seven", 0.9, 9.0, 9.4)
    assert activation.meant(Utterance(Q, 0.9, 9.0, 9.4)) == NotAwaited(9.4)
    assert activation.meant(Utterance(f"{PHRASE} {Q}", 0.9, 9.0, 9.4)) == Utterance(Q, 0.9, 9.0, 9.4)
    awaits = False
    assert not activation.attentive(100.0)
    assert activation.meant(Utterance(Q, 0.9, 9.0, 9.4)) is None


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
    assert not activation.listen_timed_out(40.0)  # the user is still speaking
    activation.meant(Utterance(Q, 0.9, 35.0, 41.0))
    assert not activation.listen_timed_out(60.0)


def test_during_an_answer_that_anything_may_interrupt_everything_counts() -> None:
    """With `barge_in = "any"` everything counts while it speaks, without a press or a wake word."""
    speaking = [True]
    activation = Activation(WAKE, always=lambda: speaking[0])
    assert activation.meant(SpeechStarted(1.0)) == SpeechStarted(1.0)
    speaking[0] = False  # the answer ended while the user was speaking
    assert activation.meant(Utterance("stop", 0.9, 1.0, 1.5)) == Utterance("stop", 0.9, 1.0, 1.5)
    activation.meant(SpeechStarted(2.0))
    assert activation.meant(Utterance("stop", 0.9, 2.0, 2.5)) is None


def test_a_stop_needs_no_call_while_it_thinks() -> None:
    """While it thinks everything is transcribed. A stop counts although nobody has called, and a question does not."""
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
