"""The other computer's engine while it can be reached, and this machine's own engine while it is away.

The other computer counts as away from the first request that fails: nothing watches it in between. Pictures are then
seen here. After `again_seconds` the next new picture first asks whether the other computer is back, while the user is
still speaking, so that the answer loses no time. The own engine is loaded when it is first needed and then stays, so
its memory is free until then. A view that this machine has answered stays here, because the conversation is here. The
engine and its views say who answers. They do not know how the user is told of a change.
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
from vision.errors import Cancelled, QuestionError, RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, Engine, SeeStats, View
from vision.remote.engine import RemoteEngine, RemoteView
from vision.remote_settings import AGAIN_SECONDS

_log = logging.getLogger(__name__)
_OWN = Answerer("this machine's own engine")

Load = Callable[[ExitStack], Engine]


@dataclass(frozen=True)
class Away:
    """The other computer cannot be reached.

    This machine's engine answers in its place, if there is one (`has_local`).
    """

    error: RemoteError
    has_local: bool


@dataclass(frozen=True)
class Back:
    """The other computer can be reached again."""


Change = Away | Back


class FallbackEngine:
    """Any thread may call it. Use it in a `with`. It calls `on_change` on the thread that notices the change."""

    def __init__(
        self,
        remote: RemoteEngine,
        load: Load | None,  # loads this machine's own engine; None: there is no answer while the other is away
        on_change: Callable[[Change], None],
        again_seconds: float = AGAIN_SECONDS,
        threads: int = 1,  # of the own engine, also before it is loaded
        own: Answerer = _OWN,  # what is known of the own engine before it is loaded
        clock: Callable[[], float] = time.monotonic,
        question_for_own: Callable[[str], str] = lambda question: question,  # what the own engine is asked in its place
    ) -> None:
        self.remote = remote
        self._load = load
        self._on_change = on_change
        self._again_seconds = again_seconds
        self._clock = clock
        self._again_at: float | None = None  # None: the other computer is there, as far as is known
        self._state = threading.Lock()  # guards the one above; it is only ever held for a moment
        self._local: Engine | None = None
        self.own = own
        self.question_for_own = question_for_own
        self.threads = threads
        self._pace = (threads, 0.0)  # the wanted threads and rest share; an engine that is loaded later gets them too
        self._loading = threading.Lock()  # held while the own engine is being loaded
        self._closed = threading.Event()
        self._stack = ExitStack()  # closes the own engine

    @property
    def model_name(self) -> str:
        """The other computer's model, which answers as a rule."""
        return self.remote.model_name

    @property
    def answerer(self) -> Answerer:
        """Who answers about the next picture, as far as is known."""
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
        """Of the own engine: see `vision.interface.Engine`."""
        self._pace = (threads, self._pace[1])
        self._keep_pace()

    def set_rest(self, share: float) -> None:
        """Of the own engine: see `vision.interface.Engine`."""
        self._pace = (self._pace[0], share)
        self._keep_pace()

    def _keep_pace(self) -> None:
        if (local := self._local) is not None:
            threads, rest_share = self._pace
            local.set_threads(threads)
            local.set_rest(rest_share)

    def connect(self, cancelled: threading.Event | None = None) -> None:
        """Asks whether the other engine is there, and reports a change to `on_change`.

        Raises Cancelled, no RemoteError.
        """
        try:
            self.remote.connect(lambda: cancelled is not None and cancelled.is_set())
        except RemoteError as error:
            self.note_away(error)
        else:
            self.note_there()

    # What a view calls.

    @property
    def is_away(self) -> bool:
        return self._again_at is not None

    def is_due(self) -> bool:
        """Whether it has been away for long enough to be asked again."""
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
        """Frees the own engine without waiting: one that is being loaded is freed by the thread that loads it.

        A second call does nothing.
        """
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
        self._last: View | None = None  # which of the two has answered last, to the end

    @property
    def answerer(self) -> Answerer:
        """Who answers just now; it may change in the middle of an answer."""
        return self._engine.other if self._local is None else self._engine.own

    @property
    def stats(self) -> SeeStats:
        return RemoteView.stats if self._local is None else self._local.stats

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """See `vision.interface.View`. Raises QuestionError at once, and RemoteError if no own engine can step in."""
        return self._answer(checked_question(question), max_new_tokens, cancelled, is_print, cut)

    @property
    def can_go_on(self) -> bool:
        """See `vision.interface.View`."""
        return self._last is not None and self._last.can_go_on

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """See `vision.interface.View`: the engine that has answered goes on, also while the other computer is away."""
        if self._last is None:
            raise QuestionError("the last answer has no rest: ask a question")
        return self._last.go_on(max_new_tokens=max_new_tokens, cancelled=cancelled, cut=cut)

    def forget(self) -> None:
        """See `vision.interface.View`."""
        for view in (self._remote, self._local):
            if view is not None:
                view.forget()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """See `vision.interface.View`."""
        return self._local is None or self._local.remembers(question, max_new_tokens)

    @property
    def cache_bytes(self) -> int:
        view = self._local or self._remote
        return 0 if view is None else view.cache_bytes

    def _answer(
        self,
        question: str,
        max_new_tokens: int | None,
        cancelled: threading.Event | None,
        is_print: bool,
        cut: Cut | None,
    ) -> Iterator[AnswerChunk]:
        engine, said, begun = self._engine, 0, 0  # characters: all, and those before the own engine stepped in
        self._last = None
        if self._local is None and self._remote is not None and self._worth_trying():
            try:
                chunks = self._remote.ask(
                    question, max_new_tokens=max_new_tokens, cancelled=cancelled, is_print=is_print, cut=cut
                )
                for chunk in chunks:
                    if chunk.text and not said:
                        engine.note_there()
                    said += len(chunk.text)
                    if chunk.stats is not None:
                        self._last = self._remote
                    yield chunk
                return
            except RemoteError as error:
                _log.debug("the other engine failed", exc_info=error)
                if said:  # half a sentence is out: it ends here, and the whole answer follows
                    yield AnswerChunk("\n", 0)
                    begun = said + 1
                engine.note_away(error)
                if not engine.has_local:
                    raise
        try:
            local = self._local = self._local or engine.local().see(self.frame, cancelled)
        except Cancelled:
            yield AnswerChunk("", 0, AnswerStats(0, 0, 0.0, 0.0, "cancelled"))
            return
        asked = engine.question_for_own(question)
        own_cut = None if cut is None else Cut()
        chunks = local.ask(asked, max_new_tokens=max_new_tokens, cancelled=cancelled, is_print=is_print, cut=own_cut)
        for chunk in chunks:
            if chunk.stats is not None:
                self._last = local
            yield chunk
            if cut is not None and own_cut is not None and cut.behind is not None:
                own_cut.behind = max(0, cut.behind - begun)

    def _worth_trying(self) -> bool:
        engine = self._engine
        return not engine.has_local or not engine.is_away or engine.is_due()


if TYPE_CHECKING:  # mypy refuses an engine or a view that does not have all of the interface
    import vision.engine.engine
    import vision.engine.view

    _ENGINES: tuple[type[Engine], ...] = (vision.engine.engine.Engine, RemoteEngine, FallbackEngine)
    _VIEWS: tuple[type[View], ...] = (vision.engine.view.View, RemoteView, FallbackView)
