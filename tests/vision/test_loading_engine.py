"""An engine that is still being loaded is waited for, and looks like the one that it becomes."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import numpy as np
import pytest

from tests.assistant.fakes import WAIT_SECONDS, FakeEngine, Gate
from vision.errors import Cancelled, VisionError, VisionModelError
from vision.frame import Frame
from vision.interface import Answerer
from vision.loading_engine import LoadingEngine, Replaceable

FRAME = Frame(np.zeros((4, 4, 3), np.uint8), captured_at=1.0)


class Loader:
    """Loads a stand-in when the test lets it."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.engine = FakeEngine()
        self.may_end = threading.Event()
        self.ended = threading.Event()
        self.closed = threading.Event()
        self._failure = failure
        self.loading = LoadingEngine(self._load, Answerer("stand-in"), threads=4)

    def _load(self, stack: ExitStack) -> Replaceable:
        assert self.may_end.wait(WAIT_SECONDS)
        stack.callback(self.closed.set)
        if self._failure is not None:
            raise self._failure
        return self.engine  # type: ignore[return-value]

    def finish(self) -> None:
        self.may_end.set()
        assert self.loading._settled.wait(WAIT_SECONDS)


def test_what_is_known_of_the_model_is_told_while_it_is_loaded() -> None:
    """Its name, its kind and its threads do not wait."""
    loader = Loader()
    with loader.loading as loading:
        assert (loading.model_name, loading.answerers, loading.threads) == ("stand-in", (Answerer("stand-in"),), 4)
        assert loading.is_loading
        loader.finish()
        assert not loading.is_loading


def test_a_picture_waits_for_the_engine() -> None:
    """The picture is seen as soon as the model is there."""
    loader = Loader()
    with loader.loading as loading:
        seen: list[object] = []
        looking = threading.Thread(target=lambda: seen.append(loading.see(FRAME)))
        looking.start()
        assert seen == []
        loader.finish()
        looking.join(WAIT_SECONDS)
        assert seen == loader.engine.views
        assert len(seen) == 1


def test_a_cancel_does_not_wait_for_the_engine() -> None:
    """A question that is no longer wanted ends while the model is being loaded."""
    loader = Loader()
    with loader.loading as loading:
        cancelled = threading.Event()
        cancelled.set()
        with pytest.raises(Cancelled):
            loading.see(FRAME, cancelled)
        loader.finish()


def test_a_pace_that_was_set_while_loading_is_the_engines_pace() -> None:
    """The power budget counts from the engine's first step on, and afterwards at once."""
    loader = Loader()
    with loader.loading as loading:
        loading.set_threads(2)
        loading.set_rest(0.5)
        loader.finish()
        assert loader.engine.pace == (2, 0.5)
        loading.set_threads(1)
        loading.set_rest(0.25)
        assert loader.engine.pace == (1, 0.25)


def test_a_failure_is_kept_for_whoever_asks() -> None:
    """A picture gets an error, and the program the very error of loading."""
    loader = Loader(VisionModelError("the weights are damaged"))
    with loader.loading as loading:
        loading.raise_failure()
        loader.finish()
        with pytest.raises(VisionError, match="could not be loaded"):
            loading.see(FRAME)
        assert loading.has_failed
        with pytest.raises(VisionModelError, match="damaged"):
            loading.raise_failure()
        assert loader.closed.is_set(), "what was opened before the failure must be closed"


def test_the_engine_is_freed_at_the_end() -> None:
    """Whoever ends the program frees the engine, too."""
    loader = Loader()
    with loader.loading as loading:
        loader.finish()
        assert not loader.closed.is_set()
    assert loader.closed.is_set()
    with pytest.raises(VisionError, match="closed"):
        loading.see(FRAME)


def test_the_end_does_not_wait_for_a_load_which_then_frees_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a model is being loaded ends the program at once; the load frees what it has opened."""
    monkeypatch.setattr("vision.loading_engine._JOIN_SECONDS", 0.01)
    loader = Loader()
    with loader.loading:
        pass
    assert not loader.closed.is_set()
    loader.may_end.set()
    assert loader.closed.wait(WAIT_SECONDS)
    loader.loading._thread.join(WAIT_SECONDS)


# A better model that comes later.


class Later:
    """A second engine, loaded beside the first one when the test lets it."""

    def __init__(self, first: Loader, failure: Exception | None = None) -> None:
        self.engine = FakeEngine(("A red cup.",))
        self.may_end = threading.Event()
        self.closed = threading.Event()
        self.failures: list[Exception] = []
        self._failure = failure
        self._loading = first.loading
        self._loading.load_beside(self._load, Answerer("large"), self.failures.append)

    def _load(self, stack: ExitStack) -> Replaceable:
        stack.callback(self.closed.set)
        assert self.may_end.wait(WAIT_SECONDS)
        if self._failure is not None:
            raise self._failure
        return self.engine  # type: ignore[return-value]

    def finish(self) -> None:
        self.may_end.set()
        thread = self._loading._next_thread
        assert thread is not None
        thread.join(WAIT_SECONDS)


def test_a_second_engine_takes_the_place_of_the_first_when_it_is_told_so() -> None:
    """Until then the first one answers; afterwards it is freed, and its pictures are the new one's."""
    loader = Loader()
    with loader.loading as loading:
        loader.finish()
        loading.set_rest(0.5)
        view, later = loading.see(FRAME), Later(loader)
        assert not loading.take_next()
        later.finish()
        assert loading.has_next
        assert loading.model_name == "stand-in"
        assert not loader.closed.is_set()
        assert loading.take_next()
        assert (loading.model_name, loading.answerers) == ("large", (Answerer("large"),))
        assert (loader.closed.is_set(), later.closed.is_set()) == (True, False)
        assert later.engine.pace == (4, 0.5)
        assert view.engine is later.engine  # type: ignore[attr-defined]
        assert loading.see(FRAME) is later.engine.views[-1]
        assert not loading.has_next
        assert not loading.take_next()
    assert later.closed.is_set()


def test_a_second_engine_that_cannot_be_loaded_leaves_the_first() -> None:
    """The failure is told once, and what it had opened is closed. It is no failure of the first one."""
    loader = Loader()
    with loader.loading as loading:
        loader.finish()
        failure = VisionModelError("the weights are damaged")
        later = Later(loader, failure)
        later.finish()
        assert later.failures == [failure]
        assert later.closed.is_set()
        assert not loading.has_next
        assert not loading.has_failed
        assert loading.see(FRAME) is loader.engine.views[-1]


def test_a_picture_that_is_being_seen_is_seen_by_the_new_engine() -> None:
    """Who looks at it while the engine is replaced gets a picture that can be asked about."""
    loader = Loader()
    with loader.loading as loading:
        loader.finish()
        later = Later(loader)
        later.finish()
        loader.engine.see_gate = Gate(is_open=False)
        seen: list[object] = []
        looking = threading.Thread(target=lambda: seen.append(loading.see(FRAME)))
        looking.start()
        assert loader.engine.see_gate.reached.wait(WAIT_SECONDS)
        assert loading.take_next()
        loader.engine.see_gate.open()
        looking.join(WAIT_SECONDS)
        assert seen == later.engine.views


def test_an_engine_that_waits_for_its_turn_is_freed_at_the_end() -> None:
    """Whether it is loaded, or still being loaded."""
    for is_loaded in (True, False):
        loader = Loader()
        with loader.loading:
            loader.finish()
            later = Later(loader)
            if is_loaded:
                later.finish()
        later.finish()
        assert later.closed.is_set()
        assert loader.closed.is_set()
