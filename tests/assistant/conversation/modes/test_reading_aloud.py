"""A page that is read aloud, from the words of the user to the voice, on slow stages in simulated time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Turn
from assistant.button.gestures import DoublePress, Press, Pressed, StopPress
from assistant.conversation.activation import Activation, settings_from
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings
from assistant.conversation.event_queue import Event, Tick
from assistant.conversation.modes.reading_aloud import ReadingAloud
from assistant.language.phrases import phrases_for
from audio.listening.hearing import SpeechStarted, Utterance
from tests.assistant.fake_reader import SENTENCES, TEXT, FakeReader, Printed, page
from tests.assistant.simulated_time import World
from tests.assistant.slow_stages import Seconds, Stages
from vision.errors import ReaderError

PHRASES = phrases_for("en")
WORDS = PHRASES.reading
SENTENCE_SECONDS = 2.0
SPEECH_SECONDS = 1.0
ENDPOINT_SECONDS = 0.7

Act = Callable[["Scene"], Iterator[Event]]


@dataclass
class Scene:
    """A user before a page, and the program, with a microphone that hears all (`barge_in = "any"`)."""

    world: World
    lines: Sequence[Printed] = field(default_factory=lambda: page(TEXT))
    find_seconds: float = 0.8
    line_seconds: float = 0.3
    settings: ConversationSettings = field(default_factory=lambda: ConversationSettings(speech_interrupts=True))
    activation: str = "open"
    broken: bool = False

    def __post_init__(self) -> None:
        self.stages = Stages(self.world, Seconds(vision=4.0, synthesis=0.02, sentence=SENTENCE_SECONDS))
        self.reader = FakeReader(self.lines, self._takes)
        self.turns: list[Turn] = []
        self.activated = Activation(settings_from(self.activation, "hey camera", 6.0))

    def play(self, *story: Act) -> list[str]:
        """What the voice said, and the cut sentences as often as they were begun."""
        self.answering = AnswerPipeline(
            self.stages.engine,
            any_picture(self.stages.camera),
            self.stages.voice,
            PHRASES,
            play_earcons=False,
            on_end=self.turns.append,
            clock=self.world.clock,
        )
        with self.answering:
            conversation = Conversation(
                (event for act in story for event in act(self)),
                self.answering,
                PHRASES,
                self.settings,
                activation=self.activated,
                clock=self.world.clock,
                reading=ReadingAloud(self.answering, self.reader, PHRASES),
            )
            conversation.run(greeting="")
        return self.said

    @property
    def said(self) -> list[str]:
        return [sound.what.removeprefix("say ") for sound in self.stages.voice.sounds]

    def _takes(self, step: str) -> None:
        if self.broken:
            raise ReaderError("the reader's models are damaged: install rapidocr again")
        self.stages.take_time(step, self.find_seconds if step == "find" else self.line_seconds, None)


def speaks(text: str) -> Act:
    def act(scene: Scene) -> Iterator[Event]:
        world, began_at = scene.world, scene.world.now
        world.sleep(0.1)
        yield SpeechStarted(began_at)
        world.sleep(SPEECH_SECONDS - 0.1)
        ended_at = world.now
        world.sleep(ENDPOINT_SECONDS)
        yield Utterance(text, 0.9, began_at, ended_at, ENDPOINT_SECONDS)

    return act


def presses(*kinds: type[Pressed] | type[StopPress] | type[DoublePress]) -> Act:
    def act(scene: Scene) -> Iterator[Event]:
        for kind in kinds:
            press: Press = kind(scene.world.now)
            scene.activated.pressed(press)
            if isinstance(press, StopPress):  # the button's own thread does that
                scene.answering.cancel()
            yield press

    return act


def waits(seconds: float) -> Act:
    def act(scene: Scene) -> Iterator[Event]:
        for _ in range(round(seconds / 0.05)):
            scene.world.sleep(0.05)
            yield Tick(scene.world.now)

    return act


def until_quiet(scene: Scene) -> Iterator[Event]:
    for _ in range(10_000):
        scene.world.sleep(0.05)
        yield Tick(scene.world.now)
        if not scene.answering.busy:
            return
    raise AssertionError("it is never quiet")


def until_it_says(sentence: str) -> Act:
    """In its middle."""

    def act(scene: Scene) -> Iterator[Event]:
        for _ in range(10_000):
            scene.world.sleep(0.05)
            yield Tick(scene.world.now)
            if scene.said[-1:] == [sentence]:
                scene.world.sleep(SENTENCE_SECONDS / 2)
                return
        raise AssertionError(f"it never says {sentence!r}")

    return act


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World() as world:
        world.put_into(monkeypatch)
        yield world


def test_a_page_is_read_and_the_model_sees_nothing(world: World) -> None:
    """What the engine had begun of the picture ends with the words "read the text"."""
    scene = Scene(world)
    assert scene.play(speaks("read the text"), until_quiet) == SENTENCES
    ((_, seen_until),) = scene.stages.spans("vision")
    assert seen_until == pytest.approx(SPEECH_SECONDS + ENDPOINT_SECONDS)
    (turn,) = [turn for turn in scene.turns if turn.question is not None]
    assert turn.words == " ".join(SENTENCES)
    assert turn.timings is not None
    assert turn.timings.first_sound is not None


def test_first_words_come_early_and_no_silence_follows(world: World) -> None:
    """30 lines: the first words after finding and one line; then the reader is always ahead of the voice."""
    lines = [Printed(f"This is the sentence of line number {number}.") for number in range(30)]
    scene = Scene(world, lines)
    scene.play(speaks("read this page"), until_quiet)
    sounds = scene.stages.voice.sounds
    assert sounds[0].begin == pytest.approx(SPEECH_SECONDS + ENDPOINT_SECONDS + 0.8 + 0.3 + 0.02)
    assert max(after.begin - before.end for before, after in itertools.pairwise(sounds)) < 0.01
    for number in range(30):
        ((recognised_at, _),) = scene.stages.spans(f"line {number}")
        begun = sum(sound.begin <= recognised_at for sound in sounds)
        assert number - begun <= 3, "one is spoken, two wait, one is being recognised"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("back", 1), ("go back one sentence", 1), ("again", 2), ("repeat that", 2), ("read this sentence again", 2), ("next", 3),
        ("next paragraph", 3), ("from the top", 0), ("read it again", 0), ("line two", 1), ("read line five", 3), ("go on", 2),
        ("continue", 2),
    ],
)  # fmt: skip
def test_commands_while_it_reads(words: str, first: int, world: World) -> None:
    """Said in the middle of the third sentence: it reads on from where the command says."""
    scene = Scene(world)
    said = scene.play(speaks("read it"), until_it_says(SENTENCES[2]), speaks(words), until_quiet)
    assert said == SENTENCES[:3] + SENTENCES[first:]


@pytest.mark.parametrize("words", ["stop", "continue", "back", "louder"])
def test_the_reader_rests_while_the_user_speaks(words: str, world: World) -> None:
    """No picture is seen by the model for a command about a page."""
    scene = Scene(world)
    scene.play(speaks("read it"), until_it_says(SENTENCES[2]), speaks(words), until_quiet)
    assert len(scene.stages.spans("vision")) == 1


def test_stop_then_continue_goes_on_at_the_cut_sentence(world: World) -> None:
    """Also minutes later, when the page was put down and a new picture was taken for the words "continue"."""
    scene = Scene(world)
    said = scene.play(
        speaks("read it"), until_it_says(SENTENCES[1]), speaks("stop"), waits(90.0), speaks("continue"), until_quiet
    )
    assert said == SENTENCES[:2] + SENTENCES[1:]


def test_a_press_stops_and_continue_goes_on(world: World) -> None:
    """For the user of one button: the next press begins the next words."""
    scene = Scene(world, settings=ConversationSettings(), activation="button")
    said = scene.play(
        presses(Pressed), speaks("read it"), until_it_says(SENTENCES[1]), presses(StopPress), waits(1.0),
        presses(Pressed), speaks("continue"), until_quiet,
    )  # fmt: skip
    assert said == SENTENCES[:2] + SENTENCES[1:]


def test_a_double_press_says_the_sentence_again(world: World) -> None:
    """And reads on; the first of the two presses has stopped it."""
    scene = Scene(world, settings=ConversationSettings(), activation="button")
    said = scene.play(
        presses(Pressed), speaks("read it"), until_it_says(SENTENCES[1]), presses(StopPress, DoublePress), until_quiet
    )
    assert said == SENTENCES[:2] + SENTENCES[1:]


def test_spelling_leaves_the_place(world: World) -> None:
    """It spells what was read last, "repeat" spells it again, and continue goes on."""
    scene = Scene(world, page("The code is AB1.\nKeep it."))
    said = scene.play(
        speaks("read it"), until_it_says("The code is AB1."), speaks("spell that"), until_quiet, speaks("repeat"), until_quiet,
        speaks("continue"), until_quiet,
    )  # fmt: skip
    assert said == ["The code is AB1.", "A, B, one.", "A, B, one.", "The code is AB1.", "Keep it."]


def test_slower_counts_from_the_next_sentence(world: World) -> None:
    """The page goes on with the sentence that the word cut."""
    scene = Scene(world)
    said = scene.play(speaks("read it"), until_it_says(SENTENCES[3]), speaks("slower"), until_quiet)
    assert said == [*SENTENCES[:4], *SENTENCES[3:]]


def test_a_question_ends_the_page_and_continue_takes_it_up(world: World) -> None:
    """Even where questions wait for the end of an answer, since a page takes minutes."""
    settings = ConversationSettings(speech_interrupts=True, queue_questions=True)
    scene = Scene(world, settings=settings)
    said = scene.play(
        speaks("read it"),
        until_it_says(SENTENCES[1]),
        speaks("who wrote this"),
        until_quiet,
        speaks("continue"),
        until_quiet,
    )
    assert said == [*SENTENCES[:2], "A red cup.", "It is on a table.", *SENTENCES[1:]]
    assert len(scene.stages.spans("vision")) == 2, "the picture of the page was seen for the question"
    assert len(scene.stages.spans("capture")) == 1


def test_after_a_question_words_have_their_usual_meaning(world: World) -> None:
    """ "Again" repeats the answer, and "go on" asks for more detail; "line two" can mean only the page."""
    scene = Scene(world)
    said = scene.play(
        speaks("read it"), until_quiet, speaks("who wrote this"), until_quiet, speaks("again"), until_quiet, speaks("line two"), until_quiet
    )  # fmt: skip
    answer = ["A red cup.", "It is on a table."]
    assert said == [*SENTENCES, *answer, *answer, *SENTENCES[1:]]


def test_after_the_time_again_is_the_time(world: World) -> None:
    """What was said last is said again; "continue" still means the page."""
    scene = Scene(world)
    said = scene.play(
        speaks("read it"),
        until_it_says(SENTENCES[0]),
        speaks("help"),
        waits(3.0),
        speaks("stop"),
        speaks("continue"),
        until_quiet,
    )
    assert said[-len(SENTENCES) :] == SENTENCES


def test_words_about_a_page_are_questions_until_there_is_one(world: World) -> None:
    """ "Continue" goes to the model, as ever."""
    scene = Scene(world)
    assert scene.play(speaks("continue"), until_quiet) == ["A red cup.", "It is on a table."]


def test_another_page_is_another_picture(world: World) -> None:
    """ "Read the text" after a page means the page that lies there now; the first one may follow a question's picture."""
    scene = Scene(world, page("Exit."))
    scene.play(
        speaks("what is this"), until_quiet, speaks("read it"), until_quiet, speaks("read the text"), until_quiet
    )
    assert len(scene.stages.spans("capture")) == 2
    assert scene.reader.log == ["find", "line 0"] * 2


def test_a_reader_that_fails_is_told_and_the_conversation_goes_on(world: World) -> None:
    """One sentence to the user; the next question is answered by the model."""
    scene = Scene(world, broken=True)
    said = scene.play(speaks("read it"), until_quiet, speaks("what is this"), until_quiet)
    assert said == [WORDS.failed, "A red cup.", "It is on a table."]
    assert isinstance(scene.turns[1].error, ReaderError)


def test_a_page_without_text_is_told(world: World) -> None:
    """And never silently nothing."""
    assert Scene(world, []).play(speaks("read it"), until_quiet) == [WORDS.no_text]


def test_storms_of_commands_end_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any commands at any moment, in any order of threads: it never hangs, and a last "from the top" reads it all."""
    for seed in range(25):
        with World(seed) as world:
            world.put_into(monkeypatch)
            scene = Scene(world)
            lots = scene.world._lots
            assert lots is not None
            acts: list[Act] = [speaks("read the text")]
            for _ in range(8):
                words = (
                    "stop",
                    "continue",
                    "back",
                    "again",
                    "next paragraph",
                    "line three",
                    "spell that",
                    "what is this",
                )
                acts += [waits(lots.choice((0.0, 0.3, 2.0, 6.0))), speaks(lots.choice(words))]
            scene.play(*acts, speaks("from the top"), until_quiet)
            assert scene.said[-len(SENTENCES) :] == SENTENCES
            assert all(turn.error is None for turn in scene.turns)
        monkeypatch.undo()
