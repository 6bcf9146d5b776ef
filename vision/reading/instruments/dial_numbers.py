"""Reads the scale off a dial's own numbers: the values of its first and its last mark."""

from __future__ import annotations

import itertools
import re
import threading
from typing import TYPE_CHECKING

import numpy as np

from vision.frame import Frame, Rgb
from vision.reading.instruments.dial_marks import Marks
from vision.reading.instruments.polar import DIAL_RADIUS, DIAL_SIDE

if TYPE_CHECKING:
    from vision.reading.interface import Reader

_NUMBER = re.compile(r"[-−–]?\d+(?:[.,]\d+)?$")
_FEWEST_NUMBERS = 4  # that agree; fewer may do so by chance
_ENLARGED = 2
_TOLERANCE = 0.02  # of the scale, between a number's place and its value


def scale_by_numbers(
    upright: Rgb, marks: Marks, reader: Reader, cancelled: threading.Event | None = None
) -> tuple[float, float] | None:
    """The values at the first and the last mark. None where too few numbers agree with each other."""
    numbers = _numbers_on(upright, marks, reader, cancelled)
    best: tuple[int, float, float] = (0, 0.0, 0.0)
    for share, value in numbers:
        for other, another in numbers:
            if other - share < 0.15 or another == value:
                continue
            slope = (another - value) / (other - share)
            first = value - share * slope
            agreeing = sum(abs(first + place * slope - number) < _TOLERANCE * abs(slope) for place, number in numbers)
            best = max(best, (agreeing, first, slope))
    agreeing, first, slope = best
    if agreeing < max(_FEWEST_NUMBERS, 0.6 * len(numbers)):
        return None
    inliers = [one for one in numbers if abs(first + one[0] * slope - one[1]) < _TOLERANCE * abs(slope)]
    shares, values = np.array(inliers).T
    slope, first = (float(one) for one in np.polyfit(shares, values, 1))
    return _rounded(first, first + slope, sorted(set(values.tolist())))


def _rounded(first: float, last: float, values: list[float]) -> tuple[float, float] | None:
    """The first and the last mark have a round number, too: a multiple of the smallest step between two numbers."""
    step = min(after - before for before, after in itertools.pairwise(values))
    rounded = round(first / step) * step, round(last / step) * step
    if max(abs(rounded[0] - first), abs(rounded[1] - last)) > 0.3 * step:
        return None
    return float(f"{rounded[0]:.6g}"), float(f"{rounded[1]:.6g}")


def _numbers_on(
    upright: Rgb, marks: Marks, reader: Reader, cancelled: threading.Event | None
) -> list[tuple[float, float]]:
    """Of each number its place as a share of the scale, and its value."""
    import cv2

    large = cv2.resize(upright, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    frame = Frame(np.asarray(large, np.uint8), 0.0)
    found = []
    for line in reader.recognise(frame, reader.find(frame, cancelled), cancelled=cancelled):
        text = line.text.strip().replace(" ", "")
        if not _NUMBER.match(text) or line.confidence < 0.8:
            continue
        corners = np.array([line.quad.top_left, line.quad.top_right, line.quad.bottom_right, line.quad.bottom_left])
        x, y = corners.mean(axis=0) / _ENLARGED - DIAL_SIDE / 2
        if np.hypot(x, y) < 0.3 * DIAL_RADIUS:
            continue  # a class, or a serial number
        share = marks.share_at(float(np.degrees(np.arctan2(x, -y))))
        if share is not None:
            found.append((share, float(re.sub("[−–]", "-", text).replace(",", "."))))
    return found
