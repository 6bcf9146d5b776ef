"""Many turns that nobody follows up are noticed once, and those of a user who listens are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings
from assistant.conversation.much_talk import MOST_TURNS, WINDOW_SECONDS, MuchTalk
from assistant.language.phrases import phrases_for
from audio.listening.hearing import Utterance
from tests.assistant.conversation.test_conversation import Clock, RecordingAnswering

NOTICE = "Let me wait for a button."


class TalkedTo(RecordingAnswering):
    """Also records what is said beside the answers."""

    def say_soon(self, text: str) -> None:
        self.log.append(f"soon {text!r}")


def test_the_seventh_turn_within_a_minute_is_told_once() -> None:
    """Six are not, nor is any later one."""
    clock = Clock()
    talk = MuchTalk()
    told = []
    for _ in range(30):
        told.append(talk.answered(clock.now))
        clock.now += 5.0
    assert told.index(True) == MOST_TURNS
    assert told.count(True) == 1


def test_turns_over_more_than_a_minute_are_not_much() -> None:
    """One every ten seconds and a half is a person who asks and listens."""
    clock = Clock()
    talk = MuchTalk()
    for _ in range(100):
        assert not talk.answered(clock.now)
        clock.now += WINDOW_SECONDS / MOST_TURNS + 0.5


def test_what_is_followed_up_begins_the_count_anew() -> None:
    """A command in between shows that somebody listens."""
    clock = Clock()
    talk = MuchTalk()
    for _ in range(20):
        for _ in range(MOST_TURNS):
            assert not talk.answered(clock.now)
            clock.now += 1.0
        talk.followed_up()


def converse(texts: Sequence[str], notice: str = NOTICE, language: str = "en") -> list[str]:
    """What a conversation did that heard these words, five seconds apart."""
    clock = Clock()
    answering = TalkedTo(clock)

    def events():
        for text in texts:
            clock.now += 5.0
            yield Utterance(text, 1.0, clock.now - 2.0, clock.now - 1.0)

    Conversation(
        events(),
        answering,  # type: ignore[arg-type]
        phrases_for(language),
        ConversationSettings(much_talk=notice),
        clock=clock,
    ).run("hello")
    return answering.log


TALK = [f"what happened in the year {number}" for number in ("one", "two", "three", "four", "five", "six", "seven")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_television_is_answered_seven_times_and_then_a_button_is_proposed(language: str) -> None:
    """Once, and without ending an answer."""
    log = converse(TALK * 3, language=language)
    assert log.count(f"soon {NOTICE!r}") == 1
    assert sum(entry.startswith("ask ") for entry in log[: log.index(f"soon {NOTICE!r}")]) == MOST_TURNS + 1


@pytest.mark.parametrize("reply", ["say that again", "more detail", "stop"])
def test_a_user_who_asks_much_and_follows_up_is_left_alone(reply: str) -> None:
    """As one who has an answer repeated."""
    assert f"soon {NOTICE!r}" not in converse([*TALK[:4], reply, *TALK[:4], reply, *TALK[:4]])


def test_nothing_is_proposed_where_not_all_speech_counts() -> None:
    """With a button or a wake word the notice is empty."""
    assert not any(entry.startswith("soon") for entry in converse(TALK * 3, notice=""))
