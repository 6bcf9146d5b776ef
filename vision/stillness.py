"""Tells whether a camera's picture stands still, and whether two pictures show the same scene. Pure numpy.

There are two measures. A `Glimpse` is a small grey picture that is made within a millisecond or two, and a `StillWatch`
tells from glimpses for how long nothing has moved. A `Scene` keeps half of a 1080p picture's resolution in three
colors, and `compare` tells whether anything has changed between two of them, down to one digit of a display. It allows
for what a camera does by itself: noise, JPEG blocks, a slowly changing exposure, a trembling stand. Where it cannot
tell, it says that something has changed, because that costs only time: the picture is looked at once more.

`python -m assistant.bench.accuracy.stillness_rates` measures how often it is right, and docs/framing.md has the
figures. This file does not know what a camera is, what the pictures are for, or who asks about them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .frame import Frame, Rgb
from .sharpness import Plane, luma_of

STILL_SECONDS = 0.7  # a picture stands still if nothing has moved for so long

# A glimpse reads single pixels on a grid of this many columns or a few more, and averages blocks of them.
GLIMPSE_SIDE_PX = 320
GLIMPSE_BLOCK_PX = 8
# Something has moved if the brightness of a block changes by more than this, in levels. What the exposure changes in
# the whole picture is left out. The noise of a block is added, because a dark picture has more of it.
GLIMPSE_LEVELS = 5.0
GLIMPSE_OVER_NOISE = 5.0  # standard deviations of a block; there are 880 blocks in a picture of 16:9

# The longer side of a scene is 960 to 1,919 pixels, or that of a smaller picture. A digit that the reader of print can
# just read, 20 pixels high in a picture of 1080p, is 10 high here and its strokes are one pixel wide.
SCENE_SIDE_PX = 960
# Small blocks find thin strokes. Their places overlap by half, so that a stroke is never cut in two by their edges.
BLOCK_PX = 4
# Large blocks find what is flat and pale: a sheet of paper on a light table changes no level by much.
PATCH_PX = 16
# A small block has changed if its mean square difference is above the sum of these three parts: a floor for JPEG
# blocks and rounding; the noise, which is larger where it is bright; and what a trembling stand does to an edge that
# is moved by this part of a pixel.
BLOCK_LEVELS = 9.0  # of the floor, root mean square
BLOCK_OVER_NOISE = 10.0  # times the variance of the difference's noise
TREMBLE_PX = 0.4
# A large block has changed if its mean differs by more levels than this in any color.
PATCH_LEVELS = 9.0
# The camera's exposure may change the brightness of everything by these factors. Beyond them the light has changed.
GAIN_LEAST, GAIN_MOST = 0.85, 1.18
OFFSET_MOST_LEVELS = 12.0
# With more noise than this in the difference of two scenes, a change of one digit could hide in it.
NOISE_MOST_LEVELS = 9.0


@dataclass(frozen=True, eq=False)
class Glimpse:
    """A small grey picture: mean levels of blocks, 0..255, and their noise."""

    blocks: Plane  # (rows, columns)
    noise_level: float  # standard deviation of a block's mean, from the differences of neighbouring pixels
    picture_shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """What two pictures are compared by."""

    planes: Plane  # (3, height, width), 0..255: red, green, blue
    picture_shape: tuple[int, ...]  # of the frame's pixels: pictures of different shapes are never the same


@dataclass(frozen=True)
class Difference:
    """How much two scenes differ, beside what the camera does by itself. A value above its limit matters."""

    block_ratio: float  # of the block that changed most: its energy over the most that is not a change; limit 1
    patch_levels: float  # of the large block that changed most; limit PATCH_LEVELS
    gain: float  # brightness of the new picture over that of the old one
    offset_levels: float  # added to it
    noise_level: float  # standard deviation of the difference's noise, in levels

    @property
    def matters(self) -> bool:
        """True if an answer about the old picture might be wrong about the new one."""
        return (
            self.block_ratio > 1.0
            or self.patch_levels > PATCH_LEVELS
            or not GAIN_LEAST <= self.gain <= GAIN_MOST
            or abs(self.offset_levels) > OFFSET_MOST_LEVELS
            or self.noise_level > NOISE_MOST_LEVELS
        )


# The difference of pictures that cannot be compared.
ANOTHER_SHAPE = Difference(np.inf, np.inf, 1.0, 0.0, 0.0)


def glimpse_of(frame: Frame) -> Glimpse:
    """Makes the small grey picture. It reads one pixel of many, so it takes a millisecond or two for any size."""
    rgb = frame.rgb
    step = max(1, max(rgb.shape) // GLIMPSE_SIDE_PX)
    few = rgb[::step, ::step]
    grey = luma_of(few[:, :, 0], few[:, :, 1], few[:, :, 2])
    neighbours = np.abs(np.diff(grey, axis=1))
    # The median is that of flat places, where neighbours differ by their noise alone: 0.954 is its ratio to the
    # standard deviation of one pixel for normal noise.
    pixel_noise = float(np.median(neighbours)) / 0.954 if neighbours.size else 0.0
    blocks = _block_means(grey, GLIMPSE_BLOCK_PX)
    return Glimpse(blocks, pixel_noise / GLIMPSE_BLOCK_PX, rgb.shape)


def has_moved(before: Glimpse, after: Glimpse) -> bool:
    """Whether anything of some size has moved or changed between two glimpses."""
    if before.picture_shape != after.picture_shape:
        return True
    gain, offset = _exposure(before.blocks, after.blocks)
    change = after.blocks - (np.float32(gain) * before.blocks + np.float32(offset))
    noise_level = float(np.hypot(before.noise_level, after.noise_level))
    return float(np.abs(change).max()) > GLIMPSE_LEVELS + GLIMPSE_OVER_NOISE * noise_level


class StillWatch:
    """Tells for how many seconds a picture has stood still. Only one thread may use it at a time."""

    def __init__(self) -> None:
        self._anchor: Glimpse | None = None  # the first glimpse since something moved: slow movements count too
        self._since = 0.0

    def note(self, glimpse: Glimpse, at: float) -> float:
        """Takes the next glimpse, of the second `at`, and returns the seconds since something moved."""
        if self._anchor is None or has_moved(self._anchor, glimpse):
            self._anchor, self._since = glimpse, at
        return at - self._since

    def restart(self) -> None:
        """Forgets what it has seen, because nobody has watched for a while."""
        self._anchor = None


def scene_of(frame: Frame) -> Scene:
    """Reduces a picture for `compare`."""
    return Scene(_reduced(frame.rgb), frame.rgb.shape)


def compare(seen: Scene, new: Scene) -> Difference:
    """Tells how the new scene differs from the one that was seen, in some hundredths of a second."""
    if seen.picture_shape != new.picture_shape:
        return ANOTHER_SHAPE
    seen_patches, new_patches = _patch_means(seen.planes), _patch_means(new.planes)
    gain, offset = _exposure(seen_patches, new_patches)
    patch_levels = float(np.abs(new_patches - (np.float32(gain) * seen_patches + np.float32(offset))).max())
    ratio, noise_level = 0.0, 0.0
    for before, after in zip(seen.planes, new.planes, strict=True):
        change = after - (np.float32(gain) * before + np.float32(offset))
        plane_noise = _noise_of(change)
        noise_level = max(noise_level, plane_noise)
        energy = _overlapping_means(np.square(change))
        edges = _overlapping_means(_slope_energy(before))
        allowed = np.float32(BLOCK_LEVELS**2 + BLOCK_OVER_NOISE * plane_noise**2) + np.float32(TREMBLE_PX**2) * edges
        ratio = max(ratio, float((energy / allowed).max()))
    return Difference(ratio, patch_levels, gain, offset, noise_level)


def _reduced(rgb: Rgb) -> Plane:
    """The mean of each box of pixels, for each color. A rest of less than a box is put into no box."""
    height, width, _ = rgb.shape
    box = min(max(1, max(height, width) // SCENE_SIDE_PX), height, width)
    rows, columns = height // box, width // box
    wide = rgb[: rows * box].reshape(rows, box, width * 3)
    sums = np.zeros((rows, width * 3), np.uint16)
    for offset in range(box):
        sums += wide[:, offset]
    planes = np.zeros((3, rows, columns), np.float32)
    for color in range(3):
        for offset in range(box):
            planes[color] += sums[:, color + 3 * offset : 3 * columns * box : 3 * box]
    planes *= np.float32(1.0 / box**2)
    return planes


def _exposure(seen: Plane, new: Plane) -> tuple[float, float]:
    """Gain and offset that turn the seen levels into the new ones, for most of the patches.

    Patches that changed are left out by a fit that is repeated without those that fit badly. Patches near black or
    white are left out as well, because a level there cannot follow the exposure.
    """
    x, y = seen.ravel().astype(np.float64), new.ravel().astype(np.float64)
    fits = (x > 8.0) & (x < 235.0) & (y > 8.0) & (y < 235.0)
    gain, offset = 1.0, 0.0
    for _ in range(4):
        if np.count_nonzero(fits) < 8:
            break
        a, b = x[fits], y[fits]
        spread = a.var()
        if spread < 25.0:  # a flat picture: brightness alone is known
            gain, offset = 1.0, float(np.median(b - a))
        else:
            gain = float(((a - a.mean()) * (b - b.mean())).mean() / spread)
            offset = float(b.mean() - gain * a.mean())
        wrong = np.abs(y - gain * x - offset)
        fits = fits & (wrong <= 2.5 * np.median(wrong[fits]) + 0.5)
    return gain, offset


def _noise_of(change: Plane) -> float:
    """The standard deviation of the noise in a difference, from its median: the part that changed hardly counts."""
    return 1.4826 * float(np.median(np.abs(change[::3, ::3])))


def _slope_energy(plane: Plane) -> Plane:
    """The square of the brightness's slope at each pixel, in levels a pixel: the larger of its sides for each axis."""
    energy = np.zeros_like(plane)
    across, down = np.square(np.diff(plane, axis=1)), np.square(np.diff(plane, axis=0))
    energy[:, 1:] = across
    energy[:, :-1] = np.maximum(energy[:, :-1], across)
    vertical = np.zeros_like(plane)
    vertical[1:] = down
    vertical[:-1] = np.maximum(vertical[:-1], down)
    energy += vertical
    return energy


def _overlapping_means(plane: Plane) -> Plane:
    """The means of blocks of BLOCK_PX pixels that overlap by half. A picture that is smaller is one block."""
    halves = _block_means(plane, BLOCK_PX // 2)
    if min(halves.shape) < 2:
        return np.array([[plane.mean()]], np.float32)
    means: Plane = (halves[:-1, :-1] + halves[1:, :-1] + halves[:-1, 1:] + halves[1:, 1:]) * np.float32(0.25)
    return means


def _patch_means(planes: Plane) -> Plane:
    return np.stack([_block_means(plane, PATCH_PX) for plane in planes])


def _block_means(plane: Plane, side: int) -> Plane:
    """The mean of each block. A picture that is smaller than a block is one block; a rest is left out."""
    height, width = plane.shape
    high, wide = min(side, height), min(side, width)
    rows, columns = height // high, width // wide
    cut = plane[: rows * high, : columns * wide]
    down = cut.reshape(rows, high, columns * wide).sum(axis=1)
    sums = down.reshape(rows, columns, wide).sum(axis=2)
    means: Plane = (sums / np.float32(high * wide)).astype(np.float32)
    return means
