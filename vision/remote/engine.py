"""A server's engine with the face of `assistant.answering.capture.Engine`: see a frame, get a view, ask it.

To see costs nothing here and sends nothing: the picture leaves with the first question about it, so one that was taken for
a noise or a command stays at home. A view keeps what was asked and answered to the end and sends it along, as the server
keeps nothing. It does not know what to do when the server is away: `RemoteError` says so, and `fallback` helps.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from vision.engine.generation.prompt import checked_question
from vision.errors import Cancelled, RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Finish, SeeStats
from vision.remote.server import Server
from vision.remote.wire import Exchange, Piece, messages, picture_as_uri

KEPT_EXCHANGES = 8  # questions of a conversation that are sent along; older ones are left out


@dataclass(frozen=True)
class RemoteSettings:
    """What is asked of the server; [engine] and [prompt] say the same to the engine of this machine."""

    model: str = ""  # "": the first that the server names
    instructions: str = ""
    picture_pixels: int = 1024
    max_new_tokens: int = 128
    temperature: float = 0.0
    top_p: float = 1.0


class RemoteEngine:
    """Any thread may call it. Nothing is sent before `connect` or the first question."""

    threads = 1  # the other computer computes: the thread that asks only waits
    away_host: str | None = None  # what it asks is there, or the question fails

    def __init__(self, server: Server, settings: RemoteSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.server = server
        self.settings = settings
        self.clock = clock
        self._model = settings.model

    @property
    def host(self) -> str:
        return self.server.settings.host

    @property
    def model_name(self) -> str:
        return f"{self._model or 'the engine'} at {self.host}"

    @property
    def answerer(self) -> Answerer:
        return Answerer(self.model_name, host=self.host)

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """The other computer's model: this engine asks no other."""
        return (self.answerer,)

    @property
    def pictures_go_to(self) -> str:
        return self.host

    def set_threads(self, threads: int) -> None:
        """Nothing computes here."""

    def set_rest(self, share: float) -> None:
        """Nothing computes here."""

    def connect(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Is it there, and does it have the model? Raises RemoteError, Cancelled."""
        names = self.server.models(stopped)
        if self.settings.model and names and self.settings.model not in names:
            raise RemoteError(
                f"the engine at {self.server.settings.base_url} has no model {self.settings.model!r} but "
                f"{', '.join(map(repr, names[:5]))}: set remote.model"
            )
        if not self.settings.model and not names:
            raise RemoteError(f"the engine at {self.server.settings.base_url} names no model: set remote.model")
        self._model = self.settings.model or names[0]

    def model(self, stopped: Callable[[], bool]) -> str:
        """Its name at the server. Raises RemoteError, Cancelled."""
        if not self._model:
            self.connect(stopped)
        return self._model

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> RemoteView:
        """Only makes the picture ready, if there is one. Raises Cancelled."""
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("the caller no longer wants the picture")
        picture_uri = "" if frame is None else picture_as_uri(frame.rgb, self.settings.picture_pixels)
        return RemoteView(self, frame, picture_uri)


class RemoteView:
    """Of two questions at once, the newer one ends the older."""

    # What the server does with the picture it does not tell: all of it is in the time to the first token.
    stats = SeeStats(image_tokens=0, prompt_tokens=0, vision_seconds=0.0, prefill_seconds=0.0)

    def __init__(self, engine: RemoteEngine, frame: Frame | None, picture_uri: str) -> None:
        self.frame = frame
        self._engine = engine
        self._picture_uri = picture_uri
        self._exchanges: tuple[Exchange, ...] = ()
        self._turn: object = None
        self._state = threading.Lock()  # over the two above, for moments only

    @property
    def answerer(self) -> Answerer:
        return self._engine.answerer

    def ask(
        self, question: str, *, max_new_tokens: int | None = None, cancelled: threading.Event | None = None
    ) -> Iterator[AnswerChunk]:
        """As `vision.engine.View.ask`. Raises QuestionError at once, RemoteError from the iterator."""
        text = checked_question(question)
        return self._answer(text, max_new_tokens or self._engine.settings.max_new_tokens, cancelled)

    def forget(self) -> None:
        """Back to the bare picture, as `vision.engine.View.forget`."""
        with self._state:
            self._turn, self._exchanges = None, ()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """As `vision.engine.View.remembers`. What fits is the server's to say; of a long conversation the newest is sent."""
        return True

    @property
    def cache_bytes(self) -> int:
        """What it holds of the conversation here: the picture, as it is sent."""
        return len(self._picture_uri)

    def _answer(self, question: str, budget: int, cancelled: threading.Event | None) -> Iterator[AnswerChunk]:
        turn = object()
        with self._state:
            self._turn, before = turn, self._exchanges

        def stopped() -> bool:
            return (cancelled is not None and cancelled.is_set()) or self._turn is not turn

        count = _Count(self._engine.clock)
        try:
            with contextlib.closing(self._pieces(question, before, budget, stopped)) as pieces:
                for piece in count.timed(pieces):
                    if piece.text:
                        yield AnswerChunk(piece.text, piece.tokens, None, piece.log_probabilities)
                    # A piece is a token or more: a server that goes on beyond the budget is not heard any longer.
                    if stopped() or count.pieces >= budget:
                        break
            finish: Finish = "cancelled" if stopped() else count.finish
        except Cancelled:
            finish = "cancelled"
        if finish != "cancelled":
            with self._state:
                if self._turn is turn:
                    self._exchanges = (*before, Exchange(question, count.text.strip()))[-KEPT_EXCHANGES:]
        yield AnswerChunk("", 0, count.stats(finish))

    def _pieces(
        self, question: str, before: tuple[Exchange, ...], budget: int, stopped: Callable[[], bool]
    ) -> Generator[Piece, None, None]:
        engine, settings = self._engine, self._engine.settings
        if stopped():
            raise Cancelled("the caller no longer wants the answer")
        told = messages(settings.instructions, self._picture_uri, before, question)
        options: dict[str, Any] = {"max_tokens": budget, "temperature": settings.temperature}
        if settings.top_p < 1:
            options["top_p"] = settings.top_p
        return engine.server.answer(engine.model(stopped), told, options, stopped)


class _Count:
    """Follows an answer: its words, and the time in which it was waited for, a slow consumer's aside."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.text = ""
        self.pieces = 0
        self.finish: Finish = "length"
        self._clock = clock
        self._tokens = 0
        self._prompt_tokens = self._cached_tokens = 0
        self._told_tokens: int | None = None
        self._first_seconds: float | None = None
        self._seconds = 0.0

    def timed(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        while True:
            began = self._clock()
            piece = next(pieces, None)
            self._seconds += self._clock() - began
            if piece is None:
                return
            self._add(piece)
            yield piece

    def _add(self, piece: Piece) -> None:
        self.text += piece.text
        self.pieces += bool(piece.text)
        self._tokens += piece.tokens
        if piece.text and self._first_seconds is None:
            self._first_seconds = self._seconds
        if piece.finish is not None:
            self.finish = "length" if piece.finish == "length" else "stop"
        self._prompt_tokens = self._prompt_tokens if piece.prompt_tokens is None else piece.prompt_tokens
        self._cached_tokens = self._cached_tokens if piece.cached_tokens is None else piece.cached_tokens
        self._told_tokens = self._told_tokens if piece.answer_tokens is None else piece.answer_tokens

    def stats(self, finish: Finish) -> AnswerStats:
        first = self._seconds if self._first_seconds is None else self._first_seconds
        tokens = self._tokens if self._told_tokens is None else self._told_tokens
        cached = min(self._cached_tokens, self._prompt_tokens)
        return AnswerStats(self._prompt_tokens - cached, tokens, first, self._seconds - first, finish, cached)
