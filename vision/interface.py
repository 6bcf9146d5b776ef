"""The interface to whoever answers about a picture, and to whatever takes the picture.

Three engines have it: this machine's (`vision.engine`), another computer's (`vision.remote.engine`), and the pair of
both (`vision.remote.fallback`). A camera and a still picture are the two frame sources. This file has no code that
runs: it does not know how a model computes, how another computer is reached, or what a camera is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from vision.frame import Frame

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
    """A model that answers, and where it computes."""

    model_name: str
    is_demo: bool = False  # the small demo model, which takes no instructions and is doubted by a rule of its own
    host: str | None = None  # the other computer that pictures are sent to; None: this machine, so nothing is sent


class View(Protocol):
    """A picture that an engine has seen (or no picture), and the conversation about it. Any thread may call it.

    A question that begins while an older one is still being answered ends the older one.
    """

    @property
    def frame(self) -> Frame | None:
        """The picture; None in a conversation without one."""

    @property
    def answerer(self) -> Answerer:
        """Who answers questions about this picture, as far as is known: it may change in the middle of an answer."""

    @property
    def stats(self) -> SeeStats:
        """What it took to read the picture."""

    @property
    def cache_bytes(self) -> int:
        """The memory that this conversation takes; 0 when it was given up, so that earlier questions are forgotten."""

    def ask(
        self, question: str, *, max_new_tokens: int | None = None, cancelled: threading.Event | None = None
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        A cancel ends the answer with a last chunk whose stats say "cancelled", and the question is forgotten. Raises
        QuestionError at once for a question that is empty or too long, other VisionErrors from the iterator.
        """

    def forget(self) -> None:
        """Forget all questions and answers, but not the picture. An answer that is under way ends."""

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Whether earlier questions still count for this one; False where there is no room for them and the answer.

        Raises QuestionError as `ask` does.
        """


class SupportsSee(Protocol):
    """Looks at frames. Any thread may call it."""

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        """Look at a frame, so that afterwards only the question is missing; None begins a conversation without a
        picture.

        Raises Cancelled, VisionError.
        """


class Engine(SupportsSee, Protocol):
    """Looks at frames, and says who answers and where. Any thread may call it."""

    @property
    def model_name(self) -> str:
        """The model that answers as a rule."""

    @property
    def answerer(self) -> Answerer:
        """Who answers questions about the next picture, as far as is known."""

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """Everybody who may answer; the one of `answerer` is the first."""

    @property
    def pictures_go_to(self) -> str | None:
        """The other computer that the next picture may be sent to; None: pictures stay on this machine."""

    @property
    def away_host(self) -> str | None:
        """The other computer that answers as a rule, while it cannot be reached; else None."""

    @property
    def threads(self) -> int:
        """The most threads that compute on this machine."""

    def set_threads(self, threads: int) -> None:
        """Compute with at most so many threads on this machine from now on. Answers stay the same."""

    def set_rest(self, share: float) -> None:
        """Rest for this share of the computing time on this machine, 0 to 0.9: slower and cooler."""


class FrameSource(Protocol):
    """A camera, or a picture or recording in its place. Any thread may call it."""

    @property
    def live(self) -> bool:
        """False for a picture or a recording: it may show the same thing for ever, and is not broken then."""

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Width and height in pixels of the pictures that it gives; None as long as that is not known."""

    def capture(self, timeout_seconds: float = ..., cancelled: threading.Event | None = None) -> Frame:
        """A picture that is not older than the call.

        Raises CameraLost after `timeout_seconds`, Cancelled, PictureError.
        """

    def burst(
        self, pictures: int = ..., timeout_seconds: float = ..., cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        """At least one picture and at most `pictures`, the oldest first. Raises as `capture` does."""

    def close(self) -> None:
        """Let go of the device. A second call does nothing."""
