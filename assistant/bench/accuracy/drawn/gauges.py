"""Draws round gauges with known values as a camera may see them: slanted, turned, blurred, in noise, glare and low light.

Faces, needles, colors, sweeps and scales differ from dial to dial. `photograph` serves for other flat things as well,
such as the displays of `drawn/displays`. It does not know how a gauge is read.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vision.frame import Frame, Rgb

if TYPE_CHECKING:
    from PIL import ImageDraw

Color = tuple[int, int, int]
Mask = npt.NDArray[np.float32]  # (height, width), 0 where the ground is seen

SIDE = 1000  # pixels: the drawing, in which the dial's outer rim nearly touches the sides
_WIDTHS = {480: 640, 720: 1280, 1080: 1920}


@dataclass(frozen=True)
class Conditions:
    """How the picture of a flat thing is taken."""

    lines: int = 720  # the height of the picture: 480, 720 or 1080
    share: float = 0.7  # the thing's height, as a part of the picture's
    slant: float = 0.0  # degrees between its face and the camera's
    slant_towards: float = 0.0  # degrees: the direction in which it is slanted
    turn: float = 0.0  # degrees, clockwise
    distance: float = 4.0  # of the camera, in heights of the thing: the nearer, the stronger the perspective
    at: tuple[float, float] = (0.5, 0.5)  # the place of its middle, as parts of the picture
    light: float = 1.0  # 0.1 is a dark room
    blur: float = 0.0  # standard deviation in pixels of a picture of 720 lines
    shake: float = 0.0  # pixels of a picture of 720 lines
    noise: float = 0.0  # brightness: standard deviation
    glare: float = 0.0  # brightness in the middle of a lamp's reflection
    glare_size: float = 0.15  # of the thing's height
    jpeg: int | None = None  # quality


@dataclass(frozen=True)
class DrawnGauge:
    """A dial and what it shows."""

    value: float
    scale: tuple[float, float]
    sweep: float  # degrees from the first mark to the last
    rgb: Rgb = field(repr=False)  # (SIDE, SIDE, 3)
    mask: Mask = field(repr=False)

    @property
    def share(self) -> float:
        """The value as a part of the full scale, from 0 to 1."""
        return (self.value - self.scale[0]) / (self.scale[1] - self.scale[0])


_SCALES = (
    (0, 10),
    (0, 6),
    (0, 16),
    (0, 100),
    (0, 4),
    (0, 250),
    (-1, 5),
    (-20, 60),
    (0, 1),
    (0, 2.5),
    (0, 400),
    (0, 25),
)
_FACES: tuple[tuple[Color, Color], ...] = (  # the face, and what is printed on it
    ((245, 245, 240), (20, 20, 20)), ((250, 250, 250), (0, 0, 0)), ((235, 225, 195), (40, 30, 20)), ((25, 25, 28), (235, 235, 235)),
    ((15, 30, 60), (240, 240, 230)), ((225, 230, 235), (20, 30, 90)),
)  # fmt: skip
_NEEDLES_ON_LIGHT: tuple[Color, ...] = ((15, 15, 15), (190, 20, 20), (20, 30, 120), (230, 90, 10))
_NEEDLES_ON_DARK: tuple[Color, ...] = ((240, 240, 240), (240, 60, 30), (250, 160, 30), (240, 230, 60))
_ARCS: tuple[Color, ...] = ((200, 30, 30), (40, 150, 60), (235, 180, 20))
_UNITS = ("bar", "psi", "°C", "kPa", "l/min", "MPa", "%", "V")


def draw_gauge(rng: random.Random, share: float | None = None) -> DrawnGauge:
    """A dial with a random look; `share` of the full scale, or anywhere from 0 to 1."""
    from PIL import Image, ImageDraw

    scale = rng.choice(_SCALES)
    share = rng.uniform(0.0, 1.0) if share is None else share
    sweep = rng.choice([270.0, 270.0, 270.0, 240.0, 180.0, 300.0, 220.0])
    face, ink = rng.choice(_FACES)
    image = Image.new("RGB", (SIDE * _FINE, SIDE * _FINE))
    draw = _Pen(ImageDraw.Draw(image))
    _disc(draw, 495, rng.choice([(60, 60, 62), (150, 150, 152), (20, 20, 22), (190, 170, 110), (40, 50, 80)]))
    _disc(draw, rng.uniform(450, 475), face)
    _print(rng, draw, scale, sweep, ink)
    if rng.random() < 0.4:
        _arc_of_limits(rng, draw, sweep)
    is_light = sum(face) > 380
    _needle(rng, draw, _angle(share, sweep), rng.choice(_NEEDLES_ON_LIGHT if is_light else _NEEDLES_ON_DARK))
    rgb = np.array(image.resize((SIDE, SIDE), Image.Resampling.BOX))
    down, right = np.mgrid[:SIDE, :SIDE]
    mask = (np.hypot(right - SIDE / 2, down - SIDE / 2) < 495).astype(np.float32)
    value = scale[0] + share * (scale[1] - scale[0])
    return DrawnGauge(value, scale, sweep, rgb, mask)


def conditions(rng: random.Random) -> Conditions:
    """Anything from easy to hard, within what an inspector's camera sees."""
    badness = rng.random()
    return Conditions(
        lines=rng.choice([480, 720, 1080]),
        share=rng.uniform(0.45, 0.9),
        slant=rng.uniform(0, 25),
        slant_towards=rng.uniform(0, 360),
        turn=rng.uniform(-20, 20),
        distance=rng.uniform(3, 7),
        at=(rng.uniform(0.42, 0.58), rng.uniform(0.46, 0.54)),
        light=rng.choice([1.0, 1.0, 0.8, 0.5, 0.25]),
        blur=rng.uniform(0.3, 2.2) * badness,
        shake=rng.choice([0.0, 0.0, 4.0]) * badness,
        noise=rng.uniform(1, 12) * badness,
        glare=rng.choice([0.0, 0.0, rng.uniform(60, 250)]),
        glare_size=rng.uniform(0.05, 0.2),
        jpeg=rng.choice([None, 80, 50]),
    )


# The dial.

_FINE = 2  # the drawing is made larger and then reduced, so that thin strokes keep their width in every direction


class _Pen:
    """Draws in pixels of the finished drawing."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def disc(self, centre: tuple[float, float], radius: float, color: Color) -> None:
        x, y = centre
        self._draw.ellipse([_FINE * one for one in (x - radius, y - radius, x + radius, y + radius)], fill=color)

    def arc(self, radius: float, width: float, begin: float, end: float, color: Color) -> None:
        """Around the middle; degrees clockwise from the top."""
        box = [_FINE * one for one in (SIDE / 2 - radius, SIDE / 2 - radius, SIDE / 2 + radius, SIDE / 2 + radius)]
        self._draw.arc(box, begin - 90, end - 90, fill=color, width=round(_FINE * width))

    def polygon(self, corners: list[tuple[float, float]], color: Color) -> None:
        self._draw.polygon([(_FINE * x, _FINE * y) for x, y in corners], fill=color)

    def text(self, middle: tuple[float, float], text: str, size: float, color: Color) -> None:
        from PIL import ImageFont

        place = _FINE * middle[0], _FINE * middle[1]
        self._draw.text(place, text, fill=color, font=ImageFont.load_default(_FINE * size), anchor="mm")


def _angle(share: float, sweep: float) -> float:
    """Radians clockwise from the top."""
    return math.radians(-sweep / 2 + share * sweep)


def _at(angle: float, radius: float) -> tuple[float, float]:
    return SIDE / 2 + radius * math.sin(angle), SIDE / 2 - radius * math.cos(angle)


def _disc(draw: _Pen, radius: float, color: Color) -> None:
    draw.disc((SIDE / 2, SIDE / 2), radius, color)


def _print(rng: random.Random, draw: _Pen, scale: tuple[float, float], sweep: float, ink: Color) -> None:
    """The marks, the numbers and the unit."""
    span = scale[1] - scale[0]
    majors = next(count for count in (10, 8, 6, 5) if span / count in _ROUND_STEPS or count == 5)
    minors = rng.choice([2, 5, 5, 10]) if majors <= 8 else rng.choice([2, 5])
    outer, length = rng.uniform(410, 435), rng.uniform(40, 60)
    wide, thin = rng.uniform(7, 12), rng.uniform(3.5, 6)
    for index in range(majors * minors + 1):
        angle = _angle(index / (majors * minors), sweep)
        is_major = index % minors == 0
        inner = outer - (length if is_major else length * 0.55)
        half = (wide if is_major else thin) / 2
        sides = [
            (_at(angle, radius), side)
            for radius, side in ((inner, half), (outer, half), (outer, -half), (inner, -half))
        ]
        corners = [(x + by * math.cos(angle), y + by * math.sin(angle)) for (x, y), by in sides]
        draw.polygon(corners, ink)
    if rng.random() < 0.4:
        draw.arc(outer, 5, -sweep / 2, sweep / 2, ink)
    size = rng.uniform(55, 80)
    for index in range(majors + 1):
        number = scale[0] + span * index / majors
        place = _at(_angle(index / majors, sweep), outer - length - size * 0.75)
        draw.text(place, f"{number:g}", size, ink)
    draw.text((SIDE / 2, SIDE / 2 + 150), rng.choice(_UNITS), 60, ink)
    if rng.random() < 0.5:
        draw.text((SIDE / 2, SIDE / 2 - 130), rng.choice(["ACME", "TESTO", "CL 1.6", "WIKO"]), 44, ink)


_ROUND_STEPS = (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)


def _arc_of_limits(rng: random.Random, draw: _Pen, sweep: float) -> None:
    begin, end = sorted((rng.uniform(0, 1), rng.choice([0.0, 1.0])))
    radius, width = rng.uniform(430, 446), rng.uniform(12, 28)
    draw.arc(radius, width, (begin - 0.5) * sweep, (end - 0.5) * sweep, rng.choice(_ARCS))


def _needle(rng: random.Random, draw: _Pen, angle: float, color: Color) -> None:
    tip = rng.uniform(330, 420)
    tail = rng.choice([0.0, 70.0, 110.0, 150.0])
    base, end = rng.uniform(10, 22), rng.choice([2.0, 4.0, 8.0])
    across = angle + math.pi / 2

    def moved(point: tuple[float, float], by: float) -> tuple[float, float]:
        return point[0] + by * math.sin(across), point[1] - by * math.cos(across)

    shape = [moved(_at(angle, tip), end), moved(_at(angle, 0), base), moved(_at(angle, -tail), base)]
    shape += [moved(_at(angle, -tail), -base), moved(_at(angle, 0), -base), moved(_at(angle, tip), -end)]
    draw.polygon(shape, color)
    if tail and rng.random() < 0.4:  # a round counterweight
        draw.disc(_at(angle, -tail), 28, color)
    _disc(draw, rng.uniform(22, 55), rng.choice([color, (30, 30, 30), (160, 160, 160)]))


# The picture.


def photograph(rng: random.Random, rgb: Rgb, mask: Mask, how: Conditions) -> Frame:
    """The thing on a plain, unevenly lit ground. `mask` tells which part of `rgb` belongs to it."""
    import cv2

    width, height = _WIDTHS[how.lines], how.lines
    ground = np.full((height, width, 3), [rng.uniform(50, 200) for _ in range(3)], np.float32)
    ground += np.linspace(-25, 25, width, dtype=np.float32)[None, :, None] * rng.choice([-1, 1])
    matrix = _projection(rgb.shape[:2], (width, height), how)
    reduction = max(1.0, rgb.shape[0] / (how.share * height))
    soft = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 0.4 * reduction)  # a sensor's pixel averages
    edge = cv2.GaussianBlur(mask, (0, 0), 0.4 * reduction)
    seen = cv2.warpPerspective(soft, matrix, (width, height), flags=cv2.INTER_LINEAR)
    share = cv2.warpPerspective(edge, matrix, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    levels = ground * (1 - share) + seen * share
    return Frame(_taken(rng, np.asarray(levels, np.float32), how), 0.0)


def _projection(shape: tuple[int, ...], size: tuple[int, int], how: Conditions) -> npt.NDArray[np.float64]:
    """The pinhole camera's view of a plane that is turned and then slanted."""
    turn, tilt, towards = (math.radians(angle) for angle in (how.turn, how.slant, how.slant_towards))
    middle = np.array([[1, 0, -shape[1] / 2], [0, 1, -shape[0] / 2], [0, 0, shape[0]]]) / shape[0]  # in heights
    spin = _rotation(turn)
    slant = _rotation(towards) @ np.diag([math.cos(tilt), 1, 1]) @ _rotation(-towards)
    depth = np.eye(3)
    depth[2, :2] = (math.sin(tilt) / how.distance) * np.array([math.cos(towards), math.sin(towards)])
    pixels = how.share * size[1]
    placed = np.array([[pixels, 0, how.at[0] * size[0]], [0, pixels, how.at[1] * size[1]], [0, 0, 1]])
    return np.asarray(placed @ _divided(slant, depth) @ spin @ middle, np.float64)


def _divided(slant: npt.NDArray[np.float64], depth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.vstack([slant[:2], depth[2]])


def _rotation(angle: float) -> npt.NDArray[np.float64]:
    return np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])


def _taken(rng: random.Random, levels: npt.NDArray[np.float32], how: Conditions) -> Rgb:
    import cv2

    height, width = levels.shape[:2]
    pixel = height / 720
    if how.glare:
        down, right = np.mgrid[:height, :width]
        size = how.glare_size * how.share * height
        x = how.at[0] * width + rng.uniform(-0.3, 0.3) * how.share * height
        y = how.at[1] * height + rng.uniform(-0.3, 0.3) * how.share * height
        spot = np.exp(-(((right - x) / size) ** 2) - ((down - y) / (0.7 * size)) ** 2)
        levels = levels + (how.glare * spot).astype(np.float32)[..., None]
    levels = levels * how.light
    if how.blur:
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), how.blur * pixel), np.float32)
    length = round(how.shake * pixel)
    if length > 1:
        kernel = np.zeros((length | 1, length | 1), np.float32)
        kernel[length // 2] = 1.0
        turn = cv2.getRotationMatrix2D((length // 2, length // 2), rng.uniform(0, 180), 1)
        kernel = np.asarray(cv2.warpAffine(kernel, turn, kernel.shape), np.float32)
        levels = np.asarray(cv2.filter2D(levels, -1, kernel / max(float(kernel.sum()), 1e-6)), np.float32)
    if how.noise:
        grain = np.random.default_rng(rng.getrandbits(32)).normal(0, how.noise, levels.shape)
        levels = levels + grain.astype(np.float32)
    rgb: Rgb = np.clip(levels, 0, 255).astype(np.uint8)
    if how.jpeg is not None:
        packed = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, how.jpeg])[1]
        decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert decoded is not None  # it was packed above
        rgb = np.ascontiguousarray(np.asarray(decoded, np.uint8)[..., ::-1])
    return rgb
