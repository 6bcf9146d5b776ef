"""Storms: everything that a user can do, in any order and at any moment, over slow stages that sometimes fail.

They run in simulated time, so a storm of two minutes takes some milliseconds, and a seed that fails once fails again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.button.gestures import ButtonSettings, KeyEvent, Press, StopPress
from assistant.button.watcher import ButtonWatch
from assistant.conversation import event_queue
from assistant.conversation.activation import Activation, settings_from
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings
from assistant.conversation.event_queue import EventQueue, Tick
from assistant.language.phrases import phrases_for
from audio.errors import DeviceLost
from audio.listening.hearing import (
    SpeechPaused,
    SpeechRejected,
    SpeechResumed,
    SpeechStarted,
    StopHeard,
    Utterance,
    WakeSuspected,
)
from audio.pcm import AudioChunk
from tests.assistant.simulated_time import Event, Lock, World
from tests.assistant.slow_stages import Seconds, Stages
from vision.errors import CameraLost
from vision.frame import Frame
from vision.framing import Fault

STORMS = 20
PHRASES = phrases_for("en")
CHUNK_SECONDS = 0.03
SILENT_WITHIN_SECONDS = 0.02
EXIT_WITHIN_SECONDS = 0.1
PICTURE_WITHIN_SECONDS = 0.2  # the slowest capture of these storms takes 0.18 s
WAKE_PHRASE = "hey camera"
QUESTIONS = ("what is this", "where is the cup", "what does the stop sign say")
SAID = (
    *("stop", "stop talking", "repeat", "help", "yes", "louder", "spell that", "more detail", "shorter", "new picture"),
    *("same picture", "look closer", "what has changed", "what time is it", "status", "read the text", WAKE_PHRASE),
    *QUESTIONS,
    *QUESTIONS,
    *(f"{WAKE_PHRASE} {question}" for question in QUESTIONS),
)
FAULTS = {"capture": CameraLost("away"), "synthesis": DeviceLost("away"), "sound": DeviceLost("away")}


class Recorded(AnswerPipeline):
    """Records every turn that was begun, and when it was told to be silent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.turns: list[Turn] = []
        self.cancelled_at: list[float] = []

    def _begin(self, turn: Turn, *args: Any, **options: Any) -> None:
        self.turns.append(turn)
        super()._begin(turn, *args, **options)

    def cancel(self) -> None:
        super().cancel()
        self.cancelled_at.append(self._clock())


@dataclass
class Finger:
    """A key that goes down and up at random times while `restless`, and when a test says so."""

    world: World
    lots: random.Random
    restless: bool
    problem: str = ""
    down: bool = False
    told: list[bool] = field(default_factory=list)
    stopped: bool = False

    def read(self, timeout_seconds: float) -> list[KeyEvent]:
        seconds = self._patience() if self.restless else float("inf")
        self.world.wait(lambda: bool(self.told) or self.stopped, min(seconds, timeout_seconds))
        if self.told:
            self.down = self.told.pop(0)
        elif self.restless and seconds <= timeout_seconds and not self.stopped:
            self.down = not self.down
        else:
            return []
        return [KeyEvent(self.down, self.world.now)]

    def _patience(self) -> float:
        if self.down:
            return self.lots.choice((0.01, 0.1, 0.1, 0.2, 2.5))
        return self.lots.choice((0.01, 0.1, 0.2, 1.0, 5.0, 10.0))

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None:
        """Does nothing."""


class Clock:
    """A microphone for the event queue: it gives a chunk every 30 ms."""

    live = True

    def __init__(self, world: World) -> None:
        self._world = world

    def chunks(self) -> Iterator[AudioChunk]:
        while True:
            self._world.sleep(CHUNK_SECONDS)
            yield AudioChunk(np.zeros(480, np.int16), 16_000)

    def stop(self) -> None:
        """Does nothing, because nobody calls it."""


class Storm:
    """The program as `run` puts it together, on slow fakes."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.lots = world, random.Random(seed)
        lots = self.lots
        self.fails = 0.05
        self.stages = Stages(
            world, Seconds(vision=lots.choice((0.5, 4.0)), synthesis=0.04, sentence=lots.choice((0.5, 1.5)))
        )
        self.stages.answer = tuple(f" {word}" for word in ("It is a red cup. " * lots.randrange(1, 7)).split())
        self.stages.mishap = self._mishap
        self.stages.varied = lambda seconds: seconds * lots.uniform(0.2, 1.8)
        self.any_interrupts = lots.random() < 0.5  # as with barge_in = "any"
        self.activation = Activation(
            settings_from(lots.choice(("open", "open", "button", "wake_word", "button+wake_word")), WAKE_PHRASE, 6.0),
            lambda: self.any_interrupts and self.answering.speaking,
            _lock=Lock(world),  # type: ignore[arg-type]
        )
        self.shown: list[Turn] = []
        self.answering = Recorded(
            self.stages.engine,
            self._aim,
            self.stages.voice,
            PHRASES,
            play_earcons=lots.random() < 0.7,
            on_end=self.shown.append,
            clock=world.clock,
        )
        self.inbox = EventQueue()
        self.finger = Finger(world, lots, restless=lots.random() < 0.7)
        self.conversation = Conversation(
            self._events(),
            self.answering,
            PHRASES,
            ConversationSettings(
                picture_seconds=lots.choice((0.0, 10.0, 60.0)),
                queue_questions=lots.random() < 0.3,
                speech_interrupts=self.any_interrupts,
            ),
            activation=self.activation,
            clock=world.clock,
        )
        self._chunks = Clock(world).chunks()
        self.presses: list[Press] = []
        self.stopped_at: float | None = None
        self.last_question: Turn | None = None

    def blow(self) -> None:
        """Runs until the events end."""
        watch = ButtonWatch(
            self.finger,
            ButtonSettings(),
            self._on_press,
            speaking=lambda: self.answering.busy,
            clock=self.world.clock,
        )
        with self.answering, watch:
            self.conversation.run(greeting="Hello. I am ready.")
            self.closing_at = self.world.now
        self.closed_at = self.world.now

    def _on_press(self, press: Press) -> None:
        self.presses.append(press)
        self.activation.pressed(press)
        if isinstance(press, StopPress):
            self.answering.cancel()
        self.inbox.put(press)

    def _aim(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        """A picture that may have a fault, which is known at once."""
        frame = self.stages.camera.capture(cancelled=cancelled)
        return frame, Fault.BLURRED if self.lots.random() < 4 * self.fails else None

    def _mishap(self, stage: str) -> None:
        if self.lots.random() < self.fails:
            raise FAULTS.get(stage, RuntimeError(f"{stage} failed"))

    # The events of a storm.

    def _events(self) -> Iterator[event_queue.Event]:
        lots = self.lots
        for _ in range(30):
            yield from self._listen(lots.choice((0.0, 0.1, 0.5, 2.0, 5.0)))
            what = lots.random()
            if what < 0.7:
                yield from self._speech(lots.choice(SAID), lots.choice((0.9, 0.9, 0.9, 0.3)))
            elif what < 0.8:
                yield SpeechStarted(self.world.now)
                yield from self._listen(lots.uniform(0.1, 1.0))
                yield SpeechRejected(self.world.now)
            elif what < 0.9:
                yield StopHeard("stop", 0.9, self.world.now - 0.3, self.world.now)
        yield from self._the_next_question()
        yield from self._the_last_stop()
        if lots.random() < 0.8:  # else the speech ends without words
            yield from self._meant("what is this")
            yield from self._listen(lots.uniform(0.0, 5.0))

    def _listen(self, seconds: float) -> Iterator[event_queue.Event]:
        for _ in range(round(seconds / CHUNK_SECONDS)):
            chunk = next(self._chunks)
            yield from self.inbox.take()
            yield Tick(chunk.ended_at)

    def _wait_for_quiet(self) -> Iterator[event_queue.Event]:
        for _ in range(300):
            yield from self._listen(0.5)
            if not self.answering.busy and not self.answering.speaking:
                return
        raise AssertionError("it is never quiet")

    def _speech(self, text: str, confidence: float = 0.9) -> Iterator[event_queue.Event]:
        lots, began_at = self.lots, self.world.now
        yield SpeechStarted(began_at)
        yield from self._listen(lots.uniform(0.3, 2.0))
        if text.startswith(WAKE_PHRASE) and lots.random() < 0.5:
            yield WakeSuspected(self.world.now)
        if lots.random() < 0.3:
            yield SpeechPaused(self.world.now)
            yield from self._listen(0.3)
            yield SpeechResumed(self.world.now)
        ended_at = self.world.now
        yield from self._listen(0.2)
        if lots.random() < 0.7:
            yield SpeechPaused(ended_at)
        yield from self._listen(0.5)
        yield Utterance(text, confidence, began_at, ended_at, 0.7)

    def _meant(self, text: str) -> Iterator[event_queue.Event]:
        """A question in the form that this storm's activation asks for."""
        if self.activation.settings.button:
            self.finger.told += [True]
            yield from self._listen(0.3)
            self.finger.told += [False]
            yield from self._listen(0.3)
        elif self.activation.settings.wake_word:
            text = f"{WAKE_PHRASE} {text}"
        yield from self._speech(text)

    def _the_next_question(self) -> Iterator[event_queue.Event]:
        """After the storm the devices work again, and the user waits for quiet and asks."""
        self.fails, self.finger.restless = 0.0, False
        if self.finger.down:
            self.finger.told += [False]
        yield from self._wait_for_quiet()
        yield from self._meant("what is this")
        self.last_question = self.answering.turns[-1]
        yield from self._wait_for_quiet()

    def _the_last_stop(self) -> Iterator[event_queue.Event]:
        """A stop in the middle of an answer: said, heard over its own voice, or pressed."""
        lots = self.lots
        yield from self._meant("where is the cup")
        yield from self._listen(lots.uniform(0.0, 8.0))
        way = lots.choice(("said", "heard", "pressed"))
        if way == "pressed":
            self.finger.told += [True]
            yield from self._listen(0.3)
            self.finger.told += [False]
            if not isinstance(self.presses[-1], StopPress):  # there was nothing left to stop
                return
        elif way == "heard":
            yield StopHeard("stop", 0.9, self.world.now - 0.3, self.world.now)
        else:
            yield from self._meant("stop")
        self.stopped_at = self.world.now
        yield from self._listen(15.0)


def check_silence(stages: Stages, moments: list[float]) -> None:
    """Checks that nothing of a cancelled turn is said after a stop, and that no sound goes on at that moment."""
    for sentence in stages.voice.asked:
        assert isinstance(sentence.cancelled, Event)
        assert sentence.begin <= sentence.cancelled.set_at, "said after it was cancelled"
    for sound in stages.voice.sounds:
        assert isinstance(sound.cancelled, Event)
        if sound.cancelled in stages.voice.failed:
            # The loudspeaker was lost, which ends the turn, and the sound that it already had may still be heard.
            continue
        assert sound.end <= max(sound.begin, sound.cancelled.set_at + SILENT_WITHIN_SECONDS), "it spoke on"
        for moment in moments:
            assert not sound.begin < moment < sound.end - SILENT_WITHIN_SECONDS, "it sounded on"


def threads_left() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in ("answer", "look", "speak", "button")]


def check(storm: Storm) -> None:
    """Checks what must hold after every storm."""
    whole = "".join(storm.stages.answer).strip()
    assert storm.last_question is not None
    assert storm.last_question.question is not None
    assert (storm.last_question.answer, storm.last_question.error) == (whole, None)
    assert " ".join(storm.last_question.said) == whole
    assert not storm.answering.paused
    sight, ways = storm.last_question.moments.sight, storm.activation.settings
    if sight is not None and (
        ways.is_open or ways.button
    ):  # a wake phrase may be known only at the end of the question
        assert sight.taken[1] - sight.requested_at <= PICTURE_WITHIN_SECONDS
        assert sight.requested_at < storm.last_question.question.asked_at, (
            "not at the onset, but when the words were there"
        )
    assert all(turn.done.is_set() for turn in storm.answering.turns)
    assert len({id(turn) for turn in storm.shown}) == len(storm.shown), "a turn was shown twice"
    assert storm.closed_at - storm.closing_at <= EXIT_WITHIN_SECONDS
    check_silence(storm.stages, [*storm.answering.cancelled_at, storm.closing_at])
    if storm.stopped_at is not None:
        heard = [sound for sound in storm.stages.voice.sounds if sound.end > sound.begin]
        assert [sound for sound in heard if storm.stopped_at < sound.begin < storm.stopped_at + 15.0] == []
    for number, sound in enumerate(storm.stages.voice.sounds):
        same_turn = [other for other in storm.stages.voice.sounds[:number] if other.cancelled is sound.cancelled]
        assert sound.what not in ("thinking", "waiting") or not any(other.what.startswith("say") for other in same_turn)
    assert threads_left() == []


@pytest.mark.parametrize("seed", range(STORMS))
def test_a_storm_ends_clean(seed: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """After a storm no turn is open and no thread is left, every stop brought silence, and the next question is
    answered.
    """
    with World(seed) as world:
        world.put_into(monkeypatch)
        storm = Storm(world, seed)
        with caplog.at_level(logging.WARNING):
            storm.blow()
        check(storm)
    assert caplog.messages == []


def asked(text: str, world: World) -> Question:
    return Question(text, 0.9, asked_at=world.now, transcribed_at=world.now)


def test_a_question_is_answered_when_a_sound_follows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cough right after the question takes a picture ahead; the picture of the question is still taken and seen."""
    with World(seed=0) as world:
        world.put_into(monkeypatch)
        stages = Stages(world, Seconds(), answer=(" A cup.",))
        answering = Recorded(stages.engine, any_picture(stages.camera), stages.voice, PHRASES, clock=world.clock)
        with answering:
            turn = answering.ask(asked("what is this", world), answering.look())
            answering.look()
            assert turn.done.wait(20.0)
    assert turn.said == ["A cup."]


@pytest.mark.parametrize("queued", [False, True], ids=["one question", "and one behind it"])
@pytest.mark.parametrize("ending", ["cancel", "close"])
def test_at_any_moment_it_can_be_stopped(ending: str, queued: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop every 0.1 s, from the look to the last sound, works everywhere.

    It brings silence within 20 ms and an exit within 100 ms, and the next question is answered.
    """
    for tenths in range(100):
        with World(seed=tenths) as world:
            world.put_into(monkeypatch)
            stages = Stages(world, Seconds(synthesis=0.04), answer=(" A cup.", " It is red.", " It is full."))
            answering = Recorded(stages.engine, any_picture(stages.camera), stages.voice, PHRASES, clock=world.clock)
            with answering:
                look = answering.look()
                turns = [answering.ask(asked("what is this", world), look)]
                world.sleep(0.01)
                turns += [answering.ask(asked("and now", world), look, queued=True)] if queued else []
                world.sleep(tenths / 10)
                getattr(answering, ending)()
                ended_at = world.now
                if ending == "cancel":
                    world.sleep(1.0)
                    again = answering.ask(asked("what is this", world), answering.look())
                    assert again.done.wait(20.0)
                    assert again.said == ["A cup.", "It is red.", "It is full."]
            assert ended_at <= 0.01 + tenths / 10 + EXIT_WITHIN_SECONDS
            check_silence(stages, [0.01 + tenths / 10])
            assert all(turn.done.is_set() for turn in turns)
            assert threads_left() == []
        monkeypatch.undo()


def test_i_heard_you_never_comes_behind_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The acknowledging earcon never sounds after the answer, even if that is ready at once, as advice is.

    Whichever thread is delayed, the earcon comes first or is left out.
    """
    blurred = Frame(np.zeros((4, 4, 3), np.uint8), 0.0), Fault.BLURRED
    for seed in range(100):
        with World(seed) as world:
            world.put_into(monkeypatch)
            stages = Stages(world)
            with AnswerPipeline(
                stages.engine, lambda cancelled: blurred, stages.voice, PHRASES, clock=world.clock
            ) as answering:
                look = answering.look()
                world.sleep(1.0)
                assert answering.ask(asked("what is this", world), look).done.wait(20.0)
            sounds = [sound.what for sound in stages.voice.sounds]
            assert "thinking" not in sounds[1:]
        monkeypatch.undo()
