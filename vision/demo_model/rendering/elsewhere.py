"""Pictures that are none of the demo model's world: like photographs, noise, screenshots, pages, charts and patterns.

The model learns to say that it only knows drawn shapes, instead of guessing. All are made by Pillow and numpy from
seeds, so real photographs stay strangers by which the model can be measured. Plain walls are left out, because a
plain grey picture cannot be told from a white sheet in poor light.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from vision.demo_model.rendering import lens
from vision.demo_model.rendering.drawing import SIZE_PX, Finish, Layout, Rgb
from vision.demo_model.rendering.fonts import load_font
from vision.demo_model.rendering.free import FORMATS, FreeDrawing, between_bars
from vision.demo_model.rendering.scene import Scene

_FIELDS = 24
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def elsewhere(rng: random.Random) -> FreeDrawing:
    """A picture that is none of the world, with its scene, of which nothing is true but that it is not drawn."""
    ratio_x, ratio_y = rng.choice(FORMATS)
    width, height = (round(SIZE_PX * ratio / max(ratio_x, ratio_y)) for ratio in (ratio_x, ratio_y))
    make: Maker = rng.choices([maker for maker, _ in MAKERS], [weight for _, weight in MAKERS])[0]
    picture = make(rng, width, height)
    if rng.random() < 0.12:
        picture = picture.convert("L").convert("RGB")
    how = lens.photographed(rng, rng.random() < 0.1) if rng.random() < 0.5 else lens.digital(rng, False)
    square = between_bars(lens.taken(picture, how, rng))
    return FreeDrawing(square, Scene("unknown", is_drawn=False), Layout("unknown", (0, 0, 0), (), (), False, Finish()))


# --- like photographs -----------------------------------------------------------------------------------------------


def _leaves(rng: random.Random, width: int, height: int) -> Image.Image:
    """Bodies of all sizes that cover one another, shaded and textured like things in a photograph."""
    strong = rng.choice((14, 30, 60))
    picture = Image.new("RGB", (width, height), _colour(rng, strong))
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.choice((12, 30, 80, 160))):
        radius = 0.03 * height / max(0.03, rng.random()) ** 0.9
        _body(pen, rng, rng.random() * width, rng.random() * height, radius, _colour(rng, strong))
    return _shaded(picture, rng, rng.uniform(0.02, 0.25))


def _things(rng: random.Random, width: int, height: int) -> Image.Image:
    """A few large rounded things with light and shadow in front of an unsharp background."""
    picture = _leaves(rng, width, height).filter(ImageFilter.GaussianBlur(rng.uniform(2, 16)))
    for _ in range(rng.randint(1, 5)):
        cover = Image.new("L", (width, height), 0)
        _body(
            ImageDraw.Draw(cover),
            rng,
            rng.random() * width,
            rng.random() * height,
            rng.uniform(0.1, 0.45) * height,
            255,
        )
        plain = Image.new("RGB", (width, height), _colour(rng, 40))
        picture.paste(_shaded(plain, rng, rng.uniform(0.08, 0.45)), (0, 0), cover.filter(ImageFilter.GaussianBlur(1)))
    return picture


def _clouds(rng: random.Random, width: int, height: int) -> Image.Image:
    """A rough field between two to four colours, as of clouds, stone, skin or water."""
    field = _rough(rng, width, height)
    stops = np.array([_colour(rng, rng.choice((10, 30, 60))) for _ in range(rng.randint(2, 4))], np.float32)
    place = np.clip((field + 2) / 4, 0, 0.999) * (len(stops) - 1)
    low = place.astype(int)
    share = (place - low)[..., None]
    return _picture(stops[low] * (1 - share) + stops[low + 1] * share)


def _landscape(rng: random.Random, width: int, height: int) -> Image.Image:
    """A sky that fades, a rough horizon, and rough ground with things on it."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.array(_colour(rng, 30), np.float32) * (1 - y) + np.array(_colour(rng, 20), np.float32) * y
    sky = np.broadcast_to(sky, (height, width, 3)) * (1 + 0.1 * _rough(rng, width, height)[..., None])
    ground = np.array(_colour(rng, 30), np.float32) * (
        1 + rng.uniform(0.1, 0.4) * _rough(rng, width, height)[..., None]
    )
    line = height * (rng.uniform(0.2, 0.8) + rng.uniform(0.02, 0.15) * _rough(rng, width, height)[0])
    below = np.arange(height)[:, None] > line[None, :]
    picture = _picture(np.where(below[..., None], ground, sky))
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.randint(0, 14)):
        _body(pen, rng, rng.random() * width, rng.random() * height, rng.uniform(0.02, 0.2) * height, _colour(rng, 30))
    return picture


def _cloth(rng: random.Random, width: int, height: int) -> Image.Image:
    """Fine texture all over, as of a carpet, gravel, a lawn or a wall of bricks."""
    grain = lens.noise_field(True)[:height, :width, :1] * rng.uniform(0.08, 0.3)
    grain = grain + rng.uniform(0, 0.3) * _rough(rng, width, height)[..., None]
    return _picture(np.array(_colour(rng, 30), np.float32) * (1 + grain))


def _noise(rng: random.Random, width: int, height: int) -> Image.Image:
    """Noise of single pixels or of blocks, coloured or grey, all over the picture."""
    side = rng.choice((1, 1, 1, 2, 4, 8, 16, 32))
    size = (height // side + 1, width // side + 1, rng.choice((1, 3, 3)))
    source = np.random.default_rng(rng.getrandbits(31))
    kind = rng.random()
    values: NDArray[np.floating]
    if kind < 0.5:
        values = source.integers(0, 256, size).astype(np.float32)
    elif kind < 0.8:
        values = rng.uniform(60, 190) + rng.uniform(25, 90) * source.standard_normal(size)
    else:
        values = 255.0 * (source.random(size) < rng.uniform(0.05, 0.95))
    values = np.broadcast_to(values, (*size[:2], 3)).repeat(side, 0).repeat(side, 1)
    return _picture(values[:height, :width])


# --- made by programs -----------------------------------------------------------------------------------------------


def _page(rng: random.Random, width: int, height: int) -> Image.Image:
    """Lines of small type on paper, straight or a little rotated, dark on light or light on dark."""
    ink, paper = _ink_and_paper(rng)
    sheet = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(sheet)
    size_px = rng.randint(8, 34)
    left, top = rng.randint(2, 60), rng.randint(2, 60)
    for y in range(top, height - rng.randint(0, height // 2), int(rng.uniform(1.2, 2.0) * size_px)):
        if rng.random() < 0.88:
            _words(pen, rng, left, y, width - left - rng.randint(0, width // 2), size_px, ink)
    if rng.random() < 0.5:
        return sheet
    return sheet.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor=lens.dull(rng))


def _screenshot(rng: random.Random, width: int, height: int) -> Image.Image:
    """Windows, bars, buttons, fields, pictures and small type in rows and columns."""
    ink, paper = _ink_and_paper(rng)
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    if rng.random() < 0.8:
        bar = rng.randint(10, 50)
        pen.rectangle((0, 0, width, bar), fill=_any(rng))
        _words(pen, rng, 8, bar // 4, rng.randint(40, width), max(7, bar // 2), _any(rng))
    if rng.random() < 0.5:
        pen.rectangle((0, rng.randint(0, 50), rng.randint(40, 150), height), fill=_any(rng))
    for _ in range(rng.randint(4, 26)):
        x, y, w, h = rng.randrange(width), rng.randrange(height), rng.randint(15, 200), rng.randint(6, 120)
        draw = rng.random()
        if draw < 0.3:
            pen.rounded_rectangle((x, y, x + w, y + h), rng.randint(0, 9), fill=_any(rng), outline=_any(rng))
        elif draw < 0.5:
            pen.rounded_rectangle((x, y, x + w, y + h // 3 + 6), rng.randint(0, 9), outline=ink)
        elif draw < 0.6:
            picture.paste(rng.choice((_leaves, _clouds, _landscape))(rng, w, h + 8), (x, y))
        else:
            size_px = rng.randint(7, 22)
            for line in range(rng.randint(1, 7)):
                _words(pen, rng, x, y + int(1.4 * line * size_px), w, size_px, ink)
    return picture


def _chart(rng: random.Random, width: int, height: int) -> Image.Image:
    """Axes with ticks and type, and lines, bars or points."""
    ink, paper = _ink_and_paper(rng)
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    left, right, top, bottom = 0.14 * width, 0.92 * width, 0.1 * height, 0.88 * height
    pen.line([(left, top), (left, bottom), (right, bottom)], fill=ink, width=rng.randint(1, 3))
    size_px = rng.randint(8, 15)
    for tick in range(7):
        x, y = left + (right - left) * tick / 6, bottom - (bottom - top) * tick / 6
        _words(pen, rng, int(x), int(bottom + 4), 30, size_px, ink)
        _words(pen, rng, 4, int(y), 36, size_px, ink)
        if rng.random() < 0.4:
            pen.line([(left, y), (right, y)], fill=(190, 190, 190))
    kind = rng.randrange(3)
    for _ in range(rng.randint(1, 4)):
        color, count = _any(rng), rng.randint(5, 40)
        xs = np.linspace(left, right, count)
        ys = np.clip(bottom - (bottom - top) * (0.5 + 0.2 * np.cumsum([rng.gauss(0, 0.4) for _ in xs])), top, bottom)
        if kind == 0:
            pen.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=color, width=rng.randint(1, 4))
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            if kind == 1:
                pen.rectangle((x, min(y, bottom), x + 0.6 * (right - left) / count, bottom), fill=color)
            elif kind == 2:
                pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)
    return picture


def _pattern(rng: random.Random, width: int, height: int) -> Image.Image:
    """Stripes, checks or rings all over."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, wave = rng.random() * math.pi, rng.uniform(8, 90)
    along = (x * math.cos(angle) + y * math.sin(angle)) / wave
    across = (-x * math.sin(angle) + y * math.cos(angle)) / wave
    kind = rng.randrange(4)
    if kind == 0:
        value = np.sin(math.tau * along)
    elif kind == 1:
        value = np.sin(math.tau * along) * np.sin(math.tau * across)
    elif kind == 2:
        value = np.sin(math.tau * np.hypot(x - rng.random() * width, y - rng.random() * height) / wave)
    else:
        value = along % 2 - 1
    if rng.random() < 0.6:
        value = np.where(value > rng.uniform(-0.4, 0.4), 1.0, -1.0)
    share = (value[..., None] + 1) / 2
    return _picture(np.array(_any(rng), np.float32) * share + np.array(_any(rng), np.float32) * (1 - share))


def _scribble(rng: random.Random, width: int, height: int) -> Image.Image:
    """Many crossing lines and curves, as of a pen that plays or of a plan."""
    ink, paper = _ink_and_paper(rng)
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.randint(5, 40)):
        x, y, turn = rng.random() * width, rng.random() * height, rng.random() * math.tau
        points = [(x, y)]
        bend = rng.gauss(0, 0.35)
        for _ in range(rng.randint(2, 40)):
            turn += bend + rng.gauss(0, 0.15)
            x, y = x + 14 * math.cos(turn), y + 14 * math.sin(turn)
            points.append((x, y))
        pen.line(points, fill=ink if rng.random() < 0.7 else _any(rng), width=rng.randint(1, 6))
    return picture


Maker = Callable[[random.Random, int, int], Image.Image]
MAKERS: tuple[tuple[Maker, float], ...] = (
    (_leaves, 2.0),
    (_things, 3.0),
    (_clouds, 1.5),
    (_landscape, 1.5),
    (_cloth, 1.0),
    (_noise, 1.0),
    (_page, 1.5),
    (_screenshot, 2.0),
    (_chart, 0.7),
    (_pattern, 0.8),
    (_scribble, 0.6),
)


# --- their parts ----------------------------------------------------------------------------------------------------


def _body(pen: ImageDraw.ImageDraw, rng: random.Random, x: float, y: float, radius: float, fill: Rgb | int) -> None:
    """One body: a long ellipse, or a polygon of three to twelve uneven corners."""
    if rng.random() < 0.3:
        flat = rng.uniform(0.35, 0.8)
        pen.ellipse((x - radius, y - flat * radius, x + radius, y + flat * radius), fill=fill)
        return
    corners, turn = rng.randint(3, 12), rng.random() * math.tau
    points = []
    for corner in range(corners):
        reach, angle = radius * rng.uniform(0.5, 1.2), turn + corner * math.tau / corners
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    pen.polygon(points, fill=fill)


def _shaded(picture: Image.Image, rng: random.Random, texture: float) -> Image.Image:
    width, height = picture.size
    light = 1 + texture * _rough(rng, width, height)
    return _picture(np.asarray(picture, np.float32) * light[..., None])


def _words(pen: ImageDraw.ImageDraw, rng: random.Random, x: int, y: int, width: int, size_px: int, ink: Rgb) -> None:
    count = max(2, int(1.8 * width / size_px))
    letters = [rng.choice(_LETTERS if rng.random() < 0.84 else " AST0123456789.,") for _ in range(count)]
    pen.text((x, y), "".join(letters), font=load_font(None, size_px), fill=ink)


def _ink_and_paper(rng: random.Random) -> tuple[Rgb, Rgb]:
    light, dark = rng.randint(215, 255), rng.randint(0, 70)
    pale = (light, light - rng.randint(0, 12), light - rng.randint(0, 25))
    deep = (dark, dark + rng.randint(0, 12), dark + rng.randint(0, 30))
    return (deep, pale) if rng.random() < 0.75 else (pale, deep)


def _any(rng: random.Random) -> Rgb:
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def _colour(rng: random.Random, strong: float) -> Rgb:
    level = rng.uniform(20, 235)
    red, green, blue = (int(np.clip(level + rng.gauss(0, strong), 0, 255)) for _ in range(3))
    return red, green, blue


def _picture(values: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _rough(rng: random.Random, width: int, height: int) -> NDArray[np.float32]:
    """A part of a rough field, mirrored and stretched anyhow: to make a new field for each picture would be slow."""
    field = _rough_fields()[rng.randrange(_FIELDS)]
    if rng.random() < 0.5:
        field = field.T
    field = field[:: rng.choice((1, -1)), :: rng.choice((1, -1))]
    top, left = rng.randrange(field.shape[0] - height + 1), rng.randrange(field.shape[1] - width + 1)
    part: NDArray[np.float32] = field[top : top + height, left : left + width]
    return part


@cache
def _rough_fields() -> tuple[NDArray[np.float32], ...]:
    """Fields (640, 640) with standard deviation 1, whose amplitude falls with a power of the frequency, 0.7 to 2.6."""
    rng, side, fields = np.random.default_rng(5), 640, []
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = 1.0
    for number in range(_FIELDS):
        white = np.fft.rfft2(rng.standard_normal((side, side)))
        field = np.fft.irfft2(white / frequency ** (0.7 + 1.9 * number / _FIELDS), (side, side))
        fields.append(((field - field.mean()) / field.std()).astype(np.float32))
    return tuple(fields)
