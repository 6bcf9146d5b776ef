"""Measures how often drawn gauges and displays are read rightly, doubted, or read wrongly in a sure voice.

`python -m assistant.bench.accuracy.gauge_rates [--pictures 100] [--seed 1] [--only gauges]`. The table is for
docs/inspection.md. A gauge is right within 2 % of its scale, a display if each of its signs is. What counts most is the
column "sure and wrong".
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assistant import console
from assistant.bench.accuracy.drawn.displays import draw_display
from assistant.bench.accuracy.drawn.gauges import Conditions, conditions, draw_gauge, photograph
from vision.reading.instruments.display import read_display
from vision.reading.instruments.gauge import read_gauge
from vision.reading.ocr import OcrReader

RIGHT_WITHIN = 0.02  # of the full scale
Measured = tuple[bool, bool, bool]  # whether it is right, whether it is sure, and whether anything was told at all
Series = Callable[[random.Random], Measured]


def main() -> None:
    """Prints one row a series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100, help="for each series")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the beginning of a row's name, such as displays")
    arguments = parser.parse_args()
    console.result(
        "| pictures | sure and right | doubted, right | doubted, wrong | nothing told | sure and wrong | ms |"
    )
    console.result("|---|---|---|---|---|---|---|")
    for name, series in series_of(OcrReader()).items():
        if arguments.only and not name.startswith(arguments.only):
            continue
        counts, milliseconds = measure(series, arguments.pictures, arguments.seed)
        columns = ("sure right", "doubted right", "doubted wrong", "nothing", "sure wrong")
        console.result(f"| {name} | {' | '.join(str(counts[key]) for key in columns)} | {milliseconds:.0f} |")


def series_of(reader: OcrReader) -> dict[str, Series]:
    """By the name of the row."""

    def gauge(rng: random.Random, *, flat: bool = False, scale: bool = True, sweep: bool = True) -> Measured:
        """`scale` and `sweep`: whether these are told. Without one of them the numbers on the dial are read."""
        drawn = draw_gauge(rng)
        frame = photograph(rng, drawn.rgb, drawn.mask, Conditions() if flat else conditions(rng))
        shown = read_gauge(
            frame,
            drawn.scale if scale else None,
            sweep=drawn.sweep if sweep else None,
            reader=None if scale and sweep else reader,
        )
        if shown.value is None:
            return False, False, False
        span = drawn.scale[1] - drawn.scale[0]
        return abs(shown.value - drawn.value) <= RIGHT_WITHIN * span, shown.is_sure, True

    def display(rng: random.Random, *, flat: bool = False) -> Measured:
        drawn = draw_display(rng)
        share = min(0.5, 1.2 * drawn.rgb.shape[0] / drawn.rgb.shape[1] * rng.uniform(0.6, 0.95))
        how = replace(Conditions() if flat else conditions(rng), share=share)
        shown = read_display(photograph(rng, drawn.rgb, drawn.mask, how), reader)
        return shown.text == drawn.text, shown.is_sure, shown.value is not None

    return {
        "gauges, straight and sharp, scale and sweep told": lambda rng: gauge(rng, flat=True),
        "gauges, all of it at random, scale and sweep told": gauge,
        "gauges, all of it at random, scale told": lambda rng: gauge(rng, sweep=False),
        "gauges, all of it at random, nothing told": lambda rng: gauge(rng, scale=False, sweep=False),
        "displays, straight and sharp": lambda rng: display(rng, flat=True),
        "displays, all of it at random": display,
    }


def measure(series: Series, pictures: int, seed: int) -> tuple[Counter[str], float]:
    """The counts, and the median time of one picture in milliseconds, with the drawing of it."""
    counts: Counter[str] = Counter()
    seconds = []
    for number in range(pictures):
        begun_at = time.perf_counter()
        is_right, is_sure, is_told = series(random.Random(seed * 100_000 + number))
        seconds.append(time.perf_counter() - begun_at)
        if not is_told and not is_sure:
            counts["nothing"] += 1
        else:
            counts[f"{'sure' if is_sure else 'doubted'} {'right' if is_right else 'wrong'}"] += 1
    return counts, float(np.median(seconds)) * 1000


if __name__ == "__main__":
    main()
