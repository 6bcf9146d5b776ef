"""Turns a picture of any size into the model's only input: at most 448x448 pixels, cut into patches.

The picture keeps its own shape ("native") or becomes a square. There is one encoding path and no tiling, so no picture
costs more than the square does. The patch layout is that of transformers' `Qwen2VLImageProcessorPil`, and a test
compares the two bit for bit. It is written out here because that class takes seconds to import (it brings torch along),
and this module must load fast. It knows sizes and numbers only. It does not know where a picture came from or what the
model does with it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .errors import VisionModelError
from .frame import Rgb

SquareFit = Literal["pad", "crop", "stretch"]
Fit = Literal["native", "pad", "crop", "stretch"]
SQUARE_PIXELS = 448

# Bars in the mean colour are (almost) zero for the encoder; LLaVA pads its pictures in the same way. The model would
# take black bars for part of the picture, and people ask "is it dark in here?".
PAD_COLOUR = (128, 128, 128)
_RESAMPLING = Image.Resampling.BICUBIC  # what Qwen's own preprocessing uses


def fitted(rgb: Rgb, fit: Fit, step_pixels: int) -> Rgb:
    """Scales a picture to what the model sees: its own shape for "native", else a square as `to_square` makes it.

    (height, width, 3) → (height, width, 3), both sides multiples of `step_pixels`. Raises ValueError for any other
    `fit`.
    """
    if fit != "native":
        return to_square(rgb, fit)
    height, width = native_size(rgb.shape[0], rgb.shape[1], step_pixels)
    return np.array(Image.fromarray(rgb).resize((width, height), _RESAMPLING))


def native_size(height: int, width: int, step_pixels: int, longest_pixels: int = SQUARE_PIXELS) -> tuple[int, int]:
    """The size in pixels, (height, width), in which the model sees a picture in its own shape.

    The longer side is `longest_pixels`, which is a multiple of `step_pixels`. The shorter side is the multiple that
    distorts the shape least, as a factor: of two multiples that are too long and too short by the same factor, it is
    the longer one, which shows more. With steps of 32 pixels 16:9 becomes 448x256 and 4:3 becomes 448x352, and no
    shape up to 2:1 is distorted by more than 7 %. The shorter side has one step at least, so a picture that is much
    longer than 14:1 is distorted more. There are never more steps than in the square.
    """
    longest = longest_pixels // step_pixels
    exact = longest * min(height, width) / max(height, width)  # steps of the shorter side
    low = max(1, math.floor(exact))
    # Too long by the factor (low + 1) / exact, or too short by exact / low.
    shorter = low + 1 if low < exact and (low + 1) * low <= exact * exact else low
    sides = (longest * step_pixels, shorter * step_pixels)
    return sides if height >= width else (sides[1], sides[0])


def to_square(rgb: Rgb, fit: SquareFit = "pad", size: int = SQUARE_PIXELS) -> Rgb:
    """Scales a picture to a square, (height, width, 3) → (size, size, 3).

    "pad" keeps the whole picture between grey bars, "crop" keeps its middle, and "stretch" distorts the whole picture
    to fit. Raises ValueError for any other `fit`.
    """
    picture = Image.fromarray(rgb)
    method = _RESAMPLING
    if fit == "stretch":
        square = picture.resize((size, size), method)
    elif fit == "crop":
        square = ImageOps.fit(picture, (size, size), method)
    elif fit == "pad":
        square = _padded(picture, size, method)
    else:
        raise ValueError(f'fit is "pad", "crop" or "stretch", not "{fit}"')
    return np.array(square)


def _padded(picture: Image.Image, size: int, method: Image.Resampling) -> Image.Image:
    # ImageOps.pad would round the short side of a very long picture to 0 pixels and fail.
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    square = Image.new("RGB", (size, size), PAD_COLOUR)
    square.paste(picture.resize((width, height), method), ((size - width) // 2, (size - height) // 2))
    return square


@dataclass(frozen=True)
class PatchSpec:
    """The patches that a checkpoint needs.

    The official one takes patches of 16 pixels, merges 2x2 of them into a token, and repeats each patch twice in time.
    """

    patch_pixels: int
    merge_patches: int
    temporal_patches: int
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    rescale_factor: float = 1 / 255

    @classmethod
    def of_checkpoint(cls, checkpoint: Path) -> PatchSpec:
        """Reads `preprocessor_config.json`. Raises VisionModelError if it cannot be read or does not fit."""
        path = checkpoint / "preprocessor_config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            spec = cls(
                patch_pixels=_positive(config["patch_size"]),
                merge_patches=_positive(config["merge_size"]),
                temporal_patches=_positive(config["temporal_patch_size"]),
                mean=_three(config["image_mean"]),
                std=_three(config["image_std"]),
                rescale_factor=float(config.get("rescale_factor", 1 / 255)),
            )
        except OSError as problem:
            raise VisionModelError(
                f"cannot read {path}: {problem.strerror}; is {checkpoint} a Qwen3-VL model folder?"
            ) from problem
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as problem:
            raise VisionModelError(
                f"{path} is damaged or not of a Qwen3-VL model ({problem!r}); fetch the model again"
            ) from problem
        if 0.0 in spec.std or SQUARE_PIXELS % spec.step_pixels:
            raise VisionModelError(
                f"{path}: patches of {spec.patch_pixels} pixels, merged by {spec.merge_patches}, do not fill "
                f"{SQUARE_PIXELS}x{SQUARE_PIXELS}; fetch the model again"
            )
        return spec

    @property
    def step_pixels(self) -> int:
        """The side of the part of a picture that becomes one token; 32 pixels for the official model."""
        return self.patch_pixels * self.merge_patches

    def image_tokens(self, size: int = SQUARE_PIXELS) -> int:
        """Returns how many tokens a square picture takes in the prompt, the most of any shape. It is 196 for the
        official model.
        """
        return (size // self.step_pixels) ** 2


def pixel_values(square: Rgb, spec: PatchSpec) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cuts a picture into normalised patches, one merge block after the other.

    (height, width, 3) uint8 → (patches, 3 · temporal · patch · patch) float32, and the grid [[1, patch rows, patch
    columns]]. Raises ValueError if a side is not a multiple of patch · merge.
    """
    patch, merge = spec.patch_pixels, spec.merge_patches
    height, width, _ = square.shape
    if height % (patch * merge) or width % (patch * merge):
        raise ValueError(f"a picture of {width}x{height} is not a multiple of {patch * merge} pixels")
    rows, columns = height // patch, width // patch
    # The product is float64 and the rest is float32, because the library rounds in this order.
    scaled = (square.astype(np.float64) * spec.rescale_factor).astype(np.float32)
    mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
    normalised = (scaled - mean) / std  # (height, width, 3)
    blocks = normalised.reshape(rows // merge, merge, patch, columns // merge, merge, patch, 3)
    patches = blocks.transpose(0, 3, 1, 4, 6, 2, 5)  # (rows/m, columns/m, m, m, 3, patch, patch)
    in_time = np.broadcast_to(patches[:, :, :, :, :, None], (*patches.shape[:5], spec.temporal_patches, patch, patch))
    values = in_time.reshape(rows * columns, 3 * spec.temporal_patches * patch * patch)
    return values, np.array([[1, rows, columns]], dtype=np.int64)


def _positive(value: object) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"{value!r} is not a positive whole number")
    return value


def _three(values: object) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3:
        raise ValueError(f"{values!r} are not three numbers")
    return cast("tuple[float, float, float]", tuple(float(value) for value in values))
