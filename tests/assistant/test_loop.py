from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from assistant.look import Look
from assistant.loop import Conversation, ConversationSettings, HearingEvent
from assistant.phrases import phrases_for
from assistant.turn import Question, Turn
from audio.hearing import SpeechRejected, SpeechStarted, Utterance

PHRASES = phrases_for("en")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class RecordingAnswering:
    """What the conversation asked of `Answering`, as short words in order."""

    clock: Clock
    log: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def look(self) -> Look:
        self.log.append(f"look{len(self.looks)}")
        self.looks.append(Look(self.clock()))
        return self.looks[-1]

    def ask(self, question: Question, look: Look) -> Turn:
        self.log.append(f"ask {question.text!r} of {self.looks.index(look)}")
        look.view = look.view or object()  # type: ignore[assignment]  # seen: that is all the loop looks at
        turn = Turn(question, said=[f"answer to {question.text}"])
        turn.done.set()
        return turn

    def say(self, text: str) -> Turn:
        self.log.append(f"say {text!r}")
        turn = Turn(None, said=[text])
        turn.done.set()
        return turn

    greet = say

    def cancel(self) -> None:
        self.log.append("cancel")


class Story:
    """Feeds events; `wait` moves the clock between them."""

    def __init__(self, **settings: object) -> None:
        self.clock = Clock()
        self.answering = RecordingAnswering(self.clock)
        self.settings = ConversationSettings(**settings)  # type: ignore[arg-type]
        self.script: list[HearingEvent | float] = []

    def speaks(self, text: str, confidence: float = 0.9) -> Story:
        self.script += [SpeechStarted(0.0), Utterance(text, confidence, 0.0, 1.0)]
        return self

    def coughs(self) -> Story:
        self.script += [SpeechStarted(0.0), SpeechRejected(1.0)]
        return self

    def waits(self, seconds: float) -> Story:
        self.script.append(seconds)
        return self

    def told(self) -> list[str]:
        conversation = Conversation(self._events(), self.answering, PHRASES, self.settings, clock=self.clock)  # type: ignore[arg-type]
        conversation.run(greeting="hello")
        return self.answering.log[1:]

    def _events(self) -> Iterator[HearingEvent]:
        for entry in self.script:
            if isinstance(entry, float):
                self.clock.now += entry
            else:
                yield entry


def test_the_picture_is_taken_when_speech_begins() -> None:
    """The look comes before the words, and the question is about it."""
    assert Story().speaks("what is this").told() == ["look0", "ask 'what is this' of 0"]


def test_a_follow_up_keeps_the_picture_until_it_is_too_old() -> None:
    """Within picture_seconds no new picture is taken; after that the next onset takes one."""
    story = Story(picture_seconds=60.0).speaks("one").waits(59.0).speaks("two").waits(2.0).speaks("three")
    assert story.told() == ["look0", "ask 'one' of 0", "ask 'two' of 0", "look1", "ask 'three' of 1"]


def test_a_noise_takes_the_picture_back() -> None:
    """Speech that was no words leaves nothing behind and says nothing."""
    story = Story().coughs()
    assert story.told() == ["look0"]
    assert story.answering.looks[0].cancelled.is_set()


def test_stop_silences_at_any_confidence() -> None:
    """A stop is obeyed even when it was hardly understood."""
    assert Story().speaks("stop", confidence=0.1).told() == ["look0", "cancel"]


def test_a_misheard_question_is_not_answered() -> None:
    """Below min_confidence the user is asked to say it again."""
    story = Story(min_confidence=0.5).speaks("what is mist", confidence=0.3)
    assert story.told() == ["look0", f"say {PHRASES.not_understood!r}"]
    assert story.answering.looks[0].cancelled.is_set()


def test_repeat_says_the_last_words_again_and_again() -> None:
    """A repeat of a repeat is still the answer."""
    story = Story().speaks("what is this").speaks("repeat").speaks("repeat that please")
    assert story.told()[-2:] == ["say 'answer to what is this'"] * 2


def test_repeat_while_it_thinks_does_not_end_the_answer() -> None:
    """There is nothing to say again yet, and the answer must not be lost."""
    story = Story().speaks("what is this").speaks("repeat")
    original = story.answering.ask

    def thinking(question: Question, look: Look) -> Turn:
        turn = original(question, look)
        turn.done.clear()
        turn.said.clear()
        return turn

    story.answering.ask = thinking  # type: ignore[method-assign]
    assert story.told() == ["look0", "ask 'what is this' of 0"]


def test_repeat_before_anything_says_so() -> None:
    """At the start there is only the greeting to repeat."""
    assert Story().speaks("repeat").told() == ["look0", "say 'hello'"]


def test_new_picture_takes_one_at_once_and_questions_follow_it() -> None:
    """The command's own onset does not count as the new picture while an old one is in hand."""
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
    """The look begun by the command's own words is dropped, the user's picture is not."""
    story = Story(picture_seconds=10.0).speaks("one").waits(60.0).speaks("same picture").speaks("two")
    assert story.told() == [
        "look0", "ask 'one' of 0", "look1", f"say {PHRASES.same_picture!r}", "ask 'two' of 0",
    ]  # fmt: skip
    assert story.answering.looks[1].cancelled.is_set()


def test_a_look_that_failed_is_not_asked() -> None:
    """A picture that could not be taken does not stay: the next question gets a new look."""
    story = Story().speaks("one").speaks("two")
    log = story.answering.log
    original = story.answering.ask

    def failing(question: Question, look: Look) -> Turn:
        turn = original(question, look)
        look.view, look.error = None, OSError("camera gone")
        return turn

    story.answering.ask = failing  # type: ignore[method-assign]
    story.told()
    assert log[1:] == ["look0", "ask 'one' of 0", "look1", "ask 'two' of 1"]


@pytest.mark.parametrize("words", ["quit", "goodbye"])
def test_quit_ends_the_loop(words: str) -> None:
    """What comes after quit is not heard any more."""
    assert Story().speaks(words).speaks("what is this").told() == ["look0", f"say {PHRASES.goodbye!r}"]


def test_help_lists_the_commands() -> None:
    """Help names every command."""
    (_, said) = Story().speaks("help").told()
    assert all(word in said for word in ("stop", "repeat", "new picture", "same picture", "quit"))
