"""A question, its turn, and how long each part of the turn took. Data only, and the clock reading of it."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from pathlib import Path

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

    transcript: float
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
class Turn:
    """From a question to the end of its answer. `done` is set when the last sound is out or it was cancelled."""

    question: Question | None  # None: something that the assistant says of its own
    number: int = field(default_factory=lambda: next(_turn_numbers))
    cancelled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answer: str = ""
    said: list[str] = field(default_factory=list)  # the sentences that went to the voice
    error: BaseException | None = None
    timings: TurnTimings | None = None


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
