"""Measures how often codes are read rightly, refused or read wrongly, and how long it takes.

`python -m assistant.bench.accuracy.code_rates [--pictures 300] [--seed 1]`. The table is for docs/codes.md. A second
column says what zxing-cpp alone would have told. The pictures go from easy to hopeless, so the share of right ones
says little: what counts is that none is wrong.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant import console
from assistant.bench.accuracy.drawn.codes import (
    KINDS,
    Distortion,
    DrawnCode,
    draw_code,
    hard,
    photograph,
    writers_of,
)
from vision.frame import Frame
from vision.reading import codes as reading

# Each series changes one thing, and the last one everything.
_PLAIN = Distortion()
SERIES: dict[str, Sequence[Distortion] | None] = {
    "flat and sharp": [_PLAIN],
    "turned by up to 20 degrees": [replace(_PLAIN, turn=turn) for turn in (-20, -13, -6, 7, 14, 20)],
    "turned by a quarter or a half": [replace(_PLAIN, turn=turn) for turn in (90, 180, 270)],
    "slanted": [replace(_PLAIN, slant=0.12, turn=turn) for turn in (-10, 10)],
    "on a can": [replace(_PLAIN, bend=bend, turn=5) for bend in (0.5, 0.8, 1.1, 1.3)],
    "blurred by 1 to 3 pixels": [replace(_PLAIN, blur=blur, turn=4) for blur in (1.0, 1.5, 2.0, 3.0)],
    "shaken by 5 to 9 pixels": [replace(_PLAIN, shake=shake) for shake in (5, 7, 9)],
    "noise and JPEG": [replace(_PLAIN, noise=noise, jpeg=40) for noise in (8.0, 15.0, 25.0)],
    "small: 90 to 200 pixels": [replace(_PLAIN, size=size, turn=3) for size in (90, 120, 160, 200)],
    "all of it at random": None,
}


def main() -> None:
    """Prints one row a series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300, help="for each series")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console.result("| pictures | right | refused | none found | wrong | zxing-cpp alone: right | wrong | ms |")
    console.result("|---|---|---|---|---|---|---|---|")
    for name, distortions in SERIES.items():
        counts, milliseconds = measure(distortions, arguments.pictures, arguments.seed)
        shown = [counts[key] for key in ("right", "refused", "none", "wrong", "alone right", "alone wrong")]
        console.result(f"| {name} | {' | '.join(map(str, shown))} | {milliseconds:.0f} |")


def measure(distortions: Sequence[Distortion] | None, pictures: int, seed: int) -> tuple[Counter[str], float]:
    """The counts, and the median time of one picture in milliseconds."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    seconds = []
    for _ in range(pictures):
        code = _a_sound_code(rng)
        frame = photograph(rng, [(code, hard(rng) if distortions is None else rng.choice(distortions))])
        counts.update(f"alone {verdict}" for verdict in _alone(frame, code))
        begun_at = time.perf_counter()
        found = reading.read_codes(frame)
        seconds.append(time.perf_counter() - begun_at)
        if not found.codes:
            counts["refused" if found.refused else "none"] += 1
        counts.update("right" if other.text == code.text else "wrong" for other in found.codes)
    return counts, float(np.median(seconds)) * 1000


def _a_sound_code(rng: random.Random) -> DrawnCode:
    """A writer may be wrong itself: python-barcode writes some texts of Code 128 with 99 in them without the 99."""
    while True:
        kind = rng.choice(KINDS)
        code = draw_code(rng, kind, rng.choice(writers_of(kind)))
        clean = Frame(np.repeat(code.picture[..., None], 3, axis=2), 0.0)
        if [found.text for found in reading.read_codes(clean).codes] in ([], [code.text]):
            return code


def _alone(frame: Frame, code: DrawnCode) -> list[str]:
    return ["right" if reading.text_of(found) == code.text else "wrong" for found in reading.decoded(frame.rgb[..., 0])]


if __name__ == "__main__":
    main()
