"""The tables about doubt count what the user is told: an answer, an answer with doubt, or none."""

from __future__ import annotations

from dataclasses import replace

from assistant.answering.doubt import DoubtRule
from assistant.bench.accuracy.doubt_rates import Trial, calibrated, doubt_table, empty_table, summary

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
