"""Measures how honest the doubt is, in the demo model's world: new scenes, held-out type faces and spoilt pictures.

python -m assistant.bench.accuracy.doubt_rates [--scenes 300] [--spoilt 80] [--empty 12] [--calibrate]

The engine really answers every question, and `vision.framing` judges every picture. Pictures that deserve it are looked
at twice, as in use. `--calibrate` proposes thresholds, on scenes of its own. Without it the demo model's thresholds are
measured, on other scenes. docs/doubt.md tells what the figures mean.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant import console
from assistant.answering.judging.doubt import (
    DEMO_RULE,
    DoubtRule,
    Piece,
    Verdict,
    certainty,
    stricter,
    text_of,
    verdict,
)
from assistant.answering.visibility import deserves_second_look, is_about_itself, is_hidden, is_strongly_blurred
from assistant.language.phrases import phrases_for
from assistant.language.same_answer import say_the_same

if TYPE_CHECKING:
    from vision.demo_model.asking.questions import QuestionAnswer
    from vision.engine.engine import Engine
    from vision.engine.view import View
    from vision.framing import Framing

CALIBRATION_SEED = 910_001
MEASURING_SEED = 920_001
CLEAN = "clean"
# What spoils a picture: a function of `vision.demo_model.rendering.photographs` and its step. Training showed nothing
# as strong as these.
FLAWS = {
    CLEAN: ("expose", 0.0),
    "blur 3 px": ("defocus", 3.0),
    "blur 6 px": ("defocus", 6.0),
    "blur 12 px": ("defocus", 12.0),
    "shake 20 px": ("shake", 20.0),
    "noise 25": ("expose", 25.0),
    "noise 60": ("expose", 60.0),
    "4 stops dark": ("stops", -4.0),
    "7 stops dark": ("stops", -7.0),
    "glare": ("glare", 0.35),
    "strong glare": ("glare", 0.6),
    "finger": ("finger", 0.35),
}
# About pictures of nothing (`vision.demo_model.rendering.empty_pictures`). No answer to these but doubt is honest.
EMPTY_QUESTIONS = ("is there a person", "is there a circle", "what does it say", "describe the picture")
# Another set of pictures will differ, so both are a little less than what is allowed: 2 % and 10 %.
MOST_HEDGED = 0.015  # of the answers about clean pictures
MOST_DOUBTED = 0.09  # of the right answers about spoilt pictures, also for what the picture cannot show
_RIGHT_TO_SAY = 0.5  # of the answers about faulty pictures; if fewer are right, it is better to say none of them
_EDGES = (0.0, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999, 1.0)
_COVERAGES = (1.0, 0.99, 0.95, 0.9, 0.8, 0.6)


@dataclass(frozen=True)
class Trial:
    """One answer: what was asked, how sure the model was, and whether the answer was right to the letter.

    The answer that the picture is no drawing is neither right nor wrong here. It tells the user nothing false, but it
    declines to answer.
    """

    flaw: str
    faulty: bool  # whether `vision.framing` finds a fault in the picture
    kind: str
    sure: float
    right: bool
    declined: bool = False
    is_hidden: bool = False  # the picture cannot show what the answer is about (`assistant.answering.visibility`)
    needs_more: bool = False  # the picture is strongly blurred, and the answer is about it
    picture: int = 0  # its number among those of the flaw
    has_second_look: bool = False  # the picture deserves one

    @property
    def is_wrong(self) -> bool:
        return not (self.right or self.declined)

    def verdict(self, rule: DoubtRule) -> Verdict:
        rule = stricter(rule) if self.needs_more else rule
        return verdict(self.sure, rule, picture_is_faulty=self.faulty, is_hidden=self.is_hidden)


def looks(
    engine: Engine, flaw: str, scenes: int, seed: int
) -> Iterator[tuple[View, Framing, Sequence[QuestionAnswer]]]:
    """`scenes` new scenes: the View, how it was judged, and questions. Half have faces that training never saw."""
    import numpy as np

    from vision import framing
    from vision.demo_model.asking.questions import questions
    from vision.demo_model.rendering import photographs
    from vision.demo_model.rendering.drawing import draw
    from vision.demo_model.rendering.fonts import BUILTIN, held_out_fonts
    from vision.demo_model.rendering.scene import random_scene
    from vision.frame import Frame

    dice, grain = random.Random(f"{seed} {flaw}"), np.random.default_rng(seed)
    unseen = held_out_fonts() or (BUILTIN,)
    name, step = FLAWS[flaw]
    for number in range(scenes):
        scene = random_scene(dice)
        picture = np.asarray(draw(scene, dice.choice(unseen) if number % 2 else BUILTIN))
        frame = Frame(getattr(photographs, name)(picture, grain, step), 0.0)
        yield engine.see(frame), framing.judge(frame), questions(scene, dice)


def answered(view: View, question: str) -> list[Piece]:
    """The whole answer to `question`, asked as the picture's first question."""
    view.forget()
    return [Piece(chunk.text, chunk.log_probabilities) for chunk in view.ask(question)]


@dataclass(frozen=True)
class Given:
    """An answer of the model, and whether a second look at the picture gave the same; None: it was not asked again."""

    text: str
    sure: float
    agrees: bool | None


def answers_to(engine: Engine, view: View, framing: Framing, questions: Sequence[str]) -> list[Given]:
    """The answers to all questions about a picture, with the second looks that they get in use."""
    phrases = phrases_for("en")
    answers = [answered(view, question) for question in questions]
    firsts = [Given(text_of(pieces).strip(), certainty(pieces, phrases.doubt.formulaic), None) for pieces in answers]
    if view.frame is None or not deserves_second_look(framing):
        return firsts
    second, found = engine.see(view.frame.stretched()), []
    for question, first in zip(questions, firsts, strict=True):
        if not is_about_itself(first.text, phrases):
            again = text_of(answered(second, question)).strip()
            first = replace(first, agrees=say_the_same(first.text, again, phrases))
        found.append(first)
    return found


def trials(engine: Engine, flaw: str, scenes: int, seed: int) -> Iterator[Trial]:
    """One question of each sort about each scene."""
    from vision.demo_model.asking.questions import NOT_DRAWN

    for number, (view, framing, all_of_it) in enumerate(looks(engine, flaw, scenes, seed)):
        # The flaw itself changes how bright it is.
        asked_of_it = [asked for asked in all_of_it if asked.kind != "light" or flaw == CLEAN]
        answers = answers_to(engine, view, framing, [asked.question for asked in asked_of_it])
        for asked, answer in zip(asked_of_it, answers, strict=True):
            yield Trial(
                flaw,
                framing.fault is not None,
                asked.kind,
                answer.sure,
                answer.text == asked.answer,
                answer.text == NOT_DRAWN,
                _is_hidden(answer, framing),
                _needs_more(answer, framing),
                number,
                deserves_second_look(framing),
            )


def empty_trials(engine: Engine, pictures: int, seed: int) -> Iterator[Trial]:
    """Each question about each kind of empty picture. `right` is an answer that denies nothing."""
    import numpy as np

    from assistant.language.writing_questions import has_one_of
    from vision import framing
    from vision.demo_model.asking.questions import NOT_DRAWN
    from vision.demo_model.rendering.empty_pictures import EMPTY
    from vision.frame import Frame

    phrases = phrases_for("en")
    for kind, made in EMPTY.items():
        for number in range(pictures):
            frame = Frame(made(np.random.default_rng([seed, number]), 448, 448), 0.0)
            judged = framing.judge(frame)
            answers = answers_to(engine, engine.see(frame), judged, EMPTY_QUESTIONS)
            for question, answer in zip(EMPTY_QUESTIONS, answers, strict=True):
                denies = has_one_of(phrases.writing.denies, answer.text, phrases)
                yield Trial(
                    kind,
                    judged.fault is not None,
                    question,
                    answer.sure,
                    not denies,
                    answer.text == NOT_DRAWN,
                    _is_hidden(answer, judged),
                    _needs_more(answer, judged),
                    number,
                    deserves_second_look(judged),
                )


def _is_hidden(answer: Given, framing: Framing) -> bool:
    rule = DEMO_RULE
    return is_hidden(answer.text, framing, phrases_for("en"), doubts_veiled=rule.doubts_veiled, agrees=answer.agrees)


def _needs_more(answer: Given, framing: Framing) -> bool:
    return is_strongly_blurred(framing) and not is_about_itself(answer.text, phrases_for("en"))


def second_look_table(done: Sequence[Trial]) -> list[str]:
    """A Markdown table: what share of the pictures with each flaw are looked at twice."""
    rows = ["| | pictures | looked at twice |", "|---|---|---|"]
    for flaw in dict.fromkeys(trial.flaw for trial in done):
        twice = {trial.picture: trial.has_second_look for trial in done if trial.flaw == flaw}
        rows.append(f"| {flaw} | {len(twice)} | {_percent(share(twice.values()))} |")
    return rows


def good_pictures(count: int, seed: int) -> Iterator[Trial]:
    """Pictures like photographs without a flaw, asked nothing: `count` of each subject, with the noise of a camera."""
    import numpy as np

    from vision import framing
    from vision.demo_model import framing_rates
    from vision.demo_model.rendering import photographs
    from vision.frame import Frame

    for subject in photographs.SUBJECTS:
        for number, clean in enumerate(framing_rates.pictures(subject, count, seed)):
            noise = framing_rates.NOISES[number % len(framing_rates.NOISES)]
            exposed = photographs.expose(clean, np.random.default_rng([seed, number]), noise)
            judged = framing.judge(Frame(exposed, 0.0))
            twice = deserves_second_look(judged)
            yield Trial(subject, judged.fault is not None, "", 1.0, right=True, picture=number, has_second_look=twice)


def empty_table(done: Sequence[Trial], rule: DoubtRule) -> list[str]:
    """A Markdown table: how often framing finds a fault, and how often a question gets a sure answer or a sure no."""
    rows = ["| | answers | fault told | declines | sounds sure | surely denies |", "|---|---|---|---|---|---|"]
    for kind in dict.fromkeys(trial.flaw for trial in done):
        here = [trial for trial in done if trial.flaw == kind]
        sure = [trial.verdict(rule) is Verdict.PLAIN and not trial.declined for trial in here]
        cells = [
            kind,
            str(len(here)),
            _percent(share(trial.faulty for trial in here)),
            _percent(share(trial.declined for trial in here)),
            _percent(share(sure)),
            _percent(share(is_sure and not trial.right for is_sure, trial in zip(sure, here, strict=True))),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def summary(done: Sequence[Trial], rule: DoubtRule) -> str:
    """The two figures that have to be small together: sure and wrong about spoilt pictures, and doubted but right."""
    told = [trial for trial in done if not trial.declined]
    sure = [trial for trial in told if trial.flaw != CLEAN and trial.verdict(rule) is Verdict.PLAIN]
    wrong = share(trial.is_wrong for trial in sure)

    def doubted(trials: Iterable[Trial]) -> str:
        return _percent(share(trial.verdict(rule) is not Verdict.PLAIN for trial in trials if trial.right))

    return (
        f"Spoilt pictures: of {len(sure)} answers that sound sure {_percent(wrong)} are wrong; of the right ones "
        f"{doubted(trial for trial in told if trial.flaw != CLEAN)} are doubted "
        f"(clean pictures: {doubted(trial for trial in told if trial.flaw == CLEAN)})."
    )


def calibrated(done: Sequence[Trial]) -> DoubtRule:
    """The highest thresholds that hedge at most MOST_HEDGED of the clean answers, doubt at most MOST_DOUBTED of the right
    ones about spoilt pictures, and give up only where most are wrong.
    """
    clean = [trial for trial in done if trial.flaw == CLEAN]
    right = [trial for trial in done if trial.flaw != CLEAN and trial.right]
    faulty = [trial for trial in done if trial.faulty and not trial.declined]
    steps = [step / 100 for step in range(100)]
    hedge = max(
        step
        for step in steps
        if sum(trial.sure < step for trial in clean) <= MOST_HEDGED * len(clean)
        if sum(_is_doubted(trial, step) for trial in right) <= MOST_DOUBTED * len(right)
    )
    mostly_wrong = [
        step
        for step in steps
        if step <= hedge
        if share(trial.right for trial in faulty if step - 0.1 <= trial.sure < step) < _RIGHT_TO_SAY
    ]
    return DoubtRule(hedge_below=hedge, cannot_tell_below=max(mostly_wrong, default=0.0))


def _is_doubted(trial: Trial, hedge_below: float) -> bool:
    rule = replace(DEMO_RULE, hedge_below=hedge_below, cannot_tell_below=0.0)
    return trial.verdict(rule) is not Verdict.PLAIN


def share(of: Iterable[bool]) -> float:
    """The share of true values; NaN if there are none."""
    found = list(of)
    return sum(found) / len(found) if found else float("nan")


def doubt_table(done: Sequence[Trial], rule: DoubtRule, group: Callable[[Trial], str]) -> list[str]:
    """A Markdown table: how often it declines, doubts, is wrong when it sounds sure, and is right when it hedges."""
    rows = [
        "| | answers | wrong | declines | sounds sure | of these wrong | hedges | of these right | cannot tell | of these right |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [*dict.fromkeys(map(group, done)), "all"]:
        here = [trial for trial in done if name in ("all", group(trial))]
        cells = [name, str(len(here)), _percent(share(trial.is_wrong for trial in here))]
        cells.append(_percent(share(trial.declined for trial in here)))
        for kind in Verdict:
            said = [trial.right for trial in here if trial.verdict(rule) is kind and not trial.declined]
            good = 1 - share(said) if kind is Verdict.PLAIN else share(said)
            cells += [_percent(len(said) / len(here)), _percent(good)]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def reliability_table(done: Sequence[Trial]) -> list[str]:
    """A Markdown table of certainty against the share that was right, and the expected calibration error."""
    rows = ["| certainty | answers | mean certainty | right |", "|---|---|---|---|"]
    error = 0.0
    for low, high in itertools.pairwise(_EDGES):
        here = [trial for trial in done if low <= trial.sure < high or trial.sure == high == 1.0]
        if here:
            mean, right = sum(trial.sure for trial in here) / len(here), share(trial.right for trial in here)
            error += abs(mean - right) * len(here) / len(done)
            rows.append(f"| {low:g} to {high:g} | {len(here)} | {_percent(mean)} | {_percent(right)} |")
    return [*rows, "", f"Expected calibration error: {_percent(error)}"]


def risk_table(done: Sequence[Trial]) -> list[str]:
    """A Markdown table: how many answers are wrong if only the surest share of them is given."""
    surest = sorted(done, key=lambda trial: -trial.sure)
    rows = ["| the surest | wrong |", "|---|---|"]
    for coverage in _COVERAGES:
        kept = surest[: round(coverage * len(surest))]
        rows.append(f"| {_percent(coverage)} | {_percent(share(not trial.right for trial in kept))} |")
    return rows


def _percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:.1f} %"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300, help="clean ones (default: 300, of ten questions each)")
    parser.add_argument("--spoilt", type=int, default=80, help="of each flaw (default: 80)")
    parser.add_argument("--empty", type=int, default=12, help="of each kind that shows nothing (default: 12)")
    parser.add_argument("--calibrate", action="store_true", help="propose thresholds, on scenes of their own")
    given = parser.parse_args(argv)
    from vision.demo_model import CHECKPOINT
    from vision.engine.engine import Engine

    seed = CALIBRATION_SEED if given.calibrate else MEASURING_SEED
    with Engine.load(CHECKPOINT, progress=console.say) as engine:
        done = [
            trial
            for flaw in FLAWS
            for trial in trials(engine, flaw, given.scenes if flaw == CLEAN else given.spoilt, seed)
        ]
        empty = list(empty_trials(engine, given.empty, seed))
    rule = calibrated(done) if given.calibrate else DEMO_RULE
    clean = [trial for trial in done if trial.flaw == CLEAN]
    spoilt = [trial for trial in done if trial.flaw != CLEAN]
    told = [[trial for trial in trials if not trial.declined] for trials in (clean, spoilt)]
    tables = {
        f"By flaw, {rule}": doubt_table(done, rule, lambda trial: trial.flaw),
        "By kind of question, clean pictures": doubt_table(clean, rule, lambda trial: trial.kind),
        "By kind of question, spoilt pictures": doubt_table(spoilt, rule, lambda trial: trial.kind),
        "Reliability, clean pictures": reliability_table(told[0]),
        "Reliability, spoilt pictures": reliability_table(told[1]),
        "Risk and coverage, clean pictures": risk_table(told[0]),
        "Risk and coverage, spoilt pictures": risk_table(told[1]),
    }
    for title, rows in tables.items():
        console.result("\n".join(["", title, "", *rows]))
    twice = {"Looked at twice": done, "Looked at twice, pictures without a flaw": list(good_pictures(40, seed))}
    for title, trials_of_it in twice.items():
        console.result("\n".join(["", title, "", *second_look_table(trials_of_it)]))
    console.result("\n".join(["", "Pictures of nothing", "", *empty_table(empty, rule), "", summary(done, rule)]))
    before = [replace(trial, is_hidden=False, needs_more=False) for trial in done]
    console.result(f"By the probabilities alone, hedged below 0.9: {summary(before, DoubtRule(0.9, 0.7, 0.99))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
