"""Writes the journal on a thread of its own, so that no answer and no spoken word waits for the disk.

The queue holds a bounded number of records. One that finds it full is not kept, as one that finds the disk full: both
are said aloud once, and listed at the end. This module does not know turns, rounds or voices.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from assistant.inspection.record import Entry, Record

Jpeg = Callable[[], "bytes | None"]  # makes the JPEG file of a picture; called on the thread that writes


@dataclass(frozen=True)
class NotKept:
    """A record, or the picture of one, that could not be stored."""

    record: Record
    why: str  # one sentence


class JournalKeeper:
    """Owns the thread "journal". No call waits, but for `close`. Use it in a `with`."""

    @property
    def not_kept(self) -> list[NotKept]:
        """What could not be stored so far, the oldest first."""
        raise NotImplementedError

    def keep(self, record: Record, jpeg: Jpeg | None = None) -> Future[Entry]:
        """Stores a record after those that were given before. The future has the stored entry, or raises JournalError.

        Nobody has to look at the future: a failure is said aloud and listed in any case.
        """
        raise NotImplementedError

    def forget(self, kept: Future[Entry]) -> Future[int]:
        """Deletes a record that `keep` was given, and its picture, for good. The future has how many were deleted."""
        raise NotImplementedError

    def close(self) -> None:
        """Writes what still waits, then ends the thread. Idempotent."""
        raise NotImplementedError
