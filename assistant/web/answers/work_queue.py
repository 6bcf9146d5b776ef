"""A bounded queue for the one engine. Clients take turns, and the questions of one client are first come, first served.

When it is full, a new question is refused at once and told when to come back. A question that waits for minutes helps
nobody. The queue does not know what the work is and starts no thread: the holder of a ticket works on its own thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.web.answers.errors import QueueFull

LOOK_SECONDS = 0.02  # how often a waiting question checks whether its client has left
_FIRST_GUESS_SECONDS = 5.0  # the time of an answer, until the first one has been timed
_SHARE_OF_NEWEST = 0.3  # its weight in the running mean of answer times


@dataclass(frozen=True)
class QueueStatus:
    length: int  # questions at work and waiting
    limit: int


class Ticket:
    """A place in the queue. Its holder must call `leave` in the end, and may call it more than once."""

    def __init__(self, queue: WorkQueue, client: str = "", turn: int = 0) -> None:
        self._queue = queue
        self.client = client
        self.turn = turn  # how many questions of the same client are before it

    @property
    def position(self) -> int:
        """How many are before it. 0 means that it is its turn."""
        return self._queue.position(self)

    def wait(self, gave_up: Callable[[], bool]) -> Iterator[int]:
        """Yields the position every `LOOK_SECONDS`, until it is this ticket's turn or `gave_up` returns True."""
        while (position := self._queue.wait_a_little(self)) > 0 and not gave_up():
            yield position

    def leave(self) -> None:
        self._queue.leave(self)


class WorkQueue:
    """Has `limit` places: one for the question at work, the others for those that wait. Any thread may call it."""

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
        what: str = "questions are being answered",  # for the sentence of a refusal
    ) -> None:
        self._limit = limit
        self._what = what
        self._clock = clock
        self._changed = threading.Condition()
        self._tickets: list[Ticket] = []  # the first one's question is at work
        self._begun_at = 0.0
        self._mean_seconds = _FIRST_GUESS_SECONDS

    def enter(self, client: str = "") -> Ticket:
        """A new place. Raises QueueFull.

        It is behind the questions of the same client, and before those of others that have more questions in front of
        them: so a client with one question does not wait for all questions of a client with many. `client` is its
        address.
        """
        with self._changed:
            if len(self._tickets) >= self._limit:
                raise QueueFull(self._limit, self._retry_seconds(), self._what)
            ticket = Ticket(self, client, sum(other.client == client for other in self._tickets))
            waiting = range(1, len(self._tickets))  # the first one is at work and stays so
            place = next((n for n in waiting if self._tickets[n].turn > ticket.turn), len(self._tickets))
            self._tickets.insert(place, ticket)
            if len(self._tickets) == 1:
                self._begun_at = self._clock()
            return ticket

    def leave(self, ticket: Ticket) -> None:
        with self._changed:
            if ticket not in self._tickets:
                return
            if self._tickets[0] is ticket:
                took = self._clock() - self._begun_at
                self._mean_seconds += _SHARE_OF_NEWEST * (took - self._mean_seconds)
                self._begun_at = self._clock()
            self._tickets.remove(ticket)
            for other in self._tickets:  # so that newer questions do not overtake the client's next one for ever
                if other.client == ticket.client and other.turn > ticket.turn:
                    other.turn -= 1
            self._changed.notify_all()

    def position(self, ticket: Ticket) -> int:
        with self._changed:
            return self._tickets.index(ticket) if ticket in self._tickets else 0

    def wait_a_little(self, ticket: Ticket) -> int:
        """The ticket's position. Unless it is its turn, this waits up to `LOOK_SECONDS` for a change first."""
        with self._changed:
            if self._tickets and self._tickets[0] is not ticket:
                self._changed.wait(LOOK_SECONDS)
        return self.position(ticket)

    @property
    def status(self) -> QueueStatus:
        with self._changed:
            return QueueStatus(len(self._tickets), self._limit)

    def _retry_seconds(self) -> int:
        """In how many seconds a place should be free, 1 to 60: when the present answer ends, which takes the mean time.

        An answer that has already taken longer is guessed to take half as long again.
        """
        taken = self._clock() - self._begun_at
        left = self._mean_seconds - taken if taken < self._mean_seconds else taken / 2
        return min(60, max(1, round(left)))
