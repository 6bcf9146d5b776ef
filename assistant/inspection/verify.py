"""Checks the hash chain of a journal, and says which record is the first that was changed, is missing or misplaced.

A journal that passes was not changed since somebody else learnt its newest chain hash. Somebody who computes the whole
chain anew leaves no trace in it: compare the newest hash with one that was written down elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.inspection.chain import FIRST, chain_hash, content_hash
from assistant.inspection.journal import Journal, Stored
from assistant.inspection.pictures import picture_hash
from assistant.inspection.record import DELETED, Record, record_of


@dataclass(frozen=True)
class Verdict:
    """What `verify` found."""

    records: int  # those that are there, without the deleted ones
    deleted: int
    pictures: int  # those that are kept
    last_number: int
    last_chain_sha256: str  # of the newest record: whoever wrote it down can notice a journal that was computed anew
    problem: str = ""  # one sentence about the first record that is wrong; "": all are right
    number: int = 0  # of that record; 0 where the problem is no single record's


def verify(journal: Journal) -> Verdict:
    """Looks at every record and every picture. Raises JournalError if the journal cannot be read."""
    with journal.snapshot():
        return verify_inside(journal)


def verify_inside(journal: Journal) -> Verdict:
    """The same inside of a `snapshot` that is open already."""
    rows = list(journal.stored())
    number, chain = journal.head
    pictures = journal.kept_pictures()
    damage = journal.damage()
    there = [row for row in rows if row.content is not None]
    problem, wrong = _first_problem(journal, rows, (number, chain), pictures)
    if not problem and damage:
        problem = f"the database is damaged: {damage}"
    return Verdict(len(there), len(rows) - len(there), len(pictures), number, chain, problem, wrong)


def _first_problem(journal: Journal, rows: list[Stored], head: tuple[int, str], pictures: set[str]) -> tuple[str, int]:
    previous, number = FIRST, 0
    records: dict[int, Record] = {}
    for row in rows:
        number += 1
        if row.number != number:
            return f"record {number} is missing", number
        if problem := _changed(row):
            return problem, number
        if chain_hash(previous, row.content_sha256) != row.chain_sha256:
            return _misplaced(row, previous, rows), number
        if row.content is not None:
            records[number] = record_of(row.content)
        previous = row.chain_sha256
    if head != (number, previous):
        return f"record {number + 1} is missing: the newest record should be number {head[0]}", number + 1
    return _undeclared(rows, records) or _wrong_picture(journal, records, pictures) or ("", 0)


def _changed(row: Stored) -> str:
    """What is wrong with the row by itself, "" if nothing."""
    if row.content is None:
        emptied = (row.at_milliseconds, row.kind, row.round_id, row.picture_sha256, row.salt)
        return (
            "" if emptied == (None,) * len(emptied) else f"record {row.number} was changed: only a part of it is left"
        )
    if content_hash(row.salt or "", row.content) != row.content_sha256:
        return f"record {row.number} was changed"
    try:
        record = record_of(row.content)
    except ValueError:
        return f"record {row.number} was changed: it cannot be read"
    copies = (row.at_milliseconds, row.kind, row.round_id, row.picture_sha256)
    if copies != (record.at_milliseconds, record.kind, record.round_id, record.picture_sha256):
        return f"record {row.number} was changed: its content and the copies for searching differ"
    return ""


def _misplaced(row: Stored, previous: str, rows: list[Stored]) -> str:
    for other in rows:
        if other.number != row.number and chain_hash(previous, other.content_sha256) == other.chain_sha256:
            return f"record {row.number} is not in its place: the records were reordered, here belongs number {other.number}"
    return f"record {row.number} does not follow the one before it: a record between them is missing, or was exchanged"


def _undeclared(rows: list[Stored], records: dict[int, Record]) -> tuple[str, int] | None:
    """A record without a content that no record of the kind "deleted" tells of."""
    declared = {
        number
        for record in records.values()
        if record.kind == DELETED
        for first, last in record.details["records"]
        for number in range(first, last + 1)
    }
    for row in rows:
        if row.content is None and row.number not in declared:
            return f"record {row.number} was emptied, and nothing in the journal tells of its deletion", row.number
    return None


def _wrong_picture(journal: Journal, records: dict[int, Record], pictures: set[str]) -> tuple[str, int] | None:
    """A picture that was changed, or is gone although nothing tells of its deletion."""
    deleted = {sha256 for record in records.values() if record.kind == DELETED for sha256 in record.details["pictures"]}
    checked: set[str] = set()
    for number, record in records.items():
        sha256 = record.picture_sha256
        if not record.has_picture or sha256 in checked:
            continue
        checked.add(sha256)
        path = journal.pictures.path(sha256)
        if sha256 not in pictures or not path.is_file():
            if sha256 not in deleted:
                return f"the picture of record {number} is missing", number
        elif picture_hash(path.read_bytes()) != sha256:
            return f"the picture of record {number} was changed", number
    return None
