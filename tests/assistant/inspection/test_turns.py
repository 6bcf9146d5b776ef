"""Turns of a conversation in the journal: over the real pipeline and the real journal, with fakes for the devices."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.inspection.journal import Journal
from assistant.inspection.keeper import JournalKeeper
from assistant.inspection.record import Entry, Record
from assistant.inspection.turns import TurnJournal
from assistant.language.phrases import phrases_for
from tests.assistant.answering.test_pipeline import question
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeEngine, FakeVoice, Gate
from tests.assistant.inspection.test_journal import NOON
from vision.errors import CameraLost
from vision.frame import Frame

PHRASES = phrases_for("en")
WORDS = PHRASES.journal


class World:
    """A pipeline whose turns go to a journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine, self.camera, self.voice = FakeEngine(), FakeCamera(), FakeVoice()
        self.database = Journal.write(folder, now=lambda: NOON)
        self.keeper = JournalKeeper(self.database)
        self.journal = TurnJournal(
            self.keeper, PHRASES, self.packed, profile="cart", language="en", now=lambda: NOON,
            weights_sha256=lambda model: f"weights of {model}",
        )  # fmt: skip
        self.packing, self.numbers = Gate(), itertools.count()
        self.pipeline = AnswerPipeline(
            self.engine, any_picture(self.camera), self.voice, PHRASES, play_earcons=False, on_end=self.ended
        )

    def packed(self, frame: Frame) -> bytes:
        assert self.packing.pass_through(None)
        return b"JPEG %d" % next(self.numbers)

    def ended(self, turn: Turn) -> None:
        self.journal.ended(turn, "a model")

    def ask(self, text: str = "what is this") -> Turn:
        return self.pipeline.ask(question(text), self.pipeline.look())

    def finished(self, turn: Turn) -> Turn:
        assert turn.done.wait(WAIT_SECONDS)
        return turn

    def kept(self) -> list[Entry]:
        """What the journal holds at the end."""
        self.pipeline.close()
        self.keeper.close()
        with Journal.read(self.folder) as journal:
            return list(journal.entries())

    def record(self) -> Record:
        (entry,) = self.kept()
        assert entry.record is not None
        return entry.record


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "journal")
    with world.keeper, world.pipeline:
        yield world
        world.packing.open()


def test_a_turn_is_kept_with_its_picture(world: World) -> None:
    """Words, doubt, timings, model and picture are there, and the time is that of the question."""
    turn = world.finished(world.ask())
    (entry,) = world.kept()
    record = entry.record
    assert record is not None
    assert (record.kind, record.profile, record.language) == ("turn", "cart", "en")
    assert (record.question, record.confidence, record.answer) == ("what is this", 0.9, "A cup. It is red.")
    assert record.doubt == "plain"
    assert (record.model, record.weights_sha256) == ("a model", "weights of a model")
    assert record.details["source"] == "voice"
    assert turn.timings is not None
    assert record.timings["total"] == round(turn.timings.total, 4)
    assert NOON - dt.timedelta(seconds=turn.timings.total + 0.001) <= record.at <= NOON
    assert entry.picture is not None
    assert entry.picture.read_bytes().startswith(b"JPEG")
    assert turn.frame is None  # the conversation keeps the turn, and must not keep its picture


def test_the_voice_does_not_wait_for_the_journal(world: World) -> None:
    """The turn has ended while its picture is still being packed."""
    world.packing = Gate(is_open=False)
    world.finished(world.ask())
    assert world.packing.reached.wait(WAIT_SECONDS)
    world.finished(world.ask("and what is that"))
    world.packing.open()
    assert len(world.kept()) == 2


def test_what_the_assistant_says_by_itself_is_no_turn(world: World) -> None:
    """Greetings and confirmations are not kept."""
    world.finished(world.pipeline.say("hello"))
    assert world.kept() == []


def test_a_failed_turn_is_kept_with_its_error(world: World) -> None:
    """The record shows that something was asked and not answered."""
    world.camera.error = CameraLost("the cable is out")
    world.finished(world.ask())
    record = world.record()
    assert record.details["error"] == "the cable is out"
    assert (record.picture_sha256, record.has_picture) == ("", False)


def test_the_last_turn_is_deleted_for_good(world: World) -> None:
    """Its picture goes too, and the turn before stays."""
    world.finished(world.ask("the first"))
    turn = world.finished(world.ask("quetzal"))
    assert world.journal.forget([turn])() == WORDS.forgotten
    (entry,) = world.kept()
    assert entry.record is not None
    assert entry.record.question == "the first"
    assert len(list((world.folder / "pictures").iterdir())) == 1
    assert b"quetzal" not in b"".join(path.read_bytes() for path in world.folder.iterdir() if path.is_file())


def test_an_answer_that_is_still_spoken_is_not_kept(world: World) -> None:
    """Who says so during the answer means that answer."""
    world.voice.gate = Gate(is_open=False)
    turn = world.ask()
    assert world.voice.gate.reached.wait(WAIT_SECONDS)
    outcome = world.journal.forget([turn])
    said = world.pipeline.say_result(outcome)
    world.voice.gate.open()
    world.finished(said)
    assert said.said == ["Deleted.", "I do not keep that."]
    assert world.kept() == []


def test_a_turn_that_is_written_while_the_user_says_so_is_deleted(world: World) -> None:
    """Neither order of the two leaves it in the journal."""
    turn = world.finished(Ended.turn())
    keep = world.keeper.keep

    def meanwhile(*given: object) -> object:
        kept = keep(*given)  # type: ignore[arg-type]
        assert world.journal.forget([turn])() == WORDS.forgotten
        return kept

    world.keeper.keep = meanwhile  # type: ignore[method-assign, assignment]
    world.journal.ended(turn, "a model")
    assert world.kept() == []


def test_with_nothing_to_delete_it_says_so(world: World) -> None:
    """It must not sound as if something had been deleted."""
    assert world.journal.forget([])() == WORDS.nothing_to_forget


def test_a_deletion_that_fails_is_said(world: World) -> None:
    """The user must not believe that it is gone."""
    turn = world.finished(world.ask())
    world.keeper.keep(Record("note", NOON)).result(WAIT_SECONDS)
    world.database._database.execute("DROP TABLE search")
    assert world.journal.forget([turn])() == WORDS.not_forgotten


def test_the_farewell_counts_what_was_not_kept(world: World) -> None:
    """It says nothing where all was kept."""
    assert world.journal.farewell() == ""
    pages = world.database._database.execute("PRAGMA page_count").fetchone()[0]
    world.database._database.execute(f"PRAGMA max_page_count = {pages}")
    counts = []
    for _ in range(2):
        assert world.keeper.keep(Record("note", NOON, note="x" * 200_000)).exception(WAIT_SECONDS) is not None
        counts.append(world.journal.farewell())
    assert counts == ["One record could not be kept in the journal.", "2 records could not be kept in the journal."]


def test_a_failure_is_said_at_once_if_nothing_else_is(world: World) -> None:
    """During an answer it comes before the rest of it, and ends nothing."""
    world.pipeline.say_soon("The disk is full.")
    until(lambda: world.voice.heard == ["The disk is full."] and not world.pipeline.busy)
    world.voice.gate = Gate(is_open=False)
    turn = world.ask()
    assert world.voice.gate.reached.wait(WAIT_SECONDS)
    world.pipeline.say_soon("It works again.")
    world.voice.gate.open()
    world.finished(turn)
    assert not turn.cancelled.is_set()
    world.finished(world.ask())
    assert world.voice.heard[0] == "The disk is full."
    assert world.voice.heard.count("It works again.") == 1


def test_a_failure_during_the_last_words_is_said_after_them(world: World) -> None:
    """It waits for the end of the answer, and not for another question."""
    world.voice.gate = Gate(is_open=False)
    turn = world.ask()
    assert world.voice.gate.reached.wait(WAIT_SECONDS)
    world.pipeline.say_soon("The disk is full.")
    world.voice.gate.open()
    until(lambda: "The disk is full." in world.voice.heard)
    world.finished(turn)
    assert not turn.cancelled.is_set()


def test_what_is_no_longer_true_is_not_said_to_its_end(world: World) -> None:
    """A sentence about a loss ends when the return is told, and one that still waits is never said."""
    world.voice.gate = Gate(is_open=False)
    world.pipeline.say_soon("The microphone has gone.")
    assert world.voice.gate.reached.wait(WAIT_SECONDS)
    world.pipeline.say_soon("The camera has gone.")
    world.pipeline.say_soon("The camera is back.", instead_of="The camera has gone.")
    world.pipeline.say_soon("The microphone is back.", instead_of="The microphone has gone.")
    world.voice.gate.open()
    until(lambda: "The camera is back." in world.voice.heard)
    assert set(world.voice.heard) == {"The microphone has gone.", "The microphone is back.", "The camera is back."}


def until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at
        threading.Event().wait(0.002)


class Ended:
    """A turn that has ended without a pipeline."""

    @staticmethod
    def turn() -> Turn:
        turn = Turn(Question("what is this", 0.9, 1.0, 1.0), done=threading.Event(), answer="A cup.")
        turn.add_up(2.0)
        turn.done.set()
        return turn
