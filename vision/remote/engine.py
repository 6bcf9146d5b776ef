"""A `vision.interface.Engine` whose model runs on another computer: see a frame, get a view, ask it.

`see` sends nothing: a picture leaves this machine with the first question about it, so a picture that no question
follows stays here. A view keeps the questions that were answered to the end and sends them along, because the server
keeps nothing. This file does not know what to do when the server is away: it raises RemoteError, and `fallback`
handles that.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any

from vision.engine.generation.answer_text import cut_mark_behind
from vision.engine.generation.cycles import CycleDetector
from vision.engine.generation.prompt import checked_question
from vision.errors import Cancelled, QuestionError, RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, Finish, SeeStats
from vision.remote.server import Server
from vision.remote.wire import Exchange, Piece, messages, picture_as_uri
from vision.remote_settings import RemoteSettings

KEPT_EXCHANGES = 8  # of a conversation are sent along, the newest ones


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
        """Checks that the server is there and has the model. Raises RemoteError, Cancelled."""
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
        """The model's name at the server, which is asked for it if need be. Raises RemoteError, Cancelled."""
        if not self._model:
            self.connect(stopped)
        return self._model

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> RemoteView:
        """Makes the picture ready to be sent, if there is one. Raises Cancelled."""
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("the caller no longer wants the picture")
        picture_uri = "" if frame is None else picture_as_uri(frame.rgb, self.settings.picture_pixels)
        return RemoteView(self, frame, picture_uri)


class RemoteView:
    """A picture that can be sent, and the conversation about it. A newer question ends an older one."""

    # The server does not tell how long it looks at the picture: that is part of the time to the first token.
    stats = SeeStats(image_tokens=0, prompt_tokens=0, vision_seconds=0.0, prefill_seconds=0.0)

    def __init__(self, engine: RemoteEngine, frame: Frame | None, picture_uri: str) -> None:
        self.frame = frame
        self._engine = engine
        self._picture_uri = picture_uri
        self._exchanges: tuple[Exchange, ...] = ()
        self._turn: object = None
        self._rest: tuple[AnswerChunk, ...] = ()  # what the server said behind the cut of the last answer
        self._state = threading.Lock()  # guards the three above; it is only ever held for a moment

    @property
    def answerer(self) -> Answerer:
        return self._engine.answerer

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """See `vision.interface.View`. Raises QuestionError at once, RemoteError from the iterator.

        An answer that goes round in circles is given up and not tried again: the protocol has no way to go on with a
        part of an answer. So an answer that is cut is received to its end all the same, and `go_on` tells it from here.
        """
        text = checked_question(question)
        return self._answer(text, max_new_tokens or self._engine.settings.max_new_tokens, cancelled, is_print, cut)

    @property
    def can_go_on(self) -> bool:
        """See `vision.interface.View`. The rest ends where the server ended the answer."""
        return _says_something(self._rest)

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """See `vision.interface.View`. Nothing is sent."""
        if not self.can_go_on:
            raise QuestionError("the last answer has no rest: ask a question")
        return self._told_on(cancelled, cut)

    def forget(self) -> None:
        """See `vision.interface.View`."""
        with self._state:
            self._turn, self._exchanges, self._rest = None, (), ()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Always True: only the server knows what fits, and of a long conversation the newest part is sent."""
        return True

    @property
    def cache_bytes(self) -> int:
        """The size of the picture in the form in which it is sent."""
        return len(self._picture_uri)

    def _answer(
        self, question: str, budget: int, cancelled: threading.Event | None, is_print: bool, cut: Cut | None
    ) -> Iterator[AnswerChunk]:
        turn = object()
        with self._state:
            self._turn, before, self._rest = turn, self._exchanges, ()

        def stopped() -> bool:
            return (cancelled is not None and cancelled.is_set()) or self._turn is not turn

        count, told = _Count(self._engine.clock), _Told(is_print)
        given, kept = list[AnswerChunk](), list[AnswerChunk]()  # before a cut that came, and since
        try:
            for chunk in self._chunks(question, before, budget, stopped, count, told):
                if _is_cut(cut):
                    kept.append(chunk)
                else:
                    given.append(chunk)
                    yield chunk
            finish: Finish = count.finish
        except RemoteError:
            if not _is_cut(cut):
                raise
            finish = "length"  # what was told stands, and what came after it is the rest
        except Cancelled:
            finish = "cancelled"
        if stopped():
            finish = "cancelled"
        if finish != "cancelled":
            before_cut, behind = _divided(given, cut)
            exchange = Exchange(question, _text_of(before_cut).strip())
            with self._state:
                if self._turn is turn:
                    self._exchanges = (*before, exchange)[-KEPT_EXCHANGES:]
                    self._rest = (*behind, *kept)
            finish = "length" if _is_cut(cut) else finish
        yield AnswerChunk("", 0, count.stats(finish))

    def _chunks(
        self,
        question: str,
        before: tuple[Exchange, ...],
        budget: int,
        stopped: Callable[[], bool],
        count: _Count,
        told: _Told,
    ) -> Iterator[AnswerChunk]:
        """What the server says, without what repeats."""
        with contextlib.closing(self._pieces(question, before, budget, stopped)) as pieces:
            for piece in count.timed(pieces):
                if piece.text:
                    yield from told.push(piece)
                if told.loops:
                    count.finish = "length"
                    break
                # A piece is at least one token, so a server that sends more pieces than the budget is cut off.
                if stopped() or count.pieces >= budget:
                    break
        if not stopped():
            yield from told.finish()

    def _told_on(self, cancelled: threading.Event | None, cut: Cut | None) -> Iterator[AnswerChunk]:
        turn = object()
        with self._state:
            self._turn, rest, self._rest = turn, self._rest, ()
        given = list[AnswerChunk]()
        finish: Finish = "stop"
        for chunk in rest:
            if (cancelled is not None and cancelled.is_set()) or self._turn is not turn:
                finish = "cancelled"
                break
            given.append(chunk)
            yield chunk
            if _is_cut(cut):
                finish = "length"
                break
        with self._state:
            if finish != "cancelled" and self._turn is turn and self._exchanges:
                before_cut, behind = _divided(given, cut)
                *earlier, last = self._exchanges
                whole = Exchange(last.question, (last.answer + _text_of(before_cut)).rstrip())
                self._exchanges = (*earlier, whole)
                self._rest = (*behind, *rest[len(given) :])
        yield AnswerChunk("", 0, AnswerStats(0, 0, 0.0, 0.0, finish))

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
        if settings.presence_penalty:
            options["presence_penalty"] = settings.presence_penalty
        return engine.server.answer(engine.model(stopped), told, options, stopped)


def _is_cut(cut: Cut | None) -> bool:
    return cut is not None and cut.behind is not None


def _divided(given: list[AnswerChunk], cut: Cut | None) -> tuple[list[AnswerChunk], list[AnswerChunk]]:
    """What was given out before the cut, and behind it. A token with characters on both sides stays before it."""
    if cut is None or cut.behind is None:
        return given, []
    left, before, behind = cut.behind, list[AnswerChunk](), list[AnswerChunk]()
    for chunk in given:
        text, rest = chunk.text[:left], chunk.text[left:]
        if text:
            before.append(replace(chunk, text=text))
        if rest:
            behind.append(AnswerChunk(rest, 0) if text else chunk)
        left -= len(text)
    return before, behind


def _text_of(chunks: Iterable[AnswerChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def _says_something(chunks: Iterable[AnswerChunk]) -> bool:
    return any(sign.isalnum() for sign in _text_of(chunks))


class _Told:
    """Holds the text of an answer back as long as it may be a repeat, and stops a repeat that is certain."""

    def __init__(self, is_print: bool) -> None:
        self.text = ""  # what was given out
        self._detector = CycleDetector(is_print=is_print)
        self._held: list[AnswerChunk] = []

    @property
    def loops(self) -> bool:
        return self._detector.found

    def push(self, piece: Piece) -> Iterator[AnswerChunk]:
        # The server tells no ids. Equal pieces stand for equal tokens.
        self._detector.push(hash(piece.text), piece.text)
        self._held.append(AnswerChunk(piece.text, piece.tokens, None, piece.log_probabilities))
        while len(self._held) > self._detector.held:
            yield self._give_out(self._held.pop(0))

    def finish(self) -> Iterator[AnswerChunk]:
        if self.loops:
            self._held = [AnswerChunk(cut_mark_behind(self.text), 0)]
        while self._held:
            yield self._give_out(self._held.pop(0))

    def _give_out(self, chunk: AnswerChunk) -> AnswerChunk:
        self.text += chunk.text
        return chunk


class _Count:
    """Counts an answer's pieces, tokens and seconds. The time that a slow consumer takes does not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
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
