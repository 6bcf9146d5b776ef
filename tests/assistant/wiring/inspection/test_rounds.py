"""`seesay round` by voice: the whole program with WAV files instead of a sound card."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path

import pytest

from assistant.inspection.journal import Journal, journal_folder
from assistant.inspection.record import ROUND_BEGAN, ROUND_ENDED, STEP, Record
from assistant.inspection.round_shown import RoundShown
from assistant.inspection.rounds.checklist import Checklist, Number, OneOf, Station, StepKind, YesNo
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import (
    ActivationConfig,
    Config,
    ConversationConfig,
    JournalConfig,
    PowerConfig,
    SeeingConfig,
)
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from tests.assistant.wiring.inspection.test_journal import DEMO, Quiet, spoken
from tests.assistant.wiring.test_run_power import Room

WORDS = phrases_for("en").round
TANK = Station(
    "tank", StepKind.SAY, Number("", None, Decimal(60)), question="how warm is the tank", check_digits=("47",)
)
GUARD = Station("guard", StepKind.SAY, YesNo("yes"), question="is the guard closed")
CHECKLIST = Checklist("Pump room", (TANK, GUARD), "a" * 64)


class World:
    """A user with full hands: only the wake phrase gets attention."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.shown: list[RoundShown | None] = []  # as the page gets it, after the greeting and after each turn
        self.journal = journal_folder({"XDG_STATE_HOME": str(folder / "state")})
        monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))

    def run(self, checklist: Checklist, *texts: str) -> list[str]:
        """Says the texts one after the other, and returns what was said, the greeting first."""
        room = Room(spoken(self.folder, *texts))
        room.measured.set()

        def look() -> str:
            self.shown.append(room.round_now())
            return ""

        room.look = look
        self.monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
        from PIL import Image

        Image.new("RGB", (64, 64), "white").save(self.folder / "picture.png")
        config = Config(
            conversation=ConversationConfig(profile="cart"),
            activation=ActivationConfig(by="wake_word"),
            seeing=SeeingConfig(camera=str(self.folder / "picture.png")),
            power=PowerConfig(govern="off"),
            journal=JournalConfig(enabled=True, pictures=True),
        )
        with contextlib.ExitStack() as stack:
            assembly = Assembly(config, stack, vision_model=DEMO, speech_model=catalog.demo_speech("en"))
            run(assembly, side_server=room, checklist=checklist)
        return [" ".join(turn.said) for turn in room.turns if turn.said]

    def records(self) -> list[Record]:
        with Journal.read(self.journal) as journal:
            return [entry.record for entry in journal.entries() if entry.record is not None]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_spoken_round_needs_no_wake_phrase(world: World) -> None:
    """Digits, a number, a yes and a command are heard, stored, and found again after a restart."""
    said = world.run(CHECKLIST, "four seven", "forty two", "yes", "hey camera quit")
    assert phrases_for("en").journal.kept_with_pictures in said[0]
    assert said[0].endswith("The round Pump room begins. It has two stations. Tank. Say the check digits.")
    assert said[1:4] == [
        "How warm is the tank?",
        "Forty two, yes?",
        "Stored. One is left. Guard. Is the guard closed? Yes or no?",
    ]
    assert [record.kind for record in world.records()] == [ROUND_BEGAN, STEP]
    said = world.run(CHECKLIST, "yes", "finish", "hey camera quit")
    assert said[0].endswith("I go on with the round Pump room. One is left. Guard. Is the guard closed? Yes or no?")
    assert said[2] == "In order: two. The round has ended."
    records = world.records()
    assert [(record.kind, record.value) for record in records] == [
        (ROUND_BEGAN, ""), (STEP, "42"), (STEP, "yes"), (ROUND_ENDED, ""),
    ]  # fmt: skip
    assert {record.profile for record in records} == {"cart"}


def test_the_page_beside_a_round_gets_each_of_its_steps(world: World) -> None:
    """After each turn the server reads where the round stands, on a thread of its own."""
    world.run(CHECKLIST, "four seven", "forty two", "yes", "hey camera quit")
    shown = [round for round in world.shown if round is not None]
    assert [(round.station, round.awaits) for round in shown] == [
        (1, "check_digits"), (1, "answer"), (1, "yes"), (2, "answer"),
    ]  # fmt: skip
    assert [(station.name, station.state, station.value) for station in shown[-1].stations] == [
        ("tank", "in_order", "42"),
        ("guard", "open", ""),
    ]


def test_a_changed_checklist_begins_anew_and_unknown_words_are_named(world: World) -> None:
    """Both are said at the start. The round with the old checklist gets an end, with the reason."""
    world.run(CHECKLIST, "hey camera quit")
    valve = Station("trunnion", StepKind.SAY, OneOf(("blue", "redd")), question="what color is it")
    said = world.run(Checklist("Pump room", (valve,), "b" * 64), "hey camera quit")
    assert "The speech model does not know these words of the checklist: trunnion" in said[0]
    assert "redd, near to red" in said[0]
    assert "The checklist of the round Pump room has changed since that round began." in said[0]
    assert said[0].endswith("Trunnion. What color is it? Say blue or redd.")
    began, ended, anew = world.records()
    assert [record.kind for record in (began, ended, anew)] == [ROUND_BEGAN, ROUND_ENDED, ROUND_BEGAN]
    assert ended.round_id == began.round_id
    assert ended.reason.startswith("The checklist of the round Pump room has changed")
    assert anew.details["round_number"] == 1
