"""Measures how bright a picture is and where its brightest place lies.

It is pure numpy and knows pixels only. A camera makes its own picture brighter in the dark, so a level says how bright
the picture is, and only roughly how bright the room is. It does not know what is said, or how a level sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from vision.frame import Frame
from vision.framing import Fault, judge
from vision.sharpness import luma_of, reduced

# Upper ends of the levels: mean brightness of the picture, 0..255 as in the picture's bytes.
_ENDS = (12.0, 40.0, 80.0, 160.0, 215.0)
# The brightest ninth of a picture is named if it is so many levels above the mean of the others.
_STANDS_OUT = 30.0


class LightLevel(Enum):
    """How bright a picture is, from dark to bright."""

    DARK = "dark"
    VERY_DIM = "very_dim"
    DIM = "dim"
    MEDIUM = "medium"
    BRIGHT = "bright"
    VERY_BRIGHT = "very_bright"


class Place(Enum):
    """A ninth of a picture."""

    TOP_LEFT = "top_left"
    TOP = "top"
    TOP_RIGHT = "top_right"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom_right"


@dataclass(frozen=True)
class Light:
    """How bright a picture is."""

    level: LightLevel
    mean: float  # 0..1: the mean brightness of the picture's bytes
    brightest: Place | None  # None: no place stands out
    maybe_covered: bool  # it is so dark and even that something may lie over the lens


def measure_light(frame: Frame) -> Light:
    """How bright a picture is: some 10 ms at 1920×1080."""
    luma = luma_of(*reduced(frame.rgb))
    mean = float(luma.mean())
    rows = [np.array_split(row, 3, axis=1) for row in np.array_split(luma, 3, axis=0)]
    ninths = np.array([float(part.mean()) if part.size else 0.0 for row in rows for part in row])
    top = int(ninths.argmax())
    stands_out = ninths[top] - float(np.delete(ninths, top).mean()) > _STANDS_OUT
    return Light(
        level=list(LightLevel)[int(np.searchsorted(_ENDS, mean, side="right"))],
        mean=mean / 255.0,
        brightest=list(Place)[top] if stands_out else None,
        maybe_covered=judge(frame).fault is Fault.COVERED,
    )


def brightness_of(frame: Frame) -> float:
    """The mean brightness, 0..1, of the middle half of the picture in both directions.

    While a camera is swept, the middle says what it points at.
    """
    rgb = frame.middle().rgb
    step = max(1, min(rgb.shape[:2]) // 64)  # a sample of 64 lines is enough for a mean
    sampled = rgb[::step, ::step].astype(np.float32)
    return float(luma_of(sampled[..., 0], sampled[..., 1], sampled[..., 2]).mean()) / 255.0
