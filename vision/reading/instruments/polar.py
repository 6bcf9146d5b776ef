"""A dial's picture in polar coordinates: one row for each radius, one column for each angle, clockwise from the top."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]

DIAL_SIDE = 560  # pixels of the picture of one dial
DIAL_RADIUS = 250.0  # pixels: its rim, around the middle of that picture
ANGLES = 1440  # columns: a quarter of a degree each
RADII = 132  # rows
RADIUS_STEP = 1.05 / RADII  # from one row to the next, in radii of the rim


def to_polar(upright: Levels) -> Levels:
    """The levels of a straightened dial, (DIAL_SIDE, DIAL_SIDE), in polar coordinates, (RADII, ANGLES)."""
    import cv2

    angles = np.arange(ANGLES) * (2 * math.pi / ANGLES)
    radii = (np.arange(RADII) + 0.5) * RADIUS_STEP * DIAL_RADIUS
    right = DIAL_SIDE / 2 + radii[:, None] * np.sin(angles)[None]
    down = DIAL_SIDE / 2 - radii[:, None] * np.cos(angles)[None]
    maps = right.astype(np.float32), down.astype(np.float32)
    return np.asarray(cv2.remap(upright, *maps, cv2.INTER_LINEAR), np.float32)


def row_of(radius: float) -> int:
    """The row of a radius, which is given in radii of the rim."""
    return min(RADII - 1, max(0, int(radius / RADIUS_STEP)))


def smoothed(rows: Levels, degrees: float) -> Levels:
    """Averaged around the circle over about so many degrees, by a Gaussian."""
    import cv2

    sigma = max(0.3, degrees * ANGLES / 360 / 2.5)
    margin = math.ceil(3 * sigma)
    wrapped = np.concatenate([rows[:, -margin:], rows, rows[:, :margin]], axis=1)
    soft = cv2.GaussianBlur(wrapped, (2 * margin + 1, 1), sigma, sigmaY=0)
    return np.asarray(soft[:, margin:-margin], np.float32)
