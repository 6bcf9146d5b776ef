"""The journal as CSV, JSON or a ZIP archive, and CSV and JSON back into the same records.

It does not know where the records come from, nor the HTML report, which is `report_page`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from assistant.inspection.record import NAMES, Entry, Record, as_values, from_values

FORMAT, FORMAT_VERSION = "seesay-journal", 1
PICTURES = "pictures"  # the folder in a ZIP archive
_BYTE_ORDER_MARK = "\ufeff"  # a spreadsheet takes the file for UTF-8 by it
_CHAIN_NAMES = ("number", "salt", "content_sha256", "chain_sha256")
COLUMNS = (*_CHAIN_NAMES, *NAMES, "picture")
# A spreadsheet takes a text that begins like this for a formula, and may run it.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\n']")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")  # is no formula, whatever its sign
_JSON_NAMES = ("timings", "details")
_NUMBER_NAMES = ("confidence", "low", "high", "joules")
_TRUTH_NAMES = ("is_out_of_limits", "is_confirmed", "has_picture")


def as_object(entry: Entry) -> dict[str, Any]:
    """A record as one JSON object: its number and hashes, all of its fields, and the name of its picture's file."""
    assert entry.record is not None  # deleted records are not exported
    chain = {name: getattr(entry, name) for name in _CHAIN_NAMES}
    return {**chain, **as_values(entry.record), "picture": picture_name(entry)}


def picture_name(entry: Entry) -> str | None:
    """The file of the picture within an archive, None if there is none."""
    return None if entry.picture is None else f"{PICTURES}/{entry.picture.name}"


# JSON.


def json_pieces(entries: Iterable[Entry], head: tuple[int, str]) -> Iterator[str]:
    """The text of a JSON document, a record a line. `head` is the number and the chain hash of the newest record."""
    number, chain = head
    about = {"format": FORMAT, "version": FORMAT_VERSION, "newest": {"number": number, "chain_sha256": chain}}
    yield json.dumps(about)[:-1] + ', "records": [\n'
    separator = ""
    for entry in entries:
        yield separator + json.dumps(as_object(entry), ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def read_json(text: str) -> list[Entry]:
    """The records of a JSON export. Their pictures are not looked for. Raises ValueError if it is no such document."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("this is no export of a journal")
    if document.get("version") != FORMAT_VERSION:
        raise ValueError(f"this export has the version {document.get('version')}, and {FORMAT_VERSION} is known here")
    return [_entry(values) for values in document["records"]]


# CSV.


def csv_pieces(entries: Iterable[Entry]) -> Iterator[str]:
    """The text of a CSV document as RFC 4180 has it, a record a row, behind a row of names.

    A text that a spreadsheet would take for a formula has an apostrophe before it, and so has one that begins with an
    apostrophe itself. `read_csv` takes it away again.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    yield _BYTE_ORDER_MARK + _taken(file)
    for entry in entries:
        writer.writerow([_cell(value) for value in as_object(entry).values()])
        yield _taken(file)


def read_csv(text: str) -> list[Entry]:
    """The records of a CSV export. Their pictures are not looked for. Raises ValueError if it is no such document.

    Give the text with its line ends as they are in the file: open it with newline="".
    """
    rows = csv.reader(io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline=""), strict=True)
    try:
        if next(rows, None) != list(COLUMNS):
            raise ValueError("this is no export of a journal: its first row has other names")
        return [_entry(_values(row)) for row in rows]
    except csv.Error as error:
        raise ValueError(f"this is no CSV document: {error}") from None


def _taken(file: io.StringIO) -> str:
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            is_formula = _FORMULA.match(value) and not _NUMBER.fullmatch(value)
            return f"'{value}" if is_formula else value
        case int() | float():
            return repr(value)
    return json.dumps(value, ensure_ascii=False)  # begins with a brace, which is no formula


def _values(row: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in zip(COLUMNS, row, strict=True):
        if name in _JSON_NAMES:
            values[name] = json.loads(cell)
        elif name in _NUMBER_NAMES:
            values[name] = float(cell) if cell else None
        elif name in _TRUTH_NAMES:
            values[name] = {"true": True, "false": False}[cell]
        elif name == "number":
            values[name] = int(cell)
        else:
            values[name] = cell.removeprefix("'")
    return values


def _entry(values: dict[str, Any]) -> Entry:
    try:
        record: Record = from_values(values)
        return Entry(int(values["number"]), record, values["salt"], values["content_sha256"], values["chain_sha256"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no record of a journal: {error}") from None


# ZIP.


def write_zip(
    file: IO[bytes],
    entries: Callable[[], Iterable[Entry]],
    head: tuple[int, str],
    page: Iterable[str],
) -> list[Path]:
    """Writes an archive with report.html, journal.csv, journal.json and the pictures.

    `entries` is asked for them several times. Returns the pictures that were deleted meanwhile. Raises OSError.
    """
    missing: list[Path] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in (
            ("report.html", page),
            ("journal.csv", csv_pieces(entries())),
            ("journal.json", json_pieces(entries(), head)),
        ):
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece.encode())
        for path in dict.fromkeys(entry.picture for entry in entries() if entry.picture is not None):
            try:
                archive.write(path, f"{PICTURES}/{path.name}", zipfile.ZIP_STORED)  # a JPEG does not get smaller
            except FileNotFoundError:
                missing.append(path)
    return missing
