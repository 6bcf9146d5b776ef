"""What a picture costs in a square with grey bars, as the reference design shows it, and in its own shape.

The square costs the same whatever the picture's shape is. In its own shape (`seeing.fit = "native"`) a picture takes
fewer image tokens and is seen with the same detail. This file measures both with one loaded engine and makes a table of
them. It does not know questions or answers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from assistant.bench.pages.report import quantity

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.interface import SupportsSee

_SECONDS = ("vision_seconds", "prefill_seconds")
_SHAPES = (  # name, width and height in pixels; a square is what the grey bars make of any picture
    ("square with grey bars", (448, 448)),
    ("own shape, 4:3", (640, 480)),
    ("own shape, 16:9", (1280, 720)),
)


def measure(engine: SupportsSee, runs: int) -> list[dict[str, Any]]:
    """Looks at a picture of each shape so often, in turns, after one look that is not counted.

    `engine` has to show pictures in their own shape. The figures are medians: image tokens, and seconds of the encoder
    and of the prefill.
    """
    frames = {name: _frame(width, height) for name, (width, height) in _SHAPES}
    found: dict[str, list[Any]] = {name: [] for name in frames}
    engine.see(frames[_SHAPES[0][0]])
    for _ in range(runs):
        for name, frame in frames.items():
            found[name].append(engine.see(frame).stats)
    return [
        {
            "shape": name,
            "image_tokens": stats[0].image_tokens,
            **{key: median(getattr(one, key) for one in stats) for key in _SECONDS},
        }
        for name, stats in found.items()
    ]


def medians(rounds: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The shapes as several processes measured them, each with its medians and with `share`.

    The share is the seconds of encoder and prefill together, divided by the square's.
    """
    shapes = [
        {**same[0], **{key: median(one[key] for one in same) for key in _SECONDS}} for same in zip(*rounds, strict=True)
    ]
    return [{**one, "share": _seconds(one) / _seconds(shapes[0])} for one in shapes]


def rows(shapes: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The figures as the cells of a table, a heading first."""
    found = [["what the model sees", "image tokens", "vision encoder", "prefill", "both", "of the square"]]
    for one in shapes:
        seconds = [one["vision_seconds"], one["prefill_seconds"], _seconds(one)]
        cells = [quantity(figure, 1.0, "s") for figure in seconds]
        found.append([one["shape"], str(one["image_tokens"]), *cells, f"{one['share']:.0%}"])
    return found


def _seconds(shape: Mapping[str, Any]) -> float:
    return sum(float(shape[key]) for key in _SECONDS)


def _frame(width: int, height: int) -> Frame:
    import numpy as np
    from PIL import Image

    from assistant.bench.task import picture
    from vision.frame import Frame

    return Frame(np.asarray(Image.fromarray(picture()).resize((width, height))), time.monotonic())
