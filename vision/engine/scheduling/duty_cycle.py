"""The share of the time that the arithmetic works: it can be made to rest between two pieces of work.

A rest is proportional to the piece of work before it, so the share is the same for a picture's layers, which take
tenths of a second each, and for a token. Rests keep a small computer within its watts and its temperature where no
other limit can be set. This file does not know why somebody wants the work to be slower.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MAX_REST_SHARE = 0.9
_LOOK_SECONDS = 0.02  # how often a rest checks whether its caller has cancelled


class DutyCycle:
    """Call `work` and `rest` in the thread that computes; any other thread may set `rest_share`."""

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._clock = clock
        self._wait = wait or threading.Event().wait
        self._share = 0.0
        self._began = 0.0

    @property
    def rest_share(self) -> float:
        """The share of the time that is rest: 0 for none, 0.9 at most."""
        return self._share

    @rest_share.setter
    def rest_share(self, share: float) -> None:
        self._share = max(0.0, min(MAX_REST_SHARE, share))

    def work(self) -> None:
        """Note that a piece of work begins."""
        self._began = self._clock()

    def rest(self, check: Callable[[], None]) -> None:
        """Rest after a piece of work, in proportion to its length. What `check` raises ends the rest."""
        share, now = self._share, self._clock()
        until = now + (now - self._began) * share / (1.0 - share)
        while now < until:
            check()
            self._wait(min(until - now, _LOOK_SECONDS))
            now = self._clock()
        self._began = now
