"""Measures how wide the edges of a picture are, from its brightness. Blur is judged by these numbers.

It is pure numpy. It knows no frame and no verdict. Its thresholds say only where there is an edge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frame import Rgb

Plane = NDArray[np.float32]  # (height, width), 0..255
Channel = NDArray[np.float32] | NDArray[np.uint8]  # the same; numpy makes float32 of both

# Pictures are reduced before they are judged: whole boxes of pixels are averaged until the longer side has 224 to 447
# pixels. This divides a sensor's noise by the side of a box and costs little. It loses less than the model's square of
# 448 pixels does.
JUDGED_SIDE_PX = 224
# If a picture is larger than this, only every second row and column is read, or every third, and so on. The result is
# as good, in a fraction of the time.
READ_SIDE_PX = 1280
TILE_PX = 16

# A tile has an edge if its brightness changes by this much a pixel (root mean square). A smaller change is shading: a
# plain wall has no edges whose sharpness could be judged.
EDGE_RISE = 1.5
EDGE_TILES = 3  # there is no verdict with fewer tiles that have an edge
SHARPEST_SHARE = 0.15  # this share of the tiles, the sharpest, decides, because a blurred background is no fault
# A tile's edges need this many times the energy of the noise. With less, the noise decides how wide they seem.
EDGE_OVER_NOISE = 12.0
# A sensor's noise is not above this at the reduced size (it is 20 steps in a 720p picture). What is above it is the
# fine texture of the thing itself.
NOISE_MOST = 4.0
# No shake makes edges wider in one direction by this factor. If they are, only the background has edges in that
# direction, and it is out of focus.
SHAKE_MOST = 8.0


def reduced(rgb: Rgb, side_px: int = JUDGED_SIDE_PX) -> tuple[Plane, Plane, Plane]:
    """Returns the three channels, averaged over boxes of pixels, so that the longer side has `side_px` or a bit more.

    In a large picture only some pixels of each box are read. A rest of less than a box at the right and at the bottom
    is left out.
    """
    height, width, _ = rgb.shape
    box = min(max(1, max(height, width) // side_px), height, width)
    rows = height // box
    # Rows are added first, because their bytes lie side by side. Then each channel is added by itself, so that numpy's
    # inner loop is long.
    step = max(1, max(height, width) // READ_SIDE_PX)
    read = rgb[: rows * box].reshape(rows, box, width * 3)[:, ::step]
    sums = read.sum(axis=1, dtype=np.uint16)  # (rows, width · 3); uint16 is enough, since at most 12 rows are added
    red, green, blue = (
        _box_sums(sums[:, channel::3], box, step) / np.float32(read.shape[1] ** 2) for channel in range(3)
    )
    return red, green, blue


def _box_sums(sums: NDArray[np.uint16], box: int, step: int) -> Plane:
    columns = sums.shape[1] // box
    total = np.zeros((sums.shape[0], columns), np.float32)
    for offset in range(0, box, step):
        total += sums[:, offset : columns * box : box]
    return total


def luma_of(red: Channel, green: Channel, blue: Channel) -> Plane:
    """Returns the brightness as the eye weighs the channels (ITU-R BT.601)."""
    luma: Plane = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return luma


def tile_means(plane: Plane) -> Plane:
    """Returns the mean of each tile. A picture that is smaller than a tile is one tile."""
    height, width = plane.shape
    high, wide = min(TILE_PX, height), min(TILE_PX, width)
    rows, columns = height // high, width // wide
    down = np.add.reduceat(plane[: rows * high], np.arange(0, rows * high, high), axis=0)
    sums = np.add.reduceat(down[:, : columns * wide], np.arange(0, columns * wide, wide), axis=1)
    means: Plane = (sums / (high * wide)).astype(np.float32)
    return means


def noise_level_of(luma: Plane) -> float:
    """Returns the standard deviation of the noise, by J. Immerkær's operator (1996), which edges hardly change.

    It takes the first quartile of the operator's values, not their mean. So texture in up to three quarters of the
    picture does not count as noise.
    """
    if min(luma.shape) < 3:
        return 0.0
    across = luma[:, 2:] - 2 * luma[:, 1:-1] + luma[:, :-2]
    twice = across[2:] - 2 * across[1:-1] + across[:-2]  # its standard deviation is 6 times that of the noise
    quartile = float(np.percentile(np.abs(twice[:, ::2]), 25))
    return min(quartile / (0.3186 * 6), NOISE_MOST)  # 0.3186 is the first quartile of |x| for a normal distribution


def edge_widths(luma: Plane, noise_level: float) -> tuple[float | None, float]:
    """Returns the width of the sharpest edges, in pixels of `luma`, and the ratio of widths across directions.

    The width is that of the direction in which the edges are widest. The ratio says how much wider they are than across
    that direction. Without edges the result is (None, 1).

    A Gaussian edge of standard deviation s has 2·s² times as much energy in its first derivative as in its second,
    whatever its contrast. So the measure is the variance of a Laplacian, relative to contrast. It is taken in each of
    four directions, because a shake blurs only one.
    """
    if min(luma.shape) < TILE_PX + 2:
        return None, 1.0
    variance = noise_level * noise_level
    found: list[float] = []
    ratio = 1.0
    for one, across in (((0, 1), (1, 0)), ((1, 1), (1, -1))):
        rise, bend = _energies(luma, *one, variance)
        rise_across, bend_across = _energies(luma, *across, variance)
        pair = (_width(rise, bend, rise_across, variance), _width(rise_across, bend_across, rise, variance))
        widths = sorted(width for width in pair if width is not None)
        if len(widths) == 2 and widths[1] > SHAKE_MOST * widths[0]:
            widths.pop()
        if len(widths) == 2:
            ratio = max(ratio, widths[1] / widths[0])
        found += widths
    return max(found, default=None), ratio


def _energies(luma: Plane, down: int, right: int, noise_variance: float) -> tuple[Plane, Plane]:
    """Returns per tile the mean squares of the first and second difference in a direction, less those of the noise."""
    height, width = luma.shape
    middle = luma[1:-1, 1:-1]
    after = luma[1 + down : height - 1 + down, 1 + right : width - 1 + right]
    before = luma[1 - down : height - 1 - down, 1 - right : width - 1 - right]
    rise, bend = after - before, after + before - 2 * middle
    square = down * down + right * right  # of the length of a step, in pixels
    # White noise of variance v adds 2v to the mean square of `rise`, and 6v to that of `bend`.
    rise_energy = (tile_means(rise * rise) - np.float32(2 * noise_variance)) / np.float32(4 * square)
    bend_energy = (tile_means(bend * bend) - np.float32(6 * noise_variance)) / np.float32(square * square)
    return rise_energy, bend_energy


def _width(rise: Plane, bend: Plane, rise_across: Plane, noise_variance: float) -> float | None:
    # An edge looks wide where it is crossed at a slant. So a tile counts only if it does not change much more across
    # this direction.
    counts = (rise > max(EDGE_RISE**2, EDGE_OVER_NOISE * noise_variance)) & (2 * rise > rise_across)
    if np.count_nonzero(counts) < EDGE_TILES:
        return None
    squares = rise[counts] / (2 * np.maximum(bend[counts], np.float32(1e-3)))
    return float(np.sqrt(np.quantile(squares, SHARPEST_SHARE)))
