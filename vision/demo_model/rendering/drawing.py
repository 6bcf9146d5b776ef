"""Draws a scene: first a layout in pixels (pure), then a 448 x 448 picture.

It knows neither questions nor the model. `training/labels.py` reads the same layout to say what each part of the
picture shows.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vision.demo_model.rendering.fonts import load_font
from vision.demo_model.rendering.scene import PALETTE, Scene

Rgb = tuple[int, int, int]

SIZE_PX = 448
# The middles of the three rows and columns. They are also the middles of every second row and column of the model's
# 64 px image tokens, so the middle of a shape or a line never lies on the border of two tokens.
CENTERS_PX = (96, 224, 352)
SHAPE_SHIFT_PX = 10
RADIUS_PX = (40, 52)
# Signs are set like those of a departure board, one character in each column. A column is as wide as an image token,
# so each token holds about one character.
COLUMN_PX = 64
LINE_SHIFT_PX = 10
TYPE_SIZE_PX = (80, 98)
WIDEST_PX = 66
_NOISE_SIDE = 640


@dataclass(frozen=True)
class PlacedShape:
    kind: str
    color: str
    rgb: Rgb
    x_px: int
    y_px: int
    radius_px: int


@dataclass(frozen=True)
class PlacedText:
    """A line of type: the left edge of its first column, the y of the middle of its capitals, and its face."""

    text: str
    rgb: Rgb
    left_px: int
    middle_px: int
    font: Path | None
    size_px: int

    def edges_px(self) -> tuple[float, ...]:
        """The x where each character's column begins, and where the last one ends."""
        return tuple(self.left_px + COLUMN_PX * count for count in range(len(self.text) + 1))


@dataclass(frozen=True)
class Finish:
    """What the lens adds: noise (standard deviation in 8-bit steps), a slant of light, a soft blur."""

    noise: int = 0
    slant: int = 0
    slant_down: bool = False
    blur_px: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Layout:
    background: str
    background_rgb: Rgb
    shapes: tuple[PlacedShape, ...]
    lines: tuple[PlacedText, ...]
    dim: bool
    finish: Finish


def draw(scene: Scene, font: Path | None = None) -> Image.Image:
    """The scene as a 448 x 448 RGB picture. The same scene gives the same picture.

    `font` is the face of the sign; None is Pillow's built-in face.
    """
    return render(place(scene, font))


def place(scene: Scene, font: Path | None = None) -> Layout:
    """Decides every pixel position, tint and flaw of the picture by the scene's seed."""
    rng = random.Random(scene.seed)
    light = Light(rng, scene.dim)
    background_rgb = light.tint(scene.background)
    shapes = tuple(place_shape(rng, light, shape.kind, shape.color, shape.row, shape.column) for shape in scene.shapes)
    lines: tuple[PlacedText, ...] = ()
    if scene.sign is not None:
        lines = (place_line(rng, scene.sign.text, scene.sign.row, light.ink(background_rgb), font),)
    return Layout(scene.background, background_rgb, shapes, lines, scene.dim, random_finish(rng))


class Light:
    """How strongly one picture is lit. Tints are drawn around those of the palette."""

    def __init__(self, rng: random.Random, dim: bool) -> None:
        self._rng = rng
        self.gain = rng.uniform(0.36, 0.46) if dim else rng.uniform(0.86, 1.05)

    def tint(self, color: str) -> Rgb:
        red, green, blue = (self._lit(value + self._rng.randint(-12, 12)) for value in PALETTE[color])
        return red, green, blue

    def ink(self, background_rgb: Rgb) -> Rgb:
        """Black or white, whichever stands out from the background."""
        red, green, blue = background_rgb
        is_light = 0.3 * red + 0.59 * green + 0.11 * blue > 105 * self.gain
        level = self._lit(self._rng.randint(5, 25) if is_light else self._rng.randint(235, 255))
        return level, level, level

    def _lit(self, value: int) -> int:
        return max(0, min(255, round(value * self.gain)))


def place_shape(rng: random.Random, light: Light, kind: str, color: str, row: int, column: int) -> PlacedShape:
    x_px = CENTERS_PX[column] + rng.randint(-SHAPE_SHIFT_PX, SHAPE_SHIFT_PX)
    y_px = CENTERS_PX[row] + rng.randint(-SHAPE_SHIFT_PX, SHAPE_SHIFT_PX)
    return PlacedShape(kind, color, light.tint(color), x_px, y_px, rng.randint(*RADIUS_PX))


def place_line(rng: random.Random, text: str, row: int, rgb: Rgb, font: Path | None) -> PlacedText:
    size_px = rng.randint(*TYPE_SIZE_PX)
    widest = max(load_font(font, size_px).getlength(character) for character in text)
    if widest > WIDEST_PX:
        size_px = int(size_px * WIDEST_PX / widest)
    room_px = SIZE_PX - COLUMN_PX * len(text)
    left_px = COLUMN_PX * rng.randint(0, room_px // COLUMN_PX) + rng.randint(-LINE_SHIFT_PX, LINE_SHIFT_PX)
    left_px = max(0, min(room_px, left_px))
    return PlacedText(text, rgb, left_px, CENTERS_PX[row] + rng.randint(-LINE_SHIFT_PX, LINE_SHIFT_PX), font, size_px)


def random_finish(rng: random.Random) -> Finish:
    slant = rng.randint(-14, 14) if rng.random() < 0.4 else 0
    blur_px = rng.uniform(0.4, 1.1) if rng.random() < 0.15 else 0.0
    return Finish(rng.choice((0, 2, 4, 6)), slant, rng.random() < 0.5, blur_px, rng.getrandbits(31))


def render(layout: Layout) -> Image.Image:
    picture = Image.new("RGB", (SIZE_PX, SIZE_PX), layout.background_rgb)
    pen = ImageDraw.Draw(picture)
    for shape in layout.shapes:
        _draw_shape(pen, shape)
    for line in layout.lines:
        _draw_line(pen, line)
    if layout.finish.blur_px:
        picture = picture.filter(ImageFilter.GaussianBlur(layout.finish.blur_px))
    return _flawed(picture, layout.finish)


def _draw_line(pen: ImageDraw.ImageDraw, line: PlacedText) -> None:
    face = load_font(line.font, line.size_px)
    _, top, _, bottom = face.getbbox("H", anchor="ls")
    baseline = line.middle_px - (top + bottom) / 2
    for left, character in zip(line.edges_px(), line.text, strict=False):
        pen.text((left + COLUMN_PX / 2, baseline), character, font=face, fill=line.rgb, anchor="ms")


def _draw_shape(pen: ImageDraw.ImageDraw, shape: PlacedShape) -> None:
    x_px, y_px, radius = shape.x_px, shape.y_px, shape.radius_px
    if shape.kind == "circle":
        pen.ellipse((x_px - radius, y_px - radius, x_px + radius, y_px + radius), fill=shape.rgb)
    else:
        pen.polygon([(x_px + radius * x, y_px + radius * y) for x, y in _outline(shape.kind)], fill=shape.rgb)


@cache
def _outline(kind: str) -> tuple[tuple[float, float], ...]:
    """The corners of a shape of radius 1 around (0, 0), with y downwards."""
    if kind == "square":
        return (-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)
    if kind == "triangle":
        return (0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)
    if kind == "star":
        tips = ((1.0 if step % 2 == 0 else 0.42, step * math.pi / 5) for step in range(10))
        return tuple((reach * math.sin(angle), -reach * math.cos(angle)) for reach, angle in tips)
    if kind == "cross":
        a, b = 0.33, 1.0
        return (
            (-a, -b),
            (a, -b),
            (a, -a),
            (b, -a),
            (b, a),
            (a, a),
            (a, b),
            (-a, b),
            (-a, a),
            (-b, a),
            (-b, -a),
            (-a, -a),
        )
    raise ValueError(f"no shape is called {kind!r}")


def _flawed(picture: Image.Image, finish: Finish) -> Image.Image:
    if not finish.noise and not finish.slant:
        return picture
    values = np.asarray(picture).astype(np.int16)
    if finish.slant:
        ramp = np.linspace(-finish.slant, finish.slant, SIZE_PX).astype(np.int16)
        values += ramp[:, None, None] if finish.slant_down else ramp[None, :, None]
    if finish.noise:
        rng = random.Random(finish.seed)
        top, left = rng.randrange(_NOISE_SIDE - SIZE_PX), rng.randrange(_NOISE_SIDE - SIZE_PX)
        values += _noise_field(finish.noise)[top : top + SIZE_PX, left : left + SIZE_PX]
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


@cache
def _noise_field(deviation: int) -> np.ndarray:
    """Noise that is made once and cut out anew for each picture, so that drawing does not take longer than learning."""
    return np.random.default_rng(deviation).normal(0, deviation, (_NOISE_SIDE, _NOISE_SIDE, 3)).astype(np.int16)
