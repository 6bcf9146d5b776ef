"""The journal: records in an SQLite database that survives a crash or a power cut at any point, and their pictures.

One process at a time writes it, under a lock; any number may read meanwhile. A record is on the disk when `append`
returns. Records form a hash chain (`chain`). A deleted record leaves its hashes, so that the chain still holds, and a
record of the kind "deleted" tells which ones are gone and why. This module does not know turns, rounds or voices, and
starts no thread: `keeper` has the thread that writes.

The folder holds journal.sqlite3 with its -wal and -shm files, journal.lock, and pictures/ with a JPEG file for each
picture, named by its SHA-256. A picture is on the disk before the record that points to it, and a picture that no
record points to is removed at the next start. So the database never points at a missing file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import files
from assistant.inspection.pictures import PictureFolder
from assistant.inspection.record import Entry, Record

DATABASE_NAME = "journal.sqlite3"
_BUSY_SECONDS = 5.0  # how long a reader or the writer waits for the other's short locks
_SALT_BYTES = 16
_CLEAN_TO = 0.9  # of the most bytes of pictures: so that not every new picture has to remove an old one

# A database of version n gets all statements from n on. A released entry never changes; a change is a further entry.
MIGRATIONS = (
    """
    CREATE TABLE records (
      number INTEGER PRIMARY KEY,
      at_ms INTEGER, kind TEXT, round_id TEXT, picture_sha256 TEXT,  -- copies from the content; NULL: it was deleted
      salt TEXT, content TEXT,
      content_sha256 TEXT NOT NULL, chain_sha256 TEXT NOT NULL
    );
    CREATE INDEX records_by_time ON records (at_ms);
    CREATE INDEX records_by_round ON records (round_id) WHERE round_id != '';
    CREATE INDEX records_by_picture ON records (picture_sha256) WHERE picture_sha256 != '';
    CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, kept_ms INTEGER NOT NULL);
    CREATE INDEX pictures_by_time ON pictures (kept_ms);
    CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL, chain_sha256 TEXT NOT NULL);
    """,
    # The words of each record, for searching. It keeps an index and no second copy of the words.
    """
    CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='porter unicode61 remove_diacritics 2');
    """,
)
VERSION = len(MIGRATIONS)


def journal_folder(environ: Any) -> Path:
    """The folder of this user's journal. It need not exist."""
    return files.state_folder(environ) / "journal"


def local_now() -> dt.datetime:
    """The time now, with this machine's offset from UTC."""
    return dt.datetime.now().astimezone()


@dataclass(frozen=True)
class Limits:
    """How long and how much is kept. 0 stands for without an end."""

    record_days: float = 0.0
    picture_days: float = 0.0
    picture_bytes: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which records are wanted. An empty field wants all."""

    begin: dt.datetime | None = None  # this moment and later
    end: dt.datetime | None = None  # earlier than this moment
    round_id: str = ""
    kinds: Collection[str] = ()


class Journal:
    """The records of one folder. Use it in a `with`, or call `close`.

    Use it on one thread at a time. All methods raise JournalError where the disk is full or the files are damaged;
    what was stored before is never lost by that.
    """

    def __init__(self, folder: Path, *, now: Callable[[], dt.datetime] = local_now) -> None:
        """Binds the folder. `write` and `read` open it."""
        self.folder = folder
        self.pictures = PictureFolder(folder / "pictures")
        self._now = now
        self._stack = contextlib.ExitStack()
        self._database: sqlite3.Connection
        self._is_to_truncate = False  # deleted words may still stand in the -wal file

    @classmethod
    def write(cls, folder: Path, *, now: Callable[[], dt.datetime] = local_now) -> Journal:
        """Opens the journal for writing. It is created where there is none, and brought to the newest schema.

        Raises JournalError if another process writes it, if it is damaged or of a newer version, or if the folder
        cannot be written.
        """
        raise NotImplementedError

    @classmethod
    def read(cls, folder: Path) -> Journal:
        """Opens the journal for reading, also while another process writes it. Raises JournalError if there is none."""
        raise NotImplementedError

    def close(self) -> None:
        """Idempotent."""
        self._stack.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # Writing.

    def append(self, record: Record, jpeg: bytes | None = None, *, keep_picture: bool = True) -> Entry:
        """Stores a record, and its picture if there is one and `keep_picture` is true. It is on the disk afterwards.

        The record gets the picture's hash in any case. Where the picture cannot be written, the record is stored
        without it, and JournalError is raised afterwards.
        """
        raise NotImplementedError

    def delete(self, numbers: Iterable[int], why: str) -> int:
        """Deletes records and their pictures for good, and returns how many. Only their hashes stay.

        A picture goes with the first record that showed it, also if others show it too. Records of the kind "deleted"
        cannot be deleted. `why` is kept: "said", "age", "command".
        """
        raise NotImplementedError

    def clean(self, limits: Limits) -> int:
        """Deletes the records and pictures that are too old, then the oldest pictures beyond the most bytes.

        Returns how many records and pictures were deleted.
        """
        raise NotImplementedError

    # Reading.

    def entry(self, number: int) -> Entry | None:
        """The record with this number, None if there is no such number."""
        raise NotImplementedError

    def entries(self, wanted: Wanted = Wanted()) -> Iterator[Entry]:
        """The wanted records in the order in which they were written, without the deleted ones."""
        raise NotImplementedError

    def search(self, words: str, wanted: Wanted = Wanted()) -> list[Entry]:
        """The records that hold all of the words, the newest first. The last word may be the beginning of one."""
        raise NotImplementedError

    def rounds(self) -> list[str]:
        """The ids of all rounds, the newest first."""
        raise NotImplementedError

    @property
    def last_number(self) -> int:
        """The number of the newest record, 0 if there is none."""
        raise NotImplementedError
