"""A question, its turn, and how long each part of the turn took. Data only, and the clock reading of it."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.doubt import Piece

if TYPE_CHECKING:
    from vision.engine import AnswerStats, SeeStats

_turn_numbers = itertools.count(1)


@dataclass(frozen=True)
class Question:
    """What the user wants to know."""

    text: str
    confidence: float | None  # 0..1 from the recogniser; None when the question was typed
    asked_at: float  # monotonic seconds: the end of the speech, or when a typed question was sent
    transcribed_at: float  # monotonic seconds


@dataclass(frozen=True)
class TurnTimings:
    """Seconds from the end of the question (speech or typing); None where that moment never came."""

    transcript: float | None  # None: the question was typed, or its speech was not timed
    first_token: float | None
    first_sound: float | None  # TTFA: the first audible sample
    total: float
    vision: float | None  # the vision encoder's own seconds, None when the picture was known already
    prompt_tokens: int
    prompt_tokens_per_second: float | None
    answer_tokens: int
    decode_tokens_per_second: float | None
    peak_rss_bytes: int


@dataclass
class Moments:
    """When the parts of a turn happened, monotonic seconds, and what the engine says of its share."""

    first_token_at: float | None = None
    first_sound_at: float | None = None
    see: SeeStats | None = None  # None: the picture was known already
    answer: AnswerStats | None = None


@dataclass
class Turn:
    """From a question to the end of its answer. `done` is set when the last sound is out or it was cancelled."""

    question: Question | None  # None: something that the assistant says of its own
    number: int = field(default_factory=lambda: next(_turn_numbers))
    cancelled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answer: str = ""
    pieces: tuple[Piece, ...] = ()  # of the answer, with how sure the model was of each
    said: list[str] = field(default_factory=list)  # the sentences that went to the voice
    error: BaseException | None = None
    moments: Moments = field(default_factory=Moments)
    timings: TurnTimings | None = None  # of a question, when it is done

    def add_up(self, ended_at: float) -> None:
        """From the moments to the timings."""
        if self.question is not None:
            self.timings = _timings(self.question, self.moments, ended_at)


def _timings(question: Question, moments: Moments, ended_at: float) -> TurnTimings:
    def since(moment: float | None) -> float | None:
        return None if moment is None else moment - question.asked_at

    def rate(count: int, seconds: float) -> float | None:
        return count / seconds if count and seconds > 0 else None

    stats = moments.answer
    return TurnTimings(
        transcript=(question.transcribed_at - question.asked_at) or None,
        first_token=since(moments.first_token_at),
        first_sound=since(moments.first_sound_at),
        total=ended_at - question.asked_at,
        vision=moments.see.vision_seconds if moments.see is not None else None,
        prompt_tokens=stats.prompt_tokens if stats else 0,
        prompt_tokens_per_second=rate(stats.prompt_tokens, stats.prefill_seconds) if stats else None,
        answer_tokens=stats.answer_tokens if stats else 0,
        decode_tokens_per_second=rate(stats.answer_tokens, stats.decode_seconds) if stats else None,
        peak_rss_bytes=peak_rss_bytes(),
    )


def peak_rss_bytes() -> int:
    """This process's peak resident memory (Linux VmHWM), bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
