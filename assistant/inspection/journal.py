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
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant import files
from assistant.errors import JournalError
from assistant.inspection.chain import chain_hash, content_hash
from assistant.inspection.failures import DiskFull, as_journal_errors, too_new
from assistant.inspection.pictures import PictureFolder, picture_hash
from assistant.inspection.record import DELETED, Entry, Record, as_ranges, canonical_json, cleaned, record_of
from assistant.inspection.schema import MIGRATIONS, VERSION, indexed, search_query

DATABASE_NAME = "journal.sqlite3"
_BUSY_SECONDS = 5.0  # how long a reader or the writer waits for the other's short locks
_SALT_BYTES = 16
_CLEAN_TO = 0.9  # of the most bytes of pictures: so that not every new picture has to remove an old one

_DAY_MS = 24 * 60 * 60 * 1000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_SELECT = (
    "SELECT number, salt, content, content_sha256, chain_sha256, pictures.sha256 FROM records"
    " LEFT JOIN pictures ON pictures.sha256 = records.picture_sha256"
)


def journal_folder(environ: Mapping[str, str]) -> Path:
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


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Wanted:
    """Which records are wanted. An empty field wants all."""

    begin: dt.datetime | None = None  # this moment and later
    end: dt.datetime | None = None  # earlier than this moment
    round_id: str = ""
    kinds: Collection[str] = ()
    before: int | None = None  # numbers lower than this one


@dataclass(frozen=True)
class Stored:
    """One row of the table as it is, with the copies of the content's values. None: the record was deleted."""

    number: int
    at_milliseconds: int | None
    kind: str | None
    round_id: str | None
    picture_sha256: str | None
    salt: str | None
    content: str | None
    content_sha256: str
    chain_sha256: str


class PictureNotKept(JournalError):
    """The record is stored, but its picture is not."""

    def __init__(self, sentence: str, entry: Entry) -> None:
        super().__init__(sentence)
        self.entry = entry


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
        journal = cls(folder, now=now)
        with contextlib.ExitStack() as stack, as_journal_errors(folder):
            stack.enter_context(journal)
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            folder.chmod(_PRIVATE_FOLDER)
            try:
                journal._stack.enter_context(files.locked(_private_file(folder / "journal.lock"), wait=False))
            except BlockingIOError:
                raise JournalError(f"another seesay writes the journal in {folder}: end that one first") from None
            journal.pictures.prepare()
            journal._connect(_private_file(folder / DATABASE_NAME))
            journal._migrate()
            journal._tidy_up()
            stack.pop_all()
        return journal

    @classmethod
    def read(cls, folder: Path) -> Journal:
        """Opens the journal for reading, also while another process writes it. Raises JournalError if there is none."""
        path = folder / DATABASE_NAME
        if not path.is_file():
            raise JournalError(
                f"there is no journal in {folder} yet: set journal.enabled = true, or use the profile cart"
            )
        journal = cls(folder)
        with contextlib.ExitStack() as stack, as_journal_errors(folder):
            stack.enter_context(journal)
            journal._connect(path, read_only=True)
            version = journal._version()
            if version < VERSION:
                journal.close()
                cls.write(folder).close()
                journal = cls(folder)
                stack.enter_context(journal)
                journal._connect(path, read_only=True)
            elif version > VERSION:
                raise too_new(folder, version)
            stack.pop_all()
        return journal

    def close(self) -> None:
        """Idempotent."""
        with as_journal_errors(self.folder):
            self._stack.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # Writing.

    def append(self, record: Record, jpeg: bytes | None = None, *, keep_picture: bool = True) -> Entry:
        """Stores a record, and its picture if there is one and `keep_picture` is true. It is on the disk afterwards.

        The record gets the picture's hash in any case. Where only the picture cannot be written, the record is stored
        without it, and PictureNotKept is raised, which has the stored entry.
        """
        sha256 = "" if jpeg is None else picture_hash(jpeg)
        refused: JournalError | None = None
        has_picture = is_new = False
        if jpeg is not None and keep_picture:
            try:
                with as_journal_errors(self.folder):
                    is_new = self.pictures.write(jpeg)
                has_picture = True
            except JournalError as error:
                refused = error
        record = replace(cleaned(record), picture_sha256=sha256, has_picture=has_picture)
        picture_bytes = len(jpeg) if jpeg is not None else 0
        try:
            entry = self._store(record, picture_bytes)
        except JournalError as error:
            if is_new:
                with contextlib.suppress(OSError):  # else the next start removes it
                    self.pictures.remove(sha256)
            if not (is_new and isinstance(error, DiskFull)):
                raise
            refused = error  # without the picture there may be room for the words
            entry = self._store(replace(record, has_picture=False), picture_bytes)
        if self._is_to_truncate:
            self._truncate()
        if refused is not None:
            raise PictureNotKept(f"the picture of record {entry.number} is not kept: {refused}", entry) from refused
        return entry

    def delete(self, numbers: Iterable[int], why: str) -> int:
        """Deletes records and their pictures for good, and returns how many records. Only their hashes stay.

        A picture is deleted with its record, also where other records show it too. Records of the kind "deleted" stay.
        `why` is kept: "said", "age", "command".
        """
        with self._transaction():
            gone, sha256s = [], set[str]()
            for number in sorted(set(numbers)):
                row = self._database.execute(
                    "SELECT content, picture_sha256 FROM records WHERE number = ? AND kind != ?", (number, DELETED)
                ).fetchone()
                if row is None:
                    continue
                gone.append(number)
                sha256s |= {row[1]} if row[1] else set()
                self._database.execute(
                    "INSERT INTO search(search, rowid, words) VALUES ('delete', ?, ?)",
                    (number, indexed(record_of(row[0]).words)),
                )
                self._database.execute(
                    "UPDATE records SET at_ms = NULL, kind = NULL, round_id = NULL, picture_sha256 = NULL, salt = NULL,"
                    " content = NULL WHERE number = ?",
                    (number,),
                )
            if not gone:
                return 0
            # Merges the parts of the index, so that the deleted words are no longer in any of them.
            self._database.execute("INSERT INTO search(search) VALUES ('optimize')")
            pictures = self._forget_pictures(sha256s)
            self._note_deletion(why, records=gone, pictures=pictures)
        self._remove_for_good(pictures)
        return len(gone)

    def clean(self, limits: Limits) -> int:
        """Deletes the records and pictures that are too old, then the oldest pictures beyond the most bytes.

        Returns how many records and pictures were deleted.
        """
        now_ms = _milliseconds(self._now())
        count = 0
        if limits.record_days > 0:
            before_ms = now_ms - int(limits.record_days * _DAY_MS)
            with as_journal_errors(self.folder):
                rows = self._database.execute(
                    "SELECT number FROM records WHERE at_ms < ? AND kind != ?", (before_ms, DELETED)
                ).fetchall()
            count += self.delete((number for (number,) in rows), "age")
        with self._transaction():
            pictures = self._forget_pictures(self._pictures_beyond(limits, now_ms))
            if pictures:
                self._note_deletion("age", records=[], pictures=pictures)
        if pictures:
            self._remove_for_good(pictures)
        return count + len(pictures)

    def _pictures_beyond(self, limits: Limits, now_ms: int) -> list[str]:
        before_ms = now_ms - int(limits.picture_days * _DAY_MS) if limits.picture_days > 0 else None
        rows = self._database.execute("SELECT sha256, bytes, kept_ms FROM pictures ORDER BY kept_ms, sha256").fetchall()
        left_bytes = sum(size for _, size, _ in rows)
        is_too_much = 0 < limits.picture_bytes < left_bytes
        beyond = []
        for sha256, size, kept_ms in rows:
            is_too_old = before_ms is not None and kept_ms < before_ms
            if is_too_old or (is_too_much and left_bytes > limits.picture_bytes * _CLEAN_TO):
                beyond.append(sha256)
                left_bytes -= size
        return beyond

    # Reading.

    def entry(self, number: int) -> Entry | None:
        """The record with this number, None if there is no such number."""
        with as_journal_errors(self.folder):
            row = self._database.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
            return None if row is None else self._entry(row)

    def entries(self, wanted: Wanted = Wanted()) -> Iterator[Entry]:
        """The wanted records in the order in which they were written, without the deleted ones."""
        where, values = _where(wanted)
        with as_journal_errors(self.folder):
            for row in self._database.execute(f"{_SELECT} WHERE {where} ORDER BY number", values):
                yield self._entry(row)

    def newest(self, count: int, wanted: Wanted = Wanted()) -> list[Entry]:
        """The newest of the wanted records, at most `count` of them, in the order in which they were written."""
        where, values = _where(wanted)
        with as_journal_errors(self.folder):
            rows = self._database.execute(
                f"{_SELECT} WHERE {where} ORDER BY number DESC LIMIT ?", (*values, count)
            ).fetchall()
            return [self._entry(row) for row in reversed(rows)]

    def following(self, number: int, count: int) -> list[Entry]:
        """The oldest records behind this number, at most `count` of them: all kinds, without the deleted ones."""
        with as_journal_errors(self.folder):
            rows = self._database.execute(
                f"{_SELECT} WHERE number > ? AND content IS NOT NULL ORDER BY number LIMIT ?", (number, count)
            ).fetchall()
            return [self._entry(row) for row in rows]

    def count_following(self, number: int) -> int:
        """How many records `following` would give if it gave all."""
        with as_journal_errors(self.folder):
            return int(
                self._database.execute(
                    "SELECT COUNT(*) FROM records WHERE number > ? AND content IS NOT NULL", (number,)
                ).fetchone()[0]
            )

    def search(self, words: str, wanted: Wanted = Wanted(), count: int = -1) -> list[Entry]:
        """The records that hold all of the words, in any form that English gives them, the newest first.

        The last word may be the beginning of one. Signs between the words do not count. `count` is the most that are
        given; -1: all.
        """
        asked = search_query(words)
        if not asked:
            return []
        where, values = _where(wanted)
        with as_journal_errors(self.folder):
            rows = self._database.execute(
                f"{_SELECT} WHERE number IN (SELECT rowid FROM search WHERE search MATCH ?) AND {where}"
                " ORDER BY number DESC LIMIT ?",
                (asked, *values, count),
            ).fetchall()
            return [self._entry(row) for row in rows]

    def rounds(self) -> list[str]:
        """The ids of all rounds, the newest first."""
        with as_journal_errors(self.folder):
            rows = self._database.execute(
                "SELECT round_id FROM records WHERE round_id != '' GROUP BY round_id ORDER BY MAX(number) DESC"
            ).fetchall()
            return [round_id for (round_id,) in rows]

    @property
    def head(self) -> tuple[int, str]:
        """The number of the newest record and its chain hash; 0 and 64 zeros if there is none."""
        with as_journal_errors(self.folder):
            number, chain = self._database.execute("SELECT number, chain_sha256 FROM head").fetchone()
            return int(number), str(chain)

    def stored(self) -> Iterator[Stored]:
        """All rows as they are, the deleted ones included, in the order of their numbers. For `verify`."""
        with as_journal_errors(self.folder):
            for row in self._database.execute(
                "SELECT number, at_ms, kind, round_id, picture_sha256, salt, content, content_sha256, chain_sha256"
                " FROM records ORDER BY number"
            ):
                yield Stored(*row)

    def kept_pictures(self) -> set[str]:
        """The hashes of the pictures that the database points to."""
        with as_journal_errors(self.folder):
            return {sha256 for (sha256,) in self._database.execute("SELECT sha256 FROM pictures")}

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside shows the journal at one moment, also while it is being written."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("COMMIT")

    def damage(self) -> str:
        """What SQLite itself finds wrong with the file, "" if nothing."""
        with as_journal_errors(self.folder):
            found = [str(row[0]) for row in self._database.execute("PRAGMA integrity_check(3)")]
            return "" if found == ["ok"] else "; ".join(found)

    # The parts.

    def _connect(self, path: Path, *, read_only: bool = False) -> None:
        # The thread that writes is not the one that opens. `keeper` sees to it that they do not meet.
        uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
        database = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._stack.callback(database.close)
        self._database = database
        if not read_only:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")  # else the newest records could be lost in a power cut
            database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten with zeros
            database.execute("PRAGMA trusted_schema = OFF")

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        version = self._version()
        if version > VERSION:
            raise too_new(self.folder, version)
        for number, migrate in enumerate(MIGRATIONS[version:], version + 1):
            with self._transaction():
                migrate(self._database)
                self._database.execute(f"PRAGMA user_version = {number}")

    def _tidy_up(self) -> None:
        """Finishes what a crash may have cut short: no file without a record, no record that points to no file."""
        known = self.kept_pictures()
        if missing := self.pictures.missing(known):
            with self._transaction():  # `verify` names the records that lost their pictures
                self._database.executemany("DELETE FROM pictures WHERE sha256 = ?", [(each,) for each in missing])
        self.pictures.remove_others(known - missing)
        self._truncate()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with as_journal_errors(self.folder):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite itself has rolled back after some errors
                    self._database.execute("ROLLBACK")
                raise

    def _store(self, record: Record, picture_bytes: int) -> Entry:
        with self._transaction():
            if record.has_picture:
                self._database.execute(
                    "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?)",
                    (record.picture_sha256, picture_bytes, record.at_milliseconds),
                )
            return self._insert(record)

    def _insert(self, record: Record) -> Entry:
        content, salt = canonical_json(record), secrets.token_hex(_SALT_BYTES)
        last, chain = self._database.execute("SELECT number, chain_sha256 FROM head").fetchone()
        number, content_sha256 = last + 1, content_hash(salt, content)
        chain_sha256 = chain_hash(chain, content_sha256)
        self._database.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, record.at_milliseconds, record.kind, record.round_id, record.picture_sha256, salt, content,
                content_sha256, chain_sha256,
            ),
        )  # fmt: skip
        self._database.execute("INSERT INTO search(rowid, words) VALUES (?, ?)", (number, indexed(record.words)))
        self._database.execute("UPDATE head SET number = ?, chain_sha256 = ?", (number, chain_sha256))
        picture = self.pictures.path(record.picture_sha256) if record.has_picture else None
        return Entry(number, record, salt, content_sha256, chain_sha256, picture)

    def _note_deletion(self, why: str, *, records: list[int], pictures: Collection[str]) -> None:
        details = {"why": why, "records": as_ranges(records), "pictures": sorted(pictures)}
        self._insert(cleaned(Record(DELETED, self._now(), details=details)))

    def _forget_pictures(self, sha256s: Iterable[str]) -> list[str]:
        """Takes pictures out of the database, and returns those that were in it."""
        return [
            sha256
            for sha256 in sha256s
            if self._database.execute("DELETE FROM pictures WHERE sha256 = ?", (sha256,)).rowcount
        ]

    def _remove_for_good(self, pictures: Iterable[str]) -> None:
        with as_journal_errors(self.folder):
            for sha256 in pictures:
                self.pictures.remove(sha256)
            self.pictures.sync()
        self._truncate()

    def _truncate(self) -> None:
        """Empties the -wal file, which may still hold deleted words. It is tried again while a reader hinders it."""
        with as_journal_errors(self.folder):
            is_busy = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        self._is_to_truncate = bool(is_busy)

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        number, salt, content, content_sha256, chain_sha256, sha256 = row
        record = None if content is None else record_of(content)
        has_file = record is not None and record.has_picture and sha256 is not None
        return Entry(
            number, record, salt or "", content_sha256, chain_sha256, self.pictures.path(sha256) if has_file else None
        )


def _where(wanted: Wanted) -> tuple[str, tuple[Any, ...]]:
    parts: list[str] = ["content IS NOT NULL"]
    values: list[Any] = []
    if wanted.begin is not None:
        parts.append("at_ms >= ?")
        values.append(_milliseconds(wanted.begin))
    if wanted.end is not None:
        parts.append("at_ms < ?")
        values.append(_milliseconds(wanted.end))
    if wanted.before is not None:
        parts.append("number < ?")
        values.append(wanted.before)
    if wanted.round_id:
        parts.append("round_id = ?")
        values.append(wanted.round_id)
    if wanted.kinds:
        parts.append(f"kind IN ({', '.join('?' for _ in wanted.kinds)})")
        values += wanted.kinds
    else:
        parts.append("kind != ?")
        values.append(DELETED)
    return " AND ".join(parts), tuple(values)


def _milliseconds(at: dt.datetime) -> int:
    return (at - _EPOCH) // dt.timedelta(milliseconds=1)


def _private_file(path: Path) -> Path:
    """SQLite gives its -wal and -shm files the mode of the database, so that one mode is enough."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))
    path.chmod(_PRIVATE_FILE)
    return path
