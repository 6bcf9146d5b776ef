"""Finds where a row of seven-segment digits stands.

A reader of print tells where print is, and may take a whole display for one line. Within that, the digits are those
shapes that stand beside each other and are equally high. It does not know what the digits say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vision.frame import Rgb
from vision.reading.instruments.digit_strip import Corners, Levels, cut_out, height_of, levels_in, width_of
from vision.reading.interface import Layout, Quad

_HEIGHT_PX = 300  # of the strip in which digits are looked for
_ASIDE, _ABOVE = 0.9, 0.25  # how far it reaches beyond the line that was found, in its heights
_CLOSED_PX = (9, 5, 13)  # gaps that are closed: those between segments, but not those between digits
_CLOSED_UPRIGHT_PX = 13  # the same from top to bottom
_LOWEST = 0.12  # of the strip's height: lower shapes are no digits
_LEAST_AREA_PX = 12


def row_of_print(layout: Layout) -> Corners | None:
    """The corners of the highest line that was found, together with what stands in its row. None without any line."""
    boxes = [_upright(line.quad) for line in layout.lines]
    if not boxes:
        return None
    highest = max(boxes, key=height_of)
    along = highest[1] - highest[0] + highest[2] - highest[3]
    along /= max(float(np.hypot(*along)), 1e-6)
    if height_of(highest) > 1.2 * width_of(highest):  # a single digit tells no direction
        along = np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    middle = highest.mean(axis=0)
    row = [
        box
        for box in boxes
        if abs(float((box.mean(axis=0) - middle) @ across)) < 0.4 * height_of(highest)
        and height_of(box) > 0.45 * height_of(highest)
    ]
    right, down = (np.concatenate(row) - middle) @ along, (highest - middle) @ across
    ends = [(right.min(), down.min()), (right.max(), down.min()), (right.max(), down.max()), (right.min(), down.max())]
    return np.array([middle + x * along + y * across for x, y in ends], np.float64)


def digits_within(rgb: Rgb, corners: Corners, is_lit: bool) -> Corners | None:
    """The corners of the row of digits in what was found. None where no shape may be a digit."""
    strip = cut_out(rgb, corners, aside=_ASIDE, above=_ABOVE, height_px=_HEIGHT_PX)
    levels = levels_in(strip.rgb, is_lit)
    row = max((_best_row(_shapes(levels, closed)) for closed in _CLOSED_PX), key=len)
    if not row:
        return None
    # Perspective lets the row climb or fall, so its ends are those of the first and the last digit.
    left, right = row[0], row[-1]
    ends = (left.left, left.top), (right.right, right.top), (right.right, right.bottom), (left.left, left.bottom)
    return strip.in_picture(np.array(ends, np.float64))


def _upright(quad: Quad) -> Corners:
    """The corners as they stand in the picture: the reader of print may take digits for upside-down ones."""
    corners = np.array([quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left], np.float64)
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.maximum(np.hypot(edges[:, 0], edges[:, 1]), 1e-6)
    return np.roll(corners, -int(np.argmax(edges[:, 0] / lengths)), axis=0)


@dataclass(frozen=True)
class _Shape:
    """The box around lit pixels that hang together. Right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left


def _shapes(levels: Levels, closed: int) -> list[_Shape]:
    """From left to right, and without those that go on outside the strip, such as the housing."""
    import cv2

    lit = (levels > 0.5).astype(np.uint8)
    # Segments have pointed ends, between which a round brush slips through; a line from top to bottom joins them.
    upright = cv2.morphologyEx(lit, cv2.MORPH_CLOSE, np.ones((_CLOSED_UPRIGHT_PX, 1), np.uint8))
    joined = cv2.morphologyEx(upright, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (closed, closed)))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for left, top, width, height, area in stats[1:count].tolist():
        touches = top == 0 or top + height == levels.shape[0] or left == 0 or left + width == levels.shape[1]
        if area >= _LEAST_AREA_PX and not touches:
            found.append(_Shape(left, top, left + width, top + height))
    return sorted(found, key=lambda shape: shape.left)


def _best_row(shapes: list[_Shape]) -> list[_Shape]:
    """The most shapes that are equally high and stand beside each other, from left to right."""
    tall = [shape for shape in shapes if shape.height > _LOWEST * _HEIGHT_PX and shape.width < 9 * shape.height]
    tall = [shape for shape in tall if not any(_holds(shape, other) for other in tall)]  # the edge of the housing
    best: list[_Shape] = []
    for first in tall:
        row = [shape for shape in tall if _is_beside(shape, first)]
        if (len(row), first.height) > (len(best), best[0].height if best else 0):
            best = row
    return best


def _is_beside(shape: _Shape, other: _Shape) -> bool:
    # Perspective, and a turn that is left over, let the row climb or fall.
    near = abs(shape.left - other.left) * 0.1 + 0.15 * other.height
    return abs(shape.height - other.height) < 0.2 * other.height and abs(shape.top - other.top) < near


def _holds(shape: _Shape, other: _Shape) -> bool:
    x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
    is_inside = shape.left < x < shape.right and shape.top < y < shape.bottom
    return shape is not other and is_inside and 0.25 * shape.height < other.height < 0.95 * shape.height
