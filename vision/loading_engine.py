"""An engine that is still being loaded, on a thread of its own, so that a user can already be listened to.

It looks like the engine from the beginning: what is known of the model is told at once, and `see` waits until the model
is there. A better model that comes later can be loaded beside the first one, which answers meanwhile. The caller says
when the second takes its place: between two turns. This module does not know how a model is loaded, and tells nobody
how far that is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from vision.errors import Cancelled, VisionError
from vision.frame import Frame
from vision.interface import Answerer, Engine, View

_log = logging.getLogger(__name__)

# How long `see` waits before it looks again whether its caller has cancelled. It only does so while a model is loaded.
_POLL_SECONDS = 0.05
# How long the end of the program waits for a load that is under way.
_JOIN_SECONDS = 0.4


class Replaceable(Engine, Protocol):
    """An engine whose Views another one of its kind can take over, such as `vision.engine.engine.Engine`."""

    def hand_over(self, successor: Any) -> None:
        """Have another engine answer all further questions about the pictures that this one has seen."""


@dataclass(frozen=True)
class _Loaded:
    engine: Replaceable
    answerer: Answerer
    closing: ExitStack  # closes the engine


class LoadingEngine:
    """Use it in a `with`, which begins to load. Any thread may call the rest."""

    pictures_go_to: str | None = None  # pictures stay on this machine
    away_host: str | None = None  # no other computer answers here

    def __init__(self, load: Callable[[ExitStack], Replaceable], own: Answerer, threads: int) -> None:
        """`load` gives the engine and leaves on the stack what closes it. `own` and `threads` are those of the engine."""
        self._load = load
        self.answerer = own
        self.threads = threads
        self._pace = (threads, 0.0)  # the wanted threads and rest share, for the time when it is loaded
        self._changing = threading.Lock()  # guards the pace, both engines and the stack
        self._engine: Replaceable | None = None
        self._next: _Loaded | None = None  # loaded beside the engine, and not yet in use
        self._next_thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._settled = threading.Event()  # it is loaded, or has failed, or was closed
        self._closed = threading.Event()
        self._stack = ExitStack()  # closes the engine
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    @property
    def model_name(self) -> str:
        """The one model."""
        return self.answerer.model_name

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """The one model."""
        return (self.answerer,)

    @property
    def is_loading(self) -> bool:
        """True until the engine is there, or its loading has failed."""
        return not self._settled.is_set()

    @property
    def has_failed(self) -> bool:
        """True if the engine could not be loaded: `raise_failure` tells why."""
        return self._failure is not None

    def raise_failure(self) -> None:
        """Raises what loading has raised, if it has failed."""
        if self._failure is not None:
            raise self._failure

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        """See `vision.interface.Engine`. It waits for the engine. Raises Cancelled, VisionError."""
        while not self._settled.wait(_POLL_SECONDS):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled("cancelled while the model was being loaded")
        if self._closed.is_set():
            raise VisionError("the engine is closed: load it again")
        if self._engine is None:
            raise VisionError("the model could not be loaded") from self._failure
        while True:
            engine = self._engine
            try:
                view = engine.see(frame, cancelled)
            except VisionError:
                if self._engine is engine or (cancelled is not None and cancelled.is_set()):
                    raise
            else:
                if self._engine is engine:
                    return view
            # The engine was replaced meanwhile, so the new one sees the frame.

    def load_beside(
        self, load: Callable[[ExitStack], Replaceable], own: Answerer, on_failure: Callable[[Exception], None]
    ) -> None:
        """Begins to load another engine, while the present one goes on. `take_next` takes it into use.

        Does nothing while another one is being loaded so, or after `close`. `on_failure` gets what `load` raises, on
        the thread that loads. The present engine then stays.
        """
        if self._closed.is_set() or (self._next_thread is not None and self._next_thread.is_alive()):
            return
        self._next_thread = threading.Thread(
            target=self._load_next, args=(load, own, on_failure), name="load-next", daemon=True
        )
        self._next_thread.start()

    @property
    def has_next(self) -> bool:
        """True while an engine that was loaded beside the present one waits to be taken into use."""
        return self._next is not None

    def take_next(self) -> bool:
        """Replaces the engine by the one that was loaded beside it, and frees it. False if there is none.

        The conversations about pictures go on with the new engine. An answer that is under way ends, so call it between
        two turns.
        """
        with self._changing:
            after, before = self._next, self._engine
            if after is None or before is None or self._closed.is_set():
                return False
            self._next, old = None, self._stack
            self._keep_pace(after.engine)
            self._engine, self.answerer, self._stack = after.engine, after.answerer, after.closing
            before.hand_over(after.engine)
        try:
            old.close()
        except Exception:  # noqa: BLE001 - the new engine answers, whatever became of the old one
            _log.exception("the engine that was replaced could not be closed")
        return True

    def set_threads(self, threads: int) -> None:
        """See `vision.interface.Engine`."""
        with self._changing:
            self._pace = (threads, self._pace[1])
            if self._engine is not None:
                self._engine.set_threads(threads)

    def set_rest(self, share: float) -> None:
        """See `vision.interface.Engine`."""
        with self._changing:
            self._pace = (self._pace[0], share)
            if self._engine is not None:
                self._engine.set_rest(share)

    def close(self) -> None:
        """Frees the engine. One that is still being loaded is freed by the thread that loads it. Idempotent."""
        self._closed.set()
        self._settled.set()
        for thread in (self._thread, self._next_thread):
            if thread is not None and thread.ident is not None:
                thread.join(_JOIN_SECONDS)
        with self._changing:
            after, self._next = self._next, None
            self._stack.close()
        if after is not None:
            after.closing.close()

    def __enter__(self) -> LoadingEngine:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _run(self) -> None:
        stack = ExitStack()
        try:
            engine = self._load(stack)
        except Exception as error:  # noqa: BLE001 - a thread's boundary: `raise_failure` passes it on
            stack.close()
            self._failure = error
        else:
            with self._changing:
                if self._closed.is_set():  # nobody else will free it
                    stack.close()
                    return
                self._stack.push(stack)
                self._keep_pace(engine)
                self._engine = engine
        finally:
            self._settled.set()

    def _load_next(
        self, load: Callable[[ExitStack], Replaceable], own: Answerer, on_failure: Callable[[Exception], None]
    ) -> None:
        stack = ExitStack()
        try:
            engine = load(stack)
        except Exception as error:  # noqa: BLE001 - a thread's boundary: the caller tells the user
            stack.close()
            if not self._closed.is_set():
                on_failure(error)
            return
        with self._changing:
            if not self._closed.is_set():
                self._next = _Loaded(engine, own, stack)
                return
        stack.close()  # nobody else will free it

    def _keep_pace(self, engine: Engine) -> None:
        threads, rest_share = self._pace
        engine.set_threads(threads)
        engine.set_rest(rest_share)
