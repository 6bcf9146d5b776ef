"""`seesay journal`: lists, shows, searches, exports, checks and deletes what the journal holds."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from assistant import console
from assistant.errors import AssistantError, JournalError, UsageError
from assistant.files import replacing, user_path

if TYPE_CHECKING:
    from assistant.inspection.choice import Choice, Moment
    from assistant.inspection.journal import Journal
    from assistant.inspection.record import Entry, Record

_Written = TypeVar("_Written")

_NEWEST = 50  # so many records `list` shows, unless more are asked for
_RANGE = re.compile(r"([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?")
_FORMS = ("html", "csv", "json", "zip")


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    journal = verbs.add_parser(
        "journal", parents=[common], help="what was asked and answered; search, export, delete it"
    )
    journal.description = (
        "Shows the journal of this user, which is kept where journal.enabled is true: see docs/inspection.md. The exit"
        " status is 1 where there is no journal, or where `verify` finds a change."
    )
    actions = journal.add_subparsers(title="actions", metavar="list|show|search|export|verify|delete", required=True)
    chosen = _choice()

    listing = actions.add_parser("list", parents=[chosen], help=f"the newest {_NEWEST} records, a line each")
    listing.add_argument("--all", action="store_true", help="all records")
    listing.add_argument("--json", action="store_true", help="one JSON object for each record")
    listing.set_defaults(do=_list)

    showing = actions.add_parser("show", help="everything about one record")
    showing.add_argument("number", type=_number, metavar="N", help="the number of the record")
    showing.add_argument("--json", action="store_true", help="print one JSON object")
    showing.set_defaults(do=_show)

    searching = actions.add_parser("search", parents=[chosen], help="the records that hold all of the words")
    searching.add_argument("words", nargs="+", metavar="WORD", help="the last may be the beginning of a word")
    searching.add_argument("--json", action="store_true", help="one JSON object for each record")
    searching.set_defaults(do=_search)

    exporting = actions.add_parser("export", parents=[chosen], help="a report, a table, or all of it")
    forms = exporting.add_mutually_exclusive_group(required=True)
    for form, what in (
        ("html", "one page that holds its pictures, to be read, printed and handed in"),
        ("csv", "a table for a spreadsheet"),
        ("json", "for programs"),
        ("zip", "an archive with all three and the pictures in full size"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=what)
    exporting.add_argument(
        "--output", "-o", type=user_path, metavar="FILE", help="(default: standard output, but for --zip)"
    )
    exporting.set_defaults(do=_export)

    verifying = actions.add_parser("verify", help="whether a record was changed, moved or removed")
    verifying.add_argument(
        "--expect", type=_hash, metavar="HASH", help="a chain hash that was written down: the journal must hold it"
    )
    verifying.set_defaults(do=_verify)

    deleting = actions.add_parser("delete", parents=[chosen], help="delete records and their pictures for good")
    deleting.add_argument("numbers", nargs="*", type=_range, metavar="N|N-M", help="the numbers of the records")
    deleting.add_argument("--all", action="store_true", help="all records")
    deleting.add_argument("--yes", action="store_true", help="do not ask")
    deleting.set_defaults(do=_delete)


def _choice() -> argparse.ArgumentParser:
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument(
        "--from", dest="begin", type=_moment, metavar="TIME", help="such as 2026-03-01 or 2026-03-01T14:30"
    )
    chosen.add_argument("--to", dest="end", type=_moment, metavar="TIME", help="a day counts to its end")
    chosen.add_argument("--round", metavar="ID", help="the records of one round")
    return chosen


# The actions.


def _list(arguments: argparse.Namespace) -> None:
    with _reading() as journal:
        wanted = _choice_of(arguments, journal).wanted
        entries = list(journal.entries(wanted)) if arguments.all else journal.newest(_NEWEST, wanted)
        _print_lines(entries, as_json=arguments.json)
        if len(entries) == _NEWEST and not arguments.all:
            console.say(f"the newest {_NEWEST} records; --all shows all")


def _show(arguments: argparse.Namespace) -> None:
    from assistant.inspection.export import as_object
    from assistant.inspection.record import NAMES, as_values

    with _reading() as journal:
        entry = journal.entry(arguments.number)
        if entry is None:
            raise UsageError(f"there is no record {arguments.number}; the newest is number {journal.head[0]}")
        if entry.record is None:
            raise JournalError(f"record {arguments.number} was deleted; only its hashes are left")
        if arguments.json:
            console.result(console.as_json_line(as_object(entry)))
            return
        values = as_values(entry.record)
        console.result(f"number: {entry.number}")
        for name in NAMES:
            if values[name] not in ("", None, {}, False):
                console.result(f"{name}: {_in_line(values[name])}")
        console.result(f"chain_sha256: {entry.chain_sha256}")
        if entry.picture is not None:
            console.result(f"picture: {entry.picture}")


def _search(arguments: argparse.Namespace) -> None:
    with _reading() as journal:
        found = journal.search(" ".join(arguments.words), _choice_of(arguments, journal).wanted)
        _print_lines(found, as_json=arguments.json)
        if not found:
            console.say("nothing was found")


def _export(arguments: argparse.Namespace) -> None:
    from assistant.inspection.choice import language_of, summary_of
    from assistant.inspection.export import csv_pieces, json_pieces, picture_name, write_zip
    from assistant.inspection.report_page import page_pieces

    form, output = arguments.form, arguments.output
    if output is None:
        if form == "zip":
            raise UsageError("an archive needs a file: give --output FILE")
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        if encoding.lower().replace("-", "") != "utf8":
            raise UsageError(f"standard output has the encoding {encoding}, and an export is UTF-8: give --output FILE")
    with _reading() as journal, journal.snapshot():
        choice = _choice_of(arguments, journal)
        wanted, head, summary = choice.wanted, journal.head, summary_of(journal, choice, language_of(journal, choice))

        def entries() -> Iterable[Entry]:
            return journal.entries(wanted)

        match form:
            case "csv":
                pieces: Iterable[str] = csv_pieces(entries())
            case "json":
                pieces = json_pieces(entries(), head)
            case "zip":
                missing = _write(
                    output, lambda file: write_zip(file, entries, head, page_pieces(entries, summary, picture_name))
                )
                for path in missing:
                    console.say(f"the picture {path.name} was deleted meanwhile")
                return
            case _:
                pieces = page_pieces(entries, summary)
        if output is None:
            for piece in pieces:
                console.piece(piece)
        else:
            _write(output, lambda file: _write_pieces(file, pieces))


def _verify(arguments: argparse.Namespace) -> None:
    from assistant.inspection.verify import verify

    with _reading() as journal:
        found = verify(journal)
        if found.problem:
            raise JournalError(f"the journal in {journal.folder} is not as it was written: {found.problem}")
        if arguments.expect and arguments.expect not in {row.chain_sha256 for row in journal.stored()}:
            raise JournalError(
                f"the journal in {journal.folder} does not hold the hash {arguments.expect}: it is another one, or was"
                " computed anew"
            )
        console.result(
            f"all right: {found.records} records, {found.deleted} deleted ones, {found.pictures} pictures;"
            f" the newest is number {found.last_number}, {found.last_chain_sha256}"
        )


def _delete(arguments: argparse.Namespace) -> None:
    from assistant.inspection.journal import Journal, journal_folder

    by_choice = bool(arguments.begin or arguments.end or arguments.round)
    if by_choice + bool(arguments.numbers) + arguments.all != 1:
        raise UsageError("say which records: numbers, or --from, --to and --round, or --all")
    with _reading() as journal:
        if arguments.numbers:
            wanted_numbers = {number for numbers in arguments.numbers for number in numbers}
            numbers = [entry.number for entry in journal.entries() if entry.number in wanted_numbers]
        else:
            numbers = [entry.number for entry in journal.entries(_choice_of(arguments, journal).wanted)]
    if not numbers:
        raise JournalError("there is no such record")
    if not arguments.yes:
        _ask(f"delete {_count(len(numbers))} and their pictures for good? yes or no: ")
    with Journal.write(journal_folder(os.environ)) as journal:
        count = journal.delete(numbers, "command")
    console.result(f"deleted for good: {_count(count)}")


# The parts.


def _reading() -> Journal:
    from assistant.inspection.journal import Journal, journal_folder

    return Journal.read(journal_folder(os.environ))


def _choice_of(arguments: argparse.Namespace, journal: Journal) -> Choice:
    from assistant.inspection.choice import Choice

    round_id = arguments.round or ""
    try:
        choice = Choice(arguments.begin, arguments.end, round_id)
    except ValueError:
        raise UsageError("--from is later than --to") from None
    if round_id and round_id not in (known := journal.rounds()):
        rounds = f"the rounds are {', '.join(known[:10])}" if known else "it holds no round"
        raise UsageError(f"the journal holds no round {round_id!r}: {rounds}")
    return choice


def _print_lines(entries: Iterable[Entry], *, as_json: bool) -> None:
    from assistant.inspection.export import as_object

    for entry in entries:
        if entry.record is not None:
            as_line = _line(entry.number, entry.record)
            console.result(console.as_json_line(as_object(entry)) if as_json else as_line)


def _line(number: int, record: Record) -> str:
    """One record in one line."""
    marks = ["OUTSIDE THE LIMITS"] if record.is_out_of_limits else []
    marks += [f"({record.doubt})"] if record.doubt not in ("", "plain") else []
    about = record.station or record.question or record.note or record.round_title
    said = record.answer or f"{record.value} {record.unit}".strip() or record.reason or record.note
    words = " → ".join(_in_line(text) for text in dict.fromkeys((about, said)) if text)
    return "  ".join(filter(None, (f"{number:>5}", f"{record.at:%Y-%m-%d %H:%M:%S}", record.kind, *marks, words)))


def _in_line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else console.as_json_line(value)


def _count(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _ask(question: str) -> None:
    """Raises UsageError unless a person says yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("give --yes to delete without being asked")
    console.say(question)
    if sys.stdin.readline().strip().lower() not in ("yes", "y"):
        raise AssistantError("nothing was deleted")


def _write(path: Path, write: Callable[[IO[bytes]], _Written]) -> _Written:
    """Writes a file in one step, readable by its user alone, and says where it is. Raises AssistantError."""
    try:
        with replacing(path) as file:
            written = write(file)
    except OSError as error:
        if isinstance(error, AssistantError):
            raise
        raise AssistantError(f"cannot write {path}: {error.strerror or error}") from None
    console.say(f"written: {path}")
    return written


def _write_pieces(file: IO[bytes], pieces: Iterable[str]) -> None:
    for piece in pieces:
        file.write(piece.encode())


def _number(text: str) -> int:
    found = _RANGE.fullmatch(text)
    if found is None or found[2]:
        raise argparse.ArgumentTypeError(f"the number of a record is expected, not {text!r}")
    return int(text)


def _range(text: str) -> range:
    found = _RANGE.fullmatch(text)
    if found is None or int(found[1]) > int(found[2] or found[1]):
        raise argparse.ArgumentTypeError(f"a number such as 7, or a range such as 7-12 is expected, not {text!r}")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("a chain hash has 64 hexadecimal digits")
    return text.lower()


def _moment(text: str) -> Moment:
    from assistant.inspection.choice import moment

    try:
        return moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
