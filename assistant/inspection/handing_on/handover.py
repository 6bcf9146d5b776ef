"""Sends the journal's records to one receiver, each after it is stored, in the order of their numbers.

The journal is the queue: the next record is read from it right before each try, so a record that was deleted meanwhile
is not sent. A record counts as handed on when the receiver has acknowledged it, and that is remembered on the disk. If
the acknowledgement is lost, the same record is sent again, with the same number and the same chain hash. This module
does not know HTTP or MQTT.

A receiver that cannot be reached is tried again, after growing waits, for ever. A record that the receiver refuses must
not hold up all later ones for ever. But a receiver that refuses everything, because its token is wrong or it is out of
order, must not make the journal skip records. So a record is skipped only if the receiver has refused it
`TRIES_BEFORE_PROBE` times, has then accepted a later one, and has refused this one once more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.errors import JournalError
from assistant.inspection.chain import FIRST
from assistant.inspection.handing_on.progress import Mark, Progress
from assistant.inspection.handing_on.receiver import Away, NotAcknowledged, Receiver, Refused
from assistant.inspection.journal import Journal
from assistant.inspection.record import Entry

_log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 1.0  # after the first failure; each further wait is twice as long
LONGEST_WAIT_SECONDS = 300.0  # a receiver that comes back is noticed within this time
TRIES_BEFORE_PROBE = 5  # of the oldest record; after them the later ones are tried as well, in turn
_PROBED = 10  # so many of the oldest records are tried in turn
END_SECONDS = 2.0  # how long the end of the program waits for the records that were stored last
_INTERRUPTED_SECONDS = 1.0  # how long it waits then for the thread to end


class Handover:
    """What is to be sent to one receiver, and when. Call `begin` once, then `work` on one thread."""

    def __init__(self, folder: Path, receiver: Receiver, progress: Progress, tell: Callable[[str], None]) -> None:
        """`folder` is the journal's. `tell` gets sentences for a person; it is called on the thread that works."""
        self.receiver = receiver
        self._folder = folder
        self._progress = progress
        self._tell = tell
        self._stopped = threading.Event()
        self._failures = 0  # in a row
        self._refusals = 0  # of the oldest record that waits
        self._told: type[Exception] | None = None  # the kind of failure that was told last; None: it works
        self._is_forgetful = False  # True: the mark could not be stored

    def begin(self, journal: Journal) -> None:
        """Finds the mark of the receiver. Call it before this run of the program stores records.

        A receiver that was not there before gets the records from now on. So does one whose mark is not in this
        journal, because the journal was replaced by another one.
        """
        mark = self._progress.mark(self.receiver.key)
        if mark is not None and mark.chain_sha256 == _chain_at(journal, mark.number):
            return
        if mark is not None:
            self._tell(
                f"{self.receiver.name} got the records of another journal: it gets those of this one from now on"
            )
        self._store(Mark(*journal.head))

    def work(self) -> float | None:
        """Sends all records that wait. Returns the seconds to wait before the next call.

        None: nothing waits, and the next call makes sense when a further record was stored.
        """
        try:
            with Journal.read(self._folder) as journal:
                while not self._stopped.is_set() and self._send_next(journal):
                    self._works()
        except (NotAcknowledged, JournalError) as error:
            return self._failed(error)
        finally:
            self.receiver.rest()
        return None

    def waiting(self, journal: Journal) -> int:
        """How many records have not been handed on."""
        return journal.count_following(self._mark.number)

    def stop(self) -> None:
        """Makes `work` on another thread return soon."""
        self._stopped.set()
        self.receiver.interrupt()

    # The parts.

    @property
    def _mark(self) -> Mark:
        mark = self._progress.mark(self.receiver.key)
        assert mark is not None  # `begin` has set it
        return mark

    def _send_next(self, journal: Journal) -> bool:
        """Sends the oldest record that waits. False: none does. Raises Away, Refused, JournalError."""
        is_probing = self._refusals >= TRIES_BEFORE_PROBE
        waiting = journal.following(self._mark.number, _PROBED if is_probing else 1)
        if not waiting:
            return False
        probe = (self._refusals - TRIES_BEFORE_PROBE + 1) % len(waiting) if is_probing else 0
        self.receiver.send(waiting[probe])
        for entry in waiting[:probe]:  # they were refused: because of themselves, or was the receiver out of order?
            try:
                self.receiver.send(entry)
            except Refused as error:
                self._tell(f"record {entry.number} of the journal is not handed on: {error}, but accepts others")
        self._acknowledged(waiting[probe])
        return True

    def _acknowledged(self, entry: Entry) -> None:
        self._refusals = 0
        self._store(Mark(entry.number, entry.chain_sha256))

    def _store(self, mark: Mark) -> None:
        try:
            self._progress.set(self.receiver.key, mark)
            self._is_forgetful = False
        except OSError as error:
            if not self._is_forgetful:
                self._tell(
                    f"what {self.receiver.name} has got cannot be noted ({error.strerror or error}): free some space, or"
                    " it gets records again after the next start"
                )
            self._is_forgetful = True

    def _works(self) -> None:
        self._failures = 0
        if self._told is not None:
            self._tell(f"{self.receiver.name} gets the records again")
        self._told = None

    def _failed(self, error: NotAcknowledged | JournalError) -> float:
        self._failures += 1
        self._refusals += isinstance(error, Refused)
        if self._told is not type(error) and not self._stopped.is_set():
            self._tell(f"{error}; the records wait in the journal, and it is tried again")
            self._told = type(error)
        _log.debug("handing on failed %d times in a row: %s", self._failures, error)
        asked_for = (error.after_seconds if isinstance(error, Away) else None) or 0.0
        return min(max(asked_for, wait_seconds(self._failures)), LONGEST_WAIT_SECONDS)


class HandingOn:
    """Owns the thread of one receiver, which is called after it. Use it in a `with`."""

    def __init__(self, handover: Handover, name: str) -> None:
        self._handover = handover
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> HandingOn:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def wake(self) -> None:
        """A record was stored. Any thread may call it; it never waits."""
        self._wake.set()

    def close(self) -> None:
        """Sends what was stored last, if the receiver is there, and ends the thread. Idempotent."""
        self._ending.set()
        self._wake.set()
        if self._thread.ident is None:
            return
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            self._handover.stop()
            self._thread.join(_INTERRUPTED_SECONDS)
        if self._thread.is_alive():  # it looks up a name or connects; what it sends is sent again after the next start
            _log.info("the thread '%s' did not end in time", self._thread.name)

    def _run(self) -> None:
        while True:
            self._wake.clear()  # first of all, so that a record that is stored from here on is noticed
            is_last = self._ending.is_set()
            seconds = self._handover.work()
            if is_last:
                return
            if seconds is None:
                self._wake.wait()
            elif self._ending.wait(seconds):
                return


def wait_seconds(failures: int) -> float:
    """The wait after so many failures in a row, 1 or more."""
    return float(min(FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 30), LONGEST_WAIT_SECONDS))


def _chain_at(journal: Journal, number: int) -> str | None:
    """The chain hash of a record, which also a deleted one has. None: there is no such record."""
    if number == 0:
        return FIRST
    entry = journal.entry(number)
    return None if entry is None else entry.chain_sha256
