"""An engine that is still being loaded is waited for, and looks like the one that it becomes."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import numpy as np
import pytest

from tests.assistant.fakes import WAIT_SECONDS, FakeEngine
from vision.errors import Cancelled, VisionError, VisionModelError
from vision.frame import Frame
from vision.interface import Answerer, Engine
from vision.loading_engine import LoadingEngine

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

    def _load(self, stack: ExitStack) -> Engine:
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
