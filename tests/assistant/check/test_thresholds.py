"""Thresholds are found from marked answers, with what they would have done, and only where there is evidence."""

from __future__ import annotations

from assistant.answering.judging.doubt import DoubtRule, Verdict
from assistant.check.matcher import Mark
from assistant.check.thresholds import LEAST_ANSWERS, Tally, Trial, proposed, tally

DEFAULT = DoubtRule(hedge_below=0.2, cannot_tell_below=0.2, spell_below=0.9)


def trials(mark: Mark, *sures: float, faulty: bool = False) -> list[Trial]:
    return [Trial(f"{mark.value} {sure}", "color", sure, mark, faulty) for sure in sures]


def many(low: float, high: float, count: int) -> list[float]:
    return [low + (high - low) * place / (count - 1) for place in range(count)]


def test_wrong_answers_that_are_less_sure_are_doubted() -> None:
    """The threshold lies between the wrong answers and the right ones above them."""
    done = trials(Mark.RIGHT, *many(0.7, 1.0, 40)) + trials(Mark.WRONG, 0.1, 0.3, 0.5)
    found = proposed(done, DEFAULT)
    assert not found.why_not
    assert 0.5 < found.hedge_below < 0.7
    after = tally(done, DoubtRule(hedge_below=found.hedge_below, cannot_tell_below=0.0))
    assert after == Tally(answers=43, right=40, wrong=3, doubted=3, right_doubted=0, wrong_and_sure=0)


def test_one_right_answer_in_twenty_may_be_doubted_and_no_more() -> None:
    """Wrong answers among the sure ones do not draw the threshold up to them."""
    right = many(0.4, 1.0, 40)
    done = trials(Mark.RIGHT, *right) + trials(Mark.WRONG, 0.41, 0.95, 0.97)
    found = proposed(done, DEFAULT)
    assert sum(sure < found.hedge_below for sure in right) <= 2
    assert found.hedge_below > 0.41


def test_without_wrong_answers_the_default_stays() -> None:
    """Nothing speaks against it, unless it would doubt too many right answers."""
    assert proposed(trials(Mark.RIGHT, *many(0.5, 1.0, 40)), DEFAULT).hedge_below == 0.2
    assert proposed(trials(Mark.RIGHT, *many(0.05, 0.2, 40)), DEFAULT).hedge_below < 0.08


def test_too_few_answers_propose_nothing() -> None:
    """Neither few answers nor a model that is hardly ever right can tell where doubt begins."""
    few = proposed(trials(Mark.RIGHT, *many(0.5, 1.0, LEAST_ANSWERS - 1)), DEFAULT)
    assert "29 answers can be judged so far, and 30 are needed" in few.why_not
    random = proposed(trials(Mark.WRONG, *many(0.01, 0.9, 60)), DEFAULT)
    assert "0 of 60 answers were right" in random.why_not
    nothing = proposed(trials(Mark.DECLINED, *many(0.01, 0.9, 60)), DEFAULT)
    assert nothing.why_not


def test_most_answers_about_faulty_pictures_have_to_be_wrong_to_be_withheld() -> None:
    """Below `cannot_tell_below` more faulty pictures are answered wrongly than rightly."""
    clean = trials(Mark.RIGHT, *many(0.75, 1.0, 40)) + trials(Mark.WRONG, 0.6)
    spoilt = trials(Mark.WRONG, *many(0.1, 0.35, 8), faulty=True) + trials(Mark.RIGHT, *many(0.5, 0.6, 6), faulty=True)
    found = proposed(clean + spoilt, DEFAULT)
    assert 0.3 < found.cannot_tell_below <= found.hedge_below
    assert proposed(clean, DEFAULT).cannot_tell_below == 0.2


def test_what_a_reader_contradicts_is_doubted_however_sure() -> None:
    """The witness counts beside the thresholds."""
    trial = Trial("scene 1", "number", 0.99, Mark.WRONG, contradicted=True)
    assert trial.verdict(DEFAULT) is Verdict.UNSURE
    assert tally([trial], DEFAULT).wrong_and_sure == 0
