"""What a picture cannot show is never said surely."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.answering.doubt import DEMO_RULE, NEVER, DoubtRule, Verdict
from assistant.answering.reply import Reply, SentenceFinished, Wording
from assistant.answering.turn import Question, Turn
from assistant.answering.visibility import framing_of, is_hidden
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import FakeEngine
from vision.demo_model.empty_pictures import EMPTY
from vision.demo_model.photographs import glare, leaves
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


def test_what_cannot_be_judged_hides_nothing() -> None:
    """A conversation without a picture, and a picture of a few pixels."""
    assert framing_of(None) is framing_of(Frame(np.zeros((40, 400, 3), np.uint8), 0.0)) is None
    assert not is_hidden("There is no door.", None, EN)
