"""An engine that is still being loaded, on a thread of its own, so that a user can already be listened to.

It looks like the engine from the beginning: what is known of the model is told at once, and `see` waits until the model
is there. It does not know how a model is loaded, and tells nobody how far that is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack

from vision.errors import Cancelled, VisionError
from vision.frame import Frame
from vision.interface import Answerer, Engine, View

# How long `see` waits before it looks again whether its caller has cancelled. It only does so while a model is loaded.
_POLL_SECONDS = 0.05
# How long the end of the program waits for a load that is under way.
_JOIN_SECONDS = 0.4


class LoadingEngine:
    """Use it in a `with`, which begins to load. Any thread may call the rest."""

    pictures_go_to: str | None = None  # pictures stay on this machine
    away_host: str | None = None  # no other computer answers here

    def __init__(self, load: Callable[[ExitStack], Engine], own: Answerer, threads: int) -> None:
        """`load` gives the engine and leaves on the stack what closes it. `own` and `threads` are those of the engine."""
        self._load = load
        self.answerer = own
        self.threads = threads
        self._pace = (threads, 0.0)  # the wanted threads and rest share, for the time when it is loaded
        self._changing = threading.Lock()  # guards the pace, the engine and the stack
        self._engine: Engine | None = None
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
        return self._engine.see(frame, cancelled)

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
        if self._thread.ident is not None:
            self._thread.join(_JOIN_SECONDS)
        with self._changing:
            self._stack.close()

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
                threads, rest_share = self._pace
                engine.set_threads(threads)
                engine.set_rest(rest_share)
                self._engine = engine
        finally:
            self._settled.set()
