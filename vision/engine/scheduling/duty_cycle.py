"""How much of the time the arithmetic works: between two pieces of work it can be made to rest.

A rest is as long as the piece before it asks for, so the share holds for a picture's layers of tenths of a second as for a
token. With rests a small box stays within its watts and its temperature where nothing else may be set. It does not know why
somebody wants it slower.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST_SHARE = 0.9
_LOOK_SECONDS = 0.02  # how often a rest looks whether its caller has gone


class DutyCycle:
    """`work` and `rest` are called in the thread that computes, `rest_share` is set by any other."""

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
        """Of the time: 0 works all of it, at most 0.9."""
        return self._share

    @rest_share.setter
    def rest_share(self, share: float) -> None:
        self._share = max(0.0, min(LONGEST_SHARE, share))

    def work(self) -> None:
        """A piece of work begins."""
        self._began = self._clock()

    def rest(self, check: Callable[[], None]) -> None:
        """A piece has ended: rest as its length and the share ask for. Whatever `check` raises ends the rest."""
        share, now = self._share, self._clock()
        until = now + (now - self._began) * share / (1.0 - share)
        while now < until:
            check()
            self._wait(min(until - now, _LOOK_SECONDS))
            now = self._clock()
        self._began = now
