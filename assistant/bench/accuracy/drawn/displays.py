"""Draws displays of seven-segment digits with known values: lit ones in three colors, and dark ones on grey-green.

It does not know how a display is read. How a picture is taken of it is told in `drawn/gauges`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from assistant.bench.accuracy.drawn.gauges import Color, Mask
from vision.frame import Rgb

if TYPE_CHECKING:
    from PIL import ImageDraw

_HEIGHT, _FINE = 500, 2  # pixels of the drawing; it is made larger and then reduced
SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg",
    "9": "abcdfg", "-": "g", " ": "",
}  # fmt: skip
_LIT: tuple[Color, ...] = ((255, 40, 30), (60, 255, 80), (70, 130, 255), (255, 170, 30), (235, 245, 255))


@dataclass(frozen=True)
class DrawnDisplay:
    """A display and what it shows."""

    text: str  # such as "-12.5"
    is_lit: bool
    rgb: Rgb = field(repr=False)
    mask: Mask = field(repr=False)


def draw_display(rng: random.Random, text: str | None = None) -> DrawnDisplay:
    """A display with a random look and a random number."""
    from PIL import Image, ImageDraw

    text = text or _number(rng)
    cells = [sign for sign in text if sign != "."]
    cells = [" "] * rng.choice([0, 0, 1, 2]) + cells  # a display has more places than it needs
    digit_height = 0.62 * _HEIGHT
    digit_width = digit_height * rng.uniform(0.5, 0.58)
    pitch = digit_width * rng.uniform(1.3, 1.5)
    thick = digit_height * rng.uniform(0.1, 0.15)
    lean = rng.choice([0.0, 0.0, 0.1, 0.17])
    margin = 0.19 * _HEIGHT
    width = round(2 * margin + pitch * len(cells) + lean * digit_height)
    is_lit = rng.random() < 0.6
    ground, on, ghost = _colors(rng, is_lit)
    image = Image.new("RGB", (width * _FINE, _HEIGHT * _FINE), ground)
    draw = ImageDraw.Draw(image)
    top, points = (_HEIGHT - digit_height) / 2, _points_in(text, len(cells))
    for number, sign in enumerate(cells):
        left = margin + pitch * number + lean * digit_height
        shape = _Digit(draw, left, top, digit_width, digit_height, thick, lean)
        if ghost is not None:
            shape.draw("abcdefg", ghost)
            shape.point(pitch, ghost)
        shape.draw(SEGMENTS[sign], on)
        if number in points:
            shape.point(pitch, on)
    rgb = np.array(image.resize((width, _HEIGHT), Image.Resampling.BOX))
    if is_lit:
        rgb = _with_glow(rng, rgb)
    return DrawnDisplay(text, is_lit, *_in_a_frame(rng, rgb))


def _number(rng: random.Random) -> str:
    digits = rng.randint(1, 6)
    whole = rng.randrange(10**digits)
    decimals = rng.randint(0, min(3, digits))
    number = f"{whole / 10**decimals:.{decimals}f}"
    return f"-{number}" if rng.random() < 0.25 else number


def _points_in(text: str, cells: int) -> set[int]:
    """The places behind which a point stands."""
    digits = text.replace(".", "")
    return {text.index(".") - 1 + cells - len(digits)} if "." in text else set()


def _colors(rng: random.Random, is_lit: bool) -> tuple[Color, Color, Color | None]:
    """The ground, a segment that is on, and one that is off; None where that is not seen at all."""
    if is_lit:
        ground = rng.choice([(8, 8, 10), (25, 12, 12), (12, 20, 14)])
        on = rng.choice(_LIT)
    else:
        ground = rng.choice([(150, 165, 140), (175, 185, 165), (120, 150, 95), (190, 195, 190)])
        on = (30, 35, 30)
    share = rng.choice([0.0, 0.05, 0.1, 0.16])
    ghost = tuple(round(low + share * (high - low)) for low, high in zip(ground, on, strict=True))
    return ground, on, (ghost[0], ghost[1], ghost[2]) if share else None


class _Digit:
    """One place of a display. Lengths are pixels of the finished drawing."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, left: float, top: float, width: float, height: float, thick: float, lean: float
    ) -> None:
        self._draw, self._left, self._top, self._lean = draw, left, top, lean
        self._width, self._height, self._thick = width, height, thick

    def draw(self, segments: str, color: Color) -> None:
        right, bottom, half, gap = self._width, self._height, self._thick / 2, self._thick * 0.12
        middle = bottom / 2
        ends = {
            "a": (half, half, right - half, half), "g": (half, middle, right - half, middle),
            "d": (half, bottom - half, right - half, bottom - half), "f": (half, half, half, middle), "e": (half, middle, half, bottom - half),
            "b": (right - half, half, right - half, middle), "c": (right - half, middle, right - half, bottom - half),
        }  # fmt: skip
        for segment in segments:
            x, y, to_x, to_y = ends[segment]
            if y == to_y:
                x, to_x = x + gap, to_x - gap
                shape = [
                    (x, y),
                    (x + half, y - half),
                    (to_x - half, y - half),
                    (to_x, y),
                    (to_x - half, y + half),
                    (x + half, y + half),
                ]
            else:
                y, to_y = y + gap, to_y - gap
                shape = [
                    (x, y),
                    (x + half, y + half),
                    (x + half, to_y - half),
                    (x, to_y),
                    (x - half, to_y - half),
                    (x - half, y + half),
                ]
            self._draw.polygon([self._placed(*corner) for corner in shape], fill=color)

    def point(self, pitch: float, color: Color) -> None:
        x, y = self._placed((self._width + pitch) / 2, self._height - self._thick / 2)
        radius = _FINE * self._thick * 0.62
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)

    def _placed(self, x: float, y: float) -> tuple[float, float]:
        return _FINE * (self._left + x - self._lean * y), _FINE * (self._top + y)


def _with_glow(rng: random.Random, rgb: Rgb) -> Rgb:
    """What is lit outshines its surroundings a little."""
    import cv2

    glow = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 14) * rng.uniform(0.0, 0.5)
    return np.asarray(np.clip(rgb + glow, 0, 255), np.uint8)


def _in_a_frame(rng: random.Random, rgb: Rgb) -> tuple[Rgb, Mask]:
    """The display in the housing around it."""
    border = round(0.12 * _HEIGHT)
    shade = rng.choice([40, 90, 200, 225])
    framed = np.full((rgb.shape[0] + 2 * border, rgb.shape[1] + 2 * border, 3), shade, np.uint8)
    framed[border:-border, border:-border] = rgb
    return framed, np.ones(framed.shape[:2], np.float32)
