"""The other computer's engine while it is there, this machine's own while it is away.

Away is what fails: nothing watches in between. Then pictures are seen here, and every `again_seconds` a new picture first
asks whether the other one is back; that is done while the user is still speaking and takes no time from the answer. The
own engine is loaded when it is first needed, so that its memory is free as long as it is not, and then stays. A view that
was once answered here stays here: its conversation is. Engine and views say who answers; how a change is told to the user
they do not know.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.engine.generation.prompt import checked_question
from vision.errors import Cancelled, RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Engine, SeeStats, View
from vision.remote.engine import RemoteEngine, RemoteView

_log = logging.getLogger(__name__)
_OWN = Answerer("this machine's own engine")

Load = Callable[[ExitStack], Engine]


@dataclass(frozen=True)
class Away:
    """The other computer's engine has gone, and what answers instead is this machine's, if there is one to do so."""

    error: RemoteError
    has_local: bool


@dataclass(frozen=True)
class Back:
    """It is there again."""


Change = Away | Back


class FallbackEngine:
    """Any thread may call it; use it in a `with`. `on_change` is called on the thread that notices."""

    def __init__(
        self,
        remote: RemoteEngine,
        load: Load | None,  # this machine's own engine; None: when the other is away, there is no answer
        on_change: Callable[[Change], None],
        again_seconds: float = 30.0,
        threads: int = 1,  # that the own engine has, or will have
        own: Answerer = _OWN,  # what is known of it before it is loaded
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.remote = remote
        self._load = load
        self._on_change = on_change
        self._again_seconds = again_seconds
        self._clock = clock
        self._again_at: float | None = None  # None: it is there, as far as is known
        self._state = threading.Lock()  # over the one above, for moments only
        self._local: Engine | None = None
        self.own = own
        self.threads = threads
        self._pace = (threads, 0.0)  # threads and rests that are wanted, also of an engine that is still to be loaded
        self._loading = threading.Lock()  # held as long as loading takes
        self._closed = threading.Event()
        self._stack = ExitStack()  # has the own engine

    @property
    def model_name(self) -> str:
        """Of the one that answers as a rule."""
        return self.remote.model_name

    @property
    def answerer(self) -> Answerer:
        """Of the next picture, as far as is known."""
        return self.own if self.is_away and self.has_local else self.other

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """Who answers now, the other computer's model, and this machine's own if it may step in; nobody twice."""
        own = (self.own,) if self.has_local else ()
        return tuple(dict.fromkeys((self.answerer, self.other, *own)))

    @property
    def pictures_go_to(self) -> str | None:
        """Also while it is away, as soon as the next picture asks whether it is back."""
        return self.other.host if self.is_due() else self.answerer.host

    @property
    def away_host(self) -> str | None:
        return self.other.host if self.is_away else None

    @property
    def other(self) -> Answerer:
        """The other computer's model."""
        return self.remote.answerer

    @property
    def has_local(self) -> bool:
        return self._load is not None

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> FallbackView:
        """Raises Cancelled, VisionError."""
        if self.is_away and self.is_due():
            self.connect(cancelled)
        if self.is_away and self.has_local:
            return FallbackView(self, frame, None, self.local().see(frame, cancelled))
        return FallbackView(self, frame, self.remote.see(frame, cancelled), None)

    def set_threads(self, threads: int) -> None:
        """Of the own engine: see `vision.engine.Engine`."""
        self._pace = (threads, self._pace[1])
        self._keep_pace()

    def set_rest(self, share: float) -> None:
        """Of the own engine: see `vision.engine.Engine`."""
        self._pace = (self._pace[0], share)
        self._keep_pace()

    def _keep_pace(self) -> None:
        if (local := self._local) is not None:
            threads, rest_share = self._pace
            local.set_threads(threads)
            local.set_rest(rest_share)

    def connect(self, cancelled: threading.Event | None = None) -> None:
        """Asks whether the other engine is there; a change is told, and no RemoteError raised. Raises Cancelled."""
        try:
            self.remote.connect(lambda: cancelled is not None and cancelled.is_set())
        except RemoteError as error:
            self.note_away(error)
        else:
            self.note_there()

    # What a view needs.

    @property
    def is_away(self) -> bool:
        return self._again_at is not None

    def is_due(self) -> bool:
        """Away for long enough to ask again."""
        return self._again_at is not None and self._clock() >= self._again_at

    def note_away(self, error: RemoteError) -> None:
        with self._state:
            is_news, self._again_at = self._again_at is None, self._clock() + self._again_seconds
        if is_news:
            self._on_change(Away(error, self.has_local))

    def note_there(self) -> None:
        with self._state:
            is_news, self._again_at = self._again_at is not None, None
        if is_news:
            self._on_change(Back())

    def local(self) -> Engine:
        """This machine's own engine, loaded now if it is not yet. Raises VisionError, AssistantError."""
        with self._loading:
            if self._local is None:
                assert self._load is not None  # the callers have asked `has_local`
                self._check_open()
                self._local = self._load(self._stack)
                self._keep_pace()
            if self._closed.is_set():  # while it was being loaded: nobody else will free it
                self._stack.close()
            self._check_open()
            return self._local

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise Cancelled("the engine was closed")

    def close(self) -> None:
        """Idempotent, and waits for nobody: an engine that is just being loaded is freed by whoever loads it."""
        self._closed.set()
        if self._loading.acquire(blocking=False):
            try:
                self._stack.close()
            finally:
                self._loading.release()

    def __enter__(self) -> FallbackEngine:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class FallbackView:
    """A picture that either engine can be asked about."""

    def __init__(
        self, engine: FallbackEngine, frame: Frame | None, remote: RemoteView | None, local: View | None
    ) -> None:
        self.frame = frame
        self._engine = engine
        self._remote = remote
        self._local = local

    @property
    def answerer(self) -> Answerer:
        """Of what is answered just now: it may change in the middle of an answer."""
        return self._engine.other if self._local is None else self._engine.own

    @property
    def stats(self) -> SeeStats:
        return RemoteView.stats if self._local is None else self._local.stats

    def ask(
        self, question: str, *, max_new_tokens: int | None = None, cancelled: threading.Event | None = None
    ) -> Iterator[AnswerChunk]:
        """As `vision.engine.View.ask`. Raises QuestionError at once; RemoteError only where there is no other engine."""
        return self._answer(checked_question(question), max_new_tokens, cancelled)

    def forget(self) -> None:
        """As `vision.engine.View.forget`."""
        for view in (self._remote, self._local):
            if view is not None:
                view.forget()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """As `vision.engine.View.remembers`."""
        return self._local is None or self._local.remembers(question, max_new_tokens)

    @property
    def cache_bytes(self) -> int:
        view = self._local or self._remote
        return 0 if view is None else view.cache_bytes

    def _answer(
        self, question: str, max_new_tokens: int | None, cancelled: threading.Event | None
    ) -> Iterator[AnswerChunk]:
        engine, said = self._engine, False
        if self._local is None and self._remote is not None and self._worth_trying():
            try:
                for chunk in self._remote.ask(question, max_new_tokens=max_new_tokens, cancelled=cancelled):
                    if chunk.text and not said:
                        engine.note_there()
                        said = True
                    yield chunk
                return
            except RemoteError as error:
                _log.debug("the other engine failed", exc_info=error)
                if said:  # half a sentence is out: it ends here, and the whole answer follows
                    yield AnswerChunk("\n", 0)
                engine.note_away(error)
                if not engine.has_local:
                    raise
        try:
            local = self._local = self._local or engine.local().see(self.frame, cancelled)
        except Cancelled:
            yield AnswerChunk("", 0, AnswerStats(0, 0, 0.0, 0.0, "cancelled"))
            return
        yield from local.ask(question, max_new_tokens=max_new_tokens, cancelled=cancelled)

    def _worth_trying(self) -> bool:
        engine = self._engine
        return not engine.has_local or not engine.is_away or engine.is_due()


if TYPE_CHECKING:  # mypy refuses an engine or a view that does not have all of the interface
    import vision.engine

    _ENGINES: tuple[type[Engine], ...] = (vision.engine.Engine, RemoteEngine, FallbackEngine)
    _VIEWS: tuple[type[View], ...] = (vision.engine.View, RemoteView, FallbackView)
