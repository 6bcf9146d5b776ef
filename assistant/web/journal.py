"""What a client may see of the journal: records, their pictures, and exports. It only reads.

Every request opens the journal for itself, so it works while the conversation writes. Nothing that a client sends
becomes a part of a path: a picture is found by the number of its record. This module does not know Flask.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from assistant.errors import JournalError
from assistant.inspection.choice import EVERYTHING, Choice, moment, summary_of
from assistant.inspection.export import as_object, csv_pieces, json_pieces, picture_name, write_zip
from assistant.inspection.journal import Journal
from assistant.inspection.record import Entry
from assistant.inspection.report_page import page_pieces, reduced
from assistant.web.answers.errors import ApiError, invalid, no_room

_log = logging.getLogger(__name__)

MEDIA_TYPES = {
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "zip": "application/zip",
}
MOST_RECORDS = 100  # in one answer
USUAL_RECORDS = 20
HIGHEST_NUMBER = 999_999_999  # of a record
MOST_CHARACTERS = 200  # of a search, or of the id of a round
SMALL_SIDE_PIXELS = 640  # of the pictures in the list
_CHOOSING = ("from", "to", "round")
_LISTING = (*_CHOOSING, "search", "before", "limit")


@dataclass(frozen=True)
class JournalAccess:
    """The journal that is kept while this server runs."""

    folder: Path
    keeps_pictures: bool
    records_go_to: tuple[str, ...] = ()  # the computers that get each record


@dataclass(frozen=True)
class Listing:
    """Some records, the newest first."""

    entries: list[Entry]
    has_more: bool  # True: there are older ones


@dataclass(frozen=True)
class Query:
    """Which records a client asks for."""

    choice: Choice = EVERYTHING
    search: str = ""
    before: int | None = None
    limit: int = USUAL_RECORDS


class JournalPages:
    """Any thread may call it. All methods raise ApiError."""

    def __init__(self, access: JournalAccess | None) -> None:
        """None: no journal is kept, and everything is answered with 404."""
        self.access = access
        self._exporting = threading.Lock()  # one at a time, because pictures are made smaller for it

    def listing(self, query: Query) -> Listing:
        wanted = replace(query.choice.wanted, before=query.before)
        with self._reading() as journal:
            if query.search.strip():
                found = journal.search(query.search, wanted, query.limit + 1)
            else:
                found = journal.newest(query.limit + 1, wanted)[::-1]
        return Listing(found[: query.limit], len(found) > query.limit)

    def rounds(self) -> list[str]:
        """The ids of all rounds, the newest first."""
        with self._reading() as journal:
            return journal.rounds()

    def entry(self, number: int) -> Entry:
        """The record with this number."""
        with self._reading() as journal:
            found = journal.entry(number)
        if found is None or found.record is None:
            raise ApiError(404, "no_such_record", "there is no such record, or it was deleted")
        return found

    def picture(self, number: int, *, small: bool) -> bytes:
        """The picture of a record as JPEG, as it is kept or made smaller for a list."""
        path = self.entry(number).picture
        try:
            jpeg = None if path is None else reduced(path, SMALL_SIDE_PIXELS) if small else path.read_bytes()
        except OSError:
            jpeg = None  # it was deleted meanwhile
        if jpeg is None:
            raise ApiError(404, "no_such_picture", "this record has no picture, or it was deleted")
        return jpeg

    def export(self, form: str, choice: Choice, language: str, gone: Callable[[], bool]) -> IO[bytes] | None:
        """The chosen records as one file without a name, to be read from its beginning. None: the client has gone.

        It is complete before the first byte is sent. A slow client therefore holds no reading of the journal open,
        which would keep deleted words in the write-ahead log.
        """
        if form not in MEDIA_TYPES:
            raise ApiError(404, "no_such_form", f"the journal is exported as {', '.join(MEDIA_TYPES)}")
        with self._reading() as journal:
            if not self._exporting.acquire(blocking=False):
                raise ApiError(
                    429,
                    "export_busy",
                    "another export is being written: come again in 5 s",
                    headers={"Retry-After": "5"},
                )
            try:
                file = tempfile.TemporaryFile(prefix="seesay-")  # noqa: SIM115 - the response closes it
                try:
                    _write_export(file, journal, form, choice, language, gone)
                except BaseException:
                    file.close()
                    raise
            except _ClientGone:
                return None
            except JournalError:
                raise
            except OSError as error:
                _log.warning("an export of the journal cannot be written: %s", error)
                raise no_room() from None
            finally:
                self._exporting.release()
        file.seek(0)
        return file

    @contextmanager
    def _reading(self) -> Iterator[Journal]:
        if self.access is None:
            raise ApiError(404, "no_journal", "no journal is kept here: set journal.enabled, or use the profile cart")
        try:
            with Journal.read(self.access.folder) as journal:
                yield journal
        except JournalError as error:
            _log.warning("%s", error)  # a client must not see the folder in it
            raise ApiError(503, "journal_away", "the journal cannot be read now: this machine says why") from error


def parse_query(given: Mapping[str, str], *, lists: bool, more: tuple[str, ...] = ()) -> Query:
    """The query of a request. `lists` is False where all chosen records are meant. `more` names further keys.

    Raises ApiError.
    """
    known = _LISTING if lists else _CHOOSING
    for name in given:
        if name not in known and name not in more:
            raise invalid(name, f"unknown key {name[:40]!r}: the keys are {', '.join(known)}")
    search, round_id = given.get("search", ""), given.get("round", "")
    for name, text in (("search", search), ("round", round_id)):
        if len(text) > MOST_CHARACTERS:
            raise invalid(name, f"{name} has {MOST_CHARACTERS} characters at most")
    return Query(
        _choice(given.get("from", ""), given.get("to", ""), round_id),
        search,
        _number(given, "before", HIGHEST_NUMBER),
        _number(given, "limit", MOST_RECORDS) or USUAL_RECORDS,
    )


def record_as_json(entry: Entry) -> dict[str, Any]:
    """A record as in `seesay journal export --json`, but `picture` is the address of the picture here."""
    picture = None if entry.picture is None else f"/api/journal/{entry.number}/picture.jpg"
    return {**as_object(entry), "picture": picture}


class _ClientGone(Exception):
    pass


def _write_export(
    file: IO[bytes], journal: Journal, form: str, choice: Choice, language: str, gone: Callable[[], bool]
) -> None:
    def entries() -> Iterator[Entry]:
        for entry in journal.entries(choice.wanted):
            if gone():
                raise _ClientGone
            yield entry

    with journal.snapshot():
        head = journal.head
        pieces: Iterable[str] = ()
        match form:
            case "csv":
                pieces = csv_pieces(entries())
            case "json":
                pieces = json_pieces(entries(), head)
            case "html":
                pieces = page_pieces(entries, summary_of(journal, choice, language))
            case _:
                page = page_pieces(entries, summary_of(journal, choice, language), picture_name)
                write_zip(file, entries, head, page)
        for piece in pieces:
            file.write(piece.encode())
        file.flush()


def _choice(first: str, last: str, round_id: str) -> Choice:
    moments = []
    for name, text in (("from", first), ("to", last)):
        try:
            moments.append(moment(text) if text else None)
        except ValueError:
            raise invalid(name, f"{name} is a day or a time, such as 2026-03-01 or 2026-03-01T14:30") from None
    try:
        return Choice(moments[0], moments[1], round_id)
    except ValueError:
        raise invalid("from", "from is later than to") from None


def _number(given: Mapping[str, str], name: str, highest: int) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest)) and 1 <= int(text) <= highest):
        raise invalid(name, f"{name} is a number from 1 to {highest}")
    return int(text)
