"""The thread that writes the journal: nobody waits for it, and what it cannot keep is told and listed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import JournalError
from assistant.inspection import keeper as keeper_module
from assistant.inspection.journal import Journal, Limits
from assistant.inspection.keeper import MOST_WAITING, JournalKeeper
from assistant.inspection.record import Record
from assistant.inspection.verify import verify
from tests.assistant.inspection.test_journal import JPEG, NOON, turn

SECONDS = 10.0  # the longest that a test waits for the thread


class World:
    """A keeper over a real journal whose disk can be full, or not answer."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.told: list[str] = []
        self.journal = Journal.write(folder, now=lambda: NOON)
        self.keeper = JournalKeeper(
            self.journal,
            limits,
            on_failure=lambda lost: self.told.append(lost.why),
            on_recovery=lambda: self.told.append("works"),
        )
        self.folder = folder
        self.held = threading.Event()

    def fill_disk(self) -> None:
        database = self.journal._database
        database.execute(f"PRAGMA max_page_count = {database.execute('PRAGMA page_count').fetchone()[0]}")

    def make_room(self) -> None:
        self.journal._database.execute("PRAGMA max_page_count = 1000000")

    def picture_that_waits(self) -> bytes:
        assert self.held.wait(SECONDS)
        return JPEG


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "journal", Limits())
    with world.keeper:
        yield world
        world.held.set()


def too_much() -> Record:
    return turn("x" * 200_000)


def test_records_are_kept_in_order_and_flushed_at_the_end(tmp_path: Path) -> None:
    """Nothing that was given before the end is lost."""
    world = World(tmp_path / "journal", Limits())
    with world.keeper as keeper:
        for place in range(20):
            keeper.keep(turn(f"question {place}"), lambda place=place: b"picture %d" % place)  # type: ignore[misc]
    with Journal.read(world.folder) as journal:
        questions = [entry.record.question for entry in journal.entries() if entry.record is not None]
        assert questions == [f"question {place}" for place in range(20)]
        assert all(entry.picture is not None for entry in journal.entries())
    assert keeper.not_kept == []
    keeper.close()


def test_keeping_does_not_wait_for_the_disk(world: World) -> None:
    """The call is over while the picture is still being packed."""
    kept = world.keeper.keep(turn(), world.picture_that_waits)
    assert not kept.done()
    world.held.set()
    assert kept.result(SECONDS).number == 1


def test_a_full_disk_is_told_once_and_the_rest_goes_on(world: World) -> None:
    """The first failure is told, the next is not, and that it works again is told too."""
    assert world.keeper.keep(turn()).result(SECONDS).number == 1
    world.fill_disk()
    for _ in range(3):
        with pytest.raises(JournalError, match="the disk is full"):
            world.keeper.keep(too_much()).result(SECONDS)
    assert len(world.told) == 1
    assert "the disk is full" in world.told[0]
    world.make_room()
    assert world.keeper.keep(turn()).result(SECONDS).number == 2
    world.keeper.keep(turn()).result(SECONDS)
    assert world.told[1:] == ["works"]
    assert [lost.record.question[:3] for lost in world.keeper.not_kept] == ["xxx"] * 3
    assert {lost.is_disk_full for lost in world.keeper.not_kept} == {True}


def test_a_picture_that_fails_is_listed_and_its_record_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are worth more than the picture."""

    def full(jpeg: bytes) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.journal.pictures, "write", full)
    entry = world.keeper.keep(turn(), lambda: JPEG).result(SECONDS)
    assert entry.record is not None
    assert not entry.record.has_picture
    (lost,) = world.keeper.not_kept
    assert (lost.is_picture_only, lost.is_disk_full, lost.record.question) == (True, True, "is the valve open")
    assert len(world.told) == 1


def test_a_picture_that_cannot_be_packed_does_not_end_the_thread(world: World) -> None:
    """Whatever fails, the next record is tried."""

    def broken() -> bytes:
        raise RuntimeError("no such colour")

    with pytest.raises(JournalError, match="no such colour"):
        world.keeper.keep(turn(), broken).result(SECONDS)
    assert world.keeper.keep(turn()).result(SECONDS).number == 1


def test_a_queue_that_is_full_loses_the_newest_record_and_says_so(world: World) -> None:
    """A disk that does not answer does not fill the memory."""
    world.keeper.keep(turn(), world.picture_that_waits)
    kept = [world.keeper.keep(turn(f"question {place}")) for place in range(MOST_WAITING + 2)]
    lost = [future for future in kept if future.done()]
    assert 1 <= len(lost) <= 3
    with pytest.raises(JournalError, match="too far behind"):
        lost[0].result()
    assert len(world.told) == 1
    world.held.set()
    assert kept[0].result(SECONDS).number == 2


def test_what_is_to_be_forgotten_is_deleted_for_good(world: World) -> None:
    """Also if it is still waiting to be written."""
    kept = world.keeper.keep(turn("quetzal"), world.picture_that_waits)
    forgotten = world.keeper.forget(kept)
    world.held.set()
    assert forgotten.result(SECONDS) == 1
    assert list(world.journal.entries()) == []
    assert list((world.folder / "pictures").iterdir()) == []
    assert verify(world.journal).problem == ""


def test_what_could_not_be_kept_and_is_forgotten_is_not_listed(world: World) -> None:
    """Its words would otherwise be shown at the end."""
    world.fill_disk()
    kept = world.keeper.keep(too_much())
    assert world.keeper.forget(kept).result(SECONDS) == 0
    assert world.keeper.not_kept == []


def test_a_deletion_that_fails_is_told_to_whoever_asked(world: World) -> None:
    """A user must not believe that something is gone which is still there."""
    kept = world.keeper.keep(turn())
    kept.result(SECONDS)
    world.journal._database.execute("DROP TABLE search")
    with pytest.raises(JournalError, match="no such table"):
        world.keeper.forget(kept).result(SECONDS)


def test_what_is_too_old_goes_at_the_start(tmp_path: Path) -> None:
    """It is looked for again every hour."""
    folder = tmp_path / "journal"
    with Journal.write(folder) as journal:
        journal.append(turn(at=NOON - dt.timedelta(days=8)))
        journal.append(turn())
    world = World(folder, Limits(record_days=7))
    with world.keeper as keeper:
        keeper.keep(turn())
    with Journal.read(folder) as journal:
        assert [entry.number for entry in journal.entries()] == [2, 4]


def test_a_keeper_that_is_closed_keeps_nothing_more(world: World) -> None:
    """Whoever comes too late is told."""
    world.keeper.close()
    with pytest.raises(JournalError):
        world.keeper.keep(turn()).result(SECONDS)


def test_a_disk_that_never_answers_does_not_hold_up_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of the program waits some seconds, and says that the newest records are not kept."""
    monkeypatch.setattr(keeper_module, "FLUSH_SECONDS", 0.05)
    world.keeper.keep(turn(), world.picture_that_waits)
    world.keeper.close()
    assert "the thread 'journal' did not end" in caplog.text


def test_a_record_may_differ_about_its_picture(world: World) -> None:
    """A station of a round may keep its picture or not, whatever holds for all others."""
    entry = world.keeper.keep(turn(), lambda: JPEG, keep_picture=False).result(SECONDS)
    assert entry.record is not None
    assert (entry.picture, entry.record.has_picture) == (None, False)
    assert entry.record.picture_sha256


def test_whoever_hands_records_on_is_told_of_each_that_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one without its picture, and of one that tells of a deletion, but not of one that failed."""
    folder, stored = tmp_path / "journal", []
    with Journal.write(folder) as journal:
        journal.append(turn(at=NOON - dt.timedelta(days=8)))
    journal = Journal.write(folder, now=lambda: NOON)
    keeper = JournalKeeper(journal, Limits(record_days=7), on_stored=lambda: stored.append(journal.head[0]))
    with keeper:
        kept = keeper.keep(turn())
        keeper.forget(kept).result(SECONDS)

        def full(jpeg: bytes) -> bool:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(journal.pictures, "write", full)
        keeper.keep(turn(), lambda: JPEG).result(SECONDS)
        with pytest.raises(JournalError):
            keeper.keep(turn(), lambda: 1 / 0).result(SECONDS)  # type: ignore[arg-type, return-value]
    assert stored == [2, 3, 4, 5]  # what was too old, the turn, its deletion, the turn without its picture
