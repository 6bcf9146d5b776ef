"""Whoever changes a journal behind its back is noticed, and the first wrong record is named."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.inspection.journal import DATABASE_NAME, Journal
from assistant.inspection.record import TURN, Record
from assistant.inspection.verify import Verdict, verify

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)
SWAP = """
UPDATE records SET number = 100 WHERE number = 3;
UPDATE records SET number = 3 WHERE number = 4;
UPDATE records SET number = 4 WHERE number = 100;
"""
TOMBSTONE = (
    "UPDATE records SET at_ms = NULL, kind = NULL, round_id = NULL, picture_sha256 = NULL, salt = NULL, content = NULL"
    " WHERE number = 4"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal of six records, the second of which was deleted as it should be."""
    with Journal.write(tmp_path, now=lambda: NOON) as journal:
        for place in range(5):
            journal.append(Record(TURN, NOON, question=f"question {place}"), b"picture %d" % place)
        journal.delete([2], "said")
    return tmp_path


def found_after(folder: Path, change: str | Callable[[], object]) -> Verdict:
    if isinstance(change, str):
        database = sqlite3.connect(folder / DATABASE_NAME)
        database.executescript(change)
        database.close()
    else:
        change()
    with Journal.read(folder) as journal:
        return verify(journal)


def test_an_untouched_journal_passes(folder: Path) -> None:
    """It says how much it looked at, and the hash that can be written down."""
    found = found_after(folder, "")
    assert (found.problem, found.records, found.deleted, found.pictures, found.last_number) == ("", 5, 1, 4, 6)
    assert len(found.last_chain_sha256) == 64


@pytest.mark.parametrize(
    ("change", "number", "problem"),
    [
        ("UPDATE records SET content = replace(content, 'question 2', 'question 9')", 3, "record 3 was changed"),
        ("UPDATE records SET salt = '00' WHERE number = 5", 5, "record 5 was changed"),
        ("UPDATE records SET at_ms = 7 WHERE number = 4", 4, "record 4 was changed: its content and the copies"),
        ("UPDATE records SET content_sha256 = chain_sha256 WHERE number = 2", 2, "record 2 does not follow"),
        ("UPDATE records SET salt = 'a' WHERE number = 2", 2, "record 2 was changed: only a part of it is left"),
        ("DELETE FROM records WHERE number = 3", 3, "record 3 is missing"),
        ("DELETE FROM records WHERE number = 1", 1, "record 1 is missing"),
        ("DELETE FROM records WHERE number >= 5", 5, "record 5 is missing: the newest record should be number 6"),
        ("DELETE FROM records WHERE number = 3; UPDATE records SET number = number - 1 WHERE number > 3;", 3, "record 3 does not follow"),
        (SWAP, 3, "record 3 is not in its place: the records were reordered, here belongs number 4"),
        (TOMBSTONE, 4, "record 4 was emptied, and nothing in the journal tells of its deletion"),
        ("DELETE FROM pictures", 1, "the picture of record 1 is missing"),
    ],
)  # fmt: skip
def test_the_first_wrong_record_is_named(folder: Path, change: str, number: int, problem: str) -> None:
    """A change, a gap, another order, and a deletion by hand are told apart."""
    found = found_after(folder, change)
    assert found.problem.startswith(problem)
    assert found.number == number


def test_a_changed_picture_is_named(folder: Path) -> None:
    """The chain covers the pictures through their hashes."""
    with Journal.read(folder) as journal:
        third = journal.entry(3)
    assert third is not None
    assert third.picture is not None
    found = found_after(folder, lambda: third.picture.write_bytes(b"another"))  # type: ignore[union-attr]
    assert (found.problem, found.number) == ("the picture of record 3 was changed", 3)
