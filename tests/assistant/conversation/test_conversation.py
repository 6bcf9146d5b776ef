from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from assistant.answering.capture import PictureCapture
from assistant.answering.judging.doubt import DEMO_RULE, Piece, Verdict
from assistant.answering.length import Limit
from assistant.answering.reading.reader_context import NOTHING_READ
from assistant.answering.turn import Question, Rest, Turn
from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.activation import Activation, settings_from
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings, OwnState
from assistant.conversation.event_queue import Event, Tick
from assistant.language.phrases import phrases_for
from assistant.machine.status import Status
from assistant.settings.voice_state import VoiceSettings, VoiceState
from audio.listening.hearing import SpeechPaused, SpeechRejected, SpeechResumed, SpeechStarted, Utterance, WakeSuspected
from audio.pcm import AudioChunk
from tests.assistant.fakes import FakeEngine
from vision.frame import Frame
from vision.framing import Fault

PHRASES = phrases_for("en")
NOW = 0.0  # stands for the time at which a script's event is fed
LISTENING = "cue of 0.20 s"
ERROR = "cue of 0.24 s"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class RecordingAnswering:
    """Records what the conversation asked of `AnswerPipeline`, as short words in order."""

    clock: Clock
    log: list[str] = field(default_factory=list)
    looks: list[PictureCapture] = field(default_factory=list)
    spoke: list[bool] = field(default_factory=list)
    limits: list[Limit | None] = field(default_factory=list)  # of the answers
    rest: tuple[str, ...] = ()  # of each answer from now on

    paused = busy = leaves_open = False
    advised: Fault | None = None  # the fault that the user was told about lately

    def was_advised_of(self, fault: Fault) -> bool:
        return fault is self.advised

    def look(self, frame: Frame | None = None, *, closer: bool = False) -> PictureCapture:
        how = f" at {frame.rgb.shape}" if frame else " closer" if closer else ""
        self.log.append(f"look{len(self.looks)}{how}")
        self.looks.append(PictureCapture(self.clock(), frame))
        return self.looks[-1]

    def ask(
        self, question: Question, look: PictureCapture, *, queued: bool = False, limit: Limit | None = None
    ) -> Turn:
        self.limits.append(limit)
        self.log.append(f"ask {question.text!r} of {self.looks.index(look)}" + (" queued" if queued else ""))
        self.paused = self.paused and queued
        look.view = look.view or object()  # type: ignore[assignment]  # marks it as seen, which is all that is checked
        look.frame = look.frame or Frame(np.zeros((480, 640, 3), np.uint8), self.clock())
        turn = Turn(question, said=[f"answer to {question.text}"], answer="It says EXIT 42.")
        turn.pieces = (Piece(turn.answer, (0.0,)),)
        self._offer_rest(turn, look.frame)
        if not self.leaves_open:
            turn.done.set()
        return turn

    def _offer_rest(self, turn: Turn, frame: Frame) -> None:
        if self.rest:
            view = FakeEngine().see(frame)
            view.rest = self.rest
            turn.rest = Rest(view, NOTHING_READ)
            turn.said.append(PHRASES.length.more_left)

    def go_on(self, question: Question, first: Turn, limit: Limit | None = None) -> Turn:
        assert first.rest is not None
        self.log.append(f"go on with {first.asked!r}")
        self.limits.append(limit)
        rest, first.rest = first.rest, None
        turn = Turn(question, before=first, said=["the rest"], pieces=(Piece(" And so on.", (0.0,)),))
        self._offer_rest(turn, rest.view.frame)
        turn.done.set()
        return turn

    def compare(self, question: Question, old: PictureCapture, new: PictureCapture) -> Turn:
        self.log.append(f"compare {self.looks.index(old)} with {self.looks.index(new)}")
        return Turn(question, answer="Before: I see no word. Now: It says OPEN.")

    def look_again(self, question: Question, first: Turn, frame: Frame) -> Turn:
        self.log.append(f"look again {first.question.text!r} at {frame.rgb.shape}" if first.question else "?")
        return Turn(question, answer="I read the same again.", said=["I read the same again."])

    def tell(self, question: Question, sentences: object) -> Turn:
        self.log.append(f"tell {question.text!r}")
        return Turn(question, by_model=False)

    def say(self, text: str) -> Turn:
        self.paused = False
        self.log.append(f"say {text!r}")
        turn = Turn(None, said=[text])
        turn.done.set()
        return turn

    greet = say

    def say_result(self, words: Callable[[], str]) -> Turn:
        return self.say(words())

    def advise(self, look: PictureCapture) -> Turn:
        self.log.append(f"advise of {self.looks.index(look)}")
        return Turn(None)

    def pause(self) -> None:
        self.paused = True
        self.log.append("pause")

    def resume(self) -> None:
        if self.paused:
            self.log.append("resume")
        self.paused = False

    def user_speaks(self, speaks: bool) -> None:
        """Records it. In the real pipeline only the cues use it."""
        self.spoke.append(speaks)

    def acknowledge(self) -> None:
        self.log.append("acknowledge")

    def cancel(self) -> None:
        self.paused = False
        self.log.append("cancel")

    def cue(self, earcon: AudioChunk) -> None:
        self.log.append(f"cue of {earcon.duration_seconds:.2f} s")


class Story:
    """A script of events for the conversation. `waits` moves the clock between them."""

    def __init__(self, **settings: object) -> None:
        self.clock = Clock()
        self.answering = RecordingAnswering(self.clock)
        activation = settings_from(str(settings.pop("activation", "open")), "hey camera", 6.0)
        self.activation = Activation(activation)
        own_state = settings.pop("own_state", None)
        self.own_state = own_state if isinstance(own_state, OwnState) else None
        settings.setdefault("understood_from", 0.1)
        self.settings = ConversationSettings(**settings)  # type: ignore[arg-type]
        self.script: list[Event | Callable[[Conversation], None] | float] = []
        self.voice_states: list[VoiceState] = []

    def speaks(self, text: str, confidence: float = 0.9) -> Story:
        return self.begins().ends(text, confidence)

    def begins(self) -> Story:
        self.script.append(SpeechStarted(NOW))
        return self

    def ends(self, text: str, confidence: float = 0.9) -> Story:
        self.script.append(Utterance(text, confidence, NOW, NOW))
        return self

    def presses(self, *presses: Press) -> Story:
        self.script += presses
        return self

    def does(self, what: Callable[[Conversation], None]) -> Story:
        self.script.append(what)
        return self

    def coughs(self) -> Story:
        self.script += [SpeechStarted(NOW), SpeechRejected(NOW)]
        return self

    def pauses(self, *, for_good: bool = True) -> Story:
        self.script += [SpeechPaused(NOW)] if for_good else [SpeechPaused(NOW), SpeechResumed(NOW)]
        return self

    def suspects_a_call(self) -> Story:
        self.script.append(WakeSuspected(NOW))
        return self

    def waits(self, seconds: float) -> Story:
        self.script.append(seconds)
        return self

    def told(self) -> list[str]:
        self.conversation = Conversation(
            self._events(),
            self.answering,  # type: ignore[arg-type]
            PHRASES,
            self.settings,
            activation=self.activation,
            clock=self.clock,
            own_state=self.own_state
            or OwnState(
                voice=VoiceSettings(VoiceState(175, 0.75), self.voice_states.append),
                status=lambda: Status(model="demo"),
                time_of_day=lambda: dt.time(15, 5),
            ),
        )
        self.conversation.run(greeting="hello")
        return self.answering.log[1:]

    def _events(self) -> Iterator[Event]:
        for entry in self.script:
            match entry:
                case float():
                    self.clock.now += entry
                    yield Tick(self.clock.now)
                case SpeechStarted():
                    yield SpeechStarted(self.clock.now)
                case WakeSuspected():
                    yield WakeSuspected(self.clock.now)
                case SpeechPaused():
                    yield SpeechPaused(self.clock.now)
                case SpeechResumed():
                    yield SpeechResumed(self.clock.now)
                case SpeechRejected():
                    yield SpeechRejected(self.clock.now)
                case Utterance(text, confidence):
                    yield Utterance(text, confidence, self.clock.now, self.clock.now)
                case Pressed() | Held() | Released() | DoublePress() | StopPress():
                    self.activation.pressed(entry)  # as the thread of the button does
                    yield entry
                case _:
                    entry(self.conversation)


def test_the_picture_is_taken_when_speech_begins() -> None:
    """The look begins before the words come, and the question is about that picture."""
    assert Story().speaks("what is this").told() == ["look0", "ask 'what is this' of 0"]


def test_a_follow_up_keeps_the_picture_until_it_is_too_old() -> None:
    """Within picture_seconds no new picture is taken; after that the next onset takes one."""
    story = Story(picture_seconds=60.0).speaks("one").waits(59.0).speaks("two").waits(2.0).speaks("three")
    assert story.told() == ["look0", "ask 'one' of 0", "ask 'two' of 0", "look1", "ask 'three' of 1"]


def test_a_picture_does_not_become_too_old_within_a_question() -> None:
    """A picture that was young enough at the onset is kept, because the answer would have to wait for a new one."""
    story = Story(picture_seconds=60.0).speaks("one").waits(59.0).begins().waits(2.0).ends("two")
    assert story.told() == ["look0", "ask 'one' of 0", "ask 'two' of 0"]


def test_who_has_said_all_is_acknowledged_before_the_words_are_there() -> None:
    """A pause is acknowledged, a command's as well, and a user who speaks on counts as speaking for the cues again."""
    story = Story().begins().pauses(for_good=False).pauses().ends("what is this").begins().pauses().ends("louder")
    told = story.told()
    assert told[:4] == ["look0", "acknowledge", "acknowledge", "ask 'what is this' of 0"]
    assert told[4:] == ["acknowledge", f"say {PHRASES.louder!r}"]
    assert story.answering.spoke[:3] == [True, True, False]


@pytest.mark.parametrize("activation", ["button", "wake_word"])
def test_who_talks_to_others_is_not_acknowledged(activation: str) -> None:
    """A pause is acknowledged only if its onset counted, because a wake word is known only at an utterance's end."""
    assert Story(activation=activation).begins().pauses().ends("what is this").told() == []
    pressed = Story(activation="button").presses(Pressed(1000.0)).begins().pauses().ends("what is this")
    assert "acknowledge" in pressed.told()


def test_a_noise_takes_the_picture_back() -> None:
    """After speech without words the picture is dropped, and nothing is said."""
    story = Story().coughs()
    assert story.told() == ["look0"]
    assert story.answering.looks[0].cancelled.is_set()


def test_stop_silences_at_any_confidence() -> None:
    """A stop is obeyed even at a very low confidence."""
    assert Story().speaks("stop", confidence=0.1).told() == ["look0", "cancel"]


def test_a_misheard_question_is_read_back() -> None:
    """A question below min_confidence is not answered: the user is asked whether that was the question."""
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3)
    asked = PHRASES.did_you_ask.format(question="what is mist")
    assert story.told() == ["look0", f"say {asked!r}"]
    assert story.answering.looks[0].cancelled.is_set()


def test_a_command_needs_more_certainty_than_a_question() -> None:
    """A command between the two limits is read back, a question is answered, and a stop is obeyed."""

    def told(words: str) -> list[str]:
        return Story(min_confidence=0.5, min_command_confidence=0.7).speaks(words, confidence=0.6).told()

    asked = PHRASES.did_you_ask.format(question="spell that")
    assert told("spell that") == ["look0", f"say {asked!r}"]
    assert told("what is this") == ["look0", "ask 'what is this' of 0"]
    assert told("stop") == ["look0", "cancel"]


NOT_UNDERSTOOD = f"say {PHRASES.not_understood!r}"


def test_what_was_not_understood_is_said_to_be_so() -> None:
    """It is neither answered nor read back, and "repeat" does not repeat that."""
    story = Story(min_confidence=0.5).speaks("what is this").speaks("go of mist", confidence=0.05).speaks("repeat")
    assert story.told() == ["look0", "ask 'what is this' of 0", NOT_UNDERSTOOD, "say 'answer to what is this'"]


def test_a_command_that_was_hardly_understood_is_read_back_all_the_same() -> None:
    """ "Status" said clearly may be heard at one speed only."""
    asked = PHRASES.did_you_ask.format(question="status")
    assert Story(min_confidence=0.5).speaks("status", confidence=0.02).told() == ["look0", f"say {asked!r}"]


def test_where_all_speech_counts_it_does_not_complain_of_noise_or_the_talk_of_others() -> None:
    """A single word is passed over, and of several things that were not understood only the first is told."""
    assert Story(min_confidence=0.5).speaks("camera", confidence=0.05).told() == ["look0"]
    story = Story(min_confidence=0.5)
    for understood in range(2):
        for _ in range(3):
            story.speaks("go of mist", confidence=0.05)
        story.speaks(f"what is number {understood}")
    told = [entry for entry in story.told() if not entry.startswith("look")]
    assert [entry[:3] for entry in told] == ["say", "ask", "say", "ask"]
    assert told.count(NOT_UNDERSTOOD) == 2


def test_who_called_it_is_told_each_time_that_it_did_not_understand() -> None:
    """After a press a single word counts as well, and no second press is needed to say it again."""
    story = Story(min_confidence=0.5, activation="button").presses(*pressed())
    for _ in range(3):
        story.speaks("camera", confidence=0.05)
    told = story.speaks("what is this").told()
    assert told.count(NOT_UNDERSTOOD) == 3
    assert told[-1].startswith("ask 'what is this'")


def test_an_answer_is_not_ended_by_words_that_were_not_understood() -> None:
    """It goes on, and nothing is said."""
    story = Story(min_confidence=0.5, speech_interrupts=True)
    story.answering.busy = True
    assert story.speaks("go of mist", confidence=0.05).told() == ["pause", "look0", "resume"]


def test_without_a_limit_everything_counts_as_understood() -> None:
    """With `min_confidence = 0` nothing is read back, and nothing was not understood."""
    assert Story(min_confidence=0.0).speaks("what is this", confidence=0.0).told()[-1].startswith("ask")


def test_a_command_in_between_leaves_the_read_back_question_open() -> None:
    """ "Louder" and "repeat" leave the question open, so that a later yes answers it; a stop drops it."""
    story = Story(min_confidence=0.5, activation="button").presses(*pressed()).speaks("what is mist", confidence=0.3)
    told = story.speaks("louder").waits(9.0).speaks("repeat").waits(9.0).speaks("yes").told()
    assert told[-1].startswith("ask 'what is mist'")
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).speaks("stop").speaks("yes")
    assert story.told()[-1] == "look2"


def test_yes_asks_what_was_read_back() -> None:
    """A yes asks the question that was read back, but only once, soon enough, and with no other question in between."""
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).speaks("yes").speaks("yes")
    assert story.told()[2:] == ["look1", "ask 'what is mist' of 1"]
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).speaks("what is this").speaks("yes")
    assert story.told()[2:] == ["look1", "ask 'what is this' of 1"]
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).waits(11.0).speaks("right")
    assert story.told()[2:] == ["look1"]  # after so long the yes no longer belongs to the question


@pytest.mark.parametrize(
    ("words", "then"),
    [("louder", f"say {PHRASES.louder!r}"), ("quit", f"say {PHRASES.goodbye!r}"), ("stop it", "cancel")],
)
def test_yes_to_a_command_that_was_read_back_obeys_it(words: str, then: str) -> None:
    """After a yes the command is obeyed, and its words are not sent to the model.

    A stop is obeyed without asking back.
    """
    told = Story(min_confidence=0.5).speaks(words, confidence=0.4).speaks("yes").told()
    assert [entry for entry in told if not entry.startswith("look")][-1] == then


def test_a_yes_is_good_for_once() -> None:
    """A second yes does not repeat the command, and "repeat" says what was said before it was read back."""
    told = Story(min_confidence=0.5).speaks("louder", confidence=0.4).speaks("yes").speaks("right").told()
    assert [entry for entry in told if entry.startswith("say")] == [
        "say 'Did you ask: louder?'",
        f"say {PHRASES.louder!r}",
    ]
    story = (
        Story(min_confidence=0.5).speaks("what is this").speaks("repeat", confidence=0.3).speaks("yes").speaks("yes")
    )
    assert story.told()[-1] == "say 'answer to what is this'"


def test_an_older_question_that_was_read_back_takes_no_words_along() -> None:
    """After a later answer, "repeat" says that answer and not the older question that was read back."""
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).speaks("no").speaks("help")
    told = story.speaks("repeat", confidence=0.3).speaks("yes").told()
    assert told[-1] == f"say {PHRASES.help!r}"


def test_no_to_what_was_read_back_is_no_question() -> None:
    """After a no it listens again, also without a press, and plays the earcon that says so."""
    story = Story(min_confidence=0.5, activation="button").presses(*pressed()).speaks("what is mist", confidence=0.3)
    told = story.speaks("no").speaks("what is this").told()
    assert told[-3:] == [LISTENING, "look2", "ask 'what is this' of 2"]
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3).speaks("no").speaks("yes")
    assert story.told()[-2:] == [LISTENING, "look2"]


@pytest.mark.parametrize(
    "words", ["thank you", "um", "okay", "the", "no", "yes", "Goodbye!", "good morning", "thanks a lot"]
)
def test_what_asks_nothing_is_passed_over(words: str) -> None:
    """Words that ask nothing get no answer and end no answer, however sure they are.

    After a press an earcon says so.
    """
    assert Story(min_confidence=0.5).speaks(words, confidence=0.3).speaks(words).told() == ["look0", "look1"]
    told = Story(speech_interrupts=True).speaks("what is this").speaks(words).told()
    assert told[-2:] == ["pause", "resume"]
    if words not in ("um", "the"):
        assert Story(activation="button").presses(*pressed()).speaks(words).told()[-1] == ERROR


def test_who_hesitates_is_listened_to_on() -> None:
    """After "um" it listens on, both after a press and after a question was read back.

    If the user then says no more, an earcon tells that it no longer listens.
    """
    story = Story(activation="button").presses(*pressed()).speaks("um").waits(2.0).speaks("what is this")
    assert story.told()[-1].startswith("ask 'what is this'")
    assert Story(activation="button").presses(*pressed()).speaks("um").waits(8.0).told()[-1] == ERROR
    story = Story(min_confidence=0.5, activation="button").presses(*pressed()).speaks("what is mist", confidence=0.3)
    told = story.speaks("um").waits(8.0).speaks("thank you").waits(8.0).speaks("yes").told()
    assert told[-1].startswith("ask 'what is mist'")


@pytest.mark.parametrize("words", ["slower", "louder", "not so fast"])
def test_the_voice_s_changes_are_not_what_is_repeated(words: str) -> None:
    """ "Repeat" after "slower" repeats the answer and not the confirmation of "slower"."""
    told = Story().speaks("what is this").speaks(words).speaks("repeat").told()
    assert told[-1] == "say 'answer to what is this'"


def test_a_change_of_the_voice_does_not_end_the_answer_under_way() -> None:
    """The change is heard in the rest of the answer, so no words confirm it."""
    story = Story(speech_interrupts=True).speaks("what is this")
    story.does(lambda conversation: setattr(story.answering, "busy", True)).speaks("slower")
    assert story.told()[-2:] == ["pause", "resume"]
    assert story.voice_states == [VoiceState(155, 0.75)]


def test_what_was_stopped_before_its_first_word_is_not_what_is_repeated() -> None:
    """If an answer was stopped before its first word, "repeat" says the words before it."""
    story = Story().speaks("what is this").speaks("is it red")
    story.does(lambda conversation: silenced(conversation._commands.turns[-1])).speaks("stop").speaks("repeat")
    assert story.told()[-1] == "say 'answer to what is this'"


def silenced(turn: Turn) -> None:
    turn.said.clear()
    turn.cancelled.set()


def test_repeat_says_the_last_words_again_and_again() -> None:
    """A repeat of a repeat still says the answer."""
    story = Story().speaks("what is this").speaks("repeat").speaks("repeat that please")
    assert story.told()[-2:] == ["say 'answer to what is this'"] * 2


def test_repeat_while_it_thinks_does_not_end_the_answer() -> None:
    """While it thinks there is nothing to repeat, and the answer under way is not lost."""
    story = Story().speaks("what is this").speaks("repeat")
    original = story.answering.ask

    def thinking(question: Question, look: PictureCapture, *, queued: bool = False, limit: Limit | None = None) -> Turn:
        turn = original(question, look)
        turn.done.clear()
        turn.said.clear()
        return turn

    story.answering.ask = thinking  # type: ignore[method-assign]
    assert story.told() == ["look0", "ask 'what is this' of 0"]


def test_repeat_before_anything_says_so() -> None:
    """Before the first answer, "repeat" says the greeting."""
    assert Story().speaks("repeat").told() == ["look0", "say 'hello'"]


def test_new_picture_takes_one_at_once_and_questions_follow_it() -> None:
    """While an old picture is in hand, the onset of "new picture" takes no picture; the command itself takes one."""
    story = Story().speaks("one").speaks("new picture").speaks("two")
    assert story.told() == [
        "look0", "ask 'one' of 0", "look1", f"say {PHRASES.new_picture!r}", "ask 'two' of 1",
    ]  # fmt: skip


def test_same_picture_never_expires() -> None:
    """After "same picture" an old picture stays, until a new one is asked for."""
    story = Story(picture_seconds=10.0).speaks("one").speaks("same picture").waits(500.0).speaks("two")
    story.speaks("new picture").waits(500.0).speaks("three")
    assert story.told() == [
        "look0", "ask 'one' of 0", f"say {PHRASES.same_picture!r}", "ask 'two' of 0",
        "look1", f"say {PHRASES.new_picture!r}", "look2", "ask 'three' of 2",
    ]  # fmt: skip


def test_same_picture_keeps_the_old_one_even_if_it_had_expired() -> None:
    """ "Same picture" drops the look that its own onset began, and keeps the user's picture."""
    story = Story(picture_seconds=10.0).speaks("one").waits(60.0).speaks("same picture").speaks("two")
    assert story.told() == [
        "look0", "ask 'one' of 0", "look1", f"say {PHRASES.same_picture!r}", "ask 'two' of 0",
    ]  # fmt: skip
    assert story.answering.looks[1].cancelled.is_set()


def test_a_look_that_failed_is_not_asked() -> None:
    """A picture that could not be taken is not kept: the next question takes a new one."""
    story = Story().speaks("one").speaks("two")
    log = story.answering.log
    original = story.answering.ask

    def failing(question: Question, look: PictureCapture, *, queued: bool = False, limit: Limit | None = None) -> Turn:
        turn = original(question, look)
        look.view, look.error = None, OSError("camera gone")
        return turn

    story.answering.ask = failing  # type: ignore[method-assign]
    story.told()
    assert log[1:] == ["look0", "ask 'one' of 0", "look1", "ask 'two' of 1"]


def test_rate_and_volume_by_voice() -> None:
    """Each command changes one step; at the last step it says so and changes nothing."""
    story = Story().speaks("slower").speaks("louder").speaks("louder")
    assert [said for said in story.told() if said.startswith("say")] == [
        f"say {text!r}" for text in (PHRASES.slower, PHRASES.louder, PHRASES.loudest)
    ]
    assert story.voice_states == [VoiceState(155, 0.75), VoiceState(155, 1.0)]


def test_spelling_is_of_the_last_answer() -> None:
    """The last answer is spelt even after the assistant has said something else; before any answer nothing is spelt."""
    assert Story().speaks("spell that").told()[-1] == f"say {PHRASES.nothing_to_spell!r}"
    said = Story().speaks("what does it say").speaks("louder").speaks("spell that").told()[-1]
    assert "E, X, I, T" in said
    assert "4" in said or "four" in said


def test_what_was_not_told_is_not_spelt() -> None:
    """After "I cannot tell from this picture" nothing is spelt, because its characters would be a guess in a sure
    voice.
    """
    story = Story().speaks("what does it say")
    story.does(lambda conversation: setattr(conversation._commands.last_answer, "verdict", Verdict.CANNOT_TELL)).speaks(
        "spell that"
    )
    assert story.told()[-1] == f"say {PHRASES.nothing_to_spell!r}"


def test_an_answer_is_spelt_by_the_rule_it_was_judged_by() -> None:
    """Spelling uses the rule for doubt of the model that gave the answer, which may not be the one that normally
    answers.
    """

    def doubt(conversation: Conversation) -> None:
        turn = conversation._commands.last_answer
        assert turn is not None
        turn.pieces, turn.rule = (Piece(turn.answer, (-0.5,)),), DEMO_RULE

    story = Story().speaks("what does it say").does(doubt).speaks("spell that")
    assert PHRASES.doubtful_several in story.told()[-1]


def test_more_and_less_about_the_last_question() -> None:
    """ "More detail" and "shorter" ask the last question in other words; without one, "more detail" describes the
    picture.
    """
    story = Story().speaks("what is this").speaks("more detail").speaks("shorter")
    more = PHRASES.more_detail_question.format(question="what is this")
    shorter = PHRASES.shorter_question.format(question="what is this")
    assert story.told()[2:] == [f"ask {more!r} of 0", f"ask {shorter!r} of 0"]
    assert Story().speaks("more detail").told()[-1] == f"ask {PHRASES.describe_question!r} of 1"


def test_a_model_that_takes_no_instructions_is_asked_short_questions() -> None:
    """The demo model is asked "read the text" and not the sentence that the full model gets."""
    assert Story().speaks("read the text").told()[-1] == f"ask {PHRASES.read_text_question!r} of 0"
    simple = Story(takes_instructions=False).speaks("read the text").speaks("more detail")
    assert simple.told()[1:] == ["ask 'read the text' of 0", "ask 'describe the picture' of 0"]


def test_help_with_the_demo_eye_says_what_it_can_do() -> None:
    """Print and codes are read all the same; the full model needs no such words."""
    assert (
        Story(takes_instructions=False).speaks("help").told()[-1] == f"say {f'{PHRASES.help} {PHRASES.demo_limits}'!r}"
    )
    assert Story().speaks("help").told()[-1] == f"say {PHRASES.help!r}"


def test_a_closer_look_is_at_the_middle_of_the_same_picture() -> None:
    """A closer look takes the middle of the picture at the camera's resolution, and follow-ups are about it."""
    story = Story().speaks("what is this").speaks("look closer").speaks("what color is it")
    assert story.told()[2:] == [
        "look1 at (240, 320, 3)", "ask 'what is this' of 1", "ask 'what color is it' of 1",
    ]  # fmt: skip


def test_a_closer_look_without_a_picture_in_hand_takes_one() -> None:
    """Without a usable picture, at the start or when the last one is too old, a closer look takes a new one."""
    assert Story().speaks("look closer").told()[1:] == ["look1 closer", f"ask {PHRASES.describe_question!r} of 1"]
    story = Story(picture_seconds=10.0).speaks("what is this").waits(60.0).speaks("look closer")
    assert story.told()[2:] == ["look1", "look2 closer", "ask 'what is this' of 2"]

    def taken(conversation: Conversation) -> None:
        story.answering.looks[0].frame = Frame(np.zeros((480, 640, 3), np.uint8), 0.0)

    story = Story().begins().does(taken).ends("look closer")
    assert story.told()[:2] == ["look0", "look1 at (240, 320, 3)"]


def test_what_has_changed_compares_the_old_picture_with_a_new_one() -> None:
    """The old picture is compared with a new one, and follow-ups are about the new one."""
    story = Story().speaks("what is this").speaks("what has changed").speaks("where is it")
    assert story.told()[2:] == ["look1", "compare 0 with 1", "ask 'where is it' of 1"]


def test_what_has_changed_is_the_last_answer() -> None:
    """The comparison counts as the last answer for "spell that" and "more detail"."""
    story = Story().speaks("what is this").speaks("what has changed").speaks("spell that").speaks("more detail")
    told = story.told()
    assert "O, P, E, N" in told[-2]
    more = PHRASES.more_detail_question.format(question=PHRASES.describe_question)
    assert told[-1] == f"ask {more!r} of 1"


def test_after_a_new_picture_that_was_no_good_the_old_one_is_compared() -> None:
    """If the new picture had a fault, the next comparison uses the old one again, and nobody is told that there is
    none.
    """

    def no_good(conversation: Conversation) -> None:
        story.answering.looks[1].fault = Fault.BLURRED

    story = Story().speaks("what is this").speaks("what has changed").does(no_good).speaks("what has changed")
    assert story.told()[-1] == "compare 0 with 2"


def test_status_and_time_are_said() -> None:
    """The status and the time are said, and the pictures that their onsets began are dropped."""
    story = Story().speaks("status").speaks("what time is it")
    told = story.told()
    assert "demo" in told[1]
    assert told[3] == f"say {PHRASES.time_in_words(dt.time(15, 5))!r}"
    assert all(look.cancelled.is_set() for look in story.answering.looks)


@pytest.mark.parametrize("words", ["quit", "exit the program"])
def test_quit_ends_the_loop(words: str) -> None:
    """Nothing after quit is heard."""
    assert Story().speaks(words).speaks("what is this").told() == ["look0", f"say {PHRASES.goodbye!r}"]


def test_help_lists_the_commands() -> None:
    """Help names every command."""
    (_, said) = Story().speaks("help").told()
    assert all(word in said for word in ("stop", "repeat", "new picture", "same picture", "quit"))


# Activation by the button and by the wake phrase.


def pressed(at: float = 1000.0) -> tuple[Press, Press]:
    return Pressed(at), Released(at + 0.1, held=False)


def test_without_a_press_nothing_is_looked_at_or_answered() -> None:
    """With activation by button, speech without a press takes no picture and gets no answer."""
    assert Story(activation="button").speaks("what is this").told() == []


def test_a_press_takes_the_picture_and_the_words_are_about_it() -> None:
    """The look begins at the press, and the onset of speech does not begin another."""
    story = Story(activation="button").presses(*pressed()).waits(2.0).speaks("what is this")
    assert story.told() == ["look0", LISTENING, "ask 'what is this' of 0"]


def test_each_press_is_about_what_is_before_the_camera_now() -> None:
    """A new press takes a new picture, because the user may have turned to something else."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(5.0)
    told = story.presses(*pressed(1005.0)).speaks("what is this").told()
    assert told[-3:] == ["look1", LISTENING, "ask 'what is this' of 1"]


def test_a_picture_that_is_kept_is_kept_through_a_press() -> None:
    """ "Same picture" holds through presses, until "new picture"."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(5.0)
    story.presses(*pressed(1005.0)).speaks("same picture").waits(5.0)
    told = story.presses(*pressed(1010.0)).speaks("where is it").told()
    assert told[-2:] == [LISTENING, "ask 'where is it' of 0"]


def test_listening_is_cued_once_though_the_press_becomes_a_hold() -> None:
    """A press that becomes a hold plays the earcon once, also if the picture is kept and the press takes none."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(5.0)
    story.presses(*pressed(1005.0)).speaks("same picture").waits(5.0)
    told = story.presses(Pressed(1010.0), Held(1011.0, 1010.0)).speaks("where is it").told()
    assert told[-2:] == [LISTENING, "ask 'where is it' of 0"]


def no_good(conversation: Conversation) -> None:
    assert conversation._pictures.ahead is not None
    conversation._pictures.ahead.fault = Fault.BLURRED


def test_what_is_wrong_with_the_picture_is_said_before_the_question() -> None:
    """A press tells the fault seconds before the question, then listens on for a better picture, and ends silently."""
    story = Story(activation="button").presses(*pressed()).does(no_good).waits(0.3).waits(0.3).waits(5.0)
    told = story.speaks("what is this").waits(30.0).told()
    assert told == ["look0", LISTENING, "advise of 0", "look1", "ask 'what is this' of 1"]
    assert story.answering.looks[0].cancelled.is_set()


def test_advice_is_not_given_at_every_press() -> None:
    """A user who was lately told that it is dark is not told again, because they ask in the dark on purpose."""
    story = Story(activation="button").does(lambda conversation: setattr(story.answering, "advised", Fault.BLURRED))
    told = story.presses(*pressed()).does(no_good).waits(5.0).speaks("what is this").told()
    assert told == ["look0", LISTENING, "look1", "ask 'what is this' of 1"]


def test_a_picture_that_is_no_good_is_never_answered_about_an_older_one() -> None:
    """After a press the question is never about an older picture.

    If the new picture has a fault, another one is taken, unless the engine is already seeing the faulty one.
    """
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(1.0)
    told = story.presses(*pressed(1001.0)).does(no_good).speaks("what is that").told()
    assert told[-2:] == ["look2", "ask 'what is that' of 2"]
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(1.0)
    told = story.presses(*pressed(1001.0)).does(no_good).does(seen_anyway).speaks("what is that").told()
    assert told[-1] == "ask 'what is that' of 1"


def seen_anyway(conversation: Conversation) -> None:
    assert conversation._pictures.ahead is not None
    conversation._pictures.ahead._seen_anyway = True


def test_nobody_who_has_begun_to_speak_is_given_advice() -> None:
    """After the onset of a question the advice comes with the answer, also if the wake phrase is in the same breath."""
    story = Story(activation="button").presses(*pressed()).does(no_good).waits(0.3).begins().waits(2.0)
    assert "advise of 0" not in story.ends("what is this").told()
    story = Story(activation="wake_word").begins().suspects_a_call().does(no_good).waits(2.0)
    assert "advise of 0" not in story.ends("hey camera what is this").told()


def test_a_press_while_the_last_words_are_made_out_begins_anew() -> None:
    """A press before the last words are transcribed ends their answer, which would disturb the next question."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this")
    story.does(lambda conversation: setattr(story.answering, "busy", True))
    assert story.presses(Pressed(1001.0)).told()[-3:] == ["cancel", "look1", LISTENING]


def test_a_press_does_not_wait_for_the_picture_of_a_stopped_answer() -> None:
    """A press drops the picture of the stopped answer, which the engine would otherwise see before the new one."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this")

    def unseen(conversation: Conversation) -> None:
        story.answering.looks[0].view = None

    story.does(unseen).presses(StopPress(1001.0), Held(1002.0, 1001.0)).told()
    assert story.answering.looks[0].cancelled.is_set()


def test_letting_go_of_the_button_is_acknowledged() -> None:
    """Releasing the button acknowledges the question once; without speech nothing is acknowledged."""
    story = Story(activation="button").presses(Pressed(1000.0), Held(1001.0, 1000.0)).begins()
    story.presses(Released(1004.0, held=True)).pauses().ends("what is this")
    assert story.told()[2:] == ["acknowledge", "ask 'what is this' of 0"]
    silent = Story(activation="button").presses(Pressed(1000.0), Held(1001.0, 1000.0), Released(1004.0, held=True))
    assert "acknowledge" not in silent.told()


def test_a_press_without_words_ends_with_a_sound() -> None:
    """A press without words ends with one earcon, and its picture is dropped."""
    story = Story(activation="button").presses(*pressed()).waits(6.5).waits(1.0).waits(20.0)
    assert story.told() == ["look0", LISTENING, ERROR]
    assert story.answering.looks[0].cancelled.is_set()


def test_a_double_press_repeats() -> None:
    """A double press repeats, and the look that its first half began is dropped."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(5.0)
    told = story.presses(*pressed(1005.0), DoublePress(1005.3)).told()
    assert told[-3:] == ["look1", LISTENING, "say 'answer to what is this'"]
    assert story.answering.looks[1].cancelled.is_set()


def test_a_press_that_stopped_an_answer_and_is_held_listens() -> None:
    """A press that stopped an answer listens if it is held; a stop by itself begins nothing."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this").waits(1.0)
    told = story.presses(StopPress(1001.0), Held(1002.0, 1001.0)).speaks("where is it").told()
    assert told[-3:] == ["look1", LISTENING, "ask 'where is it' of 1"]
    assert Story(activation="button").presses(StopPress(1000.0)).speaks("what is this").told() == []


def test_what_follows_a_very_long_sentence_counts_while_the_button_is_held() -> None:
    """While the button is held, both parts of a sentence that `max_utterance_seconds` cut count.

    Releasing the button afterwards does not report that nothing was said.
    """
    story = Story(activation="button").presses(Pressed(1000.0), Held(1001.0, 1000.0)).waits(2.0)
    story.speaks("what is this").waits(2.0).speaks("where is it").presses(Released(1004.0, held=True)).waits(10.0)
    assert story.told() == ["look0", LISTENING, "ask 'what is this' of 0", "ask 'where is it' of 0"]


def test_the_wake_phrase_and_the_question_in_one_breath_are_acknowledged() -> None:
    """A pause is acknowledged if the utterance may contain the wake phrase."""
    story = Story(activation="wake_word").begins().suspects_a_call().pauses()
    assert story.ends("hey camera what is this").told() == ["look0", "acknowledge", "ask 'what is this' of 0"]


def test_the_wake_phrase_alone_listens() -> None:
    """The wake phrase alone takes the picture and plays the earcon, and the next words are the question."""
    story = Story(activation="wake_word").speaks("hey camera").waits(2.0).speaks("what is this")
    assert story.told() == ["look0", LISTENING, "ask 'what is this' of 0"]


def test_what_may_be_the_wake_phrase_is_worth_a_look() -> None:
    """A possible wake phrase takes the picture before the question ends, and the picture is dropped if there was no
    phrase.
    """
    story = Story(activation="wake_word").begins().suspects_a_call().ends("hey camera what is this")
    assert story.told() == ["look0", "ask 'what is this' of 0"]
    mistaken = Story(activation="wake_word").begins().suspects_a_call().ends("they came around")
    assert mistaken.told() == ["look0"]
    assert mistaken.answering.looks[0].cancelled.is_set()


def test_the_reply_to_a_read_back_question_needs_no_press() -> None:
    """A yes to "did you ask …?" counts without a press."""
    story = Story(activation="button").presses(*pressed()).speaks("what is this", 0.3).waits(3.0).speaks("yes")
    assert story.told()[-1] == "ask 'what is this' of 1"


def test_a_question_during_an_answer_waits_if_the_config_says_so() -> None:
    """With queue_questions a question goes to the pipeline as queued, and the pipeline decides whether it waits."""
    told = Story(queue_questions=True).speaks("what is this").told()
    assert told == ["look0", "ask 'what is this' of 0 queued"]


# Without a picture ahead: `seeing.ahead = "off"`.


def test_without_looking_ahead_the_picture_is_taken_after_the_question() -> None:
    """No picture is taken when speech begins, nor at a press."""
    assert Story(looks_ahead=False).begins().told() == []
    assert Story(looks_ahead=False).speaks("what is this").told() == ["look0", "ask 'what is this' of 0"]
    pressing = Story(activation="button", looks_ahead=False).presses(*pressed())
    assert pressing.told() == [LISTENING]


def test_without_looking_ahead_a_press_still_asks_about_a_new_picture() -> None:
    """A question without a press is about the last picture, unless the user keeps it."""
    story = Story(activation="button", looks_ahead=False).presses(*pressed()).speaks("what is this").waits(1.0)
    story.presses(*pressed()).speaks("what color is it")
    assert [line for line in story.told() if line != LISTENING] == [
        *("look0", "ask 'what is this' of 0"),
        *("look1", "ask 'what color is it' of 1"),
    ]
    follow_up = Story(looks_ahead=False).speaks("what is this").waits(1.0).speaks("what color is it")
    assert follow_up.told()[-1] == "ask 'what color is it' of 0"


# Speech while the assistant speaks, with `barge_in = "any"`.


def test_the_voice_waits_while_the_user_speaks() -> None:
    """The voice pauses at the onset. It goes on after a noise, and after a question if questions are queued."""
    assert Story(speech_interrupts=True).coughs().told() == ["pause", "look0", "resume"]
    assert Story(speech_interrupts=True).speaks("stop").told() == ["pause", "look0", "cancel"]
    told = Story(speech_interrupts=True, queue_questions=True).speaks("what is this").told()
    assert told == ["pause", "look0", "ask 'what is this' of 0 queued", "resume"]
    assert "pause" not in Story().coughs().told()


def test_a_sentence_that_slips_through_is_held_at_the_next_block_of_sound() -> None:
    """The pause is repeated at every block of sound while the user speaks, and not afterwards."""
    story = Story(speech_interrupts=True).begins().waits(0.03).waits(0.03).ends("what is this").waits(0.03)
    assert story.told() == ["pause", "look0", "pause", "pause", "ask 'what is this' of 0"]


def test_who_calls_it_by_name_in_the_midst_of_an_answer_ends_that() -> None:
    """The wake phrase ends an answer, because the next words are a question and nothing may be said over them."""
    story = Story(speech_interrupts=True, activation="wake_word")
    story.activation.always = lambda: True
    assert story.speaks("hey camera").told() == ["pause", "look0", "cancel", LISTENING]


class Forgetting:
    """Stands for the journal. It notes which turns it was asked to delete."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, turns: Sequence[Turn]) -> Callable[[], str]:
        self.asked.append([turn.question.text for turn in turns if turn.question is not None])
        return lambda: "Deleted."


def test_do_not_keep_this_deletes_the_last_turn_and_no_other() -> None:
    """Said twice, it does not delete the turn before as well."""
    journal = Forgetting()
    story = Story(own_state=OwnState(forget=journal)).speaks("what is this").speaks("what is that")
    told = story.speaks("don't keep this").speaks("do not keep that please").told()
    assert journal.asked == [["what is that"], []]
    assert told[-1] == "say 'Deleted.'"


def test_do_not_keep_this_means_all_that_is_under_way() -> None:
    """With queued questions one is being answered and one waits; neither is kept."""
    journal = Forgetting()
    story = Story(own_state=OwnState(forget=journal), queue_questions=True)
    story.answering.leaves_open = True
    story.speaks("what is this").speaks("what is that").speaks("delete this").told()
    assert journal.asked == [["what is this", "what is that"]]


def test_without_a_journal_it_says_that_nothing_is_kept() -> None:
    """The command is understood in any case."""
    told = Story().speaks("what is this").speaks("do not keep this").told()
    assert told[-1] == f"say {PHRASES.journal.none_is_kept!r}"


def test_the_goodbye_tells_what_could_not_be_kept() -> None:
    """It is said before the goodbye."""
    told = Story(own_state=OwnState(farewell=lambda: "One was lost.")).speaks("quit").told()
    assert told[-1] == f"say 'One was lost. {PHRASES.goodbye}'"


def test_are_you_sure_looks_again_at_the_picture_of_the_last_answer() -> None:
    """It is the same question about another view of the same frame, another one each time, however old it is."""
    story = (
        Story(picture_seconds=60.0).speaks("what is this").waits(300.0).speaks("are you sure").speaks("are you sure")
    )
    told = [entry for entry in story.told() if not entry.startswith(("look0", "look1", "look2"))]
    assert told[1:] == ["look again 'what is this' at (504, 672, 3)"] * 2
    assert story.speaks("repeat").told()[-1] == "say 'I read the same again.'"


def test_are_you_sure_before_any_answer_says_so() -> None:
    """There is nothing to look at again."""
    nothing = f"say {PHRASES.second_look.nothing_to_check!r}"
    assert Story().speaks("are you sure").told()[-1] == nothing
    assert Story().speaks("what is this").speaks("what has changed").speaks("are you sure").told()[-1] == nothing


def test_are_you_sure_after_what_no_model_told_tells_it_again() -> None:
    """A code, the light or a color is measured once more, in a new picture."""
    story = Story().speaks("what is this").speaks("read the code").speaks("are you sure")
    assert story.told()[-1] == "tell 'are you sure'"
    again = Story().speaks("read the code").speaks("what is this").speaks("are you sure")
    assert again.told()[-1].startswith("look again 'what is this'")
