"""One at a time through the engine, first come first served; whoever gives up leaves the queue at once.

The engine's work is cut into steps (a prefill chunk, a token), and each passes the turnstile on its own. Nothing is held
between two tokens: a consumer that pauses, abandons its answer or dies keeps nobody out, and two answers take turns.
A plain lock would let the busy one run on: it is taken again before a waiter wakes. It does not know what a step does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .duty_cycle import DutyCycle

LOOK_SECONDS = 0.02  # how often a waiter looks whether it has been cancelled

Check = Callable[[], None]  # returns to go on, raises to stop


class FairLock:
    """A first-in first-out lock whose waiters can be called off."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()  # the first one is inside; as long as there are callers, never more

    def enter(self, check: Check) -> None:
        """Wait for one's turn. Whatever `check` raises ends the wait and leaves the queue as if never joined."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                check()
                while self._queue[0] is not ticket:
                    self._changed.wait(LOOK_SECONDS)
                    check()
            except BaseException:
                self._queue.remove(ticket)
                self._changed.notify_all()
                raise

    def leave(self) -> None:
        with self._changed:
            self._queue.popleft()
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        return bool(self._queue)


class WorkPermit:
    """One caller's way through the turnstile: when it has to stop, when to rest, and how long its steps took."""

    def __init__(
        self,
        turnstile: FairLock,
        check: Check,
        clock: Callable[[], float] = time.perf_counter,
        pace: DutyCycle | None = None,
    ) -> None:
        self.seconds = 0.0  # inside steps only, with their rests: neither the queue nor a slow consumer counts
        self._turnstile = turnstile
        self._go_on = check
        self._clock = clock
        self._pace = pace or DutyCycle()

    def check(self) -> None:
        """Between two pieces of a step: raises to stop, rests if the work is to be slower."""
        self._go_on()
        self._pace.rest(self._go_on)

    @contextmanager
    def step(self) -> Iterator[None]:
        self._turnstile.enter(self._go_on)
        started = self._clock()
        self._pace.work()
        try:
            yield
            self._pace.rest(self._go_on)  # inside: nobody else is to compute in this time
        finally:
            self.seconds += self._clock() - started
            self._turnstile.leave()
