"""What the routes work with: the one engine behind its queue, and what else this machine has. It is built once, at the
start.

It does not know HTTP: the routes turn requests into calls of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.capture import Take
from assistant.answering.page_lines import PageReader
from assistant.answering.reading.reader_context import QuestionReader
from assistant.answering.reply import Wording
from assistant.machine.status import Status
from assistant.web.access import Client, RateLimit, Tokens
from assistant.web.answers.answer import Answer, AnswerContext, Asked, Hear, OnEnd, Tell, ends_quietly, tells_nothing
from assistant.web.answers.conversations import Conversation, Conversations
from assistant.web.answers.errors import ApiError
from assistant.web.answers.sounds import Sounds
from assistant.web.answers.speech import Speech
from assistant.web.answers.status_board import Board
from assistant.web.answers.work_queue import WorkQueue
from assistant.web.journal import JournalAccess, JournalPages
from assistant.web.settings import WebSettings
from vision.errors import VisionError

if TYPE_CHECKING:
    from assistant.answering.judging.doubt import DoubtRule
    from assistant.language.phrases import Phrases
    from audio.pcm import AudioChunk
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import Engine

_log = logging.getLogger(__name__)
_NOBODY = Client()
# Requests that only look may come more often than requests for work: an open page looks once a second.
_LOOKS_FOR_EACH_WORK = 10


@dataclass(frozen=True)
class Parts:
    """What a server is made of. None stands for what this machine does not have."""

    engine: Engine
    phrases: Phrases
    doubt: DoubtRule
    take: Take | None = None  # takes a picture with the camera, or what stands in for it
    hear: Hear | None = None
    synthesize: Callable[[str], AudioChunk] | None = None
    reader: QuestionReader | None = None  # reads the print that a question is about
    pages: PageReader | None = None  # reads all print in a picture
    tell: Tell = tells_nothing  # answers commands about a picture without the engine
    machine: Callable[[], Status] = Status
    on_end: OnEnd = ends_quietly  # gets each turn of a client at its end
    journal: JournalAccess | None = None  # what is kept of the turns, by voice and by clients


class Services:
    def __init__(
        self,
        parts: Parts,
        settings: WebSettings,
        board: Board | None = None,  # given if the conversation by voice writes on it too
        clock: Callable[[], float] = time.monotonic,
        on_ask: Callable[[], None] = lambda: None,  # called when a question comes, on the thread of its request
        on_look: Callable[[], None] = lambda: (
            None
        ),  # called before a client gets a picture of the camera, on its thread
    ) -> None:
        self._on_ask = on_ask
        self._on_look = on_look
        self.settings = settings
        self.tokens = None if settings.token is None else Tokens(settings.token, monotonic=clock)
        self.looks = RateLimit(settings.requests_per_minute * _LOOKS_FOR_EACH_WORK, clock)
        self.engine = parts.engine
        self.phrases = parts.phrases
        self.take = parts.take
        self.machine = parts.machine
        self.board = board or Board()
        self.queue = WorkQueue(settings.queue_limit, clock)
        self.speech = Speech(parts.synthesize, clock)
        self.conversations = Conversations(settings.kept_pictures, settings.kept_seconds, clock)
        self.can_hear = parts.hear is not None
        self.sounds = Sounds(parts.hear, parts.synthesize, parts.phrases.abbreviations, clock)
        self.journal = JournalPages(parts.journal)
        self._means = AnswerContext(
            engine=parts.engine,
            speech=self.speech,
            board=self.board,
            wording=Wording(parts.phrases, parts.doubt),
            hear=parts.hear,
            clock=clock,
            reader=parts.reader,
            pages=parts.pages,
            tell=parts.tell,
            on_end=parts.on_end,
        )
        self._camera = threading.Lock()  # one picture at a time, whoever asks

    @property
    def model_names(self) -> list[str]:
        """The names that a client may ask for; the model that answers now is the first."""
        return list(dict.fromkeys(who.model_name for who in self.engine.answerers))

    def answer(
        self,
        gone: Callable[[], bool],
        ready: Callable[[], tuple[Asked, Conversation]],
        client: Client = _NOBODY,
    ) -> Answer:
        """Takes a place in the queue for the client, and then calls `ready`. That may decode a picture, which is work too.

        Raises QueueFull, and what `ready` raises.
        """
        ticket = self.queue.enter(client.address)
        self._on_ask()
        try:
            return Answer(self._means, *ready(), ticket, gone, client.asker)
        except BaseException:
            ticket.leave()
            raise

    def camera_picture(self, timeout_seconds: float) -> tuple[Frame, Fault | None]:
        """The sharpest picture of what the camera sees now, and what is wrong with it. Raises ApiError."""
        if self.take is None:
            raise ApiError(404, "no_camera", "this machine has no camera: send a picture", parameter="camera")
        if not self._camera.acquire(timeout=timeout_seconds):
            raise ApiError(503, "camera_busy", "the camera is busy: ask again", parameter="camera")
        try:
            self._on_look()
            return self.take(threading.Event())
        except VisionError as error:
            _log.warning("the camera gives no picture: %s", error)  # a client must not see the addresses in it
            raise ApiError(
                503, "camera_lost", "the camera gives no picture: send one, or ask again later", parameter="camera"
            ) from error
        finally:
            self._camera.release()

    def sweep(self) -> None:
        """Drops what is too old. The server calls it about once a second."""
        self.conversations.sweep()
        self.speech.sweep()
