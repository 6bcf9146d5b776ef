"""What a picture cannot show is never said surely."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from assistant.answering.judging.doubt import DEMO_RULE, NEVER, DoubtRule, Verdict, stricter
from assistant.answering.length import Limit
from assistant.answering.reply import Reply, SentenceFinished, Wording
from assistant.answering.turn import Question, Turn
from assistant.answering.visibility import DIM_LEVEL, deserves_second_look, framing_of, is_hidden
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import FakeEngine, FakeView
from vision.demo_model.rendering.empty_pictures import EMPTY
from vision.demo_model.rendering.photographs import defocus, glare, leaves, stops
from vision.frame import Frame
from vision.framing import Fault, judge

EN, ZH = phrases_for("en"), phrases_for("zh")


def empty(kind: str, seed: int = 1) -> Frame:
    return Frame(EMPTY[kind](np.random.default_rng(seed), 640, 480), 0.0)


def said_about(frame: Frame, answer: str, rule: DoubtRule) -> tuple[Verdict, list[str]]:
    turn = Turn(Question("is there a person", None, 0.0, 0.0))
    reply = Reply(turn, Wording(EN, rule), lambda: 0.0, None)
    events = reply.answer(FakeEngine((answer,)).see(frame), "is there a person")
    return turn.verdict, [event.spoken for event in events if isinstance(event, SentenceFinished)]


@pytest.mark.parametrize("kind", ["blank", "black", "noise", "moire"])
def test_about_a_picture_of_nothing_there_is_no_sure_no(kind: str) -> None:
    """However sure the model is, and wherever the question came from."""
    frame = empty(kind)
    assert said_about(frame, "No, there is no person.", DEMO_RULE)[1] == ["I am not sure, but no, there is no person."]
    assert said_about(frame, "No, there is no person.", DoubtRule())[1] == [
        "I am not sure, but no, there is no person."
    ]
    assert said_about(frame, "No, there is no person.", NEVER)[1] == [
        "No, there is no person."
    ]  # doubt is switched off


def test_a_picture_of_something_is_answered_plainly() -> None:
    """A denial about it is as sure as the model."""
    frame = Frame(leaves(np.random.default_rng(2), 640, 480), 0.0)
    assert said_about(frame, "No, there is no person.", DEMO_RULE)[1] == ["No, there is no person."]


def test_an_even_surface_has_a_color() -> None:
    """Only denials about it are doubted; and what a model says of itself is about no picture."""
    blank, black = judge(empty("blank")), judge(empty("black"))
    assert (blank.fault, black.fault) == (Fault.BLANK, Fault.COVERED)
    assert not is_hidden("It is green.", blank, EN)
    assert is_hidden("There is no door.", blank, EN)
    assert is_hidden("It is green.", black, EN)
    assert not is_hidden("I am a small demo model and do not know that.", black, EN)
    assert is_hidden("没有人。", blank, ZH)
    assert not is_hidden("墙是绿色的。", blank, ZH)
    assert not is_hidden("我不知道。", black, ZH)


def test_a_glare_counts_where_the_rule_says_so() -> None:
    """It was measured for the demo model alone: a white cup on a white table looks the same."""
    rng = np.random.default_rng(4)
    veiled = next(
        framing
        for _ in range(40)
        if (framing := judge(Frame(glare(leaves(rng, 448, 448), rng, 0.6), 0.0))).is_veiled and framing.fault is None
    )
    assert is_hidden("It is white.", veiled, EN, doubts_veiled=True)
    assert not is_hidden("It is white.", veiled, EN)


def dim(seed: int = 2) -> Frame:
    """A picture with four stops too little light: dark, and not so dark that it is refused."""
    frame = Frame(stops(leaves(np.random.default_rng(seed), 640, 480), np.random.default_rng(seed), -5.0), 0.0)
    assert judge(frame).fault is None
    assert judge(frame).bright_level < DIM_LEVEL
    return frame


class Twice(FakeEngine):
    """Gives the first answer about a picture as it is, and the second about its stretched levels."""

    def __init__(self, frame: Frame, *answers: tuple[str, ...]) -> None:
        super().__init__()
        self.frame, self.in_turn = frame, answers

    def see(self, frame: Frame, cancelled: object = None) -> FakeView:
        self.answer = self.in_turn[frame is not self.frame]
        return super().see(frame)


def said_twice(frame: Frame, first: str, second: str, rule: DoubtRule = DEMO_RULE) -> tuple[str, Verdict, int]:
    """What is said, the verdict, and how many pictures the engine saw."""
    engine, turn = Twice(frame, (first,), (second,)), Turn(Question("what is this", None, 0.0, 0.0))
    engine.is_demo = rule.doubts_veiled  # the demo model's rule is its own
    reply = Reply(turn, Wording(EN, rule), lambda: 0.0, None)
    events = reply.answer(engine.see(frame), "what is this", see=engine.see)
    said = " ".join(event.spoken for event in events if isinstance(event, SentenceFinished))
    return said, turn.verdict, len(engine.views)


def test_a_dim_picture_is_looked_at_twice() -> None:
    """Two different answers are doubted, the same one twice is said plainly."""
    assert said_twice(dim(), "A cup.", "A cup.") == ("A cup.", Verdict.PLAIN, 2)
    assert said_twice(dim(), "A cup.", "A shoe.") == ("I am not sure, but a cup.", Verdict.UNSURE, 2)
    bright = Frame(leaves(np.random.default_rng(2), 640, 480), 0.0)
    assert said_twice(bright, "A cup.", "A shoe.") == ("A cup.", Verdict.PLAIN, 1)


def test_a_second_look_is_taken_only_where_it_tells_something() -> None:
    """Not where the rule says so, the model speaks of itself, or nothing can be seen: that is doubted without it."""
    assert said_twice(dim(), "A cup.", "A shoe.", DoubtRule()) == ("A cup.", Verdict.PLAIN, 1)
    assert said_twice(dim(), "A cup.", "A shoe.", DoubtRule(looks_twice=True))[1:] == (Verdict.UNSURE, 2)
    assert said_twice(dim(), "A cup.", "A shoe.", replace(NEVER, looks_twice=True))[1:] == (Verdict.PLAIN, 1)
    assert said_twice(dim(), "I only know drawn shapes.", "A shoe.")[1:] == (Verdict.PLAIN, 1)
    assert said_twice(empty("black"), "A cup.", "A cup.")[1:] == (Verdict.UNSURE, 1)


@pytest.mark.parametrize(("color", "verdict"), [("red", Verdict.PLAIN), ("blue", Verdict.UNSURE)])
def test_a_long_answer_about_a_dim_picture_waits_for_the_second_look_and_has_a_rest(
    color: str, verdict: Verdict
) -> None:
    """What is told of it is compared with as many sentences of the other answer, and what is doubted is told too."""
    frame, turn = dim(), Turn(Question("what is this", None, 0.0, 0.0))
    cups = [tuple(f" The cup is {each}." for _ in range(40)) for each in ("red", color)]
    engine = Twice(frame, (*cups[0], " And a fork."), (*cups[1], " And a knife."))
    engine.is_demo = True
    reply = Reply(turn, Wording(EN, DEMO_RULE), lambda: 0.0, None)
    events = list(reply.answer(engine.see(frame), "what is this", limit=Limit(8.0), see=engine.see))
    said = [event.text for event in events if isinstance(event, SentenceFinished)]
    assert (turn.verdict, reply.has_rest, len(engine.views)) == (verdict, True, 2)
    assert 1 < len(said) < 20
    assert turn.answer == " ".join(said)


def test_two_looks_that_agree_make_up_for_the_dark_and_a_glare_alone() -> None:
    """On an even surface a denial stays doubtful, and so does everything about a covered lens."""
    dark = replace(judge(dim()), fault=Fault.TOO_DARK)
    assert is_hidden("There is no door.", dark, EN)
    assert not is_hidden("There is no door.", dark, EN, agrees=True)
    assert is_hidden("It is a door.", dark, EN, agrees=False)
    blank, covered = replace(dark, fault=Fault.BLANK), replace(dark, fault=Fault.COVERED)
    assert is_hidden("There is no door.", blank, EN, agrees=True)
    assert is_hidden("It is a door.", covered, EN, agrees=True)


def test_a_dark_picture_with_shadows_is_no_covered_lens() -> None:
    """Two looks decide what is said about it; black with its noise stays doubted."""
    covered = replace(judge(empty("black")), fault=Fault.COVERED)
    shadows = replace(covered, structure=replace(covered.structure, strongest_level=2.0))
    assert is_hidden("It is a door.", covered, EN, agrees=True)
    assert not is_hidden("It is a door.", shadows, EN, agrees=True)
    assert is_hidden("It is a door.", shadows, EN)
    glowing = replace(shadows, bright_level=200.0)
    assert is_hidden("It is a door.", glowing, EN, agrees=True), "a finger before a lamp"
    assert [deserves_second_look(each) for each in (covered, shadows, glowing)] == [False, True, False]


def test_a_strongly_blurred_picture_asks_for_more_certainty() -> None:
    """A certainty that is enough elsewhere is doubted there, but for what the model says of itself."""
    sharp = Frame(leaves(np.random.default_rng(2), 640, 480), 0.0)
    blurred = Frame(defocus(sharp.rgb, np.random.default_rng(2), 6.0), 0.0)

    def verdict_on(frame: Frame, answer: str, rule: DoubtRule) -> Verdict:
        engine, turn = FakeEngine((answer,)), Turn(Question("what is this", None, 0.0, 0.0))
        engine.log_probability, engine.is_demo = math.log(0.9), rule is DEMO_RULE
        list(Reply(turn, Wording(EN, rule), lambda: 0.0, None).answer(engine.see(frame), "what is this"))
        return turn.verdict

    assert verdict_on(sharp, "A cup.", DEMO_RULE) is Verdict.PLAIN
    assert verdict_on(blurred, "A cup.", DEMO_RULE) is Verdict.UNSURE
    assert verdict_on(blurred, "I only know drawn shapes.", DEMO_RULE) is Verdict.PLAIN
    assert verdict_on(blurred, "A cup.", DoubtRule()) is Verdict.PLAIN, "only where that was measured"
    assert stricter(NEVER) == NEVER


def test_what_cannot_be_judged_hides_nothing() -> None:
    """A conversation without a picture, and a picture of a few pixels."""
    assert framing_of(None) is framing_of(Frame(np.zeros((40, 400, 3), np.uint8), 0.0)) is None
    assert not is_hidden("There is no door.", None, EN)
