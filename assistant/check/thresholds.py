"""Finds the thresholds of doubt for one model from its own marked answers, and says what they would have done.

`hedge_below` is the lowest threshold that doubts as many wrong answers as can be doubted while at most one right answer
in twenty is doubted as well. `cannot_tell_below` is the highest one, up to that, below which most answers about faulty
pictures were wrong. Where the answers are too few, nothing is proposed. It is pure: it does not know how an answer came
about. `spell_below` needs other answers than these, so it is left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.judging.doubt import DoubtRule, Verdict, verdict
from assistant.check.matcher import Mark

LEAST_ANSWERS = 30  # that claim something
LEAST_RIGHT = 15  # a model that is hardly ever right cannot be told apart from its own doubt
MOST_RIGHT_DOUBTED = 0.05  # of the right answers; 10 % is what users would bear, and other pictures will differ
_RIGHT_TO_SAY = 0.5  # of the answers about faulty pictures; if fewer are right, it is better to say none of them
_LEAST_FAULTY = 5  # answers below the other threshold; fewer say nothing against the default


@dataclass(frozen=True)
class Trial:
    """One answer: what was asked, how sure the model was, and whether it was right. It holds no picture."""

    name: str
    kind: str
    sure: float  # of the least sure piece, 0 to 1 (`assistant.answering.judging.doubt.certainty`)
    mark: Mark
    faulty: bool = False  # the picture has a fault, which the user is told of before the model is asked
    contradicted: bool = False  # a reader of print has read something else
    seconds: float = 0.0

    def verdict(self, rule: DoubtRule) -> Verdict:
        """What the user hears of it: the plain answer, one with doubt, or none."""
        judged = verdict(self.sure, rule, picture_is_faulty=self.faulty)
        return Verdict.UNSURE if judged is Verdict.PLAIN and self.contradicted else judged


@dataclass(frozen=True)
class Proposed:
    """Thresholds for a model. `why_not` says why there are none; "" where there are."""

    hedge_below: float = 0.0
    cannot_tell_below: float = 0.0
    why_not: str = ""


def proposed(trials: Sequence[Trial], default: DoubtRule) -> Proposed:
    """The thresholds that these answers speak for. `default` counts where they say nothing against it."""
    claims = [trial for trial in trials if trial.mark is not Mark.DECLINED]
    right = sorted(trial.sure for trial in claims if trial.mark is Mark.RIGHT)
    wrong = sorted(trial.sure for trial in claims if trial.mark is Mark.WRONG)
    if len(claims) < LEAST_ANSWERS:
        return Proposed(why_not=f"{len(claims)} answers can be judged so far, and {LEAST_ANSWERS} are needed")
    if len(right) < LEAST_RIGHT:
        return Proposed(why_not=f"{len(right)} of {len(claims)} answers were right, too few to learn doubt from")
    # At this certainty more right answers than allowed would be doubted: a threshold doubts what is below it.
    highest = right[min(len(right) - 1, math.floor(MOST_RIGHT_DOUBTED * len(right)))]
    caught = [sure for sure in wrong if sure < highest]
    hedge = _above(caught[-1], right, highest) if caught else min(default.hedge_below, highest)
    hedge = _rounded(hedge)
    return Proposed(hedge, _cannot_tell(claims, hedge, default))


def _above(sure: float, right: Sequence[float], highest: float) -> float:
    """Half-way between the surest wrong answer that is caught and the next surer right one."""
    following = next((one for one in right if one > sure), highest)
    return (sure + min(following, highest)) / 2


def _cannot_tell(claims: Sequence[Trial], hedge: float, default: DoubtRule) -> float:
    faulty = [trial for trial in claims if trial.faulty]
    if sum(trial.sure < hedge for trial in faulty) < _LEAST_FAULTY:
        return min(default.cannot_tell_below, hedge)
    steps = [step / 100 for step in range(1, 100) if step / 100 <= hedge]
    mostly_wrong = [
        step
        for step in steps
        if (below := [trial for trial in faulty if step - 0.1 <= trial.sure < step])
        and sum(trial.mark is Mark.RIGHT for trial in below) < _RIGHT_TO_SAY * len(below)
    ]
    return max(mostly_wrong, default=0.0)


def _rounded(threshold: float) -> float:
    """Three digits, and never 0, which would switch doubt off for good."""
    return max(0.001, round(threshold, 3))


@dataclass(frozen=True)
class Tally:
    """What became of answers under a rule."""

    answers: int = 0
    right: int = 0
    wrong: int = 0
    declined: int = 0
    doubted: int = 0  # with doubt, or not told at all
    right_doubted: int = 0
    wrong_and_sure: int = 0  # in a sure voice, about a picture without a known fault: the worst


def tally(trials: Sequence[Trial], rule: DoubtRule) -> Tally:
    """Counts these answers under a rule."""
    doubted = [trial for trial in trials if trial.verdict(rule) is not Verdict.PLAIN]
    plain_wrong = [
        trial
        for trial in trials
        if trial.mark is Mark.WRONG and trial.verdict(rule) is Verdict.PLAIN and not trial.faulty
    ]
    return Tally(
        answers=len(trials),
        right=sum(trial.mark is Mark.RIGHT for trial in trials),
        wrong=sum(trial.mark is Mark.WRONG for trial in trials),
        declined=sum(trial.mark is Mark.DECLINED for trial in trials),
        doubted=len(doubted),
        right_doubted=sum(trial.mark is Mark.RIGHT for trial in doubted),
        wrong_and_sure=len(plain_wrong),
    )
