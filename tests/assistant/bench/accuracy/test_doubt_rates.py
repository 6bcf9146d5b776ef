"""The tables about doubt count what the user is told: an answer, an answer with doubt, or none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assistant.answering.judging.doubt import DoubtRule
from assistant.bench.accuracy.doubt_rates import (
    Trial,
    answers_to,
    calibrated,
    doubt_table,
    empty_table,
    good_pictures,
    second_look_table,
    summary,
)
from tests.assistant.fakes import FakeEngine, FakeView
from vision.demo_model.rendering.photographs import leaves, stops
from vision.frame import Frame
from vision.framing import judge

RULE = DoubtRule(hedge_below=0.9, cannot_tell_below=0.5)


def trial(sure: float, *, right: bool = False, declined: bool = False, faulty: bool = False) -> Trial:
    return Trial("blur", faulty, "color", sure, right, declined)


def test_that_it_is_no_drawing_is_neither_right_nor_wrong() -> None:
    """It has a column of its own, and is no answer in a sure voice."""
    done = [
        trial(0.99, right=True), trial(0.99), trial(0.99, declined=True), trial(0.6, right=True),
        trial(0.3, faulty=True),
    ]  # fmt: skip
    row = doubt_table(done, RULE, lambda one: one.flaw)[2]
    assert row == "| blur | 5 | 40.0 % | 20.0 % | 40.0 % | 50.0 % | 20.0 % | 100.0 % | 20.0 % | 0.0 % |"


def test_giving_up_is_not_calibrated_on_declined_answers() -> None:
    """Where it declined, giving up would take nothing wrong away."""
    declined = [trial(0.55, declined=True, faulty=True) for _ in range(5)]
    right = [trial(0.55, right=True, faulty=True) for _ in range(5)]
    clean = [Trial("clean", False, "color", 0.995, True) for _ in range(100)]
    assert calibrated([*clean, *declined, *right]).cannot_tell_below < 0.5


def test_of_right_answers_about_spoilt_pictures_few_are_doubted() -> None:
    """The threshold goes no higher than that, however few clean answers it hedges."""
    clean = [Trial("clean", False, "color", 0.995, True) for _ in range(100)]
    spoilt = [trial(0.5 if number < 8 else 0.8 if number < 50 else 0.995, right=True) for number in range(100)]
    assert calibrated([*clean, *spoilt]).hedge_below == 0.8
    hidden = [replace(one, is_hidden=one.sure > 0.99) for one in spoilt]
    assert calibrated([*clean, *hidden]).hedge_below == 0.0, "what is doubted for the picture's sake counts as well"


def test_the_summary_sets_what_is_wrong_against_what_is_doubted() -> None:
    """An answer that the picture cannot show does not sound sure; of right answers the share of doubted ones is told."""
    done = [
        trial(0.99, right=True),
        trial(0.99),
        replace(trial(0.99), is_hidden=True),
        replace(trial(0.99, right=True), is_hidden=True),
        trial(0.99, declined=True),
        Trial("clean", False, "color", 0.8, True),
        Trial("clean", False, "color", 0.99, True),
    ]
    assert summary(done, RULE) == (
        "Spoilt pictures: of 2 answers that sound sure 50.0 % are wrong; of the right ones 50.0 % are doubted "
        "(clean pictures: 50.0 %)."
    )


def test_pictures_of_nothing_are_counted_by_their_sure_denials() -> None:
    """A denial that is doubted, and a sure answer that denies nothing, are no sure denials."""
    done = [trial(0.99), replace(trial(0.99), is_hidden=True), trial(0.99, right=True), trial(0.99, declined=True)]
    assert empty_table(done, RULE)[2] == "| blur | 4 | 0.0 % | 25.0 % | 50.0 % | 25.0 % |"


def test_second_looks_are_counted_by_pictures() -> None:
    """Not by questions: several are asked about each picture."""
    done = [replace(trial(0.99), picture=number // 2, has_second_look=number < 2) for number in range(8)]
    assert second_look_table(done)[2:] == ["| blur | 4 | 25.0 % |"]


def test_good_pictures_are_of_every_subject_and_not_dim() -> None:
    """No picture with ordinary light has to be looked at twice, whatever it shows."""
    done = list(good_pictures(2, seed=1))
    assert len(done) == 12
    assert not any(one.has_second_look for one in done if one.flaw != "drawn")


class Second(FakeEngine):
    """Sees a shoe in every picture that it is shown after the first one."""

    def see(self, frame: Frame, cancelled: object = None) -> FakeView:
        self.answer = ("A cup.",) if not self.views else ("A shoe.",)
        return super().see(frame)


def test_the_same_questions_are_asked_about_a_dim_picture_again() -> None:
    """As in use: the answers of both looks are compared, and a picture with light is looked at once."""
    picture = leaves(np.random.default_rng(2), 448, 448)
    for rgb, agrees, looks in ((picture, None, 1), (stops(picture, np.random.default_rng(2), -5.0), False, 2)):
        engine, frame = Second(), Frame(rgb, 0.0)
        found = answers_to(engine, engine.see(frame), judge(frame), ["what is this", "what else"])
        assert [(one.text, one.agrees) for one in found] == [("A cup.", agrees)] * 2
        assert len(engine.views) == looks
