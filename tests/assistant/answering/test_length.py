"""Answers end behind a sentence when they would be spoken for too long, and what is left of them can be told."""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.answering.capture import any_picture
from assistant.answering.judging.doubt import NEVER, DoubtRule, Piece, Verdict, text_of
from assistant.answering.judging.second_look import compared
from assistant.answering.length import LONGEST_TOKENS, Limit, LimitedCutter
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.reading.reader_context import NOTHING_READ
from assistant.answering.reply import Reply, SentenceFinished, Wording
from assistant.answering.turn import Question, Rest, Turn
from assistant.language.phrases import phrases_for
from assistant.language.sentences import ends_whole
from audio.speaking.speech_rate import spoken_seconds
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeEngine, FakeVoice
from vision.engine.settings import MAX_NEW_TOKENS
from vision.frame import Frame

PHRASES = phrases_for("en")
HINT = PHRASES.length.more_left
SENTENCE = " The cup is red and stands there."  # about two seconds
LONG = [f" Cup {number:02} is red and stands there." for number in range(30)]  # "00" to "29"
WPM = 230


def words_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\s?[^\s]+", text))


def told_of(text: str, limit: Limit | None) -> tuple[list[str], str]:
    """The sentences of an answer that are told, and what is left behind the cut; all of it is told where none came."""
    cutter, said = LimitedCutter(PHRASES.abbreviations, limit, HINT), list[str]()
    for piece in words_of(text):
        said += cutter.push(piece, 1)
        if cutter.is_over:
            return said, text[cutter.told_to :]
    return said + cutter.flush(), ""


def seconds(sentences: list[str], rate_wpm: int = WPM) -> float:
    return sum(spoken_seconds(sentence, rate_wpm) for sentence in sentences)


@pytest.mark.parametrize("limit_seconds", [4.0, 8.0, 20.0, 45.0])
@pytest.mark.parametrize("rate_wpm", [120, 230, 450])
def test_an_answer_ends_behind_a_sentence_within_its_seconds(limit_seconds: float, rate_wpm: int) -> None:
    """As many sentences are told as fit at the rate of the voice, and all that is left begins with the next one."""
    said, rest = told_of("".join(LONG), Limit(limit_seconds, math.inf, rate_wpm))
    each = spoken_seconds(LONG[0].strip(), rate_wpm)
    assert len(said) == min(30, max(1, int(limit_seconds / each)))
    assert said == [sentence.strip() for sentence in LONG[: len(said)]]
    assert rest == "".join(LONG[len(said) :])


def test_an_answer_ends_behind_a_sentence_within_its_tokens() -> None:
    """Of seven tokens a sentence the sixth is whole when the 43rd has come."""
    said, rest = told_of("".join(LONG), Limit(tokens=44))
    assert said == [sentence.strip() for sentence in LONG[: len(said)]]
    assert len(said) == 6
    assert rest == "".join(LONG[len(said) :])


def test_an_answer_that_is_nearly_over_is_told_to_its_end() -> None:
    """Telling where the rest is would take as long as the rest."""
    three = "".join(LONG[:3])
    limit = Limit(seconds([sentence.strip() for sentence in LONG[:3]]) - 1.0)
    assert told_of(three, limit) == ([sentence.strip() for sentence in LONG[:3]], "")
    assert len(told_of(three + SENTENCE + SENTENCE, limit)[0]) == 2
    tokens = Limit(tokens=len(words_of(three)) - 5)
    assert told_of(three, tokens)[1] == ""


def test_a_first_sentence_is_told_whole() -> None:
    """However long it is. Neither at a comma nor within an overlong one is it cut."""
    first = (
        "There is a very long table with many things on it, " + "a red cup and a blue one, " * 20 + "and that is all."
    )
    said, rest = told_of(first + SENTENCE + SENTENCE, Limit(2.0, 5))
    assert " ".join(said) == first
    assert rest.startswith(SENTENCE)


def test_no_answer_is_cut_where_nothing_is_left() -> None:
    """White space is no rest."""
    cutter = LimitedCutter(PHRASES.abbreviations, Limit(tokens=1), HINT)
    cutter.push("It is red and it is round.\n\n", 30)
    assert not cutter.is_over
    cutter.push("And", 1)
    assert cutter.is_over


def test_without_a_limit_an_answer_is_cut_as_ever() -> None:
    """All sentences are given, the first one early."""
    assert told_of("".join(LONG), None) == ([sentence.strip() for sentence in LONG], "")


@pytest.mark.parametrize("seed", range(40))
def test_any_text_is_told_once(seed: int) -> None:
    """What is told and what is left are the whole text, and it is never cut within a sentence."""
    dice = random.Random(seed)
    parts = (" It is red.", " Is it?", "\n- a cup", "\n- two plates, one fork", " At 3.5 kg, e.g. this one,", " Dr. No said so!",
             " 它是红色的。", "桌子上有一个杯子，还有一把椅子。", " No. 5 is here; go on:", " x" * dice.randint(1, 200))  # fmt: skip
    text = "".join(dice.choice(parts) for _ in range(dice.randint(1, 40)))
    said, rest = told_of(text, Limit(dice.uniform(1, 30), dice.randint(1, 200), dice.choice((120, 230, 400))))
    plain = "".join(text.split())
    assert "".join("".join(said).split()) + "".join(rest.split()) == plain
    if rest:
        assert ends_whole(said[-1])


def test_chinese_seconds_are_those_of_its_characters() -> None:
    """150 characters are 100 words."""
    assert spoken_seconds("字" * 150, 100) == pytest.approx(60.0, abs=0.5)
    said, rest = told_of("这是一个红色的杯子。" * 20, Limit(10.0, math.inf, 230))
    assert seconds(said) <= 10.0 < seconds([*said, "这是一个红色的杯子。"])
    assert rest


def test_the_longest_answer_is_what_an_engine_decodes() -> None:
    """The two rooms do not know each other."""
    assert LONGEST_TOKENS == MAX_NEW_TOKENS
    assert (Limit(tokens=48).longest_tokens, Limit(20.0).longest_tokens) == (112, 512)


def replied(
    answer: tuple[str, ...], limit: Limit, *, certainty: float = 1.0
) -> tuple[Turn, Reply, list[str], FakeEngine]:
    engine, turn = FakeEngine(answer), Turn(Question("what is this", None, 0.0, 0.0))
    engine.log_probability = math.log(certainty)
    reply = Reply(turn, Wording(PHRASES, DoubtRule(0.5, 0.0)), lambda: 7.0, None)
    view = engine.see(Frame(np.zeros((4, 4, 3), np.uint8), 1.0))
    events = list(reply.answer(view, "what is this", limit=limit))
    return turn, reply, [event.spoken for event in events if isinstance(event, SentenceFinished)], engine


def test_a_turn_holds_what_was_told() -> None:
    """Its answer and its pieces end at the cut; nothing is decoded behind the text that showed that it is too long."""
    turn, reply, said, engine = replied(words_of("".join(LONG)), Limit(8.0))
    assert turn.answer == " ".join(said) == "".join(LONG[: len(said)]).strip()
    assert text_of(turn.pieces).strip() == turn.answer
    assert (reply.has_rest, turn.is_cut, turn.verdict) == (True, True, Verdict.PLAIN)
    assert engine.pieces_decoded < len(words_of(LONG[0])) * (len(said) + 3)
    assert engine.views[0].can_go_on


def test_an_answer_that_an_engine_cannot_go_on_with_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was given up because it looped, or one that ended by itself."""
    assert not replied(("A cup. ", "It is red."), Limit(8.0))[1].has_rest

    engine, turn = FakeEngine(words_of("".join(LONG))), Turn(Question("what is this", None, 0.0, 0.0))
    view = engine.see(Frame(np.zeros((4, 4, 3), np.uint8), 1.0))
    monkeypatch.setattr(type(view), "can_go_on", False)
    reply = Reply(turn, Wording(PHRASES, NEVER), lambda: 7.0, None)
    list(reply.answer(view, "what is this", limit=Limit(8.0)))
    assert not reply.has_rest


class Stage:
    """An AnswerPipeline over fakes, whose engine writes 200 tokens and more."""

    def __init__(self, answer: tuple[str, ...]) -> None:
        self.engine, self.camera, self.voice = FakeEngine(answer), FakeCamera(), FakeVoice()
        self.ended: list[Turn] = []
        self.answering = AnswerPipeline(
            self.engine, any_picture(self.camera), self.voice, PHRASES, play_earcons=False, on_end=self.ended.append
        )

    def ask(self, limit: Limit | None) -> Turn:
        return self.finished(self.answering.ask(self.question("what is this"), self.answering.look(), limit=limit))

    def go_on(self, first: Turn, limit: Limit | None) -> Turn:
        return self.finished(self.answering.go_on(self.question("more detail"), first, limit))

    @staticmethod
    def question(text: str) -> Question:
        return Question(text, 0.9, 0.0, 0.0)

    @staticmethod
    def finished(turn: Turn) -> Turn:
        assert turn.done.wait(WAIT_SECONDS), "the turn never ended"
        return turn


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage(words_of("".join(LONG)))
    with stage.answering:
        yield stage
    assert [thread.name for thread in threading.enumerate() if thread.name in ("answer", "look", "speak")] == []


def test_all_parts_together_are_the_answer(stage: Stage) -> None:
    """Each part ends with the hint but the last, the picture is seen once, and nobody computes in between."""
    turn = stage.ask(Limit(20.0))
    parts, decoded = [turn], stage.engine.pieces_decoded
    assert decoded < len(words_of("".join(LONG)))
    while parts[-1].rest is not None:
        assert stage.voice.heard[-1] == HINT
        assert parts[-1].said[-1] == HINT
        assert HINT not in parts[-1].words
        assert stage.engine.pieces_decoded == decoded
        parts.append(stage.go_on(parts[-1], Limit(20.0)))
        decoded = stage.engine.pieces_decoded
    assert len(parts) >= 3
    assert " ".join(part.answer for part in parts) == "".join(LONG).strip()
    assert [sentence for sentence in stage.voice.heard if sentence != HINT] == [sentence.strip() for sentence in LONG]
    assert len(stage.engine.views) == stage.camera.captured == 1
    assert [part.asked for part in parts] == ["what is this"] * len(parts)
    assert stage.ended == parts
    assert all(part.error is None for part in parts)


def test_without_a_limit_all_is_told(stage: Stage) -> None:
    """As `seesay ask` does."""
    turn = stage.ask(None)
    assert (turn.answer, turn.rest, turn.is_cut) == ("".join(LONG).strip(), None, False)
    assert len(stage.voice.heard) == 30


def test_a_stopped_answer_offers_no_rest(stage: Stage) -> None:
    """The stop ends it before the hint."""
    stage.voice.gate.__init__(is_open=False)  # type: ignore[misc]
    turn = stage.answering.ask(stage.question("what is this"), stage.answering.look(), limit=Limit(20.0))
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    stage.answering.cancel()
    stage.finished(turn)
    assert HINT not in turn.said


def test_a_rest_without_a_word_says_that_it_was_all() -> None:
    """So that no silence follows "more detail"."""
    stage = Stage((*words_of(LONG[0] * 4), " …"))
    with stage.answering:
        turn = stage.ask(None)
        view = stage.engine.views[0]
        view.rest = (" …",)
        turn.rest = Rest(view, NOTHING_READ)
        stage.go_on(turn, Limit(20.0))
        assert stage.voice.heard[-1] == PHRASES.length.that_was_all


def test_a_rest_that_is_doubtful_says_so() -> None:
    """The words of doubt come with the first part, and again with the rest, which is heard later."""
    stage = Stage(words_of("".join(LONG)))
    stage.engine.log_probability = math.log(0.3)
    stage.answering = AnswerPipeline(
        stage.engine, any_picture(stage.camera), stage.voice, PHRASES, play_earcons=False, doubt=DoubtRule(0.5, 0.0)
    )
    with stage.answering:
        first = stage.ask(Limit(8.0))
        rest = stage.go_on(first, Limit(8.0))
    assert first.told[0].startswith("I am not sure, but")
    assert rest.told[0].startswith("I am not sure, but")
    assert HINT not in first.words


def test_a_number_in_a_part_is_compared_with_as_many_sentences() -> None:
    """A second look at a part of an answer does not tell the rest of it as a difference."""
    begin = [Piece("The room is 4071111.", (0.0,))]
    whole = [Piece("The room is 4071111.", (0.0,)), Piece(" The floor is 7.", (0.0,))]
    assert not compared(begin, whole, PHRASES, is_begin=True).differs
    assert compared(begin, whole, PHRASES).differs
    other = [Piece("The room is 407111.", (0.0,)), Piece(" The floor is 7.", (0.0,))]
    assert compared(begin, other, PHRASES, is_begin=True).differs


def test_a_long_number_in_a_part_is_looked_at_again_before_the_hint() -> None:
    """The hint is the last thing that is said."""
    stage = Stage(words_of("The number is 40711112222." + "".join(LONG)))
    with stage.answering:
        turn = stage.ask(Limit(8.0))
    words = PHRASES.second_look
    assert stage.voice.heard[-3:] == [words.looking_again, words.read_again, HINT]
    assert turn.verdict is Verdict.PLAIN
