"""What is sent to a receiver and when: after it was stored, in order, and again after a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import JournalError
from assistant.inspection.handing_on import handover as handover_module
from assistant.inspection.handing_on.handover import LONGEST_WAIT_SECONDS, HandingOn, Handover, wait_seconds
from assistant.inspection.handing_on.progress import FILE_NAME, Progress
from assistant.inspection.handing_on.receiver import Away, Refused
from assistant.inspection.journal import Journal
from assistant.inspection.record import DELETED, Entry
from tests.assistant.inspection.test_journal import turn

SECONDS = 10.0  # the longest that a test waits for a thread


class FakeReceiver:
    """Accepts every record, unless a test sets `answer` to a function that raises."""

    name, key, host = "the receiver", "k1", "hall3"

    def __init__(self) -> None:
        self.got: list[Entry] = []
        self.tries: list[int] = []
        self.answer: Callable[[Entry], None] = lambda entry: None
        self.interrupted = threading.Event()

    def send(self, entry: Entry) -> None:
        self.tries.append(entry.number)
        self.answer(entry)
        self.got.append(entry)

    def rest(self) -> None:
        pass

    def interrupt(self) -> None:
        self.interrupted.set()

    @property
    def numbers(self) -> list[int]:
        return [entry.number for entry in self.got]


class World:
    """A journal, and a receiver of its records."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal.write(folder)
        self.receiver = FakeReceiver()
        self.told: list[str] = []
        self.start()

    def start(self) -> None:
        """Starts handing on, as a new start of the program does."""
        self.handover = Handover(self.folder, self.receiver, Progress(self.folder), self.told.append)
        self.handover.begin(self.journal)

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            self.journal.append(turn())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "journal")
    with world.journal:
        yield world


def away(entry: Entry) -> None:
    raise Away("the receiver cannot be reached")


def refuses(*numbers: int) -> Callable[[Entry], None]:
    def answer(entry: Entry) -> None:
        if entry.number in numbers:
            raise Refused("the receiver refuses it (status 422)")

    return answer


def test_records_are_sent_in_order_and_only_once(world: World) -> None:
    """Nothing waits afterwards, and the next call sends nothing."""
    world.write(3)
    assert world.handover.waiting(world.journal) == 3
    assert world.handover.work() is None
    assert world.handover.work() is None
    assert world.receiver.numbers == [1, 2, 3]
    assert world.receiver.got[0] == world.journal.entry(1)
    assert world.handover.waiting(world.journal) == 0
    assert world.told == []


def test_it_begins_with_the_records_from_now_on(tmp_path: Path) -> None:
    """What was recorded before somebody asked for the records stays here."""
    with Journal.write(tmp_path / "journal") as journal:
        journal.append(turn("an old secret"))
    world = World(tmp_path / "journal")
    with world.journal:
        world.write()
        world.handover.work()
    assert world.receiver.numbers == [2]


def test_a_restart_neither_loses_nor_repeats(world: World) -> None:
    """What was recorded while nothing was handed on is sent as well."""
    world.write(2)
    world.handover.work()
    world.write(2)
    world.start()
    world.write()
    world.handover.work()
    assert world.receiver.numbers == [1, 2, 3, 4, 5]


def test_two_receivers_have_marks_of_their_own(world: World) -> None:
    """One that is away does not hold up the other."""
    progress = Progress(world.folder)
    other = FakeReceiver()
    other.key = "k2"
    both = [Handover(world.folder, receiver, progress, world.told.append) for receiver in (world.receiver, other)]
    for handover in both:
        handover.begin(world.journal)
    world.receiver.answer = away
    world.write(2)
    assert [handover.work() is None for handover in both] == [False, True]
    assert (world.receiver.numbers, other.numbers) == ([], [1, 2])


def test_the_waits_grow_to_some_minutes_and_begin_anew(world: World) -> None:
    """A receiver that is away is asked ever more rarely, and that it came back is told."""
    world.receiver.answer = away
    world.write()
    waits = [world.handover.work() for _ in range(12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]
    assert world.told == [
        "the receiver cannot be reached; the records wait in the journal, and it is tried again"
    ]  # once
    world.receiver.answer = lambda entry: None
    assert world.handover.work() is None
    assert world.told[1:] == ["the receiver gets the records again"]
    world.receiver.answer = away
    world.write()
    assert world.handover.work() == 1


def test_a_wait_that_the_receiver_asks_for_is_kept(world: World) -> None:
    """Within the longest wait."""
    world.write()
    for asked_for, expected in ((30.0, 30.0), (0.5, 2.0), (9999.0, LONGEST_WAIT_SECONDS)):

        def busy(entry: Entry, seconds: float = asked_for) -> None:
            raise Away("it has no time", seconds)

        world.receiver.answer = busy
        assert world.handover.work() == expected


def test_a_record_that_was_deleted_before_is_not_sent(world: World) -> None:
    """The record that tells of the deletion is, and it names the number."""
    world.receiver.answer = away
    world.write(2)
    world.handover.work()
    world.journal.delete([1], "said")
    world.receiver.answer = lambda entry: None
    world.handover.work()
    assert world.receiver.numbers == [2, 3]
    told = world.receiver.got[1].record
    assert told is not None
    assert (told.kind, told.details["records"]) == (DELETED, [[1, 1]])


def test_a_record_whose_acknowledgement_is_lost_is_sent_again_as_it_was(world: World) -> None:
    """The receiver knows it by its number and its chain hash."""
    world.write()

    def lost(entry: Entry) -> None:
        world.receiver.got.append(entry)
        raise Away("the receiver does not answer in time")

    world.receiver.answer = lost
    world.handover.work()
    world.receiver.answer = lambda entry: None
    world.handover.work()
    first, second = world.receiver.got
    assert first == second
    assert len(first.chain_sha256) == 64


def test_a_poisonous_record_is_skipped_and_told(world: World) -> None:
    """It does not hold up the later ones for ever, nor do two of them in a row."""
    world.receiver.answer = refuses(2, 3)
    world.write(5)
    while world.handover.work() is not None:
        assert len(world.receiver.tries) < 30
    assert world.receiver.numbers == [1, 4, 5]
    assert world.receiver.tries.count(2) == 6
    assert world.told[1:] == [
        "record 2 of the journal is not handed on: the receiver refuses it (status 422), but accepts others",
        "record 3 of the journal is not handed on: the receiver refuses it (status 422), but accepts others",
        "the receiver gets the records again",
    ]


def test_a_receiver_that_refuses_everything_makes_no_record_be_skipped(world: World) -> None:
    """Its token may be wrong, or it is out of order: all records come when that is over."""
    world.receiver.answer = refuses(1, 2, 3)
    world.write(3)
    for _ in range(20):
        assert world.handover.work() is not None
    world.receiver.answer = lambda entry: None
    while world.handover.work() is not None:
        pass
    assert sorted(world.receiver.numbers) == [1, 2, 3]
    assert not any("not handed on" in sentence for sentence in world.told)


def test_a_poisonous_record_that_is_the_newest_waits_for_the_next(world: World) -> None:
    """Whether it is the record or the receiver shows only then."""
    world.receiver.answer = refuses(1)
    world.write()
    for _ in range(9):
        assert world.handover.work() is not None
    world.write()
    while world.handover.work() is not None:
        pass
    assert world.receiver.numbers == [2]


def test_another_journal_in_its_place_is_handed_on_from_now_on(tmp_path: Path) -> None:
    """The numbers begin anew there, and the mark is of the old one."""
    folder = tmp_path / "journal"
    world = World(folder)
    with world.journal:
        world.write(3)
        world.handover.work()
    for path in folder.iterdir():
        if path.name.startswith("journal.sqlite3"):
            path.unlink()
    with Journal.write(folder) as journal:
        for question in "abcd":
            journal.append(turn(question))
    world = World(folder)
    with world.journal:
        world.write()
        world.handover.work()
    assert world.receiver.numbers == [5]
    assert "another journal" in world.told[0]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"k1": 7}', '{"k1": {"number": "x"}}'])
def test_marks_that_are_damaged_count_as_none(world: World, content: str) -> None:
    """The program goes on, with the records from now on."""
    world.write(2)
    (world.folder / FILE_NAME).write_text(content)
    world.start()
    world.write()
    world.handover.work()
    assert world.receiver.numbers == [3]


def test_the_marks_can_be_read_by_their_user_alone(world: World) -> None:
    """As all files of the journal."""
    assert (world.folder / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_marks_that_cannot_be_stored_are_told_and_hold_nothing_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within this run of the program nothing is sent twice."""

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assistant.inspection.handing_on.progress.replace_file", full)
    world.write(2)
    world.handover.work()
    world.write()
    world.handover.work()
    assert world.receiver.numbers == [1, 2, 3]
    assert len(world.told) == 1
    assert "No space left on device" in world.told[0]


def test_a_journal_that_cannot_be_read_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be busy for a moment."""

    def broken(folder: Path) -> Journal:
        raise JournalError("the journal cannot be used: database is locked")

    world.write()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "read", broken)
        assert world.handover.work() == 1
    assert world.handover.work() is None
    assert world.receiver.numbers == [1]


def test_a_receiver_that_does_not_answer_holds_up_no_deletion(world: World) -> None:
    """No reading is open while a record is being sent, so the deleted words leave the write-ahead log at once."""
    world.write(2)
    world.journal.append(turn("quetzal"))
    is_gone = []

    def slow(entry: Entry) -> None:
        if entry.number == 1:
            world.journal.delete([3], "said")
            is_gone.append(not any(b"quetzal" in path.read_bytes() for path in world.folder.glob("journal.sqlite3*")))

    world.receiver.answer = slow
    world.handover.work()
    assert is_gone == [True]
    assert world.receiver.numbers == [1, 2, 4]


def test_the_first_waits_are_short() -> None:
    """And a very long outage does not overflow."""
    assert [wait_seconds(failures) for failures in (1, 2, 3)] == [1, 2, 4]
    assert wait_seconds(100_000) == LONGEST_WAIT_SECONDS


def test_the_thread_sends_what_is_stored_and_ends(world: World) -> None:
    """A record that was stored right before the end is sent as well."""
    is_there = threading.Event()
    world.receiver.answer = lambda entry: is_there.set()
    with HandingOn(world.handover, "hand-on") as thread:
        world.write()
        thread.wake()
        assert is_there.wait(SECONDS)
        world.write()
    thread.close()
    assert world.receiver.numbers == [1, 2]
    assert not any(thread.name == "hand-on" for thread in threading.enumerate())


def test_records_that_come_while_the_receiver_is_away_do_not_shorten_the_wait(world: World) -> None:
    """A busy round does not become a busy loop; and the end of the program does not wait for the receiver."""
    tried = threading.Event()

    def busy(entry: Entry) -> None:
        tried.set()
        raise Away("it has no time", 200.0)

    world.receiver.answer = busy
    world.write()
    with HandingOn(world.handover, "hand-on") as thread:
        assert tried.wait(SECONDS)
        for _ in range(3):
            world.write()
            thread.wake()
    assert world.receiver.tries == [1]


def test_the_end_interrupts_a_receiver_that_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was sent is sent again after the next start."""
    monkeypatch.setattr(handover_module, "END_SECONDS", 0.05)

    def silent(entry: Entry) -> None:
        assert world.receiver.interrupted.wait(SECONDS)
        raise Away("it is not asked any more")

    world.receiver.answer = silent
    world.write()
    with HandingOn(world.handover, "hand-on") as thread:
        pass
    assert not thread._thread.is_alive()
    assert world.told == []
    assert world.handover.waiting(world.journal) == 1
