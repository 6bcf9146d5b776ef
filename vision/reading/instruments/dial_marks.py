"""Finds the marks around a dial: where the first and the last one stand, and what share of the scale an angle is.

Marks stand at equal distances on one circle, with a gap at one side. Each radius is looked at by itself for its longest
row of equally distant strokes; the radii then vote for where the row begins and ends. Long marks and short ones give
different rows with the same ends, which is how an end mark that was lost is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.reading.instruments.polar import ANGLES, RADIUS_STEP, Levels, row_of, smoothed

_DEGREES = 360 / ANGLES
_INNERMOST, _OUTERMOST = 0.5, 0.99  # radii of the rim, between which the marks may stand
_FEWEST_MARKS = 5
_SHORTEST_SWEEP, _LONGEST_SWEEP = 80.0, 345.0  # degrees
_NEAREST, _FARTHEST = 1.8, 62.0  # degrees from one mark to the next
_ASIDE = 0.22  # of the step: a mark may stand so far from where it is expected
_FEWEST_ROWS = 4  # of the polar picture, with the same ends
_FULL_WEIGHT = 6.0  # of all rows with the same ends: more is not clearer
_CLEAR_SHARE = 0.7  # of the weight of these rows and their strongest rivals
_ROUGHEST = 0.12  # of the step: the strokes of a row are no farther from equal distances
_LARGEST_WAVE = 12.0  # degrees, by which perspective may move a mark
_FEWEST_WITH_WAVE = 9  # marks; fewer do not tell a wave from chance
_PULL = 0.3  # of the fit towards no wave, where each stroke has 1
_LONGEST_JUMP = 30.0  # degrees: where marks are hidden, by the needle or a reflection; the gap of a dial is wider
_SAME_END = 1.6  # degrees: ends of two rows that are the same mark


@dataclass(frozen=True)
class Marks:
    """The row of marks of a dial. Angles are degrees clockwise from the top, and grow along the scale."""

    radius: float  # in radii of the rim
    first: float
    last: float  # greater than `first`; may be beyond 360
    wave: tuple[float, float]  # by how much perspective moves the marks: degrees along the sine and the cosine
    clearness: float  # 0 to 1
    is_clear: bool  # both ends were seen in several rows, and none contradicts

    @property
    def sweep(self) -> float:
        """Degrees from the first mark to the last, on the dial itself."""
        return self._straightened(self.last) - self._straightened(self.first)

    def share_at(self, angle: float) -> float | None:
        """What share of the scale an angle is: 0 at the first mark, 1 at the last. None in the middle of the gap."""
        middle = (self.first + self.last) / 2
        angle = middle + _apart(angle, middle)
        straight, first, last = (self._straightened(one) for one in (angle, self.first, self.last))
        share = (straight - first) / (last - first)
        return share if -0.1 < share < 1.1 else None

    def _straightened(self, angle: float) -> float:
        turn = math.radians(angle)
        return angle - self.wave[0] * math.sin(turn) - self.wave[1] * math.cos(turn)


@dataclass(frozen=True)
class _Row:
    """The longest regular row of strokes at one radius."""

    line: int  # of the polar picture
    places: tuple[float, ...]  # degrees
    missing: int  # strokes that should stand within the row and do not
    step: float  # degrees
    others: int  # strokes between the marks that do not belong to it
    roughness: float  # how irregular it is, as a part of the step
    wave: tuple[float, float]

    @property
    def sweep(self) -> float:
        return self.places[-1] - self.places[0]

    @property
    def weight(self) -> float:
        whole = len(self.places) / (len(self.places) + 0.5 * self.others + self.missing)
        return whole * math.sqrt(len(self.places)) * (self.sweep / 270) * max(0.0, 1 - 6 * self.roughness)


def marks_in(polar: Levels) -> Marks | None:
    """The marks in a polar picture of contrasts. None where there is no regular row."""
    groups = _by_ends(_rows_in(polar))
    if not groups:
        return None
    best = next((group for group in groups[1:] if _completes(group, groups[0])), groups[0])
    weights = [row.weight for row in best]
    heaviest = best[0]
    near = heaviest.places[0]
    first = near + _mean([_apart(row.places[0], near) for row in best], weights)
    last = first + _mean([row.sweep for row in best], weights)
    radius = (_mean([row.line for row in best], weights) + 0.5) * RADIUS_STEP
    rivals = [group for group in groups if group is not best and len(group) >= 3 and not _lies_within(group, best)]
    share = _weight(best) / (_weight(best) + max(map(_weight, rivals), default=0.0))
    clearness = min(1.0, 1.2 * share) * min(1.0, _weight(best) / _FULL_WEIGHT) * (1 - heaviest.roughness)
    is_clear = len(best) >= _FEWEST_ROWS and share > _CLEAR_SHARE
    return Marks(radius, first, last, heaviest.wave, clearness, is_clear)


def _by_ends(rows: list[_Row]) -> list[list[_Row]]:
    """Rows with the same ends, those with the most weight first."""
    left = sorted(rows, key=lambda one: -one.weight)
    groups = []
    while left:
        group = max(([one for one in left if _same_ends(one, row)] for row in left), key=_weight)
        groups.append(group)
        left = [one for one in left if one not in group]
    return groups


def _completes(group: list[_Row], best: list[_Row]) -> bool:
    """Whether these rows, of fewer and longer marks, go on where the best ones have lost theirs to a reflection."""
    is_regular = sum(one.roughness < 0.02 for one in group) >= _FEWEST_ROWS
    return is_regular and group[0].sweep > best[0].sweep + _SAME_END and _lies_within(best, group)


def _lies_within(group: list[_Row], whole: list[_Row]) -> bool:
    first = _apart(group[0].places[0], whole[0].places[0])
    return first > -_SAME_END and first + group[0].sweep < whole[0].sweep + _SAME_END


def _weight(rows: list[_Row]) -> float:
    return sum(one.weight for one in rows)


def _same_ends(one: _Row, other: _Row) -> bool:
    first = _apart(one.places[0], other.places[0])
    return abs(first) < _SAME_END and abs(first + one.sweep - other.sweep) < _SAME_END


def _apart(angle: float, other: float) -> float:
    """Degrees from the other angle to this one, -180 to 180."""
    return (angle - other + 180) % 360 - 180


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return float(np.average(values, weights=weights))


def _rows_in(polar: Levels) -> list[_Row]:
    begin, end = row_of(_INNERMOST), row_of(_OUTERMOST)
    lines = _strokes(polar)[begin:end]
    found = []
    for number in range(1, len(lines) - 1):
        line = (lines[number - 1] + lines[number] + lines[number + 1]) / 3
        row = _longest_row(_peaks(line), begin + number)
        if row is not None:
            found.append(row)
    return found


def _strokes(polar: Levels) -> Levels:
    """What differs from its neighbours on both sides: rings and arcs vanish, strokes along the radius stay."""
    narrow = smoothed(polar, 0.8)
    return np.asarray(narrow - smoothed(polar, 7.0), np.float32)


def _peaks(line: Levels) -> NDArray[np.float64]:
    """The angles of the strokes in degrees, in order."""
    before, after = np.roll(line, 1), np.roll(line, -1)
    height = float(np.percentile(line, 98))
    noise = float(np.median(np.abs(line)))
    is_top = (line >= before) & (line > after) & (line > max(0.2 * height, 2.5 * noise, 0.04))
    places = np.nonzero(is_top)[0]
    down = 2 * line[places] - before[places] - after[places]
    shift = np.where(down > 1e-9, (after[places] - before[places]) / np.maximum(2 * down, 1e-9), 0.0)
    return np.asarray((places + shift) * _DEGREES, np.float64)


def _longest_row(places: NDArray[np.float64], line: int) -> _Row | None:
    """The row with the most weight among strokes at these angles, (n,) in degrees, with any of the usual steps."""
    if len(places) < _FEWEST_MARKS:
        return None
    around = np.concatenate([places, places + 360])
    best: _Row | None = None
    for step in _steps(places):
        taken: set[int] = set()
        for start in range(len(places)):
            if start in taken:
                continue
            chain, missing = _chain(around, start, step)
            taken.update(chain)
            others = chain[-1] - chain[0] + 1 - len(chain)
            row = _row_of([float(around[index]) for index in chain], missing, others, line)
            if row is not None and (best is None or row.weight > best.weight):
                best = row
    return best


def _steps(places: NDArray[np.float64]) -> list[float]:
    """The distances from one stroke to the next that are most frequent."""
    gaps = np.diff(np.concatenate([places, places[:1] + 360]))
    gaps = np.concatenate([gaps, gaps + np.roll(gaps, -1)])  # one in between may be the needle
    gaps = gaps[(gaps > _NEAREST) & (gaps < _FARTHEST)]
    found: list[float] = []
    while len(gaps) >= 3 and len(found) < 3:
        counts = [int(np.sum(np.abs(gaps - gap) < 0.12 * gap)) for gap in gaps]
        gap = gaps[int(np.argmax(counts))]
        near = np.abs(gaps - gap) < 0.12 * gap
        found.append(float(np.median(gaps[near])))
        gaps = gaps[~near]
    return found


def _chain(around: NDArray[np.float64], start: int, step: float) -> tuple[list[int], int]:
    """The strokes from `start` on at distances of one step, or of two where one is missing."""
    chain, missing, gap = [start], 0, step
    while around[chain[-1]] - around[start] < 360 - step:
        here = float(around[chain[-1]])
        for steps in (1, 2, 3):
            following = _nearest(around, here + steps * gap)
            is_there = abs(float(around[following]) - here - steps * gap) < _ASIDE * gap
            is_there = is_there and (steps == 1 or steps * gap < _LONGEST_JUMP)
            # A row does not end behind a mark that is missing.
            beyond = _nearest(around, here + (steps + 1) * gap)
            if is_there and (steps == 1 or abs(float(around[beyond]) - here - (steps + 1) * gap) < 1.5 * _ASIDE * gap):
                break
        else:
            break
        if steps == 1:
            gap = 0.75 * gap + 0.25 * (float(around[following]) - here)
        missing += steps - 1
        chain.append(following)
    return chain, missing


def _nearest(around: NDArray[np.float64], angle: float) -> int:
    index = int(np.searchsorted(around, angle))
    near = [one for one in (index - 1, index) if 0 <= one < len(around)]
    return min(near, key=lambda one: abs(float(around[one]) - angle))


def _row_of(places: list[float], missing: int, others: int, line: int) -> _Row | None:
    """The row of these strokes, with how regular it is. None where it is too short, or no regular one."""
    if len(places) < _FEWEST_MARKS or not _SHORTEST_SWEEP < places[-1] - places[0] < _LONGEST_SWEEP:
        return None
    step = float(np.median(np.diff(places)))
    numbers = np.rint(np.cumsum([0.0, *(np.diff(places) / step)]))
    if len(set(numbers.tolist())) < len(numbers):
        return None
    roughness, wave = _fitted(np.array(places), numbers, step)
    if roughness > _ROUGHEST or max(map(abs, wave)) > _LARGEST_WAVE:
        return None
    return _Row(line, tuple(places), missing, step, others, roughness, wave)


def _fitted(
    angles: NDArray[np.float64], numbers: NDArray[np.float64], step: float
) -> tuple[float, tuple[float, float]]:
    """How far the strokes are from equal distances, as a part of the step, and the wave by which perspective moves them.

    `numbers` counts the steps from the first stroke. The wave is that of `Marks`.
    """
    columns = [np.ones(len(angles)), numbers]
    has_wave = len(angles) >= _FEWEST_WITH_WAVE
    if has_wave:
        columns += [np.sin(np.radians(angles)), np.cos(np.radians(angles))]
    basis = np.stack(columns, axis=1)
    # A weak pull towards no wave keeps it from growing where the sweep is short.
    pull = np.zeros((2, basis.shape[1]))
    if has_wave:
        pull[0, 2] = pull[1, 3] = _PULL
    solved = np.linalg.lstsq(np.vstack([basis, pull]), np.concatenate([angles, [0.0, 0.0]]), rcond=None)[0]
    roughness = float(np.sqrt(np.mean((basis @ solved - angles) ** 2))) / step
    return roughness, (float(solved[2]), float(solved[3])) if has_wave else (0.0, 0.0)
