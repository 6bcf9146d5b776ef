"""Many clients at a full queue, in simulated time: each that comes back as it is told is served, and is told the truth."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from assistant.web.answers.errors import QueueFull
from assistant.web.answers.work_queue import Ticket, WorkQueue
from tests.assistant.web.api.test_parts import Clock

PLACES = 8


@dataclass
class Crowd:
    """Clients that ask again as soon as they are answered, and an engine that takes `seconds` for each answer.

    A client that is refused comes back exactly when it was told, unless `is_patient` says otherwise of it.
    """

    seconds: Callable[[], float]
    clock: Clock = field(default_factory=Clock)
    answers: Counter[str] = field(default_factory=Counter)
    first_answer_at: dict[str, float] = field(default_factory=dict)
    first_told_at: dict[str, float] = field(default_factory=dict)  # the time that a client was told first
    returns: int = 0
    returns_refused: int = 0
    idle_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.queue = WorkQueue(PLACES, self.clock)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._line: list[tuple[Ticket, Callable[[], None]]] = []  # with what follows the answer
        self._is_working = False
        self._idle_since = 0.0

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.clock.now + seconds, self._number, do))

    def run(self, seconds: float) -> None:
        ends_at = self.clock.now + seconds
        while self._events and self._events[0][0] <= ends_at:
            self.clock.now, _, do = heapq.heappop(self._events)
            do()
        self.clock.now = ends_at

    def ask(self, client: str, *, address: str = "", has_waited: bool = False, again: bool = True) -> None:
        self.returns += has_waited
        try:
            ticket = self.queue.enter(address or client)
        except QueueFull as refused:
            self.returns_refused += has_waited
            wait_seconds = int(refused.headers["Retry-After"])
            if client not in self.first_answer_at:
                self.first_told_at.setdefault(client, self.clock.now + wait_seconds)
            self.later(wait_seconds, lambda: self.ask(client, address=address, has_waited=True, again=again))
            return

        def answered() -> None:
            self.answers[client] += 1
            self.first_answer_at.setdefault(client, self.clock.now)
            if again:
                self.later(0.0, lambda: self.ask(client, address=address))

        self.work(ticket, answered)

    def work(self, ticket: Ticket, then: Callable[[], None]) -> None:
        self._line.append((ticket, then))
        self._begin()

    def _begin(self) -> None:
        if self._is_working or not self._line:
            return
        self.idle_seconds += self.clock.now - self._idle_since
        self._is_working = True
        ticket, then = min(self._line, key=lambda each: each[0].position)

        def end() -> None:
            self._line.remove((ticket, then))
            ticket.leave()
            self._is_working, self._idle_since = False, self.clock.now
            then()
            self._begin()

        self.later(self.seconds(), end)


def crowd(seconds: Callable[[], float], clients: int) -> Crowd:
    """All clients come within a second, after some answers have been timed."""
    found = Crowd(seconds)
    found.ask("first", again=False)
    found.run(60.0)
    found.idle_seconds = 0.0
    found._idle_since = found.clock.now
    for number in range(clients):
        found.later(number / clients, lambda number=number: found.ask(f"client {number}"))  # type: ignore[misc]
    return found


def spread(lowest: float, highest: float) -> Callable[[], float]:
    chance = random.Random(7)
    return lambda: chance.uniform(lowest, highest)


@pytest.mark.parametrize("clients", [20, 50, 200])
def test_each_client_that_obeys_is_served_and_told_the_truth(clients: int) -> None:
    """Two hundred clients at eight places: all have answers, nearly the same number, and nearly always at the time
    that they were told, while the engine is never idle.
    """
    seen = crowd(lambda: 3.0, clients)
    seen.run(clients * 3.0 * 4)
    counts = [seen.answers[f"client {number}"] for number in range(clients)]
    assert min(counts) >= 3
    assert max(counts) - min(counts) <= 1
    assert seen.returns_refused <= 0.02 * seen.returns
    assert seen.idle_seconds < 3.0
    waits = [seen.first_answer_at[client] - at for client, at in seen.first_told_at.items()]
    assert min(waits) > -1.0
    assert max(waits) <= PLACES * 3.0 + 1.0  # it then waits in the queue for as many answers as it holds


def test_answers_of_very_different_lengths_serve_each_client_too() -> None:
    """Where the times cannot be foreseen, a client that came too early keeps its place in the line."""
    seen = crowd(spread(0.2, 12.0), 50)
    seen.run(50 * 6.1 * 4)
    counts = [seen.answers[f"client {number}"] for number in range(50)]
    assert min(counts) >= 2
    assert max(counts) <= 3 * min(counts)
    assert seen.idle_seconds < 0.05 * seen.clock.now


def test_clients_behind_one_address_are_each_served() -> None:
    """Twenty pages behind one address have a promise each, and another address does not wait for all of them."""
    seen = crowd(lambda: 2.0, 0)
    for number in range(20):
        seen.later(0.0, lambda number=number: seen.ask(f"page {number}", address="10.0.0.1"))  # type: ignore[misc]
    seen.later(1.0, lambda: seen.ask("alone"))
    seen.run(150.0)
    assert min(seen.answers[f"page {number}"] for number in range(20)) >= 2
    # Its questions have their turn before the further ones of the other address, once they have entered.
    assert seen.answers["alone"] >= 5 * max(seen.answers[f"page {number}"] for number in range(20))


def test_impatient_clients_keep_nobody_from_being_served() -> None:
    """Thirty clients that come back every second do not displace five that wait as they are told."""
    seen = crowd(lambda: 2.0, 5)

    def hurry(client: str) -> None:
        try:
            ticket = seen.queue.enter(client)
        except QueueFull:
            seen.later(1.0, lambda: hurry(client))
            return
        seen.work(ticket, lambda: seen.later(0.0, lambda: hurry(client)))

    for number in range(30):
        seen.later(number / 30, lambda number=number: hurry(f"hasty {number}"))  # type: ignore[misc]
    seen.run(300.0)
    assert min(seen.answers[f"client {number}"] for number in range(5)) >= 2


def test_promises_that_nobody_keeps_do_not_stop_the_others() -> None:
    """Two hundred clients are refused and never come back; one that comes then is served at once, or soon."""
    clock = Clock()
    queue = WorkQueue(2, clock)
    for _ in range(5):
        ticket = queue.enter("a")
        clock.now += 3.0
        ticket.leave()
    at_work, waits = queue.enter("a"), queue.enter("b")
    for number in range(200):
        with pytest.raises(QueueFull):
            queue.enter(f"gone {number}")
    clock.now += 3.0
    at_work.leave()
    clock.now += 3.0
    waits.leave()
    queue.enter("new").leave()  # nobody is at work: no place is kept for those who may not come
    clock.now += 10_000.0
    first = queue.enter("new")
    second = queue.enter("newer")  # and all those promises are forgotten
    assert [first.position, second.position] == [0, 1]
    assert len(queue._promises) == 0


def test_what_is_promised_has_a_bound() -> None:
    """Neither many addresses nor one address with many questions fill the memory."""
    queue = WorkQueue(1, Clock())
    queue.enter("a")
    for client in [*(f"c{number}" for number in range(1500)), *["b"] * 200]:
        with pytest.raises(QueueFull):
            queue.enter(client)
    assert len(queue._promises) == 1024


def refused_seconds(queue: WorkQueue, clients: Iterator[str]) -> list[int]:
    found = []
    for client in clients:
        with pytest.raises(QueueFull) as refused:
            queue.enter(client)
        found.append(int(refused.value.headers["Retry-After"]))
    return found


def test_each_client_is_told_a_time_of_its_own() -> None:
    """The tenth that is refused waits for ten answers, less what the one at work has taken already, and half of one for
    safety."""
    clock = Clock()
    queue = WorkQueue(2, clock)
    ticket = queue.enter("a")
    clock.now += 6.0
    ticket.leave()
    queue.enter("a")
    queue.enter("b")
    clock.now += 2.0
    assert refused_seconds(queue, iter("cdefghijkl")) == [7, 13, 19, 25, 31, 37, 43, 49, 55, 61]
    assert refused_seconds(queue, iter("b")) == [67]


def test_before_any_answer_was_timed_nobody_is_sent_away_for_long() -> None:
    """The guess may be far from the truth, so all come back within ten seconds."""
    queue = WorkQueue(1, Clock())
    queue.enter("a")
    assert refused_seconds(queue, iter("bcde")) == [5, 10, 10, 10]
