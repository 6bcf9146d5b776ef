from __future__ import annotations

import pytest

from tests.assistant.simulated_time import Condition, Queue, Stuck, Thread, World


def test_threads_wait_side_by_side() -> None:
    """Two threads that take 2 s and 3 s at once are done after 3 s, in the order of their ends."""
    ends: list[float] = []
    with World() as world:
        threads = [Thread(world, target=lambda s=s: (world.sleep(s), ends.append(world.now))) for s in (3.0, 2.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (ends, world.now) == ([2.0, 3.0], 3.0)


def test_a_wait_without_an_end_is_told() -> None:
    """A thread that waits for ever is named, and the test goes on to its end."""
    with World() as world:
        queue = Queue(world)
        thread = Thread(world, target=queue.get, name="reader")
        thread.start()
        with pytest.raises(Stuck, match="reader"):
            Queue(world).get()
        queue.put("something")
        thread.join()


def test_a_condition_wakes_only_who_waits_already() -> None:
    """A notification that comes before the wait is lost, as with a real condition."""
    with World() as world:
        condition = Condition(world)
        with condition:
            condition.notify_all()
            assert not condition.wait(1.0)
        assert world.now == 1.0


def test_a_seed_gives_the_same_order_again_and_another_one_another() -> None:
    """The same seed gives the same order of threads, so that a race which was found can be repeated."""

    def order(seed: int) -> str:
        letters: list[str] = []

        def write(letter: str) -> None:
            for _ in range(10):
                world.touch()
                letters.append(letter)

        with World(seed) as world:
            threads = [Thread(world, target=write, args=(letter,)) for letter in "abc"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return "".join(letters)

    assert order(1) == order(1)
    assert len({order(seed) for seed in range(10)}) > 5
