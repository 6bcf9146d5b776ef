"""Makes pictures that resemble a camera's, and their flaws in steps, to choose the thresholds of framing.

A subject is a clean picture, a flaw changes it, and `expose` adds a sensor's noise. All are made from seeds. It does
not know how a picture is judged (`vision/framing.py`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from vision.demo_model.rendering.drawing import draw
from vision.demo_model.rendering.fonts import load_font
from vision.demo_model.rendering.scene import random_scene

Rgb = NDArray[np.uint8]  # (height, width, 3)
MODEL_SIDE_PX = 448  # the lengths of blurs are given for pictures of this size

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def leaves(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """Shapes of all sizes that cover one another. Their edges and contrasts have the statistics of photographs."""
    picture = Image.new("RGB", (width, height), _colour(rng))
    pen = ImageDraw.Draw(picture)
    for _ in range(160):
        radius = 0.02 * height / max(0.04, rng.random()) ** 0.9
        x, y, turn = rng.random() * width, rng.random() * height, rng.random() * math.tau
        corners = int(rng.integers(3, 9))
        reach = radius * rng.uniform(0.6, 1.2, corners)
        angles = turn + np.arange(corners) * math.tau / corners
        outline = [(x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(reach, angles, strict=True)]
        if rng.random() < 0.4:
            pen.ellipse((x - radius, y - 0.7 * radius, x + radius, y + 0.7 * radius), fill=_colour(rng))
        else:
            pen.polygon(outline, fill=_colour(rng))
    return _lit(np.asarray(picture), rng, texture=0.08)


def page(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A printed page on a table, a little rotated: paper with lines of words."""
    paper = int(rng.integers(215, 250))
    sheet = Image.new("RGB", (width, height), (paper, paper, paper - int(rng.integers(0, 15))))
    pen = ImageDraw.Draw(sheet)
    size_px = int(height * rng.uniform(0.04, 0.11))
    face = load_font(None, size_px)
    for y in range(size_px, height - size_px, int(1.5 * size_px)):
        pen.text((size_px, y), _words(rng, int(1.6 * width / size_px)), font=face, fill=(30, 30, 34))
    table = _colour(rng)
    turned = sheet.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=table)
    return _lit(np.asarray(turned), rng, texture=0.02)


def wall(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A plain wall with light that falls off, every second time with a switch on it.

    Hardly anything in it can be sharp.
    """
    shade = int(rng.integers(120, 225))
    picture = Image.new(
        "RGB", (width, height), (shade, shade - int(rng.integers(0, 20)), shade - int(rng.integers(0, 40)))
    )
    if rng.random() < 0.5:
        x, y, side = rng.random() * width * 0.7, rng.random() * height * 0.7, height * 0.18
        ImageDraw.Draw(picture).rectangle((x, y, x + side, y + side), fill=(240, 238, 230), outline=(90, 90, 90))
    return _lit(np.asarray(picture), rng, texture=0.02, fall_off=0.5)


def cloth(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """Texture all over, as of a carpet, gravel or a lawn."""
    base = np.array(_colour(rng), np.float32)
    grain = _rough(rng, width, height, float(rng.uniform(0.6, 1.2))) * rng.uniform(0.12, 0.3)
    return _bytes(base * (1 + grain[:, :, None]))


def shallow(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A sharp thing in front of a background that is far out of focus, like a photograph of a near thing."""
    behind = Image.fromarray(leaves(rng, width, height)).filter(ImageFilter.GaussianBlur(width / 60))
    thing = Image.fromarray(page(rng, width // 2, height // 2))
    behind.paste(thing, (int(rng.random() * width / 2), int(rng.random() * height / 2)))
    return np.asarray(behind)


def drawn(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A scene of the demo model's world, with the flaws of its drawing.

    It is always 448 x 448 and never an empty board.
    """
    source = random.Random(int(rng.integers(2**31)))
    scene = random_scene(source)
    while not scene.shapes and scene.sign is None:
        scene = random_scene(source)
    return np.asarray(draw(scene))


SUBJECTS: dict[str, Callable[[np.random.Generator, int, int], Rgb]] = {
    "leaves": leaves, "page": page, "wall": wall, "cloth": cloth, "shallow": shallow, "drawn": drawn,
}  # fmt: skip
SHARP_SUBJECTS = ("leaves", "page", "shallow", "drawn")  # blur can be seen in these; a wall has nothing to blur


# Flaws. Each takes a clean picture and a step.


def defocus(rgb: Rgb, rng: np.random.Generator, deviation_px: float) -> Rgb:
    """Gaussian blur with this standard deviation, in pixels of the 448 pixel picture."""
    radius = deviation_px * max(rgb.shape) / MODEL_SIDE_PX
    return np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(radius)))


def shake(rgb: Rgb, rng: np.random.Generator, length_px: float) -> Rgb:
    """A straight movement in any direction during the exposure; the length is in pixels of the 448 pixel picture."""
    length = length_px * max(rgb.shape) / MODEL_SIDE_PX
    angle = rng.random() * math.pi
    places = np.linspace(-length / 2, length / 2, int(min(24, length + 2)))
    steps = [(round(place * math.sin(angle)), round(place * math.cos(angle))) for place in places]
    margin = int(length) + 1
    wide = np.pad(rgb, ((margin, margin), (margin, margin), (0, 0)), mode="edge").astype(np.uint16)
    height, width, _ = rgb.shape
    total = np.zeros(rgb.shape, np.uint16)
    for down, across in steps:
        total += wide[margin + down :, margin + across :][:height, :width]
    return (total // len(steps)).astype(np.uint8)


def stops(rgb: Rgb, rng: np.random.Generator, stops: float) -> Rgb:
    """Twice as much light for each stop, or half for a negative one. What is above white stays white."""
    levels = 255 * np.minimum(1.0, (np.arange(256) / 255) ** 2.2 * 2.0**stops) ** (1 / 2.2)
    exposed: Rgb = levels.astype(np.uint8)[rgb]
    return exposed


def glare(rgb: Rgb, rng: np.random.Generator, share: float) -> Rgb:
    """A lamp or the sun in the picture: it is white in the middle, and its veil lies over everything."""
    height, width, _ = rgb.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot(x - rng.random() * width, y - rng.random() * height) / max(width, height)
    veil = np.clip(2 * share * np.exp(-np.square(far) / (2 * share**2)), 0, 1)[:, :, None]
    return _bytes(rgb * (1 - veil) + 255.0 * veil)


def finger(rgb: Rgb, rng: np.random.Generator, share: float, *, glowing: bool = False) -> Rgb:
    """A finger that comes from one side, out of focus. A `share` of 1.0 covers the lens. Before a lamp it glows red."""
    height, width, _ = rgb.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (x / width, 1 - x / width, y / height, 1 - y / height)[int(rng.integers(4))]
    cover = np.clip((share * 1.16 - 0.08 - along) / 0.16 + 0.5, 0, 1)[:, :, None] if share < 1 else np.float32(1)
    if glowing:
        far = np.hypot(x / width - rng.random(), y / height - rng.random())[:, :, None]
        colour = np.array((rng.uniform(180, 255), rng.uniform(30, 80), rng.uniform(15, 50)), np.float32)
        skin = colour * (1.05 - rng.uniform(0.35, 0.7) * far)
    else:
        skin = np.full(3, rng.uniform(1, 12), np.float32)
    return _bytes(rgb * (1 - cover) + skin * cover)


def glowing_finger(rgb: Rgb, rng: np.random.Generator, share: float) -> Rgb:
    return finger(rgb, rng, share, glowing=True)


def expose(rgb: Rgb, rng: np.random.Generator, noise: float) -> Rgb:
    """The picture as a sensor gives it, with noise of this standard deviation in steps of 255."""
    if not noise:
        return rgb
    # The noise is drawn once and cut out anew, because new noise for every pixel of every picture would take most of
    # the time.
    field = _noise_field()
    height, width, _ = rgb.shape
    if height > field.shape[0] or width > field.shape[1]:
        field = np.tile(field, (height // field.shape[0] + 1, width // field.shape[1] + 1, 1))
    top, left = (
        int(rng.integers(0, size - wanted + 1)) for size, wanted in zip(field.shape, rgb.shape[:2], strict=False)
    )
    return _bytes(rgb + field[top : top + height, left : left + width] * np.float32(noise))


_FIELD: list[NDArray[np.float32]] = []


def _noise_field() -> NDArray[np.float32]:
    if not _FIELD:
        _FIELD.append(np.random.default_rng(1).standard_normal((800, 1400, 3), dtype=np.float32))
    return _FIELD[0]


def _bytes(values: NDArray[np.float32]) -> Rgb:
    return np.clip(values, 0, 255).astype(np.uint8)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    level = rng.uniform(25, 225)
    red, green, blue = (int(np.clip(level + rng.normal(0, 25), 20, 250)) for _ in range(3))
    return red, green, blue


def _words(rng: np.random.Generator, characters: int) -> str:
    words = ("".join(rng.choice(list(_LETTERS), int(rng.integers(2, 10)))) for _ in range(characters // 4))
    return " ".join(words)


def _rough(rng: np.random.Generator, width: int, height: int, slope: float) -> NDArray[np.float32]:
    """A random field whose amplitude falls with the frequency to this power, with standard deviation 1."""
    white = np.fft.rfft2(rng.standard_normal((height, width)))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1.0
    field = np.fft.irfft2(white / frequency**slope, (height, width))
    scaled: NDArray[np.float32] = ((field - field.mean()) / field.std()).astype(np.float32)
    return scaled


def _lit(rgb: Rgb, rng: np.random.Generator, texture: float, fall_off: float = 0.25) -> Rgb:
    """The picture with light from one side, a fine texture, and the softness of a lens."""
    height, width, _ = rgb.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.random() * math.tau
    slant = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle)
    light = 1 + fall_off * slant + texture * _rough(rng, width, height, 1.0)
    soft = Image.fromarray(_bytes(rgb * light[:, :, None])).filter(ImageFilter.GaussianBlur(width / 1600))
    return np.asarray(soft)
