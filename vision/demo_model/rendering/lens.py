"""What light, lens, sensor and file format do to a drawing: of a digital picture little, of a photographed one much.

It is seeded and fast, because it runs for every training picture: noise is drawn once and cut out anew. It does not
know what is in the picture.
"""

from __future__ import annotations

import io
import math
import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Rgb = tuple[int, int, int]
_FIELD_SIDE = 640


@dataclass(frozen=True)
class Taking:
    """How one picture is taken. Levels are 8-bit steps, the slant and the fall-off are shares of the light."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    slant: float = 0.0
    fall_off: float = 0.0
    veil: float = 0.0
    stripes: float = 0.0  # of a screen seen through a camera's grid
    blur_px: float = 0.0
    noise: float = 0.0
    quality: int | None = None  # of JPEG


def digital(rng: random.Random, dim: bool) -> Taking:
    """A picture that a program wrote: mostly untouched, some saved as JPEG or scaled."""
    level = rng.uniform(0.36, 0.46) if dim else 1.0
    return Taking(
        gain=(level, level, level),
        blur_px=rng.uniform(0.4, 1.2) if rng.random() < 0.2 else 0.0,
        noise=rng.choice((0.0, 0.0, 0.0, 2.0, 5.0)),
        quality=rng.randint(40, 95) if rng.random() < 0.3 else None,
    )


def photographed(rng: random.Random, dim: bool) -> Taking:
    """A picture of a sheet or a screen: uneven and coloured light, a veil, blur, noise, JPEG."""
    level = rng.uniform(0.36, 0.46) if dim else rng.uniform(0.68, 1.05)
    red, green, blue = (level * rng.uniform(0.94, 1.05) for _ in range(3))
    return Taking(
        gain=(red, green, blue),
        slant=rng.uniform(0, 0.3),
        fall_off=rng.uniform(0, 0.25) if rng.random() < 0.5 else 0.0,
        veil=rng.uniform(0, 0.14),
        stripes=rng.uniform(0.02, 0.08) if rng.random() < 0.15 else 0.0,
        blur_px=rng.choice((0.0, rng.uniform(0.3, 1.5), rng.uniform(0.3, 2.8))),
        noise=rng.uniform(0, 11),
        quality=rng.randint(30, 95) if rng.random() < 0.7 else None,
    )


def taken(picture: Image.Image, how: Taking, rng: random.Random) -> NDArray[np.uint8]:
    """The picture (height, width, 3) uint8 after the light, the lens, the sensor and the file."""
    if how.blur_px:
        picture = picture.filter(ImageFilter.GaussianBlur(how.blur_px))
    width, height = picture.size
    values = np.asarray(picture, np.float32)
    if how.veil:
        values = values * np.float32(1 - how.veil) + np.float32(200 * how.veil)
    light = np.float32(1.0) + _uneven(how, rng, width, height)
    if how.gain != (1.0, 1.0, 1.0) or how.slant or how.fall_off or how.stripes:
        values = values * light[..., None] * np.array(how.gain, np.float32)
    if how.noise:
        top, left = rng.randrange(_FIELD_SIDE - height + 1), rng.randrange(_FIELD_SIDE - width + 1)
        values = values + noise_field(rng.random() < 0.5)[top : top + height, left : left + width] * np.float32(
            how.noise
        )
    result = np.clip(values, 0, 255).astype(np.uint8)
    if how.quality is None:
        return result
    file = io.BytesIO()
    Image.fromarray(result).save(file, "JPEG", quality=how.quality)
    return np.array(Image.open(file).convert("RGB"))


def _uneven(how: Taking, rng: random.Random, width: int, height: int) -> NDArray[np.float32]:
    """The light's deviation from its mean, (height, width) or (1, 1) where there is none."""
    if not (how.slant or how.fall_off or how.stripes):
        return np.zeros((1, 1), np.float32)
    x, y = np.linspace(-1, 1, width, dtype=np.float32)[None, :], np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle = rng.random() * math.tau
    light: NDArray[np.floating] = np.float32(how.slant / 2) * (
        x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    )
    if how.fall_off:
        light = light - np.float32(how.fall_off / 2) * (x * x + y * y)
    if how.stripes:
        waves = (rng.uniform(20, 150), rng.uniform(20, 150))
        light = light + np.float32(how.stripes) * np.sin(np.float32(waves[0]) * x + np.float32(waves[1]) * y)
    return light.astype(np.float32)


def dull(rng: random.Random) -> Rgb:
    """The colour of a table or a wall behind the paper: of any brightness, never strong."""
    level = rng.uniform(15, 215)
    red, green, blue = (int(np.clip(level + rng.gauss(0, 14), 0, 255)) for _ in range(3))
    return red, green, blue


@cache
def noise_field(soft: bool) -> NDArray[np.float32]:
    """Noise (640, 640, 3) with standard deviation 1: of single pixels, or soft as after a camera's own smoothing."""
    fine = np.random.default_rng(3).standard_normal((_FIELD_SIDE, _FIELD_SIDE, 3), dtype=np.float32)
    if not soft:
        return fine
    soft_one: NDArray[np.floating] = fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))
    return (soft_one / 2).astype(np.float32)
