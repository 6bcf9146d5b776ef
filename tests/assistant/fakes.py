"""An engine, a camera and a voice for the conversation's tests, which drive them and read what they recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from audio.pcm import AudioChunk
from vision.errors import Cancelled, QuestionError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, SeeStats

WAIT_SECONDS = 5.0  # reached only if a test fails


SEEN = SeeStats(image_tokens=49, prompt_tokens=52, vision_seconds=0.5, prefill_seconds=0.25)


class Gate:
    """Holds a stage until the test opens it. A cancel releases it too, as in the real stages."""

    def __init__(self, *, is_open: bool = True) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()
        if is_open:
            self._open.set()

    def open(self) -> None:
        self._open.set()

    def pass_through(self, cancelled: threading.Event | None) -> bool:
        """Returns True when opened, and False when cancelled first."""
        self.reached.set()
        while not self._open.wait(0.002):
            if cancelled is not None and cancelled.is_set():
                return False
        return True


class FakeCamera:
    """A camera that gives a new picture each time."""

    live = True
    picture_size = (4, 4)

    def __init__(self) -> None:
        self.captured = 0
        self.error: Exception | None = None

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        if self.error is not None:
            raise self.error
        self.captured += 1
        return Frame(np.zeros((4, 4, 3), np.uint8), captured_at=float(self.captured))

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(timeout_seconds, cancelled),)

    def close(self) -> None:
        pass


class OneModel:
    """An engine of one model that cannot be slowed down."""

    model_name = "stand-in"
    is_demo = False
    pictures_go_to: str | None = None
    away_host: str | None = None
    threads = 4

    @property
    def answerer(self) -> Answerer:
        return Answerer(self.model_name, self.is_demo, self.pictures_go_to)

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        return (self.answerer,)

    def set_threads(self, threads: int) -> None:
        pass

    def set_rest(self, share: float) -> None:
        pass


@dataclass
class FakeView:
    engine: FakeEngine
    frame: Frame
    stats: SeeStats = SEEN
    asked: list[str] = field(default_factory=list)
    rest: tuple[str, ...] = ()  # of the last answer, if that was cut
    cache_bytes = 1

    @property
    def answerer(self) -> Answerer:
        return self.engine.answerer

    def forget(self) -> None:
        self.rest = ()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        return True

    @property
    def can_go_on(self) -> bool:
        return bool(self.rest)

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        self.asked.append(question)
        if self.engine.error is not None:
            raise self.engine.error
        answer = self.engine.answers.get(self.frame.captured_at, self.engine.answer)
        yield from self._answered(answer, max_new_tokens, cancelled, cut)

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        if not self.rest:
            raise QuestionError("there is no rest")
        return self._answered(self.rest, max_new_tokens, cancelled, cut)

    def _answered(
        self,
        answer: tuple[str, ...],
        longest: int | None,
        cancelled: threading.Event | None,
        cut: Cut | None,
    ) -> Iterator[AnswerChunk]:
        self.rest, given, finish = (), "", "stop"
        for number, piece in enumerate(answer):
            if number == longest:
                self.rest, finish = answer[number:], "length"
                break
            if not self.engine.token_gate.pass_through(cancelled):
                return
            given += piece
            yield AnswerChunk(piece, 1, None, (self.engine.log_probability,))
            self.engine.pieces_decoded = number + 1
            if cut is not None and cut.behind is not None:
                self.rest, finish = (given[cut.behind :], *answer[number + 1 :]), "length"
                break
        yield AnswerChunk("", 0, AnswerStats(9, len(answer), 0.1, 0.2, finish))  # type: ignore[arg-type]


class FakeEngine(OneModel):
    """An engine that answers with `answer`, one token for each piece."""

    def __init__(self, answer: tuple[str, ...] = ("A cup.", " It is red.")) -> None:
        self.answer = answer
        self.answers: dict[float, tuple[str, ...]] = {}  # for single pictures, by the time at which they were taken
        self.log_probability = 0.0  # of every token
        self.error: Exception | None = None
        self.see_gate = Gate()
        self.token_gate = Gate()
        self.views: list[FakeView] = []
        self.pieces_decoded = 0
        self.pace = (4, 0.0)  # threads and share of rest, as it was told

    def set_threads(self, threads: int) -> None:
        self.pace = (threads, self.pace[1])

    def set_rest(self, share: float) -> None:
        self.pace = (self.pace[0], share)

    def see(self, frame: Frame, cancelled: threading.Event | None = None) -> FakeView:
        if not self.see_gate.pass_through(cancelled):
            raise Cancelled("cancelled while seeing")
        self.views.append(FakeView(self, frame))
        return self.views[-1]

    def hand_over(self, successor: FakeEngine) -> None:
        for view in self.views:
            view.engine = successor


class FakeVoice:
    """Records what a listener would hear. `gate` holds a sentence for as long as real speech would last."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.cues = 0
        self.silenced = 0
        self.gate = Gate()
        self.error: Exception | None = None
        self.speaking = False
        self.prepared: list[str] = []

    def prepare(self, sentence: str, cancelled: threading.Event) -> None:
        self.prepared.append(sentence)

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        if self.error is not None:
            raise self.error
        self.heard.append(sentence)
        self.speaking = True
        self.gate.pass_through(cancelled)
        self.speaking = False
        return 1.0

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        self.cues += 1
        return None

    def drain(self, cancelled: threading.Event) -> None:
        pass

    def mute_device(self) -> None:
        self.silenced += 1
