"""Cuts a row of digits out of a picture as a straight strip, and tells how far each of its pixels is lit.

It does not know how digits look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.frame import Rgb
from vision.reading.interface import Quad

Levels = NDArray[np.float32]  # (height, width): 0 is the ground, and 1 what the brightest digits are
Corners = NDArray[np.float64]  # (4, 2): top left, top right, bottom right, bottom left; x and y in pixels

_LEAST_RANGE = 18.0  # of brightness, between digits and their ground; fainter ones are not made to look clear
_WIDEST = 40  # heights of the strip; a longer one is squeezed


@dataclass(frozen=True)
class Strip:
    """A part of a picture that was made straight."""

    rgb: Rgb
    matrix: NDArray[np.float64]  # (3, 3): from the picture to the strip
    aside_px: int  # so much of each end lies beyond the corners that were given

    def in_picture(self, corners: Corners) -> Corners:
        """Where corners in the strip are in the picture."""
        import cv2

        back = cv2.perspectiveTransform(corners[None], np.linalg.inv(self.matrix))
        return np.asarray(back[0], np.float64)


def cut_out(rgb: Rgb, corners: Corners, *, aside: float, above: float, height_px: int) -> Strip:
    """What lies within the corners, with some of its surroundings: `aside` and `above` are in heights of the row."""
    import cv2

    height = height_of(corners)
    along = (corners[1] - corners[0]) / max(width_of(corners), 1e-6)
    across = np.array([-along[1], along[0]])
    right, up = aside * height * along, above * height * across
    wide = corners + np.array([-right - up, right - up, right + up, -right + up])
    factor = height_px / max(height * (1 + 2 * above), 1e-6)
    size = min(_WIDEST * height_px, max(8, round(width_of(wide) * factor))), height_px
    if factor < 0.7:  # warpPerspective takes single pixels and does not average
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.35 / factor), np.uint8)
    wanted = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(wide.astype(np.float32), wanted)
    strip = cv2.warpPerspective(rgb, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Strip(np.asarray(strip, np.uint8), np.asarray(matrix, np.float64), round(aside * height * factor))


def levels_in(rgb: Rgb, is_lit: bool) -> Levels:
    """How much brighter each pixel of a strip is than the ground around it, or how much darker where digits are dark."""
    import cv2

    plane = rgb.max(axis=2) if is_lit else cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    plane = np.ascontiguousarray(plane, np.uint8)
    height = plane.shape[0]
    # The ground is a median over a height of the strip. It is found in a smaller picture, which is quicker.
    small = cv2.resize(plane, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    soft = cv2.medianBlur(small, 2 * (round(0.4 * height) // 2) + 1)
    ground = cv2.resize(soft, (plane.shape[1], height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    differs = plane.astype(np.float32) - ground
    away = np.asarray(cv2.GaussianBlur(differs if is_lit else -differs, (0, 0), 1.0), np.float32)
    middle = away[round(0.2 * height) : round(0.8 * height), height // 2 : -height // 2]
    full = float(np.percentile(middle if middle.size else away, 97))
    return np.asarray(np.clip(away / max(full, _LEAST_RANGE), -0.5, 1.5), np.float32)


def height_of(corners: Corners) -> float:
    """The mean of both sides."""
    return float(np.hypot(*(corners[3] - corners[0])) + np.hypot(*(corners[2] - corners[1]))) / 2


def width_of(corners: Corners) -> float:
    """The mean of the upper and the lower edge."""
    return float(np.hypot(*(corners[1] - corners[0])) + np.hypot(*(corners[2] - corners[3]))) / 2


def quad_of(corners: Corners) -> Quad:
    """The same corners by their names."""
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in corners)
    return Quad(top_left, top_right, bottom_right, bottom_left)
