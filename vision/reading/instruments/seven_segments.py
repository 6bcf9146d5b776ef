"""Tells what the seven-segment digits in a straight strip say, and how clear their segments are.

Each segment must be clearly on or clearly off, the pattern must be a digit, and the digits must stand at equal distances.
A digit that is not clear is "?". It does not know where the strip comes from, and not what the number means.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from vision.frame import Rgb
from vision.reading.instruments.digit_strip import Corners, Levels, Strip, levels_in

HEIGHT_PX = 120  # of the strip
_LEANS = tuple(float(lean) for lean in np.arange(-0.15, 0.31, 0.025))  # of the digits: rightwards by their height
_SMALL_LEANS = (0.0, -0.04, 0.04, -0.08, 0.08, -0.12, 0.12)  # of one digit, compared with the row
_SHARPER = 1.05  # by so much a lean must sharpen a digit's columns before it is believed
_LOWEST = 0.35  # of the strip's height: lower digits are not read
_ON, _OFF = 0.6, 0.42  # levels: above the first a segment is on, below the second it is off
_QUITE_ON, _QUITE_OFF = 0.85, 0.2  # levels of segments without any doubt
_FEWEST_CLEAR = 5  # segments of a digit that may be completed by the reader of print
_WHITE = 0.55  # the least of the three colours by the greatest one, from which on a light is white
_BLOWN_OUT = 250  # the brightness of a reflection that hides dark segments
_PATTERNS = {
    "abcdef": "0", "bc": "1", "abdeg": "2", "abcdg": "3", "bcfg": "4", "acdfg": "5", "acdefg": "6", "abc": "7", "abcdefg": "8",
    "abcdfg": "9", "cdefg": "6", "abcfg": "9", "abcf": "7", "g": "-",
}  # fmt: skip
# All of these are parts of the height of the row.
_POINT_ROWS = 0.22  # the lowest part, where points stand
_WIDE = 0.35  # a narrower shape is a one, or a part of a digit
_STROKE = 0.1  # how thick a segment is
_MISSING = 0.07  # a digit without its uppermost or lowest segment ends so much before the others
_BEYOND_ROW = 0.12  # what reaches farther beyond the row is no digit


@dataclass(frozen=True)
class Digits:
    """What a strip says."""

    text: str = ""  # such as "-12.5"; "?" for a digit that is not clear; "" where no digits are seen
    clearness: float = 0.0  # of the least clear segment, 0 to 1; 0 where a digit or a point may have been missed
    has_glare: bool = False  # a reflection lies on the digits
    candidates: tuple[
        str, ...
    ] = ()  # for each "?" the digits that its clear segments allow; "" where too few are clear
    corners: Corners | None = None  # of the row of digits, in the strip; where the row climbs or falls, they do as well


@dataclass(frozen=True)
class _Cell:
    """The box around what is lit of one digit. Right and bottom are outside."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class _Row:
    """The upper and the lower edge of all digits, as lines: a turn that is left over lets them climb or fall."""

    upper: tuple[float, float]  # slope, and height at the left side of the strip
    lower: tuple[float, float]

    def top_at(self, x: float) -> float:
        return self.upper[0] * x + self.upper[1]

    def bottom_at(self, x: float) -> float:
        return self.lower[0] * x + self.lower[1]


def digits_in(strip: Strip, is_lit: bool) -> Digits:
    """The digits of a strip of `HEIGHT_PX`. `is_lit`: they are brighter than the ground."""
    levels = _upright(levels_in(strip.rgb, is_lit), strip.aside_px)
    top, bottom = _rows_of(levels, strip.aside_px)
    height = bottom - top
    if height < _LOWEST * HEIGHT_PX:
        return Digits()
    levels = _without_housing(levels, top, bottom)
    cells = [_cell(levels, *run, top, bottom) for run in _runs(levels, top, bottom)]
    if not cells:
        return Digits()
    row = _row_through(levels, cells, top, bottom)
    digits = _text_of(levels, cells, row, height)
    left, right = cells[0].left, cells[-1].right
    ends = (left, row.top_at), (right, row.top_at), (right, row.bottom_at), (left, row.bottom_at)
    corners = np.array([(x, edge_at(x)) for x, edge_at in ends], np.float64)
    return replace(digits, has_glare=_has_glare(strip.rgb[top:bottom, left:right], is_lit), corners=corners)


def _has_glare(rgb: Rgb, is_lit: bool) -> bool:
    """Whether there may be a reflection on the digits: it hides dark segments, and looks like a bright segment or point."""
    darkest = rgb.min(axis=2)
    if not is_lit:
        return float(np.mean(darkest > _BLOWN_OUT)) > 0.01
    # A lamp is white, and most digits that shine are not: of white ones it cannot be told apart.
    return float(np.percentile(darkest, 99)) > _WHITE * float(np.percentile(rgb.max(axis=2), 99))


def _upright(levels: Levels, aside_px: int) -> Levels:
    """The strip sheared so that its digits do not lean: then their columns are the sharpest."""
    best, sharpest = levels, -1.0
    for lean in _LEANS:
        sheared = _sheared(levels, lean, HEIGHT_PX / 2)
        columns = (sheared[HEIGHT_PX // 5 : -HEIGHT_PX // 5, aside_px:-aside_px] > 0.5).sum(axis=0)
        sharpness = float(np.sum(columns.astype(np.float64) ** 2))
        if sharpness > sharpest:
            best, sharpest = sheared, sharpness
    return best


def _sheared(levels: Levels, lean: float, fixed: float) -> Levels:
    """Its rows moved sideways by their distance from the row `fixed`, times `lean`."""
    import cv2

    matrix = np.array([[1, lean, -lean * fixed], [0, 1, 0]])
    size = (levels.shape[1], levels.shape[0])
    return np.asarray(cv2.warpAffine(levels, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _rows_of(levels: Levels, aside_px: int) -> tuple[int, int]:
    """The top and the bottom of the digits: from the middle outwards, as far as something is lit."""
    lit = (levels[:, aside_px:-aside_px] > 0.5).sum(axis=1) >= 2
    edges = []
    for rows in (range(HEIGHT_PX // 2, -1, -1), range(HEIGHT_PX // 2, HEIGHT_PX)):
        last, dark = HEIGHT_PX // 2, 0
        for row in rows:
            dark = 0 if lit[row] else dark + 1
            if dark > 0.07 * HEIGHT_PX:
                break
            last = row if lit[row] else last
        edges.append(last)
    return edges[0], edges[1] + 1


def _without_housing(levels: Levels, top: int, bottom: int) -> Levels:
    """The levels without what is narrower than a digit and goes on above or below the row: the edge of the housing."""
    import cv2

    reach = round(_BEYOND_ROW * (bottom - top))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((levels > 0.5).astype(np.uint8), connectivity=8)
    cleaned = levels.copy()
    for label in range(1, count):
        shape_top, shape_height = int(stats[label, cv2.CC_STAT_TOP]), int(stats[label, cv2.CC_STAT_HEIGHT])
        if shape_top >= top - reach and shape_top + shape_height <= bottom + reach:
            continue
        is_shape = labels == label
        columns = np.nonzero(is_shape[top:bottom].any(axis=0))[0]
        if len(columns) and columns[-1] - columns[0] < _WIDE * (bottom - top):
            cleaned[cv2.dilate(is_shape.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0.0
    return cleaned


def _runs(levels: Levels, top: int, bottom: int) -> list[tuple[int, int]]:
    """The columns of each digit, left and right. Where points stand is left out."""
    height = bottom - top
    lit = (levels[top : bottom - round(_POINT_ROWS * height)] > 0.5).sum(axis=0) >= 2
    runs: list[tuple[int, int]] = []
    for column in np.nonzero(lit)[0].tolist():
        if runs and column - runs[-1][1] <= 0.05 * height:
            runs[-1] = (runs[-1][0], column + 1)
        else:
            runs.append((column, column + 1))
    return runs


def _cell(levels: Levels, left: int, right: int, top: int, bottom: int) -> _Cell:
    reach = round(_BEYOND_ROW * (bottom - top))
    first = max(0, top - reach)
    rows = np.nonzero((levels[first : bottom + reach, left:right] > 0.5).sum(axis=1) >= 2)[0]
    return (
        _Cell(left, right, first + int(rows[0]), first + int(rows[-1]) + 1)
        if len(rows)
        else _Cell(left, right, top, bottom)
    )


def _row_through(levels: Levels, cells: list[_Cell], top: int, bottom: int) -> _Row:
    """The lines through the upper and the lower ends of those digits that are about as high as the row."""
    height = bottom - top
    whole = [cell for cell in cells if abs(cell.top - top) + abs(cell.bottom - bottom) < 0.35 * height]
    if not whole:
        return _Row((0.0, float(top)), (0.0, float(bottom)))
    uppers = [cell.top - _MISSING * height * (not _spans(levels, cell, cell.top, height)) for cell in whole]
    lowers = [
        cell.bottom + _MISSING * height * (not _spans(levels, cell, cell.bottom - _STROKE * height, height))
        for cell in whole
    ]
    if len(whole) == 1:
        return _Row((0.0, uppers[0]), (0.0, lowers[0]))
    upper, lower = (np.polyfit([cell.middle for cell in whole], ends, 1) for ends in (uppers, lowers))
    return _Row((float(upper[0]), float(upper[1])), (float(lower[0]), float(lower[1])))


def _spans(levels: Levels, cell: _Cell, top: float, height: int) -> bool:
    """Whether a segment goes across the digit in the stroke below `top`. If none does, its end is not that of the row."""
    rows = levels[max(0, round(top)) : round(top + _STROKE * height), cell.left : cell.right]
    return cell.width > _WIDE * height and float((rows > 0.5).any(axis=0).mean()) > 0.66


def _text_of(levels: Levels, cells: list[_Cell], row: _Row, height: int) -> Digits:
    """The digits with minus and points, and how clear they are."""
    widths = _widths_of(cells, height)
    text, clearness, candidates = "", 1.0, []
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        top, bottom = row.top_at(cell.middle), row.bottom_at(cell.middle)
        following = cells[number + 1].left if number + 1 < len(cells) else levels.shape[1]
        is_in_the_middle = cell.top > top + 0.36 * height and cell.bottom < bottom - 0.36 * height
        if is_in_the_middle and cell.width > 0.25 * height:
            text += "-"
            continue
        is_cut = cell.left == 0 or cell.right == levels.shape[1]
        if is_cut or not 0.06 * height < cell.width < 0.85 * height:
            sign, clear, possible = "?", 0.0, ""
        else:
            before = cells[number - 1].right if number else 0
            patch, right = _upright_digit(
                levels[:, before:following], cell.left - before, cell.right - before, top, bottom
            )
            sign, clear, possible = _digit_at(patch, right - width, right, top, bottom)
        text, clearness = text + sign, min(clearness, clear)
        if sign == "?":
            candidates.append(possible)
        point = _point_behind(levels, cell.right, following, bottom, height)
        text += "." if point >= _ON else ""
        clearness = min(clearness, _clearness_of(point))
    return Digits(text, clearness if _is_complete(cells, widths) else 0.0, candidates=tuple(candidates))


def _upright_digit(part: Levels, left: int, right: int, top: float, bottom: float) -> tuple[Levels, int]:
    """One digit sheared so that it does not lean, as perspective lets each lean differently, and its right edge.

    `part` has the columns between the digit before and the one after it.
    """
    height = bottom - top
    rows = slice(max(0, round(top)), round(bottom - _POINT_ROWS * height))
    best, best_right, sharpest = part, right, -1.0
    for lean in _SMALL_LEANS:
        sheared = _sheared(part, lean, (top + bottom) / 2)
        lit = (sheared[rows] > 0.5).sum(axis=0)
        sharpness = float(np.sum(lit.astype(np.float64) ** 2))
        columns = np.nonzero(lit >= 2)[0]
        columns = columns[(columns > left - 0.1 * height) & (columns < right + 0.1 * height)]
        if sharpness > _SHARPER * sharpest and len(columns):
            best, best_right, sharpest = sheared, int(columns[-1]) + 1, sharpness
    return best, best_right


def _widths_of(cells: list[_Cell], height: int) -> list[float]:
    """The width of each digit's place. Perspective makes places differ, and a one has that of the nearest other digit."""
    wide = [cell for cell in cells if _WIDE * height < cell.width < 0.85 * height]
    if not wide:  # there are only ones
        return [0.55 * height] * len(cells)
    return [float(min(wide, key=lambda other: abs(other.right - cell.right)).width) for cell in cells]


def _is_complete(cells: list[_Cell], widths: list[float]) -> bool:
    """Whether no digit was missed or split: the right edges stand at equal distances, but for the perspective."""
    steps = [after.right - before.right for before, after in itertools.pairwise(cells)]
    are_equal = all(max(pair) < 1.35 * min(pair) for pair in itertools.pairwise(steps))
    are_apart = all(step > 1.05 * min(pair) for step, pair in zip(steps, itertools.pairwise(widths), strict=True))
    has_room = cells[0].left >= 1.6 * widths[0]  # a minus or a digit before it would be seen
    return are_equal and are_apart and has_room


def _point_behind(levels: Levels, left: int, right: int, bottom: float, height: int) -> float:
    """The level of a point between a digit that ends at `left` and the next one, which begins at `right`.

    A level between off and on is told where it is not clear whether what is seen there is a point.
    """
    right_end = min(right, left + 0.4 * height)
    # The foot of the next digit may reach into the gap.
    in_place = _brightest(levels, left, right_end - 0.07 * height, bottom, height)
    if in_place >= _ON:
        return in_place
    # A point may be a little off its place.
    wide = left + 0.8 * (right_end - left)
    elsewhere = max(_brightest(levels, left + 0.02 * height, wide, bottom + by * height, height) for by in (0, 0.1))
    return (_ON + _OFF) / 2 if elsewhere > _OFF else max(in_place, elsewhere)


def _brightest(levels: Levels, left: float, right: float, bottom: float, height: int) -> float:
    """The level of the brightest spot behind a digit, beside its foot; 1 where no gap is left, which may hide a point."""
    import cv2

    rows = slice(round(bottom - 0.16 * height), round(bottom + 0.05 * height))
    part = levels[rows, round(left + 0.03 * height) : round(right)]
    side = min(max(2, round(0.07 * height)), *part.shape)
    if side < 1:
        return 1.0
    return float(cv2.blur(np.ascontiguousarray(part), (side, side), borderType=cv2.BORDER_REFLECT).max())


def _digit_at(levels: Levels, left: float, right: float, top: float, bottom: float) -> tuple[str, float, str]:
    """The digit within these edges, how clear its least clear segment is, and all digits that it may be."""
    windows = _windows(left, right, top, bottom)
    found = {name: _level_in(levels, *window, along_x=name in "agd") for name, window in windows.items()}
    on = {name for name, level in found.items() if level >= _ON}
    off = {name for name, level in found.items() if level <= _OFF}
    possible = {digit for pattern, digit in _PATTERNS.items() if on <= set(pattern) and not off & set(pattern)}
    possible.discard("-")
    if len(on) + len(off) < len(found) or len(possible) != 1:
        return "?", 0.0, "".join(sorted(possible)) if len(on) + len(off) >= _FEWEST_CLEAR else ""
    return possible.pop(), min(map(_clearness_of, found.values())), ""


def _clearness_of(level: float) -> float:
    """How clearly something is on or off: 1 without any doubt, and 0 between the two."""
    clear = (level - _ON) / (_QUITE_ON - _ON) if level >= _ON else (_OFF - level) / (_OFF - _QUITE_OFF)
    return max(0.0, min(1.0, clear))


def _windows(left: float, right: float, top: float, bottom: float) -> dict[str, tuple[float, float, float, float]]:
    """Where each segment is looked for, in the order of their names: left, top, right, bottom."""
    thick = 0.13 * (bottom - top)
    half = thick / 2
    middle = (top + bottom) / 2
    return {
        "a": (left + 1.9 * half, top, right - 1.9 * half, top + thick),
        "b": (right - 1.6 * thick, top + 2.2 * half, right, middle - 1.5 * half),
        "c": (right - 1.6 * thick, middle + 1.5 * half, right, bottom - 2.2 * half),
        "d": (left + 1.9 * half, bottom - thick, right - 1.9 * half, bottom),
        "e": (left, middle + 1.5 * half, left + 1.6 * thick, bottom - 2.2 * half),
        "f": (left, top + 2.2 * half, left + 1.6 * thick, middle - 1.5 * half),
        "g": (left + 2.2 * half, middle - half, right - 2.2 * half, middle + half),
    }


def _level_in(levels: Levels, left: float, top: float, right: float, bottom: float, *, along_x: bool) -> float:
    """The mean of the brightest line along a segment, which may stand a little beside its place; 0 outside the strip."""
    rows = slice(max(0, math.floor(top)), max(1, math.ceil(bottom)))
    columns = slice(max(0, math.floor(left)), max(1, math.ceil(right)))
    part = levels[rows, columns]
    return float(part.mean(axis=1 if along_x else 0).max()) if part.size else 0.0
