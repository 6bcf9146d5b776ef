"""Makes pictures that show nothing that could be asked about: a blank wall, black, noise, a smear, a screen's moiré.

They are made from seeds, in any size, and stand for what a camera gives by mistake. What they were made of, such as the
page that is smeared, cannot be recognised in them any more. This file does not know how a picture is judged
(`vision/framing.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vision.demo_model.rendering import photographs
from vision.demo_model.rendering.photographs import Rgb

_SMEARED = ("leaves", "page", "shallow")


def blank(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """An even surface of any color under light that falls off: a wall, a table, a sheet, a shirt before the lens."""
    color = rng.uniform(60, 235) * (1 + rng.uniform(-0.25, 0.25, 3))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle, slant, corners = rng.random() * math.tau, rng.uniform(0, 0.2), rng.uniform(0, 0.12)
    light = 1 + slant * (x * math.cos(angle) + y * math.sin(angle)) - corners * (x * x + y * y)
    light += 0.004 * rng.random() * _soft(rng, width, height, width / 12)
    surface = np.clip(color * light[:, :, None], 0, 255).astype(np.uint8)
    return photographs.expose(surface, rng, rng.uniform(0, 6))


def black(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A covered lens, or a room without light."""
    level = np.full((height, width, 3), int(rng.integers(0, 9)), np.uint8)
    return photographs.expose(level, rng, rng.uniform(0, 4))


def noise(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A sensor that amplifies hardly any light, or a capture card without a signal: noise in color, grey or in blocks."""
    grain = int(rng.integers(1, 4))  # pixels; a camera's own smoothing and its JPEG make grains of noise
    small = (math.ceil(height / grain), math.ceil(width / grain))
    field = rng.standard_normal((*small, 1 if rng.random() < 0.3 else 3)).astype(np.float32)
    wide = np.repeat(np.repeat(field, grain, axis=0), grain, axis=1)[:height, :width]
    levels = np.clip(rng.uniform(40, 160) + wide * rng.uniform(35, 90), 0, 255).astype(np.uint8)
    picture: Rgb = levels * np.ones(3, np.uint8)
    return picture


def smear(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A picture that was taken while the camera was swung: streaks in one direction, a quarter of the width long."""
    subject = photographs.SUBJECTS[_SMEARED[int(rng.integers(len(_SMEARED)))]](rng, width, height)
    turned = Image.fromarray(subject).resize((width, height))
    length = rng.uniform(0.25, 0.5) * width
    angle = rng.random() * math.pi
    places = np.linspace(-length / 2, length / 2, 64)
    pixels = np.asarray(turned)
    total = np.zeros(pixels.shape, np.float32)
    rows, columns = np.arange(height), np.arange(width)
    for place in places:
        down, right = round(place * math.sin(angle)), round(place * math.cos(angle))
        # The scene goes on beyond the frame: mirrored, so that no border shows up in the streaks.
        total += pixels[_mirrored(rows + down, height)][:, _mirrored(columns + right, width)]
    return photographs.expose((total / len(places)).astype(np.uint8), rng, rng.uniform(0, 5))


def moire(rng: np.random.Generator, width: int, height: int) -> Rgb:
    """A screen photographed from so near that its pixels and the camera's beat: bands and waves over everything."""
    subject = photographs.SUBJECTS[("page", "leaves")[int(rng.integers(2))]](rng, width, height)
    return screen(subject, rng, rng.uniform(0.75, 1.0))


def screen(subject: Rgb, rng: np.random.Generator, depth: float) -> Rgb:
    """`subject` on a screen, photographed: the dark grid between its pixels is nearly as fine as the camera's pixels.

    `depth` is how dark the grid is, 0 to 1. Each camera pixel takes the light of 3 × 3 points; what the grid and the
    camera's pixels leave of each other is the moiré.
    """
    height, width, _ = subject.shape
    pitch = rng.uniform(0.93, 1.07)  # camera pixels in a screen pixel
    turn = math.radians(rng.uniform(-6, 6))
    bow = rng.uniform(-2e-5, 2e-5)  # of the lens
    total = np.zeros((height, width, 3), np.float32)
    offsets = (np.arange(3) / 3 - 1 / 3) * 0.7  # a pixel's light-sensitive part is smaller than the pixel
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for oy in offsets:
        for ox in offsets:
            px, py = x + np.float32(ox) - width / 2, y + np.float32(oy) - height / 2
            far = 1 + bow * np.hypot(px, py)
            u = far * (px * math.cos(turn) + py * math.sin(turn)) / pitch
            v = far * (py * math.cos(turn) - px * math.sin(turn)) / pitch
            for channel in range(3):  # red, green and blue lie side by side in a screen's pixel
                lit = (np.mod(u - channel / 3, 1) < 0.42) & (np.mod(v, 1) < 0.75)
                total[:, :, channel] += np.where(lit, 1.0, 1 - depth)
    mask = total / len(offsets) ** 2
    seen = subject * (mask / max(1e-3, float(mask.mean()))).astype(np.float32)
    soft = Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.4))
    return photographs.expose(np.asarray(soft), rng, rng.uniform(0, 4))


EMPTY: dict[str, Callable[[np.random.Generator, int, int], Rgb]] = {
    "blank": blank, "black": black, "noise": noise, "smear": smear, "moire": moire,
}  # fmt: skip


def _soft(rng: np.random.Generator, width: int, height: int, radius: float) -> NDArray[np.float32]:
    """A smooth random field with standard deviation 1."""
    small = rng.standard_normal((max(2, round(height / radius)), max(2, round(width / radius))))
    wide = np.asarray(Image.fromarray(small.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    field: NDArray[np.float32] = ((wide - wide.mean()) / (wide.std() + 1e-6)).astype(np.float32)
    return field


def _mirrored(places: NDArray[np.int_], size: int) -> NDArray[np.int_]:
    within = np.mod(places, 2 * size)
    return np.where(within < size, within, 2 * size - 1 - within)
