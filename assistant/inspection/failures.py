"""Puts what goes wrong with the journal's files into sentences that say what to do."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import JournalError
from assistant.inspection.schema import VERSION


class DiskFull(JournalError):
    """There is no room for the record or its picture."""


def too_new(folder: Path, version: int) -> JournalError:
    return JournalError(
        f"the journal in {folder} was written by a newer SeeSay (version {version} of the journal; this one knows {VERSION}):"
        " use the newer one"
    )


@contextlib.contextmanager
def as_journal_errors(folder: Path) -> Iterator[None]:
    """Turns the errors of SQLite and of the file system into a sentence that says what to do."""
    try:
        yield
    except JournalError:
        raise
    except sqlite3.Error as error:
        if "is full" in str(error):
            raise DiskFull(_disk_full(folder)) from error
        raise JournalError(_sentence(folder, error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(_disk_full(folder)) from error
        raise JournalError(f"the journal in {folder} cannot be used: {error.strerror or error}") from error


def _sentence(folder: Path, error: sqlite3.Error) -> str:
    words = str(error)
    if "malformed" in words or "not a database" in words:
        return (
            f"the journal in {folder} is damaged ({words}): move the folder away, and a new journal begins;"
            " `sqlite3 journal.sqlite3 .recover` can bring back what is in the old one"
        )
    return f"the journal in {folder} cannot be used: {words}"


def _disk_full(folder: Path) -> str:
    return f"the disk is full, nothing can be kept in the journal in {folder}: free some space"
