"""A lock for the engine's work: one caller at a time, first come first served. A cancel leaves the queue at once.

The engine's work is cut into steps (a chunk of a prompt, a token), and each step takes the lock on its own. Nothing is
held between two tokens: a consumer that pauses, abandons its answer or dies keeps nobody out, and two answers take
turns. A plain `threading.Lock` would let a busy caller run on, because that caller takes it again before a waiter has
woken. This file does not know what a step computes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .duty_cycle import DutyCycle

LOOK_SECONDS = 0.02  # how often a waiter checks whether it was cancelled

Check = Callable[[], None]  # returns if the work may go on, raises to stop it


class FairLock:
    """A first-in first-out lock whose waiters can be cancelled."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()  # the first one holds the lock; it is never longer than there are callers

    def enter(self, check: Check) -> None:
        """Wait for the lock and take it. Whatever `check` raises ends the wait and leaves the queue."""
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
        """Give the lock to the next in the queue."""
        with self._changed:
            self._queue.popleft()
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether anybody holds the lock or waits for it."""
        return bool(self._queue)


class WorkPermit:
    """One caller's permit to compute: it takes the lock for each step, stops, rests, and measures the time."""

    def __init__(
        self,
        lock: FairLock,
        check: Check,
        clock: Callable[[], float] = time.perf_counter,
        duty_cycle: DutyCycle | None = None,
    ) -> None:
        self.seconds = (
            0.0  # within steps, with their rests; waiting in the queue and for a slow consumer does not count
        )
        self._lock = lock
        self._go_on = check
        self._clock = clock
        self._duty_cycle = duty_cycle or DutyCycle()

    def check(self) -> None:
        """Called between two pieces of a step: it raises to stop the work, and rests if the work should be slower."""
        self._go_on()
        self._duty_cycle.rest(self._go_on)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Hold the lock for one step. Raises what the caller's check raises."""
        self._lock.enter(self._go_on)
        started = self._clock()
        self._duty_cycle.work()
        try:
            yield
            self._duty_cycle.rest(self._go_on)  # with the lock held, so that nobody else computes during the rest
        finally:
            self.seconds += self._clock() - started
            self._lock.leave()
