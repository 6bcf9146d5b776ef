"""The interface to an engine, which answers questions about a picture, and to a source of pictures.

There are three engines: this machine's (`vision.engine`), another computer's (`vision.remote.engine`), and the pair of
both (`vision.remote.fallback`). There are two frame sources: a camera and a still picture. This file has no code that
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
    """The tokens and seconds that reading a picture took."""

    image_tokens: int
    prompt_tokens: int  # all tokens before the question, with the instructions, which are not read again
    vision_seconds: float
    prefill_seconds: float


@dataclass(frozen=True)
class AnswerStats:
    """The tokens and seconds that answering a question took."""

    prompt_tokens: int  # tokens read for this question; those of the picture and of earlier turns are not read again
    answer_tokens: int
    prefill_seconds: float  # up to the first token
    decode_seconds: float  # computing only, without the pauses of whoever consumes the answer
    finish: Finish
    cached_tokens: int = 0  # Prompt tokens beside `prompt_tokens`: they were read before and count for this answer.


@dataclass(frozen=True)
class AnswerChunk:
    """The next part of the answer. Only the last chunk has `stats`."""

    text: str
    tokens: int  # the number of tokens of this text
    stats: AnswerStats | None = None
    # natural, one for each token, as the model computed it before any sampling option
    log_probabilities: tuple[float, ...] = ()


@dataclass(eq=False)
class Cut:
    """How whoever takes an answer ends it so that it can go on later: set `behind` between two chunks.

    Nothing more is then computed, and one last chunk follows, whose stats say "length". The conversation keeps the
    answer up to the cut, and `View.go_on` gives what comes behind it.
    """

    behind: int | None = None  # characters of what this iterator has given; None: not cut


@dataclass(frozen=True)
class Answerer:
    """A model that answers, and where it runs."""

    model_name: str
    is_demo: bool = False  # the small demo model, which takes no instructions and has its own rule for doubt
    # the other computer that pictures are sent to; None: the model runs here and nothing is sent
    host: str | None = None


class View(Protocol):
    """A picture that an engine has seen (or no picture), and the conversation about it. Any thread may call it.

    A new question ends an answer that is still under way.
    """

    @property
    def frame(self) -> Frame | None:
        """The picture, or None in a conversation without one."""

    @property
    def answerer(self) -> Answerer:
        """The model that answers questions about this picture, as far as is known.

        It may change in the middle of an answer.
        """

    @property
    def stats(self) -> SeeStats:
        """The tokens and seconds that reading the picture took."""

    @property
    def cache_bytes(self) -> int:
        """The memory of this conversation in bytes.

        It is 0 once the memory was freed; earlier questions are then forgotten.
        """

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        An answer that goes round in circles is given up: it ends with "…", and its stats say "length". `is_print` says
        that the answer tells print, which may rightly repeat itself, so more repeats are allowed. `cut` lets the caller
        end the answer so that it can go on; with it, no earlier question is forgotten to make room for an answer that
        is longer than usual. A cancel ends it with a last chunk whose stats say "cancelled", and the
        question is forgotten. Raises QuestionError at once for a question that is empty or too long. The iterator
        raises other VisionErrors.
        """

    @property
    def can_go_on(self) -> bool:
        """Whether the last answer was cut and `go_on` has its rest.

        It is False once another question was asked, the questions were forgotten, or the memory was freed.
        """

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """Go on with the answer that was cut, with the words that it would have had without the cut.

        `max_new_tokens` are decoded beside what was decoded already. The conversation then holds one question with one
        longer answer. A cancel leaves the answer as it was, and no rest. Raises QuestionError at once if there is none.
        """

    def forget(self) -> None:
        """Forget all questions and answers, but not the picture. An answer that is under way ends."""

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Whether the model will still see the earlier questions. False if there is no room for them and the answer.

        Raises QuestionError as `ask` does.
        """


class SupportsSee(Protocol):
    """The part of an engine that sees frames. Any thread may call it."""

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        """Read a frame, so that afterwards only the question is missing.

        None begins a conversation without a picture. Raises Cancelled, VisionError.
        """


class Engine(SupportsSee, Protocol):
    """Sees frames, and tells which model answers and where it runs. Any thread may call it."""

    @property
    def model_name(self) -> str:
        """The model that normally answers."""

    @property
    def answerer(self) -> Answerer:
        """The model that answers questions about the next picture, as far as is known."""

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """All models that may answer; the first is `answerer`."""

    @property
    def pictures_go_to(self) -> str | None:
        """The other computer that the next picture may be sent to, or None if pictures stay on this machine."""

    @property
    def away_host(self) -> str | None:
        """The other computer that normally answers, while it cannot be reached; otherwise None."""

    @property
    def threads(self) -> int:
        """The largest number of threads that compute on this machine."""

    def set_threads(self, threads: int) -> None:
        """Compute with at most this many threads on this machine from now on. The answers do not change."""

    def set_rest(self, share: float) -> None:
        """Rest for this share of the computing time on this machine, from 0 to 0.9. It is then slower and cooler."""


class FrameSource(Protocol):
    """A camera, or a picture or recording in its place. Any thread may call it."""

    @property
    def live(self) -> bool:
        """False for a picture or a recording, which may show the same image for ever without being broken."""

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Width and height in pixels of the pictures that it gives; None as long as that is not known."""

    def capture(self, timeout_seconds: float = ..., cancelled: threading.Event | None = None) -> Frame:
        """A picture that was taken after the call.

        Raises CameraLost after `timeout_seconds`, Cancelled, PictureError.
        """

    def burst(
        self, pictures: int = ..., timeout_seconds: float = ..., cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        """At least one picture and at most `pictures`, the oldest first. Raises the errors of `capture`."""

    def close(self) -> None:
        """Release the device. A second call does nothing."""
