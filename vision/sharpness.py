"""How wide the edges of a picture are: the numbers that framing judges blur by, on planes of brightness.

Pure numpy. It knows no frame, no verdict and no threshold but those that say where there is an edge at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frame import Rgb

Plane = NDArray[np.float32]  # (height, width), 0..255

# Pictures are judged small: whole boxes of pixels are averaged until the longer side has 224 to 447. That takes the
# noise of a sensor down by the size of a box, costs little, and what is lost is less than the model's 448 pixel square
# loses.
JUDGED_SIDE_PX = 224
# Of larger pictures only every second row and column is read, or third, …: it tells as much, in a fraction of the time.
READ_SIDE_PX = 1280
TILE_PX = 16

# A tile counts where brightness changes by this much a pixel (root mean square): less is shading, and a plain wall has
# no sharpness to be judged by. At least so many tiles, and the sharpest seventh of them speaks: a blurred background is
# no fault.
EDGE_RISE = 1.5
EDGE_TILES = 3
SHARPEST_SHARE = 0.15
# Energy of a tile's edges over the noise's: less, and the noise decides how wide they seem.
EDGE_OVER_NOISE = 12.0
# More than this is no sensor's noise at this size (20 steps in a 720p picture), but the thing's own fine texture.
NOISE_MOST = 4.0
# No shake makes edges so much wider in one direction: there only the background has edges, and it is out of focus.
SHAKE_MOST = 8.0


def reduced(rgb: Rgb, side_px: int = JUDGED_SIDE_PX) -> tuple[Plane, Plane, Plane]:
    """The three channels, averaged over whole boxes, of a large picture over a few pixels in each; a rest of less than
    a box at the right and bottom is left out.
    """
    height, width, _ = rgb.shape
    box = min(max(1, max(height, width) // side_px), height, width)
    rows = height // box
    # Along the rows first, where the bytes lie side by side; then each channel by itself, so that numpy's inner loop is
    # long.
    step = max(1, max(height, width) // READ_SIDE_PX)
    read = rgb[: rows * box].reshape(rows, box, width * 3)[:, ::step]
    sums = read.sum(axis=1, dtype=np.uint16)  # (rows, width · 3): of 12 rows at most
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


def luma_of(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Brightness as the eye weighs it (ITU-R BT.601)."""
    luma: Plane = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return luma


def tile_means(plane: Plane) -> Plane:
    """Means over tiles; a picture smaller than a tile is one."""
    height, width = plane.shape
    high, wide = min(TILE_PX, height), min(TILE_PX, width)
    rows, columns = height // high, width // wide
    down = np.add.reduceat(plane[: rows * high], np.arange(0, rows * high, high), axis=0)
    sums = np.add.reduceat(down[:, : columns * wide], np.arange(0, columns * wide, wide), axis=1)
    means: Plane = (sums / (high * wide)).astype(np.float32)
    return means


def noise_level_of(luma: Plane) -> float:
    """Standard deviation of the noise: J. Immerkær's operator (1996), which edges hardly move, in the calmer half of
    the picture.

    The first quartile instead of the mean, so that texture in three quarters of the picture does not count as noise.
    """
    if min(luma.shape) < 3:
        return 0.0
    across = luma[:, 2:] - 2 * luma[:, 1:-1] + luma[:, :-2]
    twice = across[2:] - 2 * across[1:-1] + across[:-2]  # deviates 6 times as much as the noise
    quartile = float(np.percentile(np.abs(twice[:, ::2]), 25))
    return min(quartile / (0.3186 * 6), NOISE_MOST)  # 0.3186: a normal distribution's quartile of |x|


def edge_widths(luma: Plane, noise_level: float) -> tuple[float | None, float]:
    """How wide the sharpest edges are, in pixels of `luma`, in the direction in which they are widest, and how much
    wider than across it. Without edges (None, 1).

    A Gaussian edge of standard deviation s has 2·s² as much energy in its first derivative as in its second, whatever
    its contrast: the variance of a Laplacian, relative to contrast, in each of four directions, as shaking blurs only
    one.
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
    """Per tile the mean squares of the first and second difference in a direction, without the noise's."""
    height, width = luma.shape
    middle = luma[1:-1, 1:-1]
    after = luma[1 + down : height - 1 + down, 1 + right : width - 1 + right]
    before = luma[1 - down : height - 1 - down, 1 - right : width - 1 - right]
    rise, bend = after - before, after + before - 2 * middle
    square = down * down + right * right  # of the step's length
    # White noise of variance v adds 2v and 6v to these sums' squares.
    rise_energy = (tile_means(rise * rise) - np.float32(2 * noise_variance)) / np.float32(4 * square)
    bend_energy = (tile_means(bend * bend) - np.float32(6 * noise_variance)) / np.float32(square * square)
    return rise_energy, bend_energy


def _width(rise: Plane, bend: Plane, rise_across: Plane, noise_variance: float) -> float | None:
    # Edges look wide where they are crossed at a slant: only tiles count that do not change much more across this
    # direction.
    counts = (rise > max(EDGE_RISE**2, EDGE_OVER_NOISE * noise_variance)) & (2 * rise > rise_across)
    if np.count_nonzero(counts) < EDGE_TILES:
        return None
    squares = rise[counts] / (2 * np.maximum(bend[counts], np.float32(1e-3)))
    return float(np.sqrt(np.quantile(squares, SHARPEST_SHARE)))
