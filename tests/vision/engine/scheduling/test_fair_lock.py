"""The turnstile: one at a time, first come first served, and nobody hangs."""

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
    """Nobody overtakes, not even the one who was just inside."""
    turnstile, order = FairLock(), list[int]()
    turnstile.enter(go_on)

    def caller(number: int) -> None:
        turnstile.enter(go_on)
        order.append(number)
        turnstile.leave()

    callers = [threading.Thread(target=caller, args=(number,), name=f"caller {number}") for number in range(5)]
    for number, thread in enumerate(callers):
        thread.start()
        while len(turnstile._queue) < number + 2:
            thread.join(0.001)
    turnstile.leave()
    turnstile.enter(go_on)
    order.append(99)
    turnstile.leave()
    for thread in callers:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4, 99]


def test_a_caller_who_gives_up_was_never_there() -> None:
    """Refused at the door or while waiting, the queue goes on without."""
    turnstile = FairLock()
    with pytest.raises(Cancelled):
        turnstile.enter(stop)
    assert not turnstile.busy
    turnstile.enter(go_on)
    looks = iter([go_on, go_on, stop])
    with pytest.raises(Cancelled):
        turnstile.enter(lambda: next(looks)())
    assert len(turnstile._queue) == 1
    turnstile.leave()
    assert not turnstile.busy


def test_a_gate_counts_its_steps_only() -> None:
    """The time between two steps is the consumer's, and a step that fails is left like any other."""
    now = 0.0
    turnstile = FairLock()
    gate = WorkPermit(turnstile, go_on, clock=lambda: now)
    with gate.step():
        now += 2
    now += 100
    with suppress(ZeroDivisionError), gate.step():
        now += 3
        raise ZeroDivisionError
    assert gate.seconds == 5
    assert not turnstile.busy
