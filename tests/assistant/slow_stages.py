"""An engine, a camera and a voice that take simulated time for each step and record when it began and ended.

A cancel reaches them at once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.answering.speech_queue import EARCON_RATE_HZ
from audio.pcm import AudioChunk
from audio.speaking import earcons
from tests.assistant.fakes import OneModel
from tests.assistant.simulated_time import World
from vision.errors import Cancelled
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, SeeStats

CUES = {
    getattr(earcons, name)(EARCON_RATE_HZ).samples.tobytes(): name
    for name in ("listening", "thinking", "waiting", "error")
}


@dataclass(frozen=True)
class Seconds:
    """The seconds that each stage takes."""

    capture: float = 0.1
    vision: float = 2.0
    picture_prefill: float = 1.0
    question_prefill: float = 0.5
    token: float = 0.1
    synthesis: float = 0.2
    sentence: float = 1.5  # of speech
    cue: float = 0.1
    ahead: float = 0.2  # the voice returns this long before a sentence has been heard, because the device has a queue


@dataclass(frozen=True)
class Interval:
    what: str
    begin: float
    end: float
    cancelled: object = None  # the event that ends it, if it is a sound


@dataclass
class Stages:
    """The camera, the engine and the voice, in one world and with one record of what they did when."""

    world: World
    seconds: Seconds = Seconds()
    answer: tuple[str, ...] = ("A", " red", " cup", ".", " It", " is", " on", " a", " table", ".")
    record: list[Interval] = field(default_factory=list)
    mishap: Callable[[str], None] = lambda stage: None  # called as each stage begins; it may raise
    varied: Callable[[float], float] = lambda seconds: seconds

    def __post_init__(self) -> None:
        self.camera, self.engine, self.voice = SlowCamera(self), SlowEngine(self), SlowVoice(self)

    def take_time(self, what: str, seconds: float, cancelled: threading.Event | None) -> bool:
        """Lets the time of one step pass. Returns False if it was cancelled before its end."""
        self.mishap(what)
        began_at = self.world.now
        done = self.world.sleep(self.varied(seconds), cancelled)
        self.record.append(Interval(what, began_at, self.world.now))
        return done

    def spans(self, what: str) -> list[tuple[float, float]]:
        """The beginnings and ends of a stage, rounded to microseconds."""
        return [(round(span.begin, 6), round(span.end, 6)) for span in self.record if span.what == what]


@dataclass
class SlowCamera:
    stages: Stages
    live = True
    picture_size = (4, 4)

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        if not self.stages.take_time("capture", self.stages.seconds.capture, cancelled):
            raise Cancelled("cancelled while the picture was taken")
        return Frame(np.zeros((4, 4, 3), np.uint8), captured_at=self.stages.world.now)

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(timeout_seconds, cancelled),)

    def close(self) -> None:
        pass


@dataclass
class SlowEngine(OneModel):
    stages: Stages

    def see(self, frame: Frame, cancelled: threading.Event | None = None) -> SlowView:
        seconds = self.stages.seconds
        steps = (("vision", seconds.vision), ("picture prefill", seconds.picture_prefill))
        if not all(self.stages.take_time(what, length, cancelled) for what, length in steps):
            raise Cancelled("cancelled while seeing")
        return SlowView(self.stages, frame, SeeStats(49, 52, seconds.vision, seconds.picture_prefill), self.answerer)


@dataclass
class SlowView:
    stages: Stages
    frame: Frame
    stats: SeeStats
    answerer: Answerer
    cache_bytes = 1

    def forget(self) -> None:
        pass

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        return True

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """Answers. The first token comes at the end of the prefill, and the end of the answer takes one more token's
        time.
        """
        seconds, answer, said = self.stages.seconds, self.stages.answer, 0
        done = self.stages.take_time("question prefill", seconds.question_prefill, cancelled)
        while done and said < len(answer):
            said += 1
            yield AnswerChunk(answer[said - 1], 1, None, (0.0,))
            done = self.stages.take_time("token", seconds.token, cancelled)
        finish = "stop" if done else "cancelled"
        stats = AnswerStats(9, said, seconds.question_prefill, said * seconds.token, finish)
        yield AnswerChunk("", 0, stats)


class SlowVoice:
    """A voice like a loudspeaker: it returns while the end of a sentence still sounds.

    `mute_device` ends the sound at once.
    """

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.asked: list[Interval] = []  # the sentences, with the time at which each was given to it
        self.failed: list[object] = []  # the events of the turns that a mishap of the voice ended
        self._sounds_until = 0.0
        self._silenced = 0

    @property
    def sounds(self) -> list[Interval]:
        """All sentences and cues that were heard."""
        return [span for span in self.stages.record if span.cancelled is not None]

    @property
    def speaking(self) -> bool:
        return self.stages.world.now < self._sounds_until

    def prepare(self, sentence: str, cancelled: threading.Event) -> None:
        pass  # like espeak-ng, which makes a sentence when it is to be said

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        self.asked.append(Interval(sentence, self.stages.world.now, self.stages.world.now, cancelled))
        with self._noted(cancelled):
            self.stages.take_time("synthesis", self.stages.seconds.synthesis, None)
        return self._sound(f"say {sentence}", self.stages.seconds.sentence, cancelled)

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        return self._sound(CUES[chunk.samples.tobytes()], self.stages.seconds.cue, cancelled)

    def drain(self, cancelled: threading.Event) -> None:
        self.stages.world.sleep(max(0.0, self._sounds_until - self.stages.world.now), cancelled)

    def mute_device(self) -> None:
        """Cuts off what sounds now."""
        world = self.stages.world
        self._silenced += 1
        self._sounds_until = min(self._sounds_until, world.now)
        record = self.stages.record
        for number, span in enumerate(record):
            if span.end > world.now:
                record[number] = replace(span, end=max(span.begin, world.now))

    @contextlib.contextmanager
    def _noted(self, cancelled: threading.Event) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.failed.append(cancelled)
            raise

    def _sound(self, what: str, seconds: float, cancelled: threading.Event) -> float | None:
        world, silenced, seconds = self.stages.world, self._silenced, self.stages.varied(seconds)
        with self._noted(cancelled):
            self.stages.mishap("sound")
        if cancelled.is_set():
            return None
        begin = max(world.now, self._sounds_until)
        while world.now < begin:
            if not world.sleep(begin - world.now, cancelled) or self._silenced != silenced:
                return None
        self._sounds_until = begin + seconds
        self.stages.record.append(Interval(what, begin, begin + seconds, cancelled))
        world.wait(lambda: self._silenced != silenced, max(0.0, seconds - self.stages.seconds.ahead))
        return begin
