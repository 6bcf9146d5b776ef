"""What a full queue has promised: who was told to come back, and when. So nobody who comes back is overtaken for ever.

It takes times and returns values. It knows neither the queue nor the engine, and the caller holds the lock.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOST = 1024  # promises of all clients, and those of one: many may come from one address
_MOST_OF_ONE = 32
# A client that waits as it was told may come so much earlier by its own clock.
_EARLY_SECONDS = 0.2
_LATE_SECONDS = 5.0  # for its connection and its scheduling, beside the time of one answer


@dataclass
class Promise:
    """A client was told to come back at this time. There should be a place for it then."""

    client: str
    turn: int  # how many promises and questions of the same client are before it
    due_at: float


class Promises:
    """The promises in the order in which they are kept. Clients take turns here as they do in the queue."""

    def __init__(self) -> None:
        self._line: list[Promise] = []

    def __len__(self) -> int:
        return len(self._line)

    def forget_late(self, now: float, answer_seconds: float) -> None:
        """Forgets those whose client has not come back: it has given up, or comes as if for the first time."""
        oldest = now - _LATE_SECONDS - answer_seconds
        for promise in [each for each in self._line if each.due_at < oldest]:
            self.keep(promise)
            self.one_done(promise.client, promise.turn)

    def due_for(self, client: str, now: float) -> Promise | None:
        """The promise of this client whose time has come, or None. If there are several, it is the newest of them.

        Several clients may come from one address. Each of them that obeys comes right at its time, so the older ones
        are those of others that are late. A client that comes before its time counts as a further one.
        """
        mine = (each for each in self._line if each.client == client and each.due_at <= now + _EARLY_SECONDS)
        return max(mine, key=lambda each: each.due_at, default=None)

    def due_until(self, at: float) -> int:
        """How many clients are to come back until then."""
        return sum(each.due_at <= at for each in self._line)

    def make(self, client: str, questions: int) -> Promise:
        """A new promise, whose `due_at` the caller sets. `questions` of the same client are in the queue.

        It stands behind the client's others, and before those of clients that have more in front of them. Where the
        client has too many, it is returned without being written down.
        """
        turn = questions + sum(each.client == client for each in self._line)
        promise = Promise(client, turn, 0.0)
        place = next((n for n, other in enumerate(self._line) if other.turn > turn), len(self._line))
        if turn < _MOST_OF_ONE:
            self._line.insert(place, promise)
            del self._line[_MOST:]  # the last one is of a client that has many
        return promise

    def place_of(self, promise: Promise) -> int:
        """How many are to be kept before this one, also if it was not written down."""
        return next((n for n, each in enumerate(self._line) if each is promise), len(self._line))

    def set_due(self, promise: Promise, now: float, seconds: int) -> int:
        """Sets when the client is to come back, and returns in how many seconds.

        That is later if another promise of the client is due in the same second, so that each of several clients at one
        address is known by its time.
        """
        others = [each.due_at for each in self._line if each.client == promise.client and each is not promise]
        while any(abs(now + seconds - due_at) < 2 * _EARLY_SECONDS for due_at in others):
            seconds += 1
        promise.due_at = now + seconds
        return seconds

    def keep(self, promise: Promise) -> None:
        """Takes a promise out of the line."""
        self._line = [each for each in self._line if each is not promise]

    def one_done(self, client: str, turn: int) -> None:
        """A question or promise of the client with this turn is no longer before its others."""
        for other in self._line:
            if other.client == client and other.turn > turn:
                other.turn -= 1
