"""When the cues for a user who waits are due, by a fake clock, and that SpeechQueue plays them between sentences."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from assistant.answering.speech_queue import SpeechQueue
from assistant.answering.turn import Turn
from assistant.answering.waiting_cues import NEVER, WaitingCues
from audio.pcm import AudioChunk
from audio.speaking import earcons
from tests.assistant.fakes import WAIT_SECONDS, FakeVoice


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def cues_over(waiting: WaitingCues, clock: Clock, seconds: float, step: float = 0.1) -> list[float]:
    """The moments, from now, at which a cue was due."""
    began, due = clock.now, []
    for count in range(round(seconds / step) + 1):
        clock.now = began + count * step
        if waiting.due() is not None:
            due.append(round(clock.now - began, 3))
    return due


def test_a_cue_every_three_and_a_half_seconds(clock: Clock) -> None:
    """A cue comes every 3.5 s, for as long as the answer takes."""
    waiting = WaitingCues(clock)
    waiting.start(Turn(None))
    assert cues_over(waiting, clock, 15.0) == [3.5, 7.0, 10.5, 14.0]


def test_the_first_word_ends_them(clock: Clock) -> None:
    """After the first word no cue is due any more."""
    waiting, turn = WaitingCues(clock), Turn(None)
    waiting.start(turn)
    assert cues_over(waiting, clock, 4.0) == [3.5]
    waiting.end(turn)
    assert waiting.seconds_left() == NEVER
    assert cues_over(waiting, clock, 10.0) == []


@pytest.mark.parametrize("event", ["cancelled", "done"])
def test_a_turn_that_is_over_is_not_waited_for(event: str, clock: Clock) -> None:
    """The cues of a cancelled or failed turn end by themselves."""
    waiting, turn = WaitingCues(clock), Turn(None)
    waiting.start(turn)
    getattr(turn, event).set()
    assert cues_over(waiting, clock, 10.0) == []
    assert waiting.seconds_left() == NEVER


def test_a_new_question_begins_anew(clock: Clock) -> None:
    """The cues belong to the newest turn, and the end of an older one does not end them."""
    waiting, old, new = WaitingCues(clock), Turn(None), Turn(None)
    waiting.start(old)
    clock.now += 3.0
    waiting.start(new)
    waiting.end(old)
    assert cues_over(waiting, clock, 4.0) == [3.5]


def test_no_cue_while_the_user_speaks(clock: Clock) -> None:
    """While the user speaks a cue is left out and not put off: the next is due at its own time."""
    waiting = WaitingCues(clock)
    waiting.start(Turn(None))
    waiting.user_speaks(True)
    assert cues_over(waiting, clock, 4.0) == []
    waiting.user_speaks(False)
    assert cues_over(waiting, clock, 4.0) == [3.0]


def test_a_late_look_brings_one_cue(clock: Clock) -> None:
    """After a long time without a check one cue is due, and not several in a row."""
    waiting = WaitingCues(clock)
    waiting.start(Turn(None))
    clock.now += 12.0
    assert waiting.due() is not None
    assert waiting.due() is None
    assert waiting.seconds_left() == pytest.approx(2.0)


class CountingVoice(FakeVoice):
    """A voice that tells when it has played a given number of cues."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()

    def play(self, chunk: object, cancelled: threading.Event) -> float | None:
        with self.changed:
            self.cues += 1
            self.changed.notify_all()
        return None

    def wait_for_cues(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.cues >= count, WAIT_SECONDS)


@pytest.fixture
def voice() -> CountingVoice:
    return CountingVoice()


@pytest.fixture
def speaking(voice: CountingVoice, clock: Clock) -> Iterator[SpeechQueue]:
    speaking = SpeechQueue(voice, lambda turn: None, clock, WaitingCues(every_seconds=0.01))
    speaking.start()
    yield speaking
    speaking.close()
    assert speaking.join(WAIT_SECONDS)


def test_speaking_plays_the_cues_until_the_first_word(speaking: SpeechQueue, voice: CountingVoice) -> None:
    """SpeechQueue plays one cue at once, then one after the other, and none after the first sentence."""
    turn = Turn(None)
    speaking.wait_with_cues(turn)
    voice.wait_for_cues(4)
    speaking.put(turn, "A cup.", lambda: False)
    speaking.put_end(turn, lambda: False)
    assert turn.done.wait(WAIT_SECONDS)
    heard = voice.cues
    threading.Event().wait(0.05)  # five times as long as between two cues
    assert (voice.cues, voice.heard) == (heard, ["A cup."])


def test_a_cancel_ends_the_cues_at_once(speaking: SpeechQueue, voice: CountingVoice) -> None:
    """After a cancel at most the cue that was just being played is heard."""
    turn = Turn(None)
    speaking.wait_with_cues(turn)
    voice.wait_for_cues(2)
    turn.cancelled.set()
    speaking.flush()
    heard = voice.cues
    threading.Event().wait(0.05)
    assert voice.cues <= heard + 1


def test_no_cue_over_speech(speaking: SpeechQueue, voice: CountingVoice) -> None:
    """While the voice still sounds, the cue is left out."""
    voice.speaking = True
    speaking.wait_with_cues(Turn(None))
    voice.wait_for_cues(1)
    threading.Event().wait(0.05)
    assert voice.cues == 1


def test_who_was_acknowledged_needs_no_cue_at_once(clock: Clock) -> None:
    """After an acknowledgement the next cue is due as late as if that had been the first one."""
    waiting = WaitingCues(clock)
    waiting.user_speaks(True)
    waiting.acknowledge()
    clock.now += 0.5
    waiting.user_speaks(False)
    assert waiting.start(Turn(None)) is False
    assert cues_over(waiting, clock, 7.0) == [3.0, 6.5]


def test_the_thread_stays_awake_for_the_question_that_is_about_to_come(clock: Clock) -> None:
    """After an acknowledgement the thread wakes when a cue may be due, although it knows of no turn yet.

    If no question comes, it wakes once in vain.
    """
    waiting = WaitingCues(clock)
    waiting.acknowledge()
    assert waiting.seconds_left() == pytest.approx(3.5)
    clock.now += 3.5
    assert waiting.due() is None
    assert waiting.seconds_left() == NEVER


def test_an_acknowledgement_taken_back_is_none(clock: Clock) -> None:
    """If the user spoke on after an acknowledgement, the cue at the true end is due at once."""
    waiting = WaitingCues(clock)
    waiting.acknowledge()
    waiting.user_speaks(True)
    assert waiting.start(Turn(None)) is True
    assert cues_over(waiting, clock, 4.0) == [3.5]


def test_an_acknowledgement_counts_once_and_not_for_long(clock: Clock) -> None:
    """An acknowledgement counts for the next question only, and only if that comes soon."""
    waiting = WaitingCues(clock)
    waiting.acknowledge()
    assert [waiting.start(Turn(None)), waiting.start(Turn(None))] == [False, True]
    waiting.acknowledge()
    clock.now += 5.0
    assert waiting.start(Turn(None)) is True


def test_one_cue_for_a_question_that_was_acknowledged(speaking: SpeechQueue, voice: CountingVoice) -> None:
    """A question that was acknowledged at the pause gets no second earcon at the words; the quiet cues follow."""
    speaking.cues = WaitingCues(every_seconds=0.2)
    speaking.acknowledge()
    voice.wait_for_cues(1)
    turn = Turn(None)
    speaking.wait_with_cues(turn)
    assert voice.cues == 1
    voice.wait_for_cues(3)
    speaking.cues.end(turn)


def test_nobody_is_acknowledged_over_speech(speaking: SpeechQueue, voice: CountingVoice) -> None:
    """While words are being said, a pause of the user gets no cue."""
    voice.speaking = True
    speaking.acknowledge()
    threading.Event().wait(0.03)
    assert voice.cues == 0


class SoundingVoice(FakeVoice):
    """A voice whose sound or sentence lasts until the test says that it is over."""

    def play(self, chunk: object, cancelled: threading.Event) -> float | None:
        self.cues += 1
        self.speaking = True
        return None

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        self.heard.append(sentence)
        self.speaking = True
        return None


def test_a_cue_by_itself_is_not_speech(clock: Clock) -> None:
    """An earcon by itself does not count as speech, so that half-duplex does not make the assistant deaf; its pitches
    are told.

    Words count as speech, and so does an earcon right after them.
    """
    voice = SoundingVoice()
    speaking = SpeechQueue(voice, lambda turn: None, clock)
    speaking.start()
    turn = Turn(None)

    def played(spoken: str | AudioChunk) -> tuple[bool, tuple[float, ...]]:
        count = voice.cues + len(voice.heard)
        speaking.put(turn, spoken, lambda: False)
        while voice.cues + len(voice.heard) == count:
            threading.Event().wait(0.001)
        return speaking.audible, speaking.sounding_pitches_hz

    thinking, listening = earcons.thinking(22_050), earcons.listening(22_050)
    assert (speaking.audible, speaking.sounding_pitches_hz) == (False, ())
    assert played(thinking) == (False, thinking.pitches_hz)
    assert played(listening) == (False, listening.pitches_hz)
    voice.speaking = False
    assert (speaking.audible, speaking.sounding_pitches_hz) == (False, ())
    assert played("A cup.") == (True, ())
    assert played(listening) == (True, ())
    voice.speaking = False
    assert played(thinking) == (False, thinking.pitches_hz)
    speaking.close()
    assert speaking.join(WAIT_SECONDS)
