"""Measures the demo model on strangers: drawings by other libraries, and pictures that are no drawings at all.

    python -m vision.demo_model.strangers [--drawings 120] [--checkpoint FOLDER] [--wrong 20]

A drawing is asked one question of each sort, and an answer is right if it is right to the letter. To a picture that
is no drawing the one right answer to every question is that the model only knows drawn shapes. Of wrong answers it
also counts those that would be said in a sure voice. A library that is missing is left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vision.demo_model import CHECKPOINT
from vision.demo_model.asking.questions import QuestionAnswer, questions
from vision.demo_model.evaluate import Examinee, answered, load, marks
from vision.demo_model.rendering import stranger_drawings, stranger_pictures
from vision.demo_model.rendering.scene import Scene
from vision.demo_model.rendering.stranger_drawings import Picture, by_matplotlib, by_opencv, drawn_by, svg_page
from vision.demo_model.training.marking import Exam, Marks
from vision.demo_model.training.network import to_patches

SEED = 550_001
# Below this certainty of its least sure token an answer is said with doubt (docs/doubt.md, the demo model's rule).
SURE = 0.90
NOT_A_DRAWING = Scene("unknown", is_drawn=False)


@dataclass(frozen=True, eq=False)
class Group:
    """Pictures (448, 448, 3) of one source with their scenes."""

    name: str
    pictures: tuple[tuple[Picture, Scene], ...]


def drawings(count: int, seed: int = SEED) -> Iterator[Group]:
    """`count` drawings by each library, every second one photographed. Tells stderr about each that is missing."""
    yield Group("OpenCV", tuple(drawn_by(by_opencv, count, seed)))
    try:
        yield Group("matplotlib", tuple(drawn_by(by_matplotlib, count, seed + 1)))
    except ImportError:
        _missing("matplotlib")
    with ExitStack() as stack:
        shown = _browser(stack)
        if shown is not None:
            by_chromium = lambda drawing: shown(svg_page(drawing), drawing.width, drawing.height)  # noqa: E731
            yield Group("SVG, Chromium", tuple(drawn_by(by_chromium, count, seed + 2)))


def others(count: int, seed: int = SEED) -> Iterator[Group]:
    """Pictures that are no drawings: the installed photographs, and `count` each of noise and screenshots."""
    photographs = stranger_pictures.photographs(seed)
    if photographs:
        yield _no_drawings("photographs", photographs)
    else:
        _missing("scikit-image")
    yield _no_drawings("noise", stranger_pictures.noise(count, seed))
    with ExitStack() as stack:
        shown = _browser(stack)
        if shown is not None:
            yield _no_drawings("screenshots", stranger_pictures.screenshots(shown, count, seed))


def _no_drawings(name: str, pictures: Sequence[Picture]) -> Group:
    return Group(name, tuple((picture, NOT_A_DRAWING) for picture in pictures))


def _browser(stack: ExitStack) -> Any:
    try:
        return stack.enter_context(stranger_drawings.chromium())
    except Exception as problem:  # noqa: BLE001  (playwright's own errors are known only where it is installed)
        _missing(f"Chromium ({type(problem).__name__})")
        return None


def _missing(name: str) -> None:
    print(f"left out, because it is not installed: {name}", file=sys.stderr)


def paper(group: Group, seed: int = SEED) -> Exam:
    """The group's exam: one question of each sort about each picture, but none from outside the model's world."""
    rng = random.Random(seed)
    asked = tuple(
        tuple((turn,) for turn in questions(scene, rng) if turn.kind != "unknown") for _, scene in group.pictures
    )
    return Exam(to_patches(np.stack([picture for picture, _ in group.pictures])), asked)


def sure_and_wrong(examinee: Examinee, exam: Exam, result: Marks) -> list[tuple[QuestionAnswer, str, float]]:
    """Every wrong answer as it is generated, with its certainty. A turn that occurs twice is looked up by identity."""
    wrong = {id(turn) for turn, _ in result.wrong}
    found = []
    for patches, talks in zip(exam.patches, exam.asked, strict=True):
        for (turn,) in talks:
            if id(turn) in wrong:
                found.append((turn, *answered(examinee, patches, turn.question)))
    return found


def report(examinee: Examinee, groups: Iterator[Group], show: int) -> None:
    for group in groups:
        exam = paper(group)
        result = marks(examinee, exam)
        wrong = sure_and_wrong(examinee, exam, result)
        right, asked = result.right.total(), result.asked.total()
        sure = sum(certainty >= SURE for _, _, certainty in wrong)
        print(
            f"{group.name}: {len(group.pictures)} pictures, {100 * right / asked:.1f} % right ({right} of {asked}), "
            f"{100 * sure / asked:.1f} % wrong in a sure voice"
        )
        for kind in sorted(result.asked):
            print(f"  {kind:<11}{result.right[kind]:>6} of {result.asked[kind]:<6}{100 * result.share(kind):6.1f} %")
        for turn, said, certainty in wrong[:show]:
            print(f"    {turn.question!r}: {turn.answer!r}, not {said!r} ({certainty:.2f})")


def main(argv: Sequence[str] | None = None) -> int:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--drawings", type=int, default=120, help="drawings by each library")
    parser.add_argument("--others", type=int, default=60, help="pictures of noise, and screenshots")
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers of each group to show")
    parser.add_argument("--threads", type=int, default=1)
    given: Any = parser.parse_args(argv)
    torch.set_num_threads(given.threads)
    examinee = load(given.checkpoint)
    report(examinee, drawings(given.drawings), given.wrong)
    report(examinee, others(given.others), given.wrong)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
