"""Writes the journal on a thread of its own, so that no answer and no spoken word waits for the disk.

The queue holds a bounded number of records. One that finds the queue full is not kept, like one that finds the disk
full. The first failure is told at once, later ones are not until something could be kept again. All of them are listed
at the end. This module does not know turns, rounds or voices.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from assistant.errors import JournalError
from assistant.inspection.failures import DiskFull
from assistant.inspection.journal import NO_LIMITS, Journal, Limits, PictureNotKept
from assistant.inspection.record import Entry, Record

_log = logging.getLogger(__name__)

Jpeg = Callable[[], "bytes | None"]  # makes the JPEG file of a picture; called on the thread that writes

MOST_WAITING = 64  # each may hold a picture of 6 MB; the disk is only this far behind where it has failed
CLEAN_SECONDS = 3600.0  # from one look at what is too old to the next
FLUSH_SECONDS = 5.0  # the longest that the end of the program waits for the disk


@dataclass(frozen=True)
class NotKept:
    """A record, or only the picture of one, that could not be stored."""

    record: Record
    why: str  # one sentence
    is_picture_only: bool = False
    is_disk_full: bool = False


class JournalKeeper:
    """Owns the thread "journal". No call waits, but for `close`. Use it in a `with`, which closes the journal too."""

    def __init__(
        self,
        journal: Journal,
        limits: Limits = NO_LIMITS,
        *,
        keeps_pictures: bool = True,
        on_failure: Callable[[NotKept], None] = lambda lost: None,
        on_recovery: Callable[[], None] = lambda: None,
        on_stored: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The functions are called on the thread "journal"; `on_failure` also on the one that calls `keep`.

        `on_stored` is called after each record that was written, also one that tells of a deletion.

        The journal belongs to the thread from now on.
        """
        self._journal = journal
        self._limits = limits
        self._keeps_pictures = keeps_pictures
        self._on_failure = on_failure
        self._on_recovery = on_recovery
        self._on_stored = on_stored
        self._clock = clock
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue(maxsize=MOST_WAITING)
        self._lock = threading.Lock()
        self._not_kept: list[tuple[Future[Entry], NotKept]] = []
        self._has_failed = False  # True from a failure to the next success
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def __enter__(self) -> JournalKeeper:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def not_kept(self) -> list[NotKept]:
        """What could not be stored so far, the oldest first."""
        with self._lock:
            return [lost for _, lost in self._not_kept]

    def keep(self, record: Record, jpeg: Jpeg | None = None, *, keep_picture: bool | None = None) -> Future[Entry]:
        """Stores a record after those that were given before. The future has the stored entry, or raises JournalError.

        `keep_picture` says whether the picture is stored or only its hash. None: as it was set for all pictures.

        Nobody has to look at the future: a failure is told and listed in any case. A record whose picture alone could
        not be stored counts as stored; its `has_picture` is false.
        """
        kept: Future[Entry] = Future()
        try:
            if self._closing:
                raise queue.Full
            self._waiting.put_nowait(lambda: self._keep(kept, record, jpeg, keep_picture))
        except queue.Full:
            self._fail(kept, NotKept(record, "the journal is too far behind: its disk does not answer"))
        return kept

    def forget(self, kept: Future[Entry]) -> Future[int]:
        """Deletes a record that `keep` was given, and its picture, for good. The future has how many were deleted.

        That is 0 for a record that could not be stored. It is not listed at the end either. The future raises
        JournalError where the record is still there.
        """
        forgotten: Future[int] = Future()
        try:
            self._waiting.put_nowait(lambda: self._forget(forgotten, kept))
        except queue.Full:
            forgotten.set_exception(JournalError("the journal is too far behind to delete anything: try again"))
        return forgotten

    def close(self) -> None:
        """Writes what still waits, ends the thread and closes the journal. Idempotent."""
        if self._closing:
            return
        self._closing = True
        give_up_at = self._clock() + FLUSH_SECONDS
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=FLUSH_SECONDS)
        if self._thread.ident is not None:
            self._thread.join(max(0.0, give_up_at - self._clock()))
        if self._thread.is_alive():
            _log.error("the thread 'journal' did not end within %s s: the newest records are not kept", FLUSH_SECONDS)
            return
        try:
            self._journal.close()
        except JournalError as error:
            _log.error("%s", error)

    # The thread.

    def _run(self) -> None:
        self._clean()
        cleans_at = self._clock() + CLEAN_SECONDS
        while True:
            try:
                job = self._waiting.get(timeout=max(0.0, cleans_at - self._clock()))
            except queue.Empty:
                self._clean()
                cleans_at = self._clock() + CLEAN_SECONDS
                continue
            if job is None:
                return
            job()

    def _keep(self, kept: Future[Entry], record: Record, jpeg: Jpeg | None, keep_picture: bool | None) -> None:
        try:
            picture = None if jpeg is None else jpeg()
            keeps = self._keeps_pictures if keep_picture is None else keep_picture
            entry = self._journal.append(record, picture, keep_picture=keeps)
        except PictureNotKept as error:
            is_full = isinstance(error.__cause__, DiskFull)
            self._fail(kept, NotKept(record, str(error), is_picture_only=True, is_disk_full=is_full), error.entry)
        except Exception as error:  # noqa: BLE001 - boundary of a record: the next one is tried
            self._fail(kept, NotKept(record, str(error), is_disk_full=isinstance(error, DiskFull)))
        else:
            kept.set_result(entry)
            self._on_stored()
            self._works()

    def _forget(self, forgotten: Future[int], kept: Future[Entry]) -> None:
        with self._lock:
            self._not_kept = [(future, lost) for future, lost in self._not_kept if future is not kept]
        try:
            count = 0 if kept.exception(timeout=0) is not None else self._journal.delete([kept.result().number], "said")
        except Exception as error:  # noqa: BLE001 - boundary of a deletion: whoever waits for it is told
            forgotten.set_exception(error if isinstance(error, JournalError) else JournalError(str(error)))
        else:
            forgotten.set_result(count)
            self._on_stored()

    def _clean(self) -> None:
        try:
            if self._journal.clean(self._limits):
                self._on_stored()
        except Exception as error:  # noqa: BLE001 - boundary of the thread: it is tried again in an hour
            _log.warning("old records and pictures of the journal are still there: %s", error)

    def _fail(self, kept: Future[Entry], lost: NotKept, entry: Entry | None = None) -> None:
        with self._lock:
            self._not_kept.append((kept, lost))
            is_first, self._has_failed = not self._has_failed, True
        if entry is not None:
            kept.set_result(entry)
            self._on_stored()
        else:
            kept.set_exception(JournalError(lost.why))
        if is_first:
            self._on_failure(lost)

    def _works(self) -> None:
        with self._lock:
            was_failing, self._has_failed = self._has_failed, False
        if was_failing:
            self._on_recovery()
