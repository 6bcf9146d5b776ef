"""Finds a dial's needle: the stroke that goes from the middle outwards without a break, and the line that it makes.

A counterweight on the other side is shorter. Two strokes of like length, such as a second needle that keeps the highest
value, are not told apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vision.reading.instruments.polar import ANGLES, RADII, RADIUS_STEP, Levels, row_of, smoothed

_FROM, _TO = 0.2, 0.56  # radii of the rim, between which every needle is seen: outside the hub, inside the numbers
_ON = 0.4  # contrast that belongs to the needle
_LEAST = 0.6  # so much of it must be seen
_RIVAL = 0.75  # another stroke that is seen so well, compared with the needle, makes it doubtful
_APART = 14.0  # degrees: nearer strokes belong to the needle
_WINDOW = 0.11  # radii of the rim, on both sides of the line, in which the needle's middle is looked for


@dataclass(frozen=True)
class Needle:
    """The needle as a line: a point on it and its direction, in radii of the rim from the dial's middle."""

    point: tuple[float, float]
    direction: tuple[float, float]  # of length 1, outwards
    clearness: float  # 0 to 1
    is_clear: bool  # nothing else on the dial looks like a needle

    def angle_at(self, radius: float) -> float:
        """Where the line crosses the circle of this radius: degrees clockwise from the top."""
        (x, y), (right, down) = self.point, self.direction
        along = x * right + y * down
        rest = along * along - (x * x + y * y) + radius * radius
        reach = -along + math.sqrt(max(0.0, rest))
        return math.degrees(math.atan2(x + reach * right, -(y + reach * down))) % 360


def needle_in(polar: Levels) -> Needle | None:
    """The needle in a polar picture of contrasts. None where nothing goes from the middle outwards."""
    begin, end = row_of(_FROM), row_of(_TO)
    band = smoothed(polar, 1.2)[begin:end]
    seen = np.clip(band / _ON, 0, 1)
    # Every third of the way must be seen: a number or a word covers one.
    thirds = np.array_split(seen, 3, axis=0)
    score = np.min([part.mean(axis=0) for part in thirds], axis=0) * 0.5 + seen.mean(axis=0) * 0.5
    best = int(np.argmax(score))
    if score[best] < _LEAST:
        return None
    away = np.abs((np.arange(ANGLES) - best + ANGLES // 2) % ANGLES - ANGLES // 2) * 360 / ANGLES
    rival = float(score[away > _APART].max()) / float(score[best])
    top = np.nonzero((score > 0.9 * score[best]) & (away < _APART))[0]
    offsets = (top - best + ANGLES // 2) % ANGLES - ANGLES // 2
    coarse = (best + float(offsets.mean())) * 360 / ANGLES
    line = _line(polar, coarse)
    if line is None:
        return None
    point, direction, rough = line
    # Its line passes near the middle; perspective moves it by no more than this.
    offset = abs(point[0] * direction[1] - point[1] * direction[0])
    is_clear = rival < _RIVAL and rough < 0.02 and offset < 0.12
    clearness = float(score[best]) * (1.0 if rival < 0.6 else 0.8) * (1 - min(1.0, 10 * rough))
    return Needle(point, direction, min(1.0, clearness), is_clear)


def _line(polar: Levels, coarse: float) -> tuple[tuple[float, float], tuple[float, float], float] | None:
    """The line through the needle's middle at each radius, and how far these are from it, in radii of the rim."""
    import cv2

    points = []
    for row in range(row_of(0.18), row_of(_TO + 0.06)):
        radius = (row + 0.5) * RADIUS_STEP
        half = math.degrees(math.asin(min(0.5, _WINDOW / radius))) * ANGLES / 360
        columns = np.arange(math.floor(coarse * ANGLES / 360 - half), math.ceil(coarse * ANGLES / 360 + half) + 1)
        levels = polar[row, columns % ANGLES]
        strength = np.clip(levels - 0.5 * float(levels.max()), 0, None)
        if float(levels.max()) < _ON or float(strength.sum()) <= 0:
            continue
        angle = math.radians(float((columns * strength).sum() / strength.sum()) * 360 / ANGLES)
        points.append((radius * math.sin(angle), -radius * math.cos(angle)))
    if len(points) < RADII // 10:
        return None
    line = np.asarray(cv2.fitLine(np.array(points, np.float32), cv2.DIST_HUBER, 0, 0.002, 0.002), np.float64).ravel()
    right, down, x, y = (float(value) for value in line)
    turn = math.radians(coarse)
    if right * math.sin(turn) - down * math.cos(turn) < 0:
        right, down = -right, -down
    away = [abs((px - x) * down - (py - y) * right) for px, py in points]
    return (x, y), (right, down), float(np.median(away))
