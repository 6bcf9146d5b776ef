"""What the assistant sees of whichever engine answers, this machine's or another computer's: who it is, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Finish = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class SeeStats:
    """What it took to read a picture."""

    image_tokens: int
    prompt_tokens: int  # everything before the question, with the instructions, which are not read again
    vision_seconds: float
    prefill_seconds: float


@dataclass(frozen=True)
class AnswerStats:
    """What it took to answer a question."""

    prompt_tokens: int  # read for this question; the picture's and earlier turns' are not read again
    answer_tokens: int
    prefill_seconds: float  # up to the first token
    decode_seconds: float  # computing only: a consumer's pauses do not count
    finish: Finish
    cached_tokens: int = 0  # of the prompt, beside those: what was read before, and counts for this answer


@dataclass(frozen=True)
class AnswerChunk:
    """Some more of the answer. `stats` come with the last chunk, and only with it."""

    text: str
    tokens: int  # that this text took
    stats: AnswerStats | None = None
    log_probabilities: tuple[float, ...] = ()  # one a token, as the model judged it before any option of sampling


@dataclass(frozen=True)
class Answerer:
    model_name: str
    is_demo: bool = False
    host: str | None = None  # the other computer, to which pictures go; None: this machine


class NamedModel(Protocol):
    @property
    def model_name(self) -> str: ...


def answerer_of(engine: NamedModel, *, is_demo: bool, host: str | None = None) -> Answerer:
    """Now. `is_demo` and `host`: of an engine that does not change."""
    own = getattr(engine, "answerer", None)
    return own if isinstance(own, Answerer) else Answerer(engine.model_name, is_demo, host)
