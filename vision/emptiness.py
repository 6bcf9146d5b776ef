"""Measures whether a picture shows anything: its structure, apart from even light, from noise and from a smear.

It is pure numpy. It knows no frame and no verdict: `vision/framing.py` has the thresholds. Planes are those of
`vision.sharpness.reduced`, with 224 to 447 pixels on the longer side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sharpness import TILE_PX, Plane, tile_means

_SPECTRUM_PX = 192  # side of the part of the picture whose waves are measured
_SLOWEST = 0.03  # cycles a pixel: slower changes are light and shapes, not waves
_SOME = 1e-6  # keeps quotients of empty pictures finite


@dataclass(frozen=True)
class Structure:
    """What a picture shows. Levels are brightness, 0..255."""

    unevenness: float  # of the tiles' brightness, without light that falls off, as a share of the brightness
    strongest_level: float  # change a pixel in the tile that changes second most, with the noise smoothed away
    share: float  # tiles that change by a seventh of `strongest_level` or more, 0..1
    along_level: float  # change a pixel in the direction in which the whole picture changes least
    across_level: float  # the same, across that direction
    fine_over_coarse: float  # changes between neighbours over those between tiles: large in noise
    fine_variation: float  # of the changes between neighbours, from tile to tile: standard deviation over mean
    wave_share: float  # of the change of color from red to green that is in one regular wave, 0..1
    red_green: float  # correlation of the fine changes of red and of green, -1..1: low in the colored bands of a screen

    @property
    def one_way(self) -> float:
        """How much all changes are in one direction: 0 in none, 1 in a smear or in stripes."""
        along, across = self.along_level**2, self.across_level**2
        return (across - along) / (across + along + _SOME)


NO_STRUCTURE = Structure(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def structure_of(red: Plane, green: Plane, luma: Plane) -> Structure:
    """Measures a picture by its reduced planes. A picture that is too small to tell has no structure."""
    if min(luma.shape) < 4 * TILE_PX:
        return NO_STRUCTURE
    means = tile_means(luma)
    soft = _softened(_softened(luma))
    across: Plane = (soft[1:-1, 2:] - soft[1:-1, :-2]) / np.float32(2)
    down: Plane = (soft[2:, 1:-1] - soft[:-2, 1:-1]) / np.float32(2)
    tiles = np.sqrt(tile_means(across * across + down * down))
    strongest = float(np.partition(tiles.ravel(), -2)[-2]) if tiles.size > 1 else 0.0
    tensor = np.array(
        [
            [np.vdot(across, across), np.vdot(across, down)],
            [np.vdot(across, down), np.vdot(down, down)],
        ]
    )
    weaker, stronger = np.sqrt(np.maximum(0.0, np.linalg.eigvalsh(tensor / across.size)))
    fine = np.abs(np.diff(luma, axis=1))
    fine_tiles = tile_means(fine)
    uneven = float(_without_light(means).std())
    chroma = red - green
    return Structure(
        unevenness=uneven / (float(means.mean()) + 5.0),
        strongest_level=strongest,
        share=float(np.count_nonzero(tiles >= strongest / 7) / tiles.size),
        along_level=float(weaker),
        across_level=float(stronger),
        fine_over_coarse=float(fine.mean()) / (uneven + 0.2),
        fine_variation=float(fine_tiles.std() / (fine_tiles.mean() + _SOME)),
        wave_share=_wave_share(chroma),
        red_green=_correlation(red - _blurred_far(red), green - _blurred_far(green)),
    )


def _without_light(means: Plane) -> Plane:
    """The tiles' brightness less the best surface of the second degree: light that falls off is no structure."""
    rows, columns = means.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).reshape(-1, 6)
    found, *_ = np.linalg.lstsq(terms, means.ravel().astype(np.float64), rcond=None)
    rest: Plane = (means.ravel() - terms @ found).astype(np.float32)
    return rest


def _softened(plane: Plane) -> Plane:
    """Means of 3 × 3 pixels."""
    rows = plane[:-2] + plane[1:-1] + plane[2:]
    means: Plane = ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)).astype(np.float32)
    return means


def _blurred_far(plane: Plane) -> Plane:
    """The mean of each tile, in each of its pixels; the rest at the right and at the bottom has that of the last tile."""
    means = tile_means(plane)
    wide = np.repeat(np.repeat(means, TILE_PX, axis=0), TILE_PX, axis=1)
    down, right = plane.shape[0] - wide.shape[0], plane.shape[1] - wide.shape[1]
    return np.pad(wide, ((0, down), (0, right)), mode="edge")


def _correlation(one: Plane, other: Plane) -> float:
    """1 where neither changes."""
    energy = float(np.sqrt(float(np.vdot(one, one)) * float(np.vdot(other, other))))
    return 1.0 if energy < one.size * 0.05 else float(np.vdot(one, other)) / energy


def _wave_share(plane: Plane) -> float:
    side = min(_SPECTRUM_PX, *plane.shape)
    top, left = (plane.shape[0] - side) // 2, (plane.shape[1] - side) // 2
    part = plane[top : top + side, left : left + side]
    window = np.hanning(side).astype(np.float32)
    energy: NDArray[np.float64] = np.abs(np.fft.rfft2((part - part.mean()) * window * window[:, None])) ** 2
    slow = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) < _SLOWEST
    energy[slow] = 0.0
    total = float(energy.sum())
    if total <= _SOME:
        return 0.0
    row, column = np.unravel_index(int(energy.argmax()), energy.shape)
    rows = (np.arange(row - 2, row + 3) % side)[:, None]
    columns = np.arange(max(0, int(column) - 2), min(energy.shape[1], int(column) + 3))[None]
    return float(energy[rows, columns].sum()) / total
