"""Slower on request: fewer threads, and rests between pieces of work."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from time import monotonic

import numpy as np
import pytest
from numba import carray

from tests.vision.engine.tiny_checkpoint import make
from vision.engine.engine import Engine
from vision.engine.kernels import jit, scalar
from vision.engine.kernels.thread_pool import Pool
from vision.engine.scheduling.duty_cycle import DutyCycle
from vision.engine.scheduling.fair_lock import FairLock, WorkPermit
from vision.engine.settings import EngineSettings
from vision.errors import Cancelled
from vision.frame import Frame

PORTIONS = 900


def slow_work_items(index: int, worker: int, arguments: int) -> None:
    """Entry point: some work, then add one for this index and one for this worker."""
    counts = carray(scalar.integers_at(arguments), 1010)
    total = 0
    for number in range(300):
        total += number ^ index
    counts[1009] = total
    counts[index] += 1
    counts[1000 + worker] += 1


def run_one(pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    counts = np.zeros(1010, np.int64)
    pool.run(jit.entry_point(slow_work_items, 3, "slow"), PORTIONS, counts.ctypes.data)
    return counts[:PORTIONS], counts[1000:1003]


def test_only_as_many_threads_work_as_are_allowed() -> None:
    """The others take no work item of a later job, and come back when they are allowed."""
    with Pool(3) as pool:
        pool.use(1)
        for _ in range(100):
            work_items, workers = run_one(pool)
            assert (work_items == 1).all()
            assert workers.tolist() == [PORTIONS, 0, 0]
        pool.use(3)
        deadline = monotonic() + 20
        shared = np.zeros(3, np.int64)
        while not shared.all() and monotonic() < deadline:
            shared += run_one(pool)[1]
        assert shared.all()


def test_the_number_may_change_while_jobs_run() -> None:
    """No work item is left out or done twice, and no thread is lost when it goes to sleep."""
    stop = threading.Event()
    chance = random.Random(5)
    with Pool(3) as pool:

        def change() -> None:
            while not stop.wait(0.0001):  # else the two would wait for each other's Python
                pool.use(chance.randint(1, 3))

        changing = threading.Thread(target=change, name="changing")
        changing.start()
        for _ in range(400):
            assert (run_one(pool)[0] == 1).all()
        stop.set()
        changing.join()


@pytest.mark.parametrize("threads", [-1, 0, 1, 2, 9])
def test_a_pool_closes_at_any_width(threads: int) -> None:
    """Threads that may not work end too; a number out of range becomes the nearest one in it."""
    before = set(threading.enumerate())
    pool = Pool(3)
    pool.use(threads)
    run_one(pool)
    pool.close()
    left = set(threading.enumerate()) - before
    assert not [each for each in left if each.name.startswith("arithmetic-")]


class Clock:
    """Time that passes only by working and waiting."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9])
def test_a_rest_is_as_long_as_the_work_before_it_asks_for(share: float) -> None:
    """Long and short pieces of work get the same share of rest."""
    clock = Clock()
    duty_cycle = DutyCycle(clock, clock.wait)
    duty_cycle.rest_share = share
    permit, began = WorkPermit(FairLock(), lambda: None, clock, duty_cycle), clock.now
    for piece_seconds in (0.5, 0.01):
        with permit.step():
            permit.check()  # nothing was worked yet
            clock.now += piece_seconds
            permit.check()
            clock.now += piece_seconds
    assert clock.waited == pytest.approx(share * (clock.now - began))
    assert permit.seconds == pytest.approx(clock.now - began), "a slower answer is to look slower"


def test_a_rest_is_over_when_its_caller_goes() -> None:
    """A cancel does not wait for the rest, and the next caller gets in."""
    clock = Clock()
    duty_cycle, lock = DutyCycle(clock, clock.wait), FairLock()
    duty_cycle.rest_share = 0.9
    gone_at = clock.now + 1.1

    def check() -> None:
        if clock.now >= gone_at:
            raise Cancelled("gone")

    with pytest.raises(Cancelled), WorkPermit(lock, check, clock, duty_cycle).step():
        clock.now += 1.0  # nine seconds of rest would follow
    assert clock.now == pytest.approx(gone_at, abs=0.03)
    assert not lock.busy


def test_the_share_has_its_limits() -> None:
    """Work that only rests would never end, so 0.9 is the most."""
    duty_cycle = DutyCycle()
    duty_cycle.rest_share = 1.0
    assert duty_cycle.rest_share == 0.9
    duty_cycle.rest_share = -1.0
    assert duty_cycle.rest_share == 0.0


def test_a_failed_step_does_not_rest() -> None:
    """Its error is raised at once."""
    clock = Clock()
    duty_cycle = DutyCycle(clock, clock.wait)
    duty_cycle.rest_share = 0.5
    with suppress(ZeroDivisionError), WorkPermit(FairLock(), lambda: None, clock, duty_cycle).step():
        clock.now += 1.0
        raise ZeroDivisionError
    assert clock.waited == 0.0


def test_an_engine_answers_the_same_when_it_is_slower(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With one thread and rests every word is the same, and the stats show the time."""
    checkpoint, cache = make(tmp_path_factory.mktemp("tiny") / "tiny"), tmp_path_factory.mktemp("cache")
    frame = Frame(np.full((64, 64, 3), 130, np.uint8), 0.0)

    def answer(engine: Engine) -> tuple[str, float]:
        chunks = list(engine.see(frame).ask("what is this", max_new_tokens=12))
        assert chunks[-1].stats is not None
        return "".join(chunk.text for chunk in chunks), chunks[-1].stats.decode_seconds

    with Engine.load(checkpoint, EngineSettings(threads=2), cache=cache) as engine:
        assert engine.threads == 2
        answer(engine)
        usual, usual_seconds = min((answer(engine) for _ in range(5)), key=lambda each: each[1])
        engine.set_threads(1)
        assert answer(engine)[0] == usual
        engine.set_rest(0.9)
        slow, slow_seconds = answer(engine)
        engine.set_threads(99)
        engine.set_rest(0.0)
        assert answer(engine)[0] == usual
    assert slow == usual
    assert slow_seconds > 4 * usual_seconds
    engine.set_threads(1)  # closed: nothing to slow down, and no error
