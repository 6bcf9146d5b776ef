"""Measures framing on generated pictures: hit and false-alarm rates by kind of flaw and step, and how long it takes.

python -m vision.demo_model.framing_rates [--pictures 10] [--seed 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from vision.demo_model.rendering import empty_pictures, photographs
from vision.demo_model.rendering.photographs import SHARP_SUBJECTS, SUBJECTS, Rgb
from vision.frame import Frame
from vision.framing import Fault, Framing, judge, sharpest

SIZES = ((1280, 720), (640, 480))
TIMED_SIZES = ((1280, 720), (1920, 1080), (3840, 2160))
NOISES = (0.0, 2.0, 4.0, 6.0)  # the noise of an ordinary webcam, from daylight to a lamp in the evening


@dataclass(frozen=True)
class Flaw:
    """A kind of flaw, its steps, and the faults that are right verdicts on it. Other faults are false alarms."""

    name: str
    apply: Callable[[Rgb, np.random.Generator, float], Rgb]
    steps: tuple[float, ...]
    right: tuple[Fault, ...]
    subjects: tuple[str, ...] = tuple(SUBJECTS)


def untouched(rgb: Rgb, rng: np.random.Generator, step: float) -> Rgb:
    return rgb


def emptied(rgb: Rgb, rng: np.random.Generator, step: float) -> Rgb:
    """A picture of nothing in place of `rgb`, of the same size. The step is its place in `EMPTY`."""
    height, width, _ = rgb.shape
    return tuple(empty_pictures.EMPTY.values())[int(step)](rng, width, height)


_DARK = (Fault.COVERED, Fault.TOO_DARK)
FLAWS = (
    Flaw("none", untouched, (0,), ()),
    Flaw("noise (deviation)", photographs.expose, (10, 15, 20), ()),
    Flaw("defocus (px)", photographs.defocus, (0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 10), (Fault.BLURRED,), SHARP_SUBJECTS),
    Flaw("shake (px)", photographs.shake, (2, 4, 6, 8, 10, 14, 20, 30), (Fault.BLURRED,), SHARP_SUBJECTS),
    Flaw("under (stops)", photographs.stops, (-2, -3, -4, -5, -6, -7, -8, -10), _DARK),
    Flaw("over (stops)", photographs.stops, (1, 2, 3, 4, 5, 6), (Fault.TOO_BRIGHT, Fault.BLANK)),
    Flaw("glare (share)", photographs.glare, (0.1, 0.2, 0.4, 0.8, 1.2), (Fault.TOO_BRIGHT,)),
    Flaw("finger (share)", photographs.finger, (0.25, 0.5, 0.75, 0.9, 1.0), _DARK),
    Flaw("empty: blank", emptied, (0,), (Fault.BLANK,)),
    Flaw("empty: black", emptied, (1,), (Fault.COVERED,)),
    Flaw("empty: noise", emptied, (2,), (Fault.NOISE,)),
    Flaw("empty: smear", emptied, (3,), (Fault.BLURRED,)),
    Flaw("empty: screen", emptied, (4,), (Fault.SCREEN,)),
    Flaw("glowing finger", photographs.glowing_finger, (0.25, 0.5, 0.75, 0.9, 1.0), (Fault.COVERED,)),
)


@dataclass(frozen=True)
class Row:
    """The verdicts on one step of one flaw."""

    flaw: Flaw
    step: float
    verdicts: tuple[Framing, ...]

    def share(self, *faults: Fault | None) -> float:
        return sum(verdict.fault in faults for verdict in self.verdicts) / len(self.verdicts)

    @property
    def hits(self) -> float:
        """The share of pictures with a right verdict."""
        return self.share(*self.flaw.right)

    @property
    def wrong_alarms(self) -> float:
        """The share of pictures with a fault that is wrong here."""
        return 1 - self.share(None, *self.flaw.right)


def pictures(subject: str, count: int, seed: int, sizes: Sequence[tuple[int, int]] = SIZES) -> Iterator[Rgb]:
    for number in range(count):
        rng = np.random.default_rng([seed, number, *subject.encode()])
        yield SUBJECTS[subject](rng, *sizes[number % len(sizes)])


def measure(
    flaws: Sequence[Flaw] = FLAWS, count: int = 10, seed: int = 1, sizes: Sequence[tuple[int, int]] = SIZES
) -> list[Row]:
    """Judges `count` pictures of each subject at each step of each flaw."""
    verdicts: dict[tuple[str, float], list[Framing]] = {(flaw.name, step): [] for flaw in flaws for step in flaw.steps}
    for subject in SUBJECTS:
        for number, clean in enumerate(pictures(subject, count, seed, sizes)):
            for flaw in flaws:
                for step in flaw.steps if subject in flaw.subjects else ():
                    rng = np.random.default_rng([seed, number])
                    flawed = photographs.expose(flaw.apply(clean, rng, step), rng, NOISES[number % len(NOISES)])
                    verdict = judge(Frame(flawed, 0.0))
                    if subject == "wall" and verdict.fault is Fault.BLANK and flaw.apply is not emptied:
                        # A plain wall is blank without any flaw, so that verdict says nothing about the flaw.
                        verdict = replace(verdict, fault=None)
                    verdicts[flaw.name, step].append(verdict)
    return [Row(flaw, step, tuple(verdicts[flaw.name, step])) for flaw in flaws for step in flaw.steps]


def table(rows: Sequence[Row]) -> str:
    """A Markdown table: hits, wrong alarms, and the verdicts."""
    lines = [
        "| flaw | step | pictures | called rightly | called wrongly | what was said |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = Counter(verdict.fault.value if verdict.fault else "fine" for verdict in row.verdicts)
        words = ", ".join(f"{name} {times}" for name, times in said.most_common())
        hits = f"{row.hits:.0%}" if row.flaw.right else "–"
        name = f"| {row.flaw.name} | {row.step:g} | {len(row.verdicts)} | {hits}"
        lines.append(f"{name} | {row.wrong_alarms:.0%} | {words} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Times:
    """Seconds to judge one picture of a size, and to choose the sharpest of three."""

    size: tuple[int, int]
    median: float
    slowest: float
    sharpest: float


def time_to_judge(size: tuple[int, int], seed: int = 1, repeats: int = 5) -> Times:
    """The times, measured over one picture of each subject."""
    frames = [Frame(rgb, 0.0) for subject in SUBJECTS for rgb in pictures(subject, 1, seed, (size,))]
    judged = [_seconds(partial(judge, frame)) for frame in frames for _ in range(repeats)]
    chosen = [_seconds(partial(sharpest, frames[:3])) for _ in range(repeats)]
    return Times(size, statistics.median(judged), max(judged), statistics.median(chosen))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def times_table(times: Sequence[Times]) -> str:
    """A Markdown table of the times in milliseconds."""
    lines = ["| picture | judged: median | slowest | sharpest of three |", "|---|---|---|---|"]
    for row in times:
        milliseconds = (f"{1000 * value:.0f} ms" for value in (row.median, row.slowest, row.sharpest))
        lines.append(f"| {row.size[0]}×{row.size[1]} | {' | '.join(milliseconds)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10, help="of each of the six subjects")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(table(measure(count=options.pictures, seed=options.seed)))
    print()
    print(times_table([time_to_judge(size, options.seed) for size in TIMED_SIZES]))


if __name__ == "__main__":
    main()
