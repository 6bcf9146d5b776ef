"""Judges whether a page was held so that it can be read, from where its lines of print were found.

It says which side is cut off, whether the print is too small, too slanted, or hidden by a reflection. Sides are those
of the frame, whichever way the page is turned: the camera has to move there. It is pure numpy. It does not know what
is said to the user, nor what the lines say. docs/reading.md has the figures; `python -m
assistant.bench.accuracy.reading` measures them again.
"""

from __future__ import annotations

from enum import Enum
from statistics import median

import numpy as np

from vision.frame import Frame, Rgb
from vision.reading.interface import Layout, Point, Quad
from vision.reading.order import line_height, line_width, slant_degrees

# Lines that run more steeply than this are still found and straightened, but columns may be mixed up.
MOST_SLANT_DEGREES = 15.0
# The directions of a page's long lines differ by more than this where it is seen from far aside.
MOST_SPREAD_DEGREES = 10.0
# A line that ends at the frame's edge is cut, if its end is nearer than this many heights, …
_ENDS_AT_EDGE = 0.3
# … and a side is cut if this share of the lines ends there.
_CUT_SHARE = 0.15
# A page is cut between its lines, or in the middle of one, if the nearest line along the edge is nearer than this.
_RUNS_ALONG_EDGE = 1.2
# Only lines so many heights long tell a direction, or that a page goes on; a page number does neither.
_LONG = 3.0
# A reflection is as bright as the camera can tell, on paper that is not, over this share of the text.
_CLIPPED_LEVEL, _PAPER_LEVEL, _GLARE_SHARE = 250, 238, 0.015
_GLARE_GRID_PX = 320  # the picture is judged on a grid of this size


class Advice(str, Enum):
    """What hinders the reader, as the name of the words for it."""

    CUT_LEFT = "cut_left"
    CUT_RIGHT = "cut_right"
    CUT_TOP = "cut_top"
    CUT_BOTTOM = "cut_bottom"
    TOO_FAR = "too_far"
    GLARE = "glare"
    SLANTED = "slanted"


def advise(frame: Frame, layout: Layout) -> tuple[Advice, ...]:
    """What hinders the reader in this frame, the worst first; () where nothing does, or where there is no print."""
    quads = [line.quad for line in layout.lines]
    if not quads:
        return ()
    height, width = frame.rgb.shape[:2]
    found = list(cut_sides(quads, width, height))
    if layout.is_too_small:
        found.append(Advice.TOO_FAR)
    if _has_glare(frame.rgb, quads):
        found.append(Advice.GLARE)
    if _is_slanted(quads):
        found.append(Advice.SLANTED)
    return tuple(found)


def cut_sides(quads: list[Quad], width: int, height: int) -> tuple[Advice, ...]:
    """The sides of a frame of this size, in pixels, at which the text goes on beyond the frame."""
    sides = (
        (Advice.CUT_LEFT, 0, lambda point: point[0]),
        (Advice.CUT_RIGHT, 0, lambda point: width - 1 - point[0]),
        (Advice.CUT_TOP, 1, lambda point: point[1]),
        (Advice.CUT_BOTTOM, 1, lambda point: height - 1 - point[1]),
    )
    usual = median(line_height(quad) for quad in quads)  # a heading's own height would be too wide a margin
    cut = []
    for advice, axis, distance_of in sides:
        ending = [quad for quad in quads if _runs_along(quad) == axis]
        passing = [
            quad for quad in quads if _runs_along(quad) == 1 - axis and line_width(quad) > _LONG * line_height(quad)
        ]
        at_edge = sum(min(map(distance_of, _corners(quad))) < _ENDS_AT_EDGE * line_height(quad) for quad in ending)
        if (at_edge and at_edge >= _CUT_SHARE * len(ending)) or any(
            min(map(distance_of, _corners(quad))) < _RUNS_ALONG_EDGE * min(usual, line_height(quad)) for quad in passing
        ):
            cut.append(advice)
    return tuple(cut)


def _corners(quad: Quad) -> tuple[Point, Point, Point, Point]:
    return quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left


def _runs_along(quad: Quad) -> int:
    """0 for a line that runs across the frame, 1 for one that runs up or down."""
    across, down = (abs(quad.top_right[axis] - quad.top_left[axis]) for axis in (0, 1))
    return int(down > across)


def _is_slanted(quads: list[Quad]) -> bool:
    if abs(slant_degrees(quads)) > MOST_SLANT_DEGREES:
        return True
    long = [quad for quad in quads if line_width(quad) > 2 * _LONG * line_height(quad)]
    if len(long) < 3:
        return False
    directions = sorted(slant_degrees([quad]) for quad in long)
    # Without the outermost tenths: a line on another thing beside the page.
    outer = len(directions) // 10
    return directions[-1 - outer] - directions[outer] > MOST_SPREAD_DEGREES


def _has_glare(rgb: Rgb, quads: list[Quad]) -> bool:
    step = max(1, max(rgb.shape[:2]) // _GLARE_GRID_PX)
    points = np.array([_corners(quad) for quad in quads]).reshape(-1, 2)
    (left, top), (right, bottom) = (np.clip(edge, 0, None).astype(int) for edge in (points.min(0), points.max(0)))
    text = rgb[top : bottom + 1 : step, left : right + 1 : step].min(axis=2)
    if not text.size or float(np.median(text)) > _PAPER_LEVEL:
        return False
    return float(np.mean(text >= _CLIPPED_LEVEL)) > _GLARE_SHARE
