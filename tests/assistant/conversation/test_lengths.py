"""How long an answer may be, and the rest of one that was longer: "more detail"."""

from __future__ import annotations

import pytest

from assistant.answering.length import Limit
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import OwnState
from assistant.conversation.lengths import QuestionKind, kind_of, limit_of
from assistant.language.phrases import phrases_for
from assistant.settings.config import LengthConfig, SpeakingConfig
from tests.assistant.conversation.test_conversation import PHRASES, Story, pressed

CONFIG = LengthConfig()


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("is the door open", QuestionKind.YES_NO),
        ("Can you see a cup?", QuestionKind.YES_NO),
        ("so are there any people", QuestionKind.YES_NO),
        ("do you see the sign", QuestionKind.YES_NO),
        ("does it say exit", QuestionKind.YES_NO),
        ("can you describe the room", QuestionKind.DESCRIBE),
        ("do you know what this is", QuestionKind.DESCRIBE),
        ("have a look at the table", QuestionKind.DESCRIBE),
        ("do it", QuestionKind.DESCRIBE),
        ("what is this", QuestionKind.DESCRIBE),
        ("how many cups are there", QuestionKind.DESCRIBE),
        ("island or lake", QuestionKind.DESCRIBE),
        ("what does the label say", QuestionKind.READ),
        ("门开着吗？", QuestionKind.YES_NO),
        ("有没有人", QuestionKind.YES_NO),
        ("你能描述一下吗", QuestionKind.DESCRIBE),
        ("这是什么", QuestionKind.DESCRIBE),
        ("标签上写着什么", QuestionKind.READ),
    ],
)
def test_the_words_of_a_question_tell_its_kind(question: str, kind: QuestionKind) -> None:
    """In both languages; what is no other kind is to be described."""
    assert kind_of(question, phrases_for("en" if question.isascii() else "zh")) is kind


def test_a_limit_of_nothing_is_none() -> None:
    """0 stands for no limit of its kind, and two zeros for none at all."""
    config = LengthConfig(read_seconds=0.0, detail_seconds=0.0, detail_tokens=0)
    assert limit_of(QuestionKind.READ, config, 175) == Limit(float("inf"), 256, 175)
    assert limit_of(QuestionKind.DETAIL, config, 175) is None
    assert limit_of(QuestionKind.YES_NO, config, 175) == Limit(8.0, 48, 175)


def limits_of(*words: str, **settings: object) -> list[Limit | None]:
    story = Story(length=CONFIG, **settings)
    for spoken in words:
        story.speaks(spoken)
    story.told()
    return story.answering.limits


def test_each_kind_of_question_has_its_limit() -> None:
    """By the user's words also where the model is asked in others, and at the rate that the voice has."""
    describe, read, detail, yes_no = (Limit(s, t, 175) for s, t in ((20.0, 128), (45.0, 256), (45.0, 256), (8.0, 48)))
    assert limits_of("what is this", "more detail", "shorter", "look closer") == [describe, detail, describe, describe]
    assert limits_of("is it open", "look closer", "read the text") == [yes_no, yes_no, read]
    assert limits_of("read the text", takes_instructions=False) == [read]
    assert limits_of("more detail") == [detail]
    usual = Limit(20.0, 128, SpeakingConfig.rate_wpm)
    assert limits_of("what is this", own_state=OwnState()) == [usual]


def test_without_limits_there_are_none() -> None:
    """As in `seesay ask`, and where nothing is configured."""
    story = Story().speaks("what is this").speaks("is it open").speaks("more detail")
    story.told()
    assert story.answering.limits == [None] * 3


def after(story: Story, count: int = 1) -> list[str]:
    return [entry for entry in story.told() if not entry.startswith("look")][count:]


def story_with_rest(*rest: str) -> Story:
    """A story whose first answer was too long."""
    story = Story(length=CONFIG)
    story.answering.rest = rest or (" And so on.",)
    return story.speaks("what is this").does(lambda _: setattr(story.answering, "rest", ()))


ANEW = f"ask {PHRASES.more_detail_question.format(question='what is this')!r} of 0"


def test_more_detail_tells_the_rest_first() -> None:
    """Then it asks anew, since nothing is left; the rest may be as long as an answer in detail."""
    story = story_with_rest().speaks("more detail").speaks("more detail")
    assert after(story) == ["go on with 'what is this'", ANEW]
    assert story.answering.limits[1] == Limit(45.0, 256, 175)


@pytest.mark.parametrize(("seconds", "is_told"), [(9.0, True), (12.0, False)])
def test_more_detail_needs_no_press_right_after_the_offer(seconds: float, is_told: bool) -> None:
    """For as long as another reply that was asked for."""
    story = Story(length=CONFIG, activation="button")
    story.answering.rest = (" And so on.",)
    story.presses(*pressed()).speaks("what is this").waits(0.1).waits(seconds).speaks("more detail")
    assert ("go on with 'what is this'" in story.told()) is is_told


def test_a_rest_that_is_too_long_has_a_rest() -> None:
    """Each "more detail" tells a further part."""
    story = Story(length=CONFIG)
    story.answering.rest = (" And so on.",)
    told = after(story.speaks("what is this").speaks("more detail").speaks("tell me the rest").speaks("go on"))
    assert told == ["go on with 'what is this'"] * 3


@pytest.mark.parametrize("words", ["what time is it", "slower", "repeat", "spell that", "same picture", "help"])
def test_what_asks_nothing_keeps_the_rest(words: str) -> None:
    """The user may repeat the part that was told, or slow the voice down, before the rest."""
    told = after(story_with_rest().speaks(words).speaks("more detail"))
    assert told[-1] == "go on with 'what is this'"


def test_a_second_look_keeps_the_rest() -> None:
    """It is about another view of the picture."""
    told = after(story_with_rest().speaks("are you sure").speaks("more detail"))
    assert told == ["go on with 'what is this'"]


@pytest.mark.parametrize("words", ["new picture", "stop", "what is that", "shorter", "look closer", "what has changed"])
def test_another_question_another_picture_and_stop_drop_the_rest(words: str) -> None:
    """ "More detail" then asks anew."""
    told = after(story_with_rest().speaks(words).speaks("more detail"))
    assert told[-1].startswith("ask ")
    assert not any(entry.startswith("go on") for entry in told)


def test_a_rest_that_is_not_kept_is_dropped() -> None:
    """After "do not keep this" nothing more of the answer is told, nor kept."""
    story = story_with_rest()
    story.own_state = OwnState(forget=lambda turns: lambda: "Forgotten.")
    assert after(story.speaks("do not keep this").speaks("more detail"))[-1] == ANEW


def test_an_answer_that_was_stopped_before_its_end_has_no_rest() -> None:
    """The user has not heard what comes before the rest."""

    def not_heard(conversation: Conversation) -> None:
        conversation._commands.turns[-1].said.remove(PHRASES.length.more_left)

    assert after(story_with_rest().does(not_heard).speaks("more detail")) == [ANEW]


def test_a_rest_that_the_engine_has_lost_is_asked_anew() -> None:
    """Another picture took its memory, for example."""

    def lost(conversation: Conversation) -> None:
        rest = conversation._commands.turns[-1].rest
        assert rest is not None
        rest.view.forget()

    assert after(story_with_rest().does(lost).speaks("more detail")) == [ANEW]


def test_are_you_sure_is_about_the_whole_answer() -> None:
    """After its rest a second look compares both parts."""
    story = story_with_rest().speaks("more detail").speaks("are you sure")
    told = story.told()
    assert [entry for entry in told if entry.startswith("look again")] == ["look again 'more detail' at (504, 672, 3)"]
    checkable = story.conversation._commands._checkable
    assert checkable is not None
    assert checkable[0].asked == "what is this"
    assert [piece.text for piece in checkable[0].whole_pieces] == ["It says EXIT 42.", " And so on."]
