"""Finds the rims of round dials in a picture, and shows a dial as if the camera had looked at it straight.

A round rim is an ellipse in the picture. Each connected edge is fitted with an ellipse, which is kept if an edge runs
along most of it, and if it is large enough and not too flat. It does not know what is inside the rim: a pipe's end has
one as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vision.frame import Rgb
from vision.reading.instruments.polar import DIAL_RADIUS, DIAL_SIDE, Levels
from vision.reading.interface import Point, Quad

_LONGEST_SIDE_PX = 960  # the picture is reduced to it before rims are looked for
_SMALLEST_DIAL = 0.16  # the smaller diameter of a rim, as a part of the picture's height
_FLATTEST = 0.72  # the smaller axis by the larger one, of a slant of 44 degrees
_LEAST_SUPPORT = 0.55  # an edge is seen along at least this part of a rim
_SAMPLES = 180  # points of a rim at which an edge is looked for
_FACE_PX = 91  # the median over so many pixels of the straightened dial is its face: marks and needle are narrower


@dataclass(frozen=True)
class Rim:
    """An ellipse in the picture. Lengths are pixels."""

    centre: Point
    axes: tuple[float, float]  # half of each: the larger one first
    angle: float  # radians, from the x axis to the larger one
    support: float = 0.0  # the part of it along which an edge is seen

    def quad(self) -> Quad:
        """The upright box around it."""
        points = self.points()
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return Quad((left, top), (right, top), (right, bottom), (left, bottom))

    def points(self) -> NDArray[np.float32]:
        """Points all around it, (_SAMPLES, 2): x and y."""
        turn = np.linspace(0, 2 * np.pi, _SAMPLES, endpoint=False)
        along, across = _directions(self)
        points = np.cos(turn)[:, None] * along * self.axes[0] + np.sin(turn)[:, None] * across * self.axes[1]
        return np.asarray(points + np.array(self.centre), np.float32)


def rims_in(rgb: Rgb) -> list[Rim]:
    """The rims in the picture, the best first: it is large, whole and near the middle. Of equal ones only the best."""
    import cv2

    height, width = rgb.shape[:2]
    factor = min(1.0, _LONGEST_SIDE_PX / max(height, width))
    size = max(8, round(width * factor)), max(8, round(height * factor))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    found = [rim for plane in _planes(np.asarray(small, np.uint8)) for rim in _rims_in_plane(plane)]
    found.sort(key=lambda rim: _rank(rim, size), reverse=True)
    kept: list[Rim] = []
    for rim in found:
        if not any(_is_same(rim, other) for other in kept):
            kept.append(rim)
    return [_scaled(rim, 1 / factor) for rim in kept]


def straightened(rgb: Rgb, rim: Rim) -> Rgb:
    """The dial with its rim as a circle of `DIAL_RADIUS`, not turned: (DIAL_SIDE, DIAL_SIDE, 3)."""
    import cv2

    along, across = _directions(rim)
    turn = np.stack([along, across])
    stretch = turn.T @ np.diag([DIAL_RADIUS / rim.axes[0], DIAL_RADIUS / rim.axes[1]]) @ turn
    reduction = DIAL_RADIUS / rim.axes[0]
    if reduction < 0.7:  # warpAffine takes single pixels and does not average
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.35 / reduction), np.uint8)
    matrix = np.zeros((2, 3))
    matrix[:, :2] = stretch
    matrix[:, 2] = DIAL_SIDE / 2 - stretch @ np.array(rim.centre)
    size = (DIAL_SIDE, DIAL_SIDE)
    warped = cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def contrast_in(dial: Rgb) -> Levels:
    """How far each pixel of a straightened dial differs from the face around it, in brightness or colour.

    1 is as far as print differs.
    """
    import cv2

    lab = cv2.cvtColor(dial, cv2.COLOR_RGB2LAB)
    face = np.stack([cv2.medianBlur(np.ascontiguousarray(lab[..., plane]), _FACE_PX) for plane in range(3)], axis=2)
    away = lab.astype(np.float32) - face.astype(np.float32)
    differs = np.sqrt(np.sum(away**2, axis=2))
    down, right = np.mgrid[:DIAL_SIDE, :DIAL_SIDE]
    inside = np.hypot(right - DIAL_SIDE / 2, down - DIAL_SIDE / 2) < 0.85 * DIAL_RADIUS
    full = float(np.percentile(differs[inside], 97))
    return np.asarray(np.clip(differs / max(full, 6.0), 0, 1.5), np.float32)


# How rims are found.


def _planes(small: Rgb) -> Iterator[NDArray[np.uint8]]:
    """The brightness and the two colour planes with their contrast stretched: a rim may differ from a wall in one only."""
    import cv2

    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    for channel, least_range, narrowest in ((0, 24.0, 6.0), (1, 40.0, 12.0), (2, 40.0, 12.0)):
        plane = cv2.GaussianBlur(lab[..., channel], (0, 0), 1.2).astype(np.float32)
        low, high = np.percentile(plane, (1, 99)).tolist()
        if high - low < narrowest:
            continue
        stretched = (plane - low) * (255 / max(high - low, least_range))
        yield np.clip(stretched, 0, 255).astype(np.uint8)


def _rims_in_plane(plane: NDArray[np.uint8]) -> list[Rim]:
    """The rims that edges in one plane make: first only strong edges, then weak ones as well."""
    import cv2

    found: list[Rim] = []
    smallest = _SMALLEST_DIAL * plane.shape[0]
    for low, high in ((30, 90), (12, 40)):
        edges = np.asarray(cv2.Canny(plane, low, high, L2gradient=True), np.uint8)
        distance = np.asarray(cv2.distanceTransform(255 - edges, cv2.DIST_L2, 3), np.float32)
        contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            points = np.asarray(contour, np.float32).reshape(-1, 2)
            if len(points) < 50 or max(np.ptp(points, axis=0)) < 0.7 * smallest:
                continue
            rough = _fitted(points)
            if rough is None or not _is_likely(rough, plane.shape, smallest) or _support(rough, distance, 3.0) < 0.35:
                continue
            better = _refined(rough, edges)
            support = _support(better, distance, 1.6)
            if support >= _LEAST_SUPPORT and _is_likely(better, plane.shape, smallest):
                found.append(replace(better, support=support))
    return found


def _fitted(points: NDArray[np.float32]) -> Rim | None:
    """The ellipse through points, (n, 2); None where they make none."""
    import cv2

    if len(points) > 1500:  # the fit is slow, and a thousand points are enough
        points = points[:: len(points) // 1000]
    (x, y), (first, second), degrees = cv2.fitEllipseDirect(np.ascontiguousarray(points, np.float32))
    if not all(map(math.isfinite, (x, y, first, second))) or min(first, second) <= 0:
        return None
    angle = math.radians(degrees)
    if second > first:
        first, second, angle = second, first, angle + math.pi / 2
    return Rim((float(x), float(y)), (first / 2, second / 2), angle)


def _refined(rim: Rim, edges: NDArray[np.uint8]) -> Rim:
    """The ellipse fitted again to all edge pixels beside it, twice: one contour may be a small part of a rim."""
    down, right = np.nonzero(edges)
    points = np.stack([right, down], axis=1).astype(np.float32)
    for width_px in (4.0, 2.0):
        beside = points[np.abs(_radii(rim, points) - 1) * rim.axes[1] < width_px]
        if len(beside) < 60:
            return rim
        rim = _fitted(beside) or rim
    return rim


def _radii(rim: Rim, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each point, (n, 2), is from the middle; 1 is on the rim."""
    along, across = _directions(rim)
    moved = points - np.array(rim.centre, np.float32)
    return np.asarray(np.hypot(moved @ along / rim.axes[0], moved @ across / rim.axes[1]), np.float32)


def _directions(rim: Rim) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The directions of the larger and of the smaller axis, of length 1."""
    along = np.array([math.cos(rim.angle), math.sin(rim.angle)], np.float32)
    return along, np.array([-along[1], along[0]], np.float32)


def _support(rim: Rim, distance: NDArray[np.float32], nearest_px: float) -> float:
    """The part of the rim along which an edge runs. `distance` is that of each pixel from the nearest edge."""
    points = np.rint(rim.points()).astype(int)
    height, width = distance.shape
    inside = (points[:, 0] >= 0) & (points[:, 0] < width) & (points[:, 1] >= 0) & (points[:, 1] < height)
    points = points[inside]
    return float(np.sum(distance[points[:, 1], points[:, 0]] <= nearest_px)) / _SAMPLES


def _is_likely(rim: Rim, shape: tuple[int, ...], smallest: float) -> bool:
    x, y = rim.centre
    large, small = rim.axes
    is_inside = 0 <= x < shape[1] and 0 <= y < shape[0]
    return is_inside and 2 * small >= smallest and small >= _FLATTEST * large and large < 0.75 * max(shape[:2])


def _rank(rim: Rim, size: tuple[int, int]) -> float:
    middle = size[0] / 2, size[1] / 2
    away = math.dist(rim.centre, middle) / max(middle)
    return rim.support**2 * rim.axes[0] * (1 - 0.5 * min(1.0, away))


def _is_same(rim: Rim, other: Rim) -> bool:
    is_near = math.dist(rim.centre, other.centre) < 0.08 * other.axes[0]
    return is_near and 0.8 < rim.axes[0] / other.axes[0] < 1.25


def _scaled(rim: Rim, factor: float) -> Rim:
    x, y = rim.centre
    return replace(rim, centre=(x * factor, y * factor), axes=(rim.axes[0] * factor, rim.axes[1] * factor))
