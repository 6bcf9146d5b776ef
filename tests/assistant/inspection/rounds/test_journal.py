"""A round in a real journal: what is found there after a restart, and what could not be kept."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from assistant.errors import JournalError
from assistant.inspection.journal import Journal
from assistant.inspection.keeper import JournalKeeper
from assistant.inspection.record import NOTE, ROUND_ENDED, STEP, Record
from assistant.inspection.rounds.checklist import Checklist, Number, Station, StepKind, YesNo
from assistant.inspection.rounds.journal import RoundJournal, new_round_id, rounds_before
from assistant.inspection.rounds.moment import Moment, Reaction
from assistant.inspection.rounds.progress import Progress
from assistant.inspection.rounds.rules import Rules
from assistant.language.phrases import phrases_for

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
TANK = Station("tank", StepKind.SAY, Number("°C", None, Decimal(60)), question="how warm is it")
GUARD = Station("guard", StepKind.SAY, YesNo("yes"), question="is it closed")
CHECKLIST = Checklist("Pump room", (TANK, GUARD), "a" * 64)
RULES = Rules(phrases_for("en"), "en", "cart")
JPEG = b"\xff\xd8 a picture"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@contextlib.contextmanager
def keeping(folder: Path) -> Iterator[JournalKeeper]:
    with JournalKeeper(Journal.write(folder)) as keeper:
        yield keeper


def play(folder: Path, *texts: str, checklist: Checklist = CHECKLIST, number: int = 0) -> Moment:
    """Begins a round and says the texts. All is on the disk afterwards."""
    with keeping(folder) as keeper:
        journal = RoundJournal(keeper)
        reaction: Reaction | None = RULES.begin(Progress(checklist), f"r{number}", number, NOON)
        assert reaction is not None
        journal.keep(reaction.record)  # type: ignore[arg-type]
        moment = reaction.moment
        for text in texts:
            reaction = RULES.hear(moment, text, NOON)
            assert reaction is not None, text
            moment = reaction.moment
            if reaction.record is not None:
                journal.keep(reaction.record, lambda: JPEG, keep_picture=True, about={"model": "m"})
    return moment


def test_without_a_journal_there_was_no_round(folder: Path) -> None:
    """Nothing is created by looking."""
    assert rounds_before(folder, CHECKLIST).number == 0
    assert not folder.exists()


def test_an_open_round_goes_on_with_all_of_its_records(folder: Path) -> None:
    """The same progress as before the restart, also after a note."""
    moment = play(folder, "forty", "yes", "note the floor is wet")
    earlier = rounds_before(folder, CHECKLIST)
    assert earlier.open is not None
    assert not earlier.is_changed
    assert earlier.open.round_id == "r0"
    assert earlier.open.open_stations == moment.progress.open_stations == [GUARD]
    assert [record.kind for record in earlier.open.records] == ["round_began", STEP, NOTE]
    (tank,) = [record for record in earlier.open.records if record.kind == STEP]
    assert (tank.value, tank.model, tank.has_picture) == ("40", "m", True)
    assert RULES.go_on(earlier.open).moment.station is GUARD


def test_a_round_that_has_ended_is_only_counted(folder: Path) -> None:
    """The next one has the next number, which chooses the check digits."""
    play(folder, "forty", "yes", "yes", "finish")
    assert (rounds_before(folder, CHECKLIST).open, rounds_before(folder, CHECKLIST).number) == (None, 1)
    play(folder, "finish", "yes", number=1)
    assert rounds_before(folder, CHECKLIST).number == 2
    assert rounds_before(folder, replace(CHECKLIST, title="Boiler room")).number == 0


def test_a_changed_checklist_is_noticed(folder: Path) -> None:
    """The open round can be ended, and is not found again."""
    play(folder, "forty", "yes")
    changed = replace(CHECKLIST, sha256="b" * 64)
    earlier = rounds_before(folder, changed)
    assert earlier.is_changed
    assert earlier.open is not None
    record, words = RULES.given_up(earlier.open, NOON)
    assert (record.kind, record.round_id) == (ROUND_ENDED, "r0")
    assert words.startswith("The checklist of the round Pump room has changed")
    with keeping(folder) as keeper:
        RoundJournal(keeper).keep(record)
    assert rounds_before(folder, changed).open is None


def test_what_could_not_be_kept_is_listed(folder: Path) -> None:
    """Only the records of this round, once the last of them has been tried."""
    with keeping(folder) as keeper:
        journal = RoundJournal(keeper)
        keeper._journal._database.execute("PRAGMA max_page_count = 1")
        for round_id, station in (("r1", "tank"), ("r2", "guard")):
            journal.keep(Record(STEP, NOON, round_id=round_id, station=station, note="x" * 100_000))
        assert [record.station for record in journal.not_kept("r1")] == ["tank"]


def test_without_a_journal_nothing_is_kept() -> None:
    """All records are listed."""
    journal = RoundJournal(None)
    journal.keep(Record(STEP, NOON, round_id="r1", station="tank"))
    assert [record.station for record in journal.not_kept("r1")] == ["tank"]


def test_a_journal_that_cannot_be_read_is_told(folder: Path) -> None:
    """A damaged journal is no empty one."""
    play(folder)
    (folder / "journal.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(JournalError):
        rounds_before(folder, CHECKLIST)


def test_the_id_of_a_round_can_be_typed() -> None:
    """Its title and the second at which it began, in any script."""
    assert new_round_id("Pump room, east!", NOON) == "pump-room-east-20260302-120000"
    assert new_round_id("水泵房", NOON) == "水泵房-20260302-120000"
    assert new_round_id("…", NOON) == "20260302-120000"
