"""`seesay journal`: what each action prints, which exit status it has, and what it refuses."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.inspection.export import read_csv, read_json
from assistant.inspection.journal import DATABASE_NAME, Journal, journal_folder
from assistant.inspection.record import NOTE, STEP, TURN, Entry, Record
from tests.assistant.inspection.test_report_page import jpeg

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's journal is; there is none yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return journal_folder({"XDG_STATE_HOME": str(tmp_path / "state")})


def at(day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour).astimezone()


@pytest.fixture
def journal(folder: Path) -> Path:
    """A journal of five records on three days."""
    with Journal.write(folder) as journal:
        journal.append(
            Record(TURN, at(1), question="is the valve open", answer="Yes.", doubt="plain", language="en"), jpeg()
        )
        journal.append(Record(TURN, at(2), question="what is\nthis", answer="A pump.", doubt="unsure"))
        step = {"round_id": "r1", "station": "P1", "unit": "bar"}
        journal.append(Record(STEP, at(3, 9), value="9.1", high=8.5, is_out_of_limits=True, **step))  # type: ignore[arg-type]
        journal.append(Record(NOTE, at(3, 10), round_id="r1", note="the valve drips"))
        journal.append(Record(TURN, at(3, 23), question="=1+1", answer="2"))
    return folder


def numbers(printed: str) -> list[int]:
    return [int(line.split()[0]) for line in printed.splitlines()]


def entries_of(folder: Path) -> list[Entry]:
    with Journal.read(folder) as journal:
        return [Entry(e.number, e.record, e.salt, e.content_sha256, e.chain_sha256) for e in journal.entries()]


def test_a_list_has_a_line_for_each_record(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Doubt and what is outside its limits are in words, and no record breaks its line."""
    assert main(["journal", "list"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "    1  2026-03-01 12:00:00  turn  is the valve open → Yes.",
        "    2  2026-03-02 12:00:00  turn  (unsure)  what is this → A pump.",
        "    3  2026-03-03 09:00:00  step  OUTSIDE THE LIMITS  P1 → 9.1 bar",
        "    4  2026-03-03 10:00:00  note  the valve drips",
        "    5  2026-03-03 23:00:00  turn  =1+1 → 2",
    ]
    assert err == ""


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (["--from", "2026-03-02"], [2, 3, 4, 5]),
        (["--to", "2026-03-02"], [1, 2]),
        (["--from", "2026-03-03T09:30", "--to", "2026-03-03T22:00"], [4]),
        (["--from", "2026-03-03", "--to", "2026-03-03"], [3, 4, 5]),
        (["--round", "r1"], [3, 4]),
        (["--round", "r1", "--to", "2026-03-03 09:00"], [3]),
        (["--from", "2027-01-01"], []),
    ],
)
def test_records_are_chosen_by_day_and_round(
    choice: list[str], expected: list[int], journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day counts to its end."""
    assert main(["journal", "list", *choice]) == 0
    assert numbers(capsys.readouterr().out) == expected


def test_a_long_list_shows_the_newest_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--all shows all of them."""
    with Journal.write(folder) as journal:
        for _ in range(60):
            journal.append(Record(NOTE, at(1)))
    assert main(["journal", "list"]) == 0
    out, err = capsys.readouterr()
    assert numbers(out) == list(range(11, 61))
    assert "--all shows all" in err
    assert main(["journal", "list", "--all"]) == 0
    assert len(numbers(capsys.readouterr().out)) == 60


def test_one_record_is_shown_in_full(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields without a value are left out; the picture's file is named."""
    assert main(["journal", "show", "1"]) == 0
    out = capsys.readouterr().out
    assert "question: is the valve open\n" in out
    assert "value:" not in out
    picture = Path(re.search(r"^picture: (.*)$", out, re.MULTILINE)[1])  # type: ignore[index]
    assert picture.read_bytes() == jpeg()
    assert main(["journal", "show", "3", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["number"], shown["value"], shown["is_out_of_limits"]) == (3, "9.1", True)


def test_search_finds_words_and_says_when_there_are_none(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest comes first; signs are no query language."""
    assert main(["journal", "search", "valve"]) == 0
    assert numbers(capsys.readouterr().out) == [4, 1]
    assert main(["journal", "search", "valve", "open", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == 1
    assert main(["journal", "search", 'OR "']) == 0
    assert capsys.readouterr() == ("", "nothing was found\n")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_reads_back_as_the_same_records(
    form: str, journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard output and in a file, which only its user can read."""
    read = {"csv": read_csv, "json": read_json}[form]
    target = tmp_path / f"out.{form}"
    assert main(["journal", "export", f"--{form}", "--output", str(target)]) == 0
    assert capsys.readouterr() == ("", f"written: {target}\n")
    with target.open(encoding="utf-8", newline="") as file:
        assert read(file.read()) == entries_of(journal)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert main(["journal", "export", f"--{form}", "--round", "r1"]) == 0
    assert [entry.number for entry in read(capsys.readouterr().out)] == [3, 4]


def test_the_html_report_is_one_page(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells the round, the check and the newest hash."""
    assert main(["journal", "export", "--html", "--round", "r1", "--from", "2026-03-03"]) == 0
    page = capsys.readouterr().out
    assert page.count("<!DOCTYPE html>") == 1
    assert "<title>Inspection report r1</title>" in page
    assert "Records from 2026-03-03 00:00 of the round r1" in page
    assert "no record was changed, moved or removed." in page
    with Journal.read(journal) as read:
        assert read.head[1] in page
    assert main(["journal", "export", "--html"]) == 0
    assert "data:image/jpeg;base64," in capsys.readouterr().out


def test_an_archive_holds_page_tables_and_pictures(journal: Path, tmp_path: Path) -> None:
    """The page within it shows the pictures beside it."""
    assert main(["journal", "export", "--zip", "-o", str(tmp_path / "a.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        (picture,) = (name for name in archive.namelist() if name.startswith("pictures/"))
        assert f'<img src="{picture}"' in archive.read("report.html").decode()
        assert len(read_csv(archive.read("journal.csv").decode())) == 5


def test_verify_says_that_all_is_right(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the newest hash, which can be written down and asked for later."""
    assert main(["journal", "verify"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("all right: 5 records, 0 deleted ones, 1 pictures; the newest is number 5, ")
    newest = out.split()[-1]
    with Journal.write(journal) as writer:
        writer.append(Record(NOTE, at(4)))
    assert main(["journal", "verify", "--expect", newest]) == 0
    assert main(["journal", "verify", "--expect", "0" * 64]) == 1
    assert "does not hold the hash" in capsys.readouterr().err


def test_verify_names_the_first_changed_record(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 1, and the report of such a journal says it at its top."""
    database = sqlite3.connect(journal / DATABASE_NAME)
    database.execute("UPDATE records SET content = replace(content, '9.1', '8.1') WHERE number = 3")
    database.commit()
    database.close()
    assert main(["journal", "verify"]) == 1
    assert "is not as it was written: record 3 was changed" in capsys.readouterr().err
    assert main(["journal", "export", "--html"]) == 0
    assert "This journal was changed: record 3 was changed" in capsys.readouterr().out


def test_records_are_deleted_for_good(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By number, by choice, and all; what is left verifies."""
    assert main(["journal", "delete", "1", "3-4", "--yes"]) == 0
    assert capsys.readouterr().out == "deleted for good: 3 records\n"
    assert list((journal / "pictures").iterdir()) == []
    assert [entry.number for entry in entries_of(journal)] == [2, 5]
    assert main(["journal", "show", "3"]) == 1
    assert "record 3 was deleted; only its hashes are left" in capsys.readouterr().err
    assert main(["journal", "delete", "--from", "2026-03-03", "--yes"]) == 0
    assert main(["journal", "delete", "--all", "--yes"]) == 0
    assert entries_of(journal) == []
    assert main(["journal", "verify"]) == 0
    assert main(["journal", "delete", "--all", "--yes"]) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "status", "left"), [("yes\n", 0, 4), ("\n", 1, 5), ("", 1, 5), ("no\n", 1, 5)])
def test_a_person_is_asked_before_anything_is_deleted(
    answer: str,
    status: int,
    left: int,
    journal: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only a yes deletes."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert main(["journal", "delete", "1"]) == status
    assert "delete 1 record and their pictures for good?" in capsys.readouterr().err
    assert len(entries_of(journal)) == left


def test_without_a_terminal_nothing_is_deleted_unasked(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script has to say --yes."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert main(["journal", "delete", "1"]) == 2
    assert "give --yes" in capsys.readouterr().err
    assert len(entries_of(journal)) == 5


def test_a_journal_in_use_is_read_but_not_deleted_from(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The program that writes it is asked instead."""
    with Journal.write(journal):
        assert main(["journal", "list"]) == 0
        assert main(["journal", "verify"]) == 0
        assert main(["journal", "delete", "1", "--yes"]) == 1
    assert "another seesay writes the journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["list", "--round", "r2"], 2, "the journal holds no round 'r2': the rounds are r1"),
        (["list", "--from", "2026-03-03", "--to", "2026-03-01"], 2, "--from is later than --to"),
        (["show", "77"], 2, "there is no record 77; the newest is number 5"),
        (["export", "--zip"], 2, "an archive needs a file: give --output FILE"),
        (
            ["export", "--csv", "-o", "/nowhere/at/all.csv"],
            1,
            "cannot write /nowhere/at/all.csv: No such file or directory",
        ),
        (["delete"], 2, "say which records"),
        (["delete", "1", "--all"], 2, "say which records"),
        (["delete", "9", "--yes"], 1, "there is no such record"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], status: int, words: str, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has its exit status, no traceback, and nothing on standard output."""
    assert main(["journal", *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["list", "--from", "yesterday"], ["show", "0"], ["show", "1-2"], ["delete", "5-3"], ["export"],
     ["export", "--csv", "--json"], ["verify", "--expect", "abc"], ["search"]],
)  # fmt: skip
def test_wrong_arguments_have_status_2(arguments: list[str], journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The usage is shown."""
    with pytest.raises(SystemExit) as ended:
        main(["journal", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["list"], ["show", "1"], ["search", "x"], ["export", "--json"], ["verify"], ["delete", "--all"]]
)
def test_without_a_journal_each_action_says_so(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence tells how one is begun, and none is created."""
    assert main(["journal", *arguments]) == 1
    assert "there is no journal in" in capsys.readouterr().err
    assert not folder.exists()


def test_a_damaged_journal_is_one_sentence(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what can be done."""
    (journal / DATABASE_NAME).write_bytes(b"rubbish" * 1000)
    assert main(["journal", "list"]) == 1
    assert "is damaged" in capsys.readouterr().err


@pytest.fixture
def environ(journal: Path) -> Iterator[dict[str, str]]:
    return {
        "XDG_STATE_HOME": str(journal.parents[1]),
        "PATH": "/usr/bin:/bin",
        "HOME": str(journal),
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.parametrize("action", ["list --all", "export --json", "export --html"])
def test_a_reader_that_leaves_ends_it_quietly(action: str, environ: dict[str, str]) -> None:
    """As in `seesay journal list | head -1`: no traceback, status 1."""
    command = f"{sys.executable} -m assistant journal {action}; echo status $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({command}) | true"], env=environ, capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "Traceback" not in done.stderr
    assert re.search(r"status [01]\n", done.stderr)


def test_a_closed_standard_output_is_told(environ: dict[str, str]) -> None:
    """Nothing was written, so the status is 1."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m assistant journal list >&-"], env=environ, capture_output=True, text=True,
        cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot write the answer to standard output" in done.stderr


def test_an_export_in_another_encoding_is_refused(environ: dict[str, str]) -> None:
    """An escape in place of a letter would not read back."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "journal", "export", "--csv"],
        env={**environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "give --output FILE" in done.stderr
