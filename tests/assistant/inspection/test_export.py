"""CSV, JSON and ZIP: what is exported reads back as the same records."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from assistant.inspection.chain import chain_hash, content_hash
from assistant.inspection.export import (
    COLUMNS,
    csv_pieces,
    json_pieces,
    picture_name,
    read_csv,
    read_json,
    write_zip,
)
from assistant.inspection.journal import Journal
from assistant.inspection.record import STEP, Entry, Record, canonical_json, cleaned
from tests.assistant.inspection.test_journal import JPEG, NOON, turn

HEAD = (3, "f" * 64)
DANGEROUS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\n=1", " =1", "'=1", "''", "＝1", '=cmd|"/c calc"!A1', "-")
HARMLESS = ("-3.5", "+7", "7.2", "a=b", "a 'b'", "10 - 3", "")


def entry_of(record: Record, number: int = 1) -> Entry:
    content = content_hash("ab" * 16, canonical_json(record))
    return Entry(number, record, "ab" * 16, content, chain_hash("0" * 64, content))


@pytest.fixture
def entries(tmp_path: Path) -> Iterator[list[Entry]]:
    """Records of all kinds, with pictures."""
    with Journal.write(tmp_path / "journal", now=lambda: NOON) as journal:
        journal.append(turn("what does it say", 'It says "EXIT", 出口, in\ntwo lines; costs 3,50 €.'), JPEG)
        journal.append(
            turn(
                confidence=0.1 + 0.2, joules=1e-7, timings={"total": 2.5, "speech": None}, details={"a": [1, 2.0, "x"]}
            )
        )
        journal.append(Record(STEP, NOON, value="-3.5", low=-4.0, high=0.0, is_out_of_limits=True, is_confirmed=True))
        for text in (*DANGEROUS, *HARMLESS):
            journal.append(turn(text, text, reason=text, value=text))
        yield list(journal.entries())


def without_pictures(entries: list[Entry]) -> list[Entry]:
    return [replace(entry, picture=None) for entry in entries]


def as_csv(entries: list[Entry]) -> str:
    return "".join(csv_pieces(entries))


def as_json(entries: list[Entry]) -> str:
    return "".join(json_pieces(entries, HEAD))


@pytest.mark.parametrize(("write", "read"), [(as_csv, read_csv), (as_json, read_json)])
def test_what_is_exported_reads_back_as_the_same_records(
    write: Callable[[list[Entry]], str], read: Callable[[str], list[Entry]], entries: list[Entry]
) -> None:
    """Every field and every hash is the same, and a second export is the same text."""
    text = write(without_pictures(entries))
    assert read(text) == without_pictures(entries)
    assert write(read(text)) == text


TEXTS = some.text(alphabet=some.characters(exclude_categories=("Cs",)), max_size=20)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, some.none() | some.floats(allow_nan=False, allow_infinity=False), some.booleans())
def test_any_text_reads_back(question: str, answer: str, number: float | None, truth: bool) -> None:
    """Whatever a recogniser or a model writes."""
    record = cleaned(
        turn(question, answer, value=answer, joules=number, is_confirmed=truth, details={question: answer})
    )
    entry = entry_of(record)
    assert read_csv(as_csv([entry])) == [entry]
    assert read_json(as_json([entry])) == [entry]


def test_a_spreadsheet_finds_no_formula(entries: list[Entry]) -> None:
    """No cell begins with a sign that starts one, but for plain numbers."""
    rows = list(csv.reader(io.StringIO(as_csv(entries).removeprefix("\ufeff"), newline="")))
    cells = [cell for row in rows[1:] for cell in row]
    signs = {cell for cell in cells if cell.strip()[:1] in ("=", "+", "-", "@", "＝")}
    assert signs == {"-3.5", "+7", "-4.0"}
    assert {f"'{text}" for text in DANGEROUS} <= set(cells)
    assert set(HARMLESS) <= set(cells)


def test_csv_is_utf_8_that_a_spreadsheet_knows(entries: list[Entry]) -> None:
    """It begins with a byte order mark, has a row of names, and its rows end as RFC 4180 has it."""
    text = as_csv(entries)
    assert text.startswith("\ufeff" + ",".join(COLUMNS) + "\r\n")


def test_json_names_its_format_and_the_newest_hash(entries: list[Entry]) -> None:
    """Whoever gets it can compare the newest hash with one that was written down."""
    document = json.loads(as_json(entries))
    assert (document["format"], document["version"]) == ("seesay-journal", 1)
    assert document["newest"] == {"number": 3, "chain_sha256": "f" * 64}
    first = document["records"][0]
    assert first["at"] == "2026-03-01T12:00:00.123+02:00"
    assert first["picture"] == picture_name(entries[0])
    assert json.loads(as_json([]))["records"] == []


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_csv, "a,b\r\n", "this is no export of a journal"),
        (read_csv, "", "this is no export of a journal"),
        (read_csv, ",".join(COLUMNS) + '\r\n"', "this is no CSV document"),
        (read_json, "[]", "this is no export of a journal"),
        (read_json, '{"format": "seesay-journal", "version": 2}', "has the version 2"),
        (read_json, '{"format": "seesay-journal", "version": 1, "records": [{}]}', "this is no record"),
    ],
)
def test_what_is_no_export_is_refused(read: Callable[[str], list[Entry]], text: str, words: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(ValueError, match=words):
        read(text)


def test_an_archive_holds_everything(entries: list[Entry]) -> None:
    """The page, both tables, and each picture once, in full size."""
    file = io.BytesIO()
    twice = [*entries, replace(entries[0], number=99)]
    assert write_zip(file, lambda: twice, HEAD, ["<p>page", "</p>"]) == []
    with zipfile.ZipFile(file) as archive:
        name = picture_name(entries[0])
        assert archive.namelist() == ["report.html", "journal.csv", "journal.json", name]
        assert archive.read("report.html") == b"<p>page</p>"
        assert read_csv(archive.read("journal.csv").decode()) == without_pictures(twice)
        assert read_json(archive.read("journal.json").decode()) == without_pictures(twice)
        assert archive.read(str(name)) == JPEG


def test_a_picture_that_is_deleted_meanwhile_is_named(entries: list[Entry]) -> None:
    """The archive is written all the same."""
    assert entries[0].picture is not None
    entries[0].picture.unlink()
    assert write_zip(io.BytesIO(), lambda: entries, HEAD, []) == [entries[0].picture]
