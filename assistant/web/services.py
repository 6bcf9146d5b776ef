"""What the routes work with: the one engine behind its queue, and what else this machine has. `serve` builds it once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.capture import Take
from assistant.machine.status import Status
from assistant.web.access import Tokens
from assistant.web.answer import Answer, AnswerContext, Asked, Hear
from assistant.web.conversations import Conversation, Conversations, Engine
from assistant.web.errors import ApiError
from assistant.web.settings import WebSettings
from assistant.web.speech import Speech
from assistant.web.status_board import Board
from assistant.web.work_queue import WorkQueue
from vision.errors import VisionError
from vision.interface import Answerer, answerer_of

if TYPE_CHECKING:
    from assistant.answering.doubt import DoubtRule
    from assistant.language.phrases import Phrases
    from audio.pcm import AudioChunk
    from vision.frame import Frame
    from vision.framing import Fault


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What a server is made of. None: this machine has none."""

    engine: Engine
    is_demo: bool  # the engine, as a rule; one that changes says it itself: `assistant.answering.answerer`
    phrases: Phrases
    doubt: DoubtRule
    take: Take | None = None  # the camera, or what stands in for it
    hear: Hear | None = None
    synthesize: Callable[[str], AudioChunk] | None = None
    machine: Callable[[], Status] = Status
    pictures_go_to: str | None = None  # another computer, that answers for this one


class Services:
    def __init__(
        self,
        parts: Parts,
        settings: WebSettings,
        board: Board | None = None,  # that somebody else writes on too
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.tokens = None if settings.token is None else Tokens(settings.token, monotonic=clock)
        self._usual = parts
        self.take = parts.take
        self.machine = parts.machine
        self.board = board or Board()
        self.queue = WorkQueue(settings.queue_limit, clock)
        self.speech = Speech(parts.synthesize, clock)
        self.conversations = Conversations(settings.kept_pictures, settings.kept_seconds, clock)
        self.can_hear = parts.hear is not None
        self._means = AnswerContext(
            engine=parts.engine,
            speech=self.speech,
            board=self.board,
            phrases=parts.phrases,
            doubt=parts.doubt,
            hear=parts.hear,
            answerer=lambda: self.answerer,
            clock=clock,
        )
        self._camera = threading.Lock()  # one picture at a time, whoever asks

    @property
    def model_name(self) -> str:
        """Of who answers as a rule. Another computer's may become known only later."""
        return self._means.engine.model_name

    @property
    def answerer(self) -> Answerer:
        """Who answers now."""
        return answerer_of(self._means.engine, is_demo=self._usual.is_demo, host=self._usual.pictures_go_to)

    @property
    def model_names(self) -> list[str]:
        """By which who answers may be called: the one that does now first."""
        engine, names = self._means.engine, [self.answerer.model_name, self.model_name]
        if getattr(engine, "has_local", False) and (own := getattr(engine, "own", None)) is not None:
            names.append(own.model_name)
        return list(dict.fromkeys(names))

    @property
    def pictures_go_to(self) -> str | None:
        """Another computer, also while it is away, where the next picture goes to it if it is back."""
        due = getattr(self._means.engine, "is_due", None)
        return self._usual.pictures_go_to if due is not None and due() else self.answerer.host

    @property
    def engine_away(self) -> str | None:
        """The other computer, while it is away."""
        return self._usual.pictures_go_to if getattr(self._means.engine, "is_away", False) else None

    def answer(self, gone: Callable[[], bool], ready: Callable[[], tuple[Asked, Conversation]]) -> Answer:
        """An answer. It takes its place in the queue before `ready` decodes a picture, which is work too.

        Raises QueueFull, and what `ready` raises.
        """
        ticket = self.queue.enter()
        try:
            return Answer(self._means, *ready(), ticket, gone)
        except BaseException:
            ticket.leave()
            raise

    def camera_picture(self, timeout_seconds: float) -> tuple[Frame, Fault | None]:
        """The sharpest of what the camera sees now, and what is wrong with it. Raises ApiError."""
        if self.take is None:
            raise ApiError(404, "no_camera", "this machine has no camera: send a picture", parameter="camera")
        if not self._camera.acquire(timeout=timeout_seconds):
            raise ApiError(503, "camera_busy", "the camera is busy: ask again", parameter="camera")
        try:
            return self.take(threading.Event())
        except VisionError as error:
            _log.warning("the camera gives no picture: %s", error)  # an address in it is nobody else's business
            raise ApiError(
                503, "camera_lost", "the camera gives no picture: send one, or ask again later", parameter="camera"
            ) from error
        finally:
            self._camera.release()

    def sweep(self) -> None:
        """Called every second or so: what is too old is dropped."""
        self.conversations.sweep()
        self.speech.sweep()
