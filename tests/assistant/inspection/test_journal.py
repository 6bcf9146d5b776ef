"""The journal on a real file system: what is stored, found, deleted, and left after a failure."""

from __future__ import annotations

import datetime as dt
import errno
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import files
from assistant.errors import JournalError
from assistant.inspection.journal import DATABASE_NAME, Journal, Limits, PictureNotKept, Wanted
from assistant.inspection.record import DELETED, STEP, TURN, Entry, Record
from assistant.inspection.schema import VERSION
from assistant.inspection.verify import verify

ZONE = dt.timezone(dt.timedelta(hours=2))
NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123_000, ZONE)
JPEG = b"\xff\xd8 a picture of a valve \xff\xd9"
FIXTURES = Path(__file__).parent


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.write(tmp_path / "journal", now=clock) as journal:
        yield journal


def turn(question: str = "is the valve open", answer: str = "Yes, it is open.", **more: Any) -> Record:
    return Record(TURN, more.pop("at", NOON), question=question, answer=answer, **more)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_record_reads_back_as_it_was_written(journal: Journal) -> None:
    """Every field comes back, and the picture is beside the database."""
    record = turn(
        profile="cart", language="en", confidence=0.91, doubt="unsure", value="7.2", unit="bar", low=6.0, high=8.5,
        is_out_of_limits=True, spoken="seven point two", reading="7.3", is_confirmed=True, reason="new seal", note="drips",
        round_id="r1", round_title="Pump room", station="P1", model="Qwen3-VL-2B", weights_sha256="ab" * 32, joules=41.25,
        timings={"total": 2.5, "speech": None}, details={"tokens": {"answer": 7}, "list": ["a", 1, True]},
    )  # fmt: skip
    written = journal.append(record, JPEG)
    found = journal.entry(1)
    assert found == written
    assert found is not None
    assert found.record is not None
    assert found.picture is not None
    assert found.picture.read_bytes() == JPEG
    kept = found.record
    assert (kept.has_picture, kept.picture_sha256) == (True, found.picture.stem)
    assert kept.at == NOON
    assert kept.at.utcoffset() == ZONE.utcoffset(None)
    assert kept.details == record.details
    assert kept.timings == record.timings
    assert (kept.value, kept.low, kept.high, kept.spoken, kept.reading) == ("7.2", 6.0, 8.5, "seven point two", "7.3")


def test_without_keeping_pictures_only_their_hash_is_kept(journal: Journal) -> None:
    """Two questions about the same picture can still be told apart from two pictures."""
    entries = [journal.append(turn(), JPEG, keep_picture=False) for _ in range(2)]
    assert [entry.picture for entry in entries] == [None, None]
    hashes = {entry.record.picture_sha256 for entry in entries if entry.record is not None}
    assert len(hashes) == 1
    assert "" not in hashes
    assert JPEG not in everything_in(journal.folder)


def test_control_characters_and_odd_line_ends_are_not_stored(journal: Journal) -> None:
    """What is stored can be written into every export."""
    entry = journal.append(turn("a\x00b\r\nc\rd\ud800\x1b[31m", confidence=1))
    assert entry.record is not None
    assert entry.record.question == "ab\nc\nd?[31m"
    assert isinstance(entry.record.confidence, float)


@pytest.mark.parametrize("wrong", [{"kind": "Turn"}, {"kind": ""}, {"at": dt.datetime(2026, 1, 1)}])
def test_a_record_without_kind_or_time_zone_is_refused(wrong: dict[str, Any]) -> None:
    """Such a record could not be found again."""
    with pytest.raises(ValueError, match="record"):
        Record(**{"kind": TURN, "at": NOON, **wrong})


def test_a_number_that_is_not_finite_is_refused_and_nothing_is_stored(journal: Journal) -> None:
    """JSON has no such numbers."""
    with pytest.raises(ValueError, match=r"[Oo]ut of range"):
        journal.append(turn(joules=float("nan")))
    assert journal.head[0] == 0
    assert journal.append(turn()).number == 1


def test_nobody_else_can_read_the_files(journal: Journal) -> None:
    """The database, its side files, the lock and the pictures are the user's alone."""
    journal.append(turn(), JPEG)
    paths = [journal.folder, *journal.folder.rglob("*")]
    names = {path.name for path in paths}
    assert {DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", "journal.lock", "pictures"} <= names
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_writer_is_refused_and_a_reader_is_not(journal: Journal) -> None:
    """One process writes the chain; any number may look at it."""
    journal.append(turn())
    with pytest.raises(JournalError, match="another seesay writes the journal"):
        Journal.write(journal.folder)
    with Journal.read(journal.folder) as reader:
        assert [entry.number for entry in reader.entries()] == [1]
        journal.append(turn())
        assert [entry.number for entry in reader.entries()] == [1, 2]
        with pytest.raises(JournalError, match="readonly"):
            reader.append(turn())


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(JournalError, match=r"there is no journal in .* yet"):
        Journal.read(tmp_path)


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    """The message says that the folder has to be moved away; nothing is overwritten."""
    (tmp_path / DATABASE_NAME).write_bytes(b"no database at all " * 500)
    before = (tmp_path / DATABASE_NAME).read_bytes()
    for opened in (Journal.write, Journal.read):
        with pytest.raises(JournalError, match="is damaged"):
            opened(tmp_path)
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


def test_records_are_found_by_time_round_and_kind(journal: Journal) -> None:
    """The end of a span is not part of it."""
    hour = dt.timedelta(hours=1)
    for place in range(4):
        kind, round_id = (STEP, "r1") if place % 2 else (TURN, "")
        journal.append(Record(kind, NOON + place * hour, round_id=round_id))

    def numbers(**wanted: Any) -> list[int]:
        return [entry.number for entry in journal.entries(Wanted(**wanted))]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(begin=NOON + hour, end=NOON + 3 * hour) == [2, 3]
    assert numbers(begin=(NOON + hour).astimezone(dt.timezone.utc)) == [2, 3, 4]
    assert numbers(round_id="r1") == [2, 4]
    assert numbers(kinds=(TURN,)) == [1, 3]
    assert journal.rounds() == ["r1"]
    assert [entry.number for entry in journal.newest(2)] == [3, 4]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("valve", [2, 1]),
        ("VALVES", [2, 1]),
        ("val", [2, 1]),
        ("open valve", [1]),
        ("gauge", []),
        ("阀门", [3]),
        ("开", [3]),
        ("门阀", []),
        ("Ventil Öffnung", [4]),
        ("offnung", [4]),
        ('"', []),
        ("", []),
        ("* - ( )", []),
        ("valve OR gauge", []),
        ("NOT valve", []),
        ("valve*) --", [2, 1]),
        ("question:valve", []),
        ("it's", [2]),
        ('say "shut"', [2]),
    ],
)
def test_search_takes_words_and_no_query_language(journal: Journal, words: str, numbers: list[int]) -> None:
    """Every sign that the user types is a sign, and no word has a meaning of its own."""
    journal.append(turn("is the valve open"))
    journal.append(turn("what do the valves say", 'It\'s "shut".'))
    journal.append(turn("阀门是开着的吗", "是的。"))
    journal.append(turn("Ventil", "Öffnung"))
    assert [entry.number for entry in journal.search(words)] == numbers


def test_search_is_bound_by_time(journal: Journal) -> None:
    """The same limits hold as for a list."""
    journal.append(turn())
    journal.append(turn(at=NOON + dt.timedelta(days=1)))
    assert [entry.number for entry in journal.search("valve", Wanted(begin=NOON + dt.timedelta(hours=1)))] == [2]


def test_a_deleted_record_is_gone_from_the_disk(journal: Journal) -> None:
    """No file holds its words, its salt or its picture, and the chain still holds."""
    journal.append(turn("the first one stays"), b"another picture")
    gone = journal.append(turn("zanzibar quetzal", "xylophone"), JPEG)
    journal.append(turn("the third one stays"))
    assert b"quetzal" in everything_in(journal.folder)
    assert journal.delete([gone.number], "said") == 1
    rest = everything_in(journal.folder).lower()
    for word in (b"quetzal", b"zanzibar", b"xylophon", gone.salt.encode(), JPEG.lower()):
        assert word not in rest, word
    assert [entry.number for entry in journal.entries()] == [1, 3]
    assert journal.search("quetzal") == []
    left = journal.entry(gone.number)
    assert left is not None
    assert left.record is None
    assert (left.content_sha256, left.chain_sha256) == (gone.content_sha256, gone.chain_sha256)
    found = verify(journal)
    assert (found.problem, found.records, found.deleted, found.pictures) == ("", 3, 1, 1)


def test_the_deletion_is_recorded_and_cannot_be_deleted(journal: Journal) -> None:
    """It tells which records are gone and why, and nothing of what they said."""
    for _ in range(4):
        journal.append(turn(), JPEG)
    assert journal.delete([3, 1, 2, 77], "command") == 3
    (noted,) = journal.entries(Wanted(kinds=(DELETED,)))
    assert noted.record is not None
    assert noted.record.details["records"] == [[1, 3]]
    assert noted.record.details["why"] == "command"
    assert journal.delete([noted.number], "command") == 0
    assert journal.delete([1], "command") == 0


def test_a_picture_goes_with_its_record_where_others_show_it_too(journal: Journal) -> None:
    """Who says "do not keep this" wants the picture gone; the other record says that it had one."""
    journal.append(turn(), JPEG)
    second = journal.append(turn(), JPEG)
    journal.delete([second.number], "said")
    first = journal.entry(1)
    assert first is not None
    assert first.record is not None
    assert first.record.has_picture
    assert first.picture is None
    assert verify(journal).problem == ""


def test_old_records_and_pictures_are_deleted_by_age(journal: Journal, clock: Clock) -> None:
    """Pictures may go earlier than records."""
    for day in range(10):
        journal.append(turn(at=NOON + dt.timedelta(days=day)), b"picture %d" % day)
    clock.now = NOON + dt.timedelta(days=9, hours=1)
    assert journal.clean(Limits(record_days=7, picture_days=3)) == 3 + 4
    assert [entry.number for entry in journal.entries()] == [4, 5, 6, 7, 8, 9, 10]
    assert [entry.picture is not None for entry in journal.entries()] == [False] * 4 + [True] * 3
    assert len(list((journal.folder / "pictures").iterdir())) == 3
    assert verify(journal).problem == ""
    assert journal.clean(Limits(record_days=7, picture_days=3)) == 0


def test_the_oldest_pictures_go_when_there_are_too_many_bytes(journal: Journal) -> None:
    """A little more than needed goes, so that not each new picture removes one."""
    for place in range(10):
        journal.append(turn(at=NOON + dt.timedelta(minutes=place)), b"%d" % place * 100)
    assert journal.clean(Limits(picture_bytes=1000)) == 0
    assert journal.clean(Limits(picture_bytes=900)) == 2
    assert [entry.picture is not None for entry in journal.entries()] == [False] * 2 + [True] * 8


def test_nothing_is_cleaned_without_limits(journal: Journal, clock: Clock) -> None:
    """0 stands for without an end."""
    journal.append(turn(), JPEG)
    clock.now = NOON + dt.timedelta(days=10_000)
    assert journal.clean(Limits()) == 0


def test_the_start_removes_what_no_record_points_to(tmp_path: Path) -> None:
    """A crash between the picture and its record leaves no picture of nothing."""
    folder = tmp_path / "journal"
    with Journal.write(folder) as journal:
        journal.append(turn(), JPEG)
    pictures = folder / "pictures"
    (pictures / f"{'0' * 64}.jpg").write_bytes(b"orphan")
    (pictures / "half.jpg.1234.part").write_bytes(b"half")
    with Journal.write(folder) as journal:
        (entry,) = journal.entries()
        assert list(pictures.iterdir()) == [entry.picture]


def test_the_database_never_points_at_a_missing_file(tmp_path: Path) -> None:
    """A picture that somebody removed is forgotten at the start, and `verify` names its record."""
    folder = tmp_path / "journal"
    with Journal.write(folder) as journal:
        journal.append(turn())
        entry = journal.append(turn(), JPEG)
        assert entry.picture is not None
        entry.picture.unlink()
    with Journal.write(folder) as journal:
        assert [entry.picture for entry in journal.entries()] == [None, None]
        found = verify(journal)
        assert (found.problem, found.number) == ("the picture of record 2 is missing", 2)


def test_a_full_disk_loses_only_the_record_that_finds_it_full(journal: Journal) -> None:
    """SQLite's own error becomes a sentence, nothing is left half, and it goes on when there is room again."""
    journal.append(turn(), b"first")
    database = journal._database
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for _ in range(100):
            journal.append(turn("x" * 3000), JPEG)

    with pytest.raises(JournalError, match="the disk is full, nothing can be kept in the journal"):
        fill()
    last = journal.head[0]
    database.execute("PRAGMA max_page_count = 1000000")
    assert journal.append(turn("room again")).number == last + 1
    assert verify(journal).problem == ""


def test_a_new_picture_is_removed_where_its_record_cannot_be_stored(journal: Journal) -> None:
    """The picture of a record that was refused would be a picture of nothing."""
    journal.append(turn(), b"first")
    database = journal._database
    database.execute(f"PRAGMA max_page_count = {database.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(JournalError):
        journal.append(turn("x" * 100_000), JPEG)
    assert len(list((journal.folder / "pictures").iterdir())) == 1


def test_a_record_that_finds_room_only_without_its_picture_is_kept_without_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture may have taken the last free bytes of the disk."""
    real = journal._insert

    def insert(record: Record) -> Entry:
        if list((journal.folder / "pictures").iterdir()):
            raise sqlite3.OperationalError("database or disk is full")
        return real(record)

    monkeypatch.setattr(journal, "_insert", insert)
    with pytest.raises(PictureNotKept, match="the disk is full"):
        journal.append(turn(), JPEG)
    monkeypatch.undo()
    (entry,) = journal.entries()
    assert entry.record is not None
    assert not entry.record.has_picture
    assert verify(journal).problem == ""


def test_a_picture_that_cannot_be_written_does_not_lose_its_record(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words are kept, and whoever asked is told that the picture is not."""

    def full(path: Path, content: str | bytes, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "replace_file", full)
    with pytest.raises(PictureNotKept, match="the picture of record 1 is not kept: the disk is full") as told:
        journal.append(turn(), JPEG)
    assert told.value.entry.record is not None
    assert not told.value.entry.record.has_picture
    assert [entry.number for entry in journal.entries()] == [1]


def test_a_journal_of_version_1_becomes_one_of_today(tmp_path: Path) -> None:
    """The records stay as they were, the chain holds, and they can be searched; a reader has it done as well."""
    for opened in (Journal.write, Journal.read):
        folder = tmp_path / opened.__name__
        folder.mkdir()
        database = sqlite3.connect(folder / DATABASE_NAME)
        database.executescript((FIXTURES / "journal_version_1.sql").read_text(encoding="utf-8"))
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        database.close()
        with opened(folder) as journal:
            assert journal._version() == VERSION
            assert [entry.number for entry in journal.entries()] == [1, 3, 5, 6]
            assert [entry.number for entry in journal.search("valves")] == [1]
            assert [entry.number for entry in journal.search("阀门")] == [3]
            found = verify(journal)
            assert (found.problem, found.records, found.deleted) == ("", 5, 1)
    with Journal.write(folder) as journal:
        assert journal.delete([3], "said") == 1
        assert journal.append(turn()).number == 8


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An older program would not know what it destroys."""
    with Journal.write(tmp_path) as journal:
        journal.append(turn())
        journal._database.execute(f"PRAGMA user_version = {VERSION + 1}")
    for opened in (Journal.write, Journal.read):
        with pytest.raises(JournalError, match="written by a newer SeeSay"):
            opened(tmp_path)


def test_deleted_words_leave_the_side_file_once_no_reader_hinders_it(journal: Journal) -> None:
    """A reader may keep the -wal file from being emptied; the next record tries again."""
    journal._database.execute("PRAGMA busy_timeout = 0")
    journal.append(turn("quetzal"))
    with Journal.read(journal.folder) as reader, reader.snapshot():
        assert len(list(reader.entries())) == 1
        journal.delete([1], "said")
        assert b"quetzal" in everything_in(journal.folder)
    journal.append(turn("something else"))
    assert b"quetzal" not in everything_in(journal.folder)
