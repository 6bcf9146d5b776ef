"""A bounded queue for the one engine. Clients take turns, and the questions of one client are first come, first served.

When it is full, a new question is refused at once and told when to come back. That is a promise (`promises`): places
are kept for those who come back at their time, so each of them is served, however many others come for the first time.
A client is told when a place should be free for it: when all before it, in the queue and with promises, have been
served except for as many as the queue holds. Each is expected to take as long as the newest answers did.

A question that waits for minutes helps nobody, so the queue itself stays short. It does not know what the work is and
starts no thread: the holder of a ticket works on its own thread.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.web.answers.errors import QueueFull
from assistant.web.answers.promises import Promise, Promises

LOOK_SECONDS = 0.02  # how often a waiting question checks whether its client has left
_FIRST_GUESS_SECONDS = 5.0  # the time of an answer, until the first one has been timed
_LONGEST_GUESS_SECONDS = 10.0  # until then nobody is told to wait longer, because the guess may be far too long
_LONGEST_SECONDS = 3600.0
# Who comes back finds a place even if the answers take longer by this share of one. The engine is not idle for it while
# others wait in the queue.
_SLACK_ANSWERS = 0.5
_SHARE_OF_NEWEST = 0.15  # its weight in the running mean of answer times


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
        self._promises = Promises()
        self._begun_at = 0.0
        self._mean_seconds: float | None = None  # None: no answer has been timed yet

    def enter(self, client: str = "") -> Ticket:
        """A new place. Raises QueueFull.

        It is behind the questions of the same client, and before those of others that have more questions in front of
        them: so a client with one question does not wait for all questions of a client with many. `client` is its
        address.
        """
        with self._changed:
            now = self._clock()
            self._promises.forget_late(now, self._answer_seconds)
            promise = self._promises.due_for(client, now)
            if promise is not None:
                places_kept = self._promises.place_of(promise)
            else:  # for those who come back before a question that enters now is answered
                places_kept = self._promises.due_until(now + (len(self._tickets) + 1) * self._answer_seconds)
            # An engine that is idle serves whoever comes.
            if self._tickets and len(self._tickets) + places_kept >= self._limit:
                raise QueueFull(self._limit, self._promise(client, promise, now), self._what)
            if promise is not None:
                self._promises.keep(promise)
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
                mean = took if self._mean_seconds is None else self._mean_seconds
                self._mean_seconds = mean + _SHARE_OF_NEWEST * (took - mean)
                self._begun_at = self._clock()
            self._tickets.remove(ticket)
            for other in self._tickets:  # so that newer questions do not overtake the client's next one for ever
                if other.client == ticket.client and other.turn > ticket.turn:
                    other.turn -= 1
            self._promises.one_done(ticket.client, ticket.turn)
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

    @property
    def _answer_seconds(self) -> float:
        return _FIRST_GUESS_SECONDS if self._mean_seconds is None else self._mean_seconds

    def _promise(self, client: str, promise: Promise | None, now: float) -> int:
        """Promises a place to a client. Returns in how many seconds.

        A client that has come as it was told, and for which there is no place because the answers took longer than
        expected, is told a later time and keeps its place in the line.
        """
        if promise is None:
            promise = self._promises.make(client, sum(ticket.client == client for ticket in self._tickets))
        before = len(self._tickets) + self._promises.place_of(promise)
        ends = max(1, before + 1 - self._limit)  # so many answers must end before there is a place
        slack = _SLACK_ANSWERS if self._limit > 1 else 0.0
        seconds = self._seconds_left(now) + (ends - 1 + slack) * self._answer_seconds
        longest = _LONGEST_GUESS_SECONDS if self._mean_seconds is None else _LONGEST_SECONDS
        return self._promises.set_due(promise, now, math.ceil(min(longest, max(1.0, seconds))))

    def _seconds_left(self, now: float) -> float:
        """Until the end of the answer at work.

        One that has already taken longer than the others is guessed to take half as long again.
        """
        taken = now - self._begun_at
        return self._answer_seconds - taken if taken < self._answer_seconds else taken / 2
