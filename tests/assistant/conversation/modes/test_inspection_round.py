"""An inspection round in the conversation: whose words are whose, on slow stages in simulated time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from assistant.answering.capture import any_picture
from assistant.answering.judging.doubt import DoubtRule
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.reading.instruments import Opinion
from assistant.answering.turn import Turn
from assistant.button.gestures import DoublePress
from assistant.conversation.activation import Activation, settings_from
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings, OwnState
from assistant.conversation.event_queue import Event, Tick
from assistant.conversation.modes.inspection_round import InspectionRound
from assistant.conversation.modes.reading_aloud import ReadingAloud
from assistant.conversation.modes.station_looks import StationLooks
from assistant.inspection.record import NOTE, ROUND_ENDED, SKIP, STEP, Record
from assistant.inspection.rounds.checklist import Checklist, Number, Station, StepKind, Text, YesNo
from assistant.inspection.rounds.progress import Progress
from assistant.inspection.rounds.rules import Rules
from assistant.language.phrases import phrases_for
from audio.listening.hearing import SpeechStarted, Utterance
from tests.assistant.conversation.modes.test_reading_aloud import ENDPOINT_SECONDS, SPEECH_SECONDS
from tests.assistant.fake_reader import FakeReader, Printed
from tests.assistant.simulated_time import World
from tests.assistant.slow_stages import Seconds, Stages
from vision.frame import Frame

PHRASES = phrases_for("en")
WORDS = PHRASES.round
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
WAKE = "hey camera"
TANK = Station("tank", StepKind.SAY, Number("°C", None, Decimal(60)), question="how warm is the tank")
PUMP = Station("pump", StepKind.ASK, Number("bar"), question="what does the gauge say", check_digits=("47",))
PLATE = Station("plate", StepKind.READ, Text(), keep_picture=True)
GAUGE = Station("gauge", StepKind.GAUGE, Number("bar"), scale=(Decimal(0), Decimal(10)), sweep=270.0)
DISPLAY = Station("display", StepKind.DISPLAY, Number("bar"))
GUARD = Station("guard", StepKind.SAY, YesNo("yes"), question="is the guard closed")

Act = Callable[["Scene"], Iterator[Event]]


@dataclass
class Kept:
    """A record as the journal got it."""

    record: Record
    has_picture: bool
    keep_picture: bool | None
    about: dict[str, Any]


class FakeJournal:
    """Takes records. Those in `full` could not be kept."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.full: list[str] = []

    def keep(self, record: Record, jpeg: Any = None, *, keep_picture: bool | None = None, about: Any = None) -> None:
        self.kept.append(Kept(record, jpeg is not None, keep_picture, dict(about or {})))

    def not_kept(self, round_id: str) -> list[Record]:
        return [kept.record for kept in self.kept if kept.record.station in self.full]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kept.record.kind, kept.record.value or kept.record.reason or kept.record.note) for kept in self.kept]


class FakeInstruments:
    """A gauge that shows 7.2 and a display that cannot be read surely."""

    def read_gauge(
        self, frame: Frame, scale: tuple[Decimal, Decimal], sweep: float | None, cancelled: threading.Event
    ) -> Opinion:
        assert (scale, sweep) == ((0, 10), 270.0)
        return Opinion(Decimal("7.2"), is_sure=True)

    def read_display(self, frame: Frame, cancelled: threading.Event) -> Opinion:
        return Opinion(Decimal("6.9"), is_sure=False, contradicting=Decimal("8.9"))


@dataclass
class Scene:
    """A user on a round. In the profile `cart` only the wake phrase gets attention."""

    world: World
    stations: tuple[Station, ...] = (TANK, GUARD)
    activation: str = "open"
    answer: tuple[str, ...] = ("It", " says", " 7.2", " bar", ".")
    lines: tuple[Printed, ...] = (Printed("KB-7731"),)
    doubt: DoubtRule = field(default_factory=lambda: DoubtRule(0.0, 0.0, 0.0))
    instruments: FakeInstruments | None = None
    earcons: bool = False

    def __post_init__(self) -> None:
        self.stages = Stages(self.world, Seconds(), self.answer)
        self.journal = FakeJournal()
        self.turns: list[Turn] = []
        self.forgotten: list[object] = []
        self.heard: list[str] = []

    def play(self, *story: Act) -> list[str]:
        """What the voice said after the begin of the round."""
        self.answering = AnswerPipeline(
            self.stages.engine,
            any_picture(self.stages.camera),
            self.stages.voice,
            PHRASES,
            play_earcons=self.earcons,
            on_end=self.turns.append,
            clock=self.world.clock,
        )
        with self.answering:
            reader = FakeReader(self.lines, lambda step: None)
            rules = Rules(PHRASES, "en", "cart")
            checklist = Checklist("pump room", self.stations)
            self.round = InspectionRound(
                self.answering,
                rules,
                rules.begin(Progress(checklist), "r1", 0, NOON),
                StationLooks(self.answering, reader, PHRASES, instruments=self.instruments, clock=self.world.clock),
                self.journal,  # type: ignore[arg-type]
                PHRASES,
                pack=lambda frame: b"jpeg",
                about=lambda turn: {"model": "stand-in"} if turn.by_model else {},
                min_confidence=0.5,
                now=lambda: NOON + dt.timedelta(seconds=self.world.now),
            )
            activation = Activation(
                settings_from(self.activation, WAKE, 6.0),
                awaits=lambda: self.round.awaits_words,
                is_awaited=lambda text: self.round.counts_unasked(text),
            )
            self.activated = activation
            conversation = Conversation(
                (event for act in story for event in act(self)),
                self.answering,
                PHRASES,
                ConversationSettings(),
                activation=activation,
                clock=self.world.clock,
                on_heard=lambda utterance: self.heard.append(utterance.text),
                own_state=OwnState(forget=lambda turns: self.forgotten.append(turns) or (lambda: "Deleted.")),
                reading=ReadingAloud(self.answering, reader, PHRASES),
                inspection=self.round,
            )
            begin = self.round.begin()
            conversation.run(greeting=begin)
        return self.said

    @property
    def said(self) -> list[str]:
        """All sentences after the begin."""
        said = [sound.what.removeprefix("say ") for sound in self.stages.voice.sounds]
        return said[said.index(BEGUN[self.stations[0].name]) + 1 :]

    @property
    def steps(self) -> list[Record]:
        return [kept.record for kept in self.journal.kept if kept.record.kind == STEP]


BEGUN = {  # the last sentence of the begin
    "tank": "How warm is the tank?", "pump": WORDS.say_digits, "plate": WORDS.say_ready, "gauge": WORDS.say_ready,
    "display": WORDS.say_ready, "guard": WORDS.yes_or_no,
}  # fmt: skip


def says(*texts: str, confidence: float = 0.9) -> Act:
    """The user says each text, and waits until the program is quiet."""

    def act(scene: Scene) -> Iterator[Event]:
        world = scene.world
        for text in texts:
            yield from quiet(scene)
            began_at = world.now
            world.sleep(0.1)
            yield SpeechStarted(began_at)
            world.sleep(SPEECH_SECONDS - 0.1)
            ended_at = world.now
            world.sleep(ENDPOINT_SECONDS)
            yield Utterance(text, confidence, began_at, ended_at, ENDPOINT_SECONDS)
        yield from quiet(scene)

    return act


def quiet(scene: Scene) -> Iterator[Event]:
    for _ in range(10_000):
        scene.world.sleep(0.05)
        yield Tick(scene.world.now)
        if not (scene.answering.busy or scene.round.is_looking):
            return
    raise AssertionError("it is never quiet")


def passes(seconds: float) -> Act:
    def act(scene: Scene) -> Iterator[Event]:
        for _ in range(round(seconds / 0.05)):
            scene.world.sleep(0.05)
            yield Tick(scene.world.now)

    return act


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World() as world:
        world.put_into(monkeypatch)
        yield world


def test_a_round_from_its_begin_to_its_end(world: World) -> None:
    """Each step is in the journal as soon as it is confirmed, and the report comes at the end."""
    scene = Scene(world)
    said = scene.play(says("forty", "yes", "yes", "finish"))
    assert said[:2] == ["Forty degrees celsius, yes?", "Stored."]
    assert said[-1] == "The round has ended."
    assert scene.journal.kinds == [("round_began", ""), (STEP, "40"), (STEP, "yes"), (ROUND_ENDED, "")]
    assert scene.journal.kept[1].record.at > NOON


def test_the_model_is_asked_and_its_answer_is_read_back(world: World) -> None:
    """The picture and what is known of the answer go with the step; the journal keeps no turn of it."""
    scene = Scene(world, (PUMP, GUARD))
    said = scene.play(says("four seven", "yes"))
    assert said[:2] == ["It says 7.2 bar.", "I read seven point two bar, yes?"]
    kept = scene.journal.kept[-1]
    assert (kept.record.value, kept.record.reading, kept.record.answer) == ("7.2", "7.2", "It says 7.2 bar.")
    assert (kept.has_picture, kept.keep_picture, kept.about) == (True, None, {"model": "stand-in"})
    assert [turn.question.has_own_record for turn in scene.turns if turn.question is not None] == [True]


def test_print_is_read_without_the_model(world: World) -> None:
    """What the reader is sure of is read back."""
    scene = Scene(world, (PLATE, GUARD))
    said = scene.play(says("i am ready", "yes"))
    assert said[0] == "I read KB-7731, yes?"
    assert scene.steps[0].value == "KB-7731"
    assert (scene.journal.kept[-1].keep_picture, scene.journal.kept[-1].about) == (True, {})
    assert scene.stages.spans("question prefill") == []


def test_doubtful_print_is_told_with_doubt(world: World) -> None:
    """A sure line beside it does not make it sure."""
    scene = Scene(world, (PLATE, GUARD), lines=(Printed("KB-7731"), Printed("19B8", confidence=0.4)))
    assert scene.play(says("ready"))[0] == "I am not sure, but I read KB-7731 19B8."


def test_instruments_read_gauges_and_displays(world: World) -> None:
    """A gauge that was read surely is read back; an unsure display is told with doubt."""
    scene = Scene(world, (GAUGE, DISPLAY), instruments=FakeInstruments())
    said = scene.play(says("ready", "yes", "ready"))
    assert said[0] == "I read seven point two bar, yes?"
    assert said[-2:] == ["I am not sure, but I read six point nine bar.", "What does it say?"]


def test_without_instruments_the_human_tells(world: World) -> None:
    """The step is no dead end."""
    scene = Scene(world, (GAUGE, GUARD))
    said = scene.play(says("ready", "seven", "yes"))
    assert said[:3] == ["I cannot read it surely.", "What does it say?", "Seven bar, yes?"]
    assert scene.steps[0].value == "7"


def test_a_look_that_is_stopped_is_asked_of_the_human(world: World) -> None:
    """ "Stop" ends the look, and the round goes on."""
    scene = Scene(world, (PUMP, GUARD))

    def digits(scene: Scene) -> Iterator[Event]:
        yield Utterance("four seven", 0.9, world.now, world.now)
        world.sleep(1.0)
        yield Utterance("stop", 0.9, world.now, world.now)

    said = scene.play(quiet, digits, says("seven", "yes"))
    assert said[:3] == ["I could not look.", "What does the gauge say?", "Seven bar, yes?"]


def test_a_camera_that_fails_is_no_end_of_the_round(world: World) -> None:
    """The user is told, and asked for the value."""
    scene = Scene(world, (PUMP, GUARD))

    def mishap(stage: str) -> None:
        if stage == "capture":
            raise OSError("unplugged")

    scene.stages.mishap = mishap
    said = scene.play(says("four seven"))
    assert said == [PHRASES.picture_failed, "I could not look.", "What does the gauge say?"]


def test_a_question_goes_to_the_model_and_the_round_waits(world: World) -> None:
    """Its answer is heard, and the reply that was awaited still counts."""
    scene = Scene(world)
    said = scene.play(says("forty", "what color is the valve", "yes"))
    assert said[1] == "It says 7.2 bar."
    assert scene.steps[0].value == "40"
    (asked,) = [turn for turn in scene.turns if turn.question is not None]
    assert asked.question is not None
    assert not asked.question.has_own_record


def test_again_is_about_what_was_said_last(world: World) -> None:
    """After an answer it repeats the answer, after the round's own words those. A double press does the same."""
    scene = Scene(world)

    def press_twice(scene: Scene) -> Iterator[Event]:
        yield DoublePress(world.now)
        yield from quiet(scene)

    said = scene.play(says("forty", "again", "what is this", "again", "where am i"), press_twice)
    read_back = "Forty degrees celsius, yes?"
    assert said[:4] == [read_back, read_back, "It says 7.2 bar.", "It says 7.2 bar."]
    assert said[-1] == read_back


def test_words_of_a_round_count_without_the_wake_phrase(world: World) -> None:
    """A number, a yes, "confirm" and a command do; a question does not, nor does what colleagues say."""
    scene = Scene(world, activation="wake_word")
    said = scene.play(
        says("forty", "let us have lunch", "what color is the valve", "okay", "yes", "how many are left", "yes")
    )
    assert said == [
        "Forty degrees celsius, yes?", "Stored.", "One is left.", "Guard.", "Is the guard closed?", "Yes or no?",
        "One is left.", "Is the guard closed?", "Yes or no?", "Stored.", "None is left.", WORDS.all_done.split(".")[0] + ".",
        "Say report, back, or finish.",
    ]  # fmt: skip
    assert scene.heard == ["forty", "yes", "how many are left", "yes"]


def test_words_that_may_be_a_reply_heard_wrongly_get_the_error_cue(world: World) -> None:
    """Soon after a question of the round; later they are the talk of others."""

    def cues(*story: Act) -> int:
        scene = Scene(world, activation="wake_word", earcons=True)
        scene.play(says("forty"), *story)
        return [sound.what for sound in scene.stages.voice.sounds].count("error")

    assert cues(says("heaven point too")) == 1
    assert cues(passes(12.0), says("heaven point too")) == 0


def test_a_reason_counts_for_ten_seconds_without_the_wake_phrase(world: World) -> None:
    """It may be any words, so that later it needs the phrase, as everything else does."""
    scene = Scene(world, activation="wake_word")
    scene.play(says("skip", "no ladder"))
    assert scene.journal.kinds[-1] == (SKIP, "no ladder")
    scene = Scene(world, activation="wake_word")
    scene.play(says("skip"), passes(12.0), says("no ladder"))
    assert scene.journal.kinds == [("round_began", "")]
    scene.play(says("skip"), passes(12.0), says("hey camera no ladder"))
    assert scene.journal.kinds[-1] == (SKIP, "no ladder")


def test_in_a_pause_only_the_wake_phrase_counts(world: World) -> None:
    """ "Continue" needs it too: a pause is for talking with others."""
    scene = Scene(world, activation="wake_word")
    said = scene.play(says("pause", "yes", "continue", "hey camera continue"))
    assert said[:2] == ["The round is paused.", "Say continue to go on."]
    assert said[2:4] == ["The round goes on.", "Tank."]
    assert scene.heard == ["pause", "continue"]


def test_what_was_hardly_heard_is_asked_for_again(world: World) -> None:
    """A yes that was hardly heard stores nothing."""
    scene = Scene(world)
    said = scene.play(says("forty"), says("yes", confidence=0.4))
    assert said[1:] == ["I did not hear that well.", "Please say it again.", "Forty degrees celsius, yes?"]
    assert scene.steps == []


def test_a_yes_that_was_heard_unsurely_stores_nothing(world: World) -> None:
    """In noise a no is sometimes heard as a yes. It is asked for again, and a sure yes stores the value."""
    scene = Scene(world, (TANK, GUARD))
    said = scene.play(says("forty"), says("yes", confidence=0.7))
    assert said[1:] == ["I did not hear that well.", "Please say it again.", "Forty degrees celsius, yes?"]
    assert scene.steps == []


def test_a_note_is_kept_in_the_middle_of_a_page(world: World) -> None:
    """While a page is read aloud "next" is about the page, and a note still belongs to the round."""
    lines = tuple(Printed(f"This is line {number}.", number) for number in range(20))
    scene = Scene(world, lines=lines)

    def reads(scene: Scene) -> Iterator[Event]:
        yield from quiet(scene)
        yield Utterance("read the text", 0.9, world.now, world.now)
        yield from passes(3.0)(scene)

    def interrupts(scene: Scene) -> Iterator[Event]:
        yield Utterance("next", 0.9, world.now, world.now)
        yield from passes(3.0)(scene)
        yield Utterance("note the floor is wet", 0.9, world.now, world.now)
        yield from quiet(scene)

    scene.play(reads, interrupts)
    assert scene.journal.kinds == [("round_began", ""), (NOTE, "the floor is wet")]
    assert scene.round.moment.station is TANK


def test_do_not_keep_this_never_deletes_a_step(world: World) -> None:
    """After a step it says how to do it again; after a question it deletes the question."""
    scene = Scene(world)
    said = scene.play(says("what is this", "forty", "yes", "do not keep this"))
    assert said[-2:] == ["What a round has stored stays in the journal.", "Say back to do a step again."]
    assert scene.forgotten == []
    scene.play(says("what is this", "do not keep this"))
    assert len(scene.forgotten) == 1


def test_what_could_not_be_kept_is_listed_at_the_end(world: World) -> None:
    """The round itself goes on."""
    scene = Scene(world)
    scene.journal.full = ["tank"]
    said = scene.play(says("forty", "yes", "yes", "finish"))
    assert said[-1] == "Attention: not kept in the journal: tank."
    assert scene.journal.kinds[-1] == (ROUND_ENDED, "")


def test_after_its_end_a_round_takes_no_words(world: World) -> None:
    """The conversation goes on as without it."""
    scene = Scene(world)
    scene.play(says("forty", "yes", "yes", "finish", "next"))
    assert scene.round.has_ended
    assert not scene.round.awaits_words
    assert len(scene.journal.kept) == 4
