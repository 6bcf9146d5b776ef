"""The lock lets one caller in at a time, first come first served, and nobody waits for ever."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from vision.engine.scheduling.fair_lock import FairLock, WorkPermit
from vision.errors import Cancelled


def go_on() -> None:
    return None


def stop() -> None:
    raise Cancelled("stop")


def test_callers_pass_in_the_order_in_which_they_came() -> None:
    """Nobody overtakes, not even the caller who has just left."""
    lock, order = FairLock(), list[int]()
    lock.enter(go_on)

    def caller(number: int) -> None:
        lock.enter(go_on)
        order.append(number)
        lock.leave()

    callers = [threading.Thread(target=caller, args=(number,), name=f"caller {number}") for number in range(5)]
    for number, thread in enumerate(callers):
        thread.start()
        while len(lock._queue) < number + 2:
            thread.join(0.001)
    lock.leave()
    lock.enter(go_on)
    order.append(99)
    lock.leave()
    for thread in callers:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4, 99]


def test_a_caller_who_gives_up_was_never_there() -> None:
    """A caller who is refused at once or cancels while waiting leaves nothing in the queue."""
    lock = FairLock()
    with pytest.raises(Cancelled):
        lock.enter(stop)
    assert not lock.busy
    lock.enter(go_on)
    looks = iter([go_on, go_on, stop])
    with pytest.raises(Cancelled):
        lock.enter(lambda: next(looks)())
    assert len(lock._queue) == 1
    lock.leave()
    assert not lock.busy


def test_a_permit_counts_its_steps_only() -> None:
    """Time between two steps does not count, and a step that fails gives the lock back too."""
    now = 0.0
    lock = FairLock()
    permit = WorkPermit(lock, go_on, clock=lambda: now)
    with permit.step():
        now += 2
    now += 100
    with suppress(ZeroDivisionError), permit.step():
        now += 3
        raise ZeroDivisionError
    assert permit.seconds == 5
    assert not lock.busy
