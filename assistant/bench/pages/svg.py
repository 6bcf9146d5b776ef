"""Three kinds of plot as SVG text: bars of stacked parts, lines over time, and a roofline. Pure: no library.

Colours and type come from the page, by class: `part-0` … `part-4` for parts and lines, `ink`, `faint` and `axis`. So
a plot looks right on a light and on a dark page. It does not know what the numbers mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH = 860
_LEFT, _RIGHT, _TOP, _BOTTOM = 230, 84, 8, 26
_BAR, _GAP, _GROUP_GAP = 20, 7, 16
_LINE_LEFT, _LINE_HEIGHT = 66, 230
_ROOF_HEIGHT = 480
_LETTER = 7.3  # the mean width of a letter of 13 px, in the widest of the page's fonts
_MOST_TICKS = 9


@dataclass(frozen=True)
class Bar:
    label: str
    parts: tuple[tuple[int, float], ...]  # (number of the colour, value)
    begins_group: bool = False
    is_outline: bool = False  # a figure from elsewhere, not measured here


@dataclass(frozen=True)
class Point:
    """A point of the roofline plot."""

    label: str
    series: int  # 0 … 4: the number of the colour and of the mark's form
    x: float  # FLOP per byte read
    y: float  # GFLOP/s


@dataclass(frozen=True)
class Line:
    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]  # None: a gap


def ticks(most: float, wanted: int = 6) -> list[float]:
    """Round numbers from 0 to `most` or just beyond, about as many as wanted."""
    if not most > 0 or not math.isfinite(most):
        return [0.0, 1.0]
    rough = most / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999)
    return [number * step for number in range(math.ceil(most / step - 1e-9) + 1)]


def stacked_bars(bars: Sequence[Bar], unit: str, described: str) -> str:
    """One bar in each row, with its parts beside each other and their sum at the end."""
    most = max((sum(value for _, value in bar.parts) for bar in bars), default=0.0)
    marks = ticks(most)
    scale = (WIDTH - _LEFT - _RIGHT) / marks[-1]
    body, y = [], float(_TOP)
    for number, bar in enumerate(bars):
        y += _GROUP_GAP if bar.begins_group and number else 0
        body.append(_bar(bar, y, scale, unit))
        y += _BAR + _GAP
    grid = [
        f'<line class="axis" x1="{_at(mark, scale):.1f}" x2="{_at(mark, scale):.1f}" y1="{_TOP}" y2="{y:.1f}"/>'
        f'<text class="faint" x="{_at(mark, scale):.1f}" y="{y + 18:.1f}" text-anchor="middle">{_number(mark)}</text>'
        for mark in marks
    ]
    return _svg(y + _BOTTOM, [*grid, *body], described)


def lines_over_time(lines: Sequence[Line], unit: str, marks: Sequence[tuple[float, str]], described: str) -> str:
    """Lines over time, with an axis from 0, and thin vertical lines where something new begins."""
    known = [y for line in lines for y in line.ys if y is not None]
    upper = ticks(max(known, default=1.0))
    longest = max((x for line in lines for x in line.xs), default=1.0)
    across = (WIDTH - _LINE_LEFT - 14) / max(longest, 1e-9)
    up = (_LINE_HEIGHT - _TOP - 40) / upper[-1]
    floor = _LINE_HEIGHT - 40
    body = []
    for value in upper:
        y = floor - value * up
        body.append(f'<line class="axis" x1="{_LINE_LEFT}" x2="{WIDTH - 14}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(
            f'<text class="faint" x="{_LINE_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>'
        )
    for value in ticks(longest, 8):
        if value <= longest * 1.001:
            x = _LINE_LEFT + value * across
            body.append(
                f'<text class="faint" x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{_number(value)}</text>'
            )
    for seconds, what in marks:
        x = _LINE_LEFT + seconds * across
        body.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{floor}"><title>{escape(what)}</title></line>')  # fmt: skip
    body += [_path(line, place, across, up, floor) for place, line in enumerate(lines)]
    body.append(_caption(WIDTH - 14, floor + 36, "seconds"))
    body.append(f'<text class="faint" x="4" y="{_TOP + 4}">{escape(unit)}</text>')
    return _svg(_LINE_HEIGHT + 4, body, described)


def roofline(
    points: Sequence[Point], peak_gflops: float, gigabytes_per_second: float, title: str, described: str
) -> str:
    """Points below the roof min(peak, bandwidth · x), both axes logarithmic, with a label at every point.

    `peak_gflops` is the most that the processor computes in GFLOP/s, and `gigabytes_per_second` what it reads.
    """
    ridge = peak_gflops / gigabytes_per_second
    lowest = min([gigabytes_per_second * 0.5, *(point.y for point in points)])
    across = _Scale.around([0.5, 2 * ridge, *(point.x for point in points)], _LINE_LEFT, WIDTH - 14)
    up = _Scale.around([lowest, 1.2 * peak_gflops], _ROOF_HEIGHT - 44, _TOP + 14)
    body = []
    for value in across.ticks():
        x = across.at(value)
        body.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{up.end:.1f}" y2="{up.begin:.1f}"/>')
        body.append(
            f'<text class="faint" x="{x:.1f}" y="{up.begin + 18:.1f}" text-anchor="middle">{_number(value)}</text>'
        )
    for value in up.ticks():
        y = up.at(value)
        body.append(f'<line class="axis" x1="{across.begin:.1f}" x2="{across.end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(
            f'<text class="faint" x="{across.begin - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>'
        )
    left = max(across.low, up.low / gigabytes_per_second)
    corners = [(left, left * gigabytes_per_second), (ridge, peak_gflops), (across.high, peak_gflops)]
    path = " L".join(f"{across.at(x):.1f} {up.at(y):.1f}" for x, y in corners)
    body.append(f'<path class="roof" d="M{path}"/>')
    drawn = [(across.at(point.x), up.at(point.y)) for point in points]
    taken = [_Box(x - 7, y - 7, x + 7, y + 7) for x, y in drawn]
    taken += _boxes_along([(across.at(x), up.at(y)) for x, y in corners])  # labels do not cross the roof
    peak = f"peak {_number(round(peak_gflops, 1 if peak_gflops < 10 else 0))} GFLOP/s"
    body.append(_label(peak, across.end, up.at(peak_gflops) - 7, "end", "faint", taken))
    memory_x = math.sqrt(left * ridge)
    memory = f"memory {_number(round(gigabytes_per_second, 1))} GB/s"
    memory_at = (across.at(memory_x) - 10, up.at(memory_x * gigabytes_per_second) - 6)
    body.append(_label(memory, *memory_at, "end", "faint", taken))
    marks = []
    for point, (x, y) in sorted(zip(points, drawn, strict=True), key=lambda one: one[1]):
        body.append(_placed_label(point.label, x, y, taken))
        marks.append(f'<path class="dot line-{point.series}" d="{_mark(point.series, x, y)}"/>')
    body += marks
    body.append(_caption(across.end, up.begin + 36, "FLOP per byte of weights read"))
    body.append(f'<text class="faint" x="4" y="{_TOP + 4}">GFLOP/s</text>')
    return _svg(_ROOF_HEIGHT, body, title, described)


@dataclass(frozen=True)
class _Scale:
    """A logarithmic axis from `low` to `high`, drawn from `begin` to `end`."""

    low: float
    high: float
    begin: float
    end: float

    @staticmethod
    def around(values: Sequence[float], begin: float, end: float) -> _Scale:
        """The axis that holds all values, which are above 0, with some room at its ends."""
        return _Scale(min(values) / 1.5, max(values) * 1.5, begin, end)

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """1, 10, 100 …; also 2 and 5 of each, or 3, where that does not make too many."""
        tens = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**ten for ten in tens for step in steps]
            within = [value for value in found if self.low <= value <= self.high]
            if len(within) <= _MOST_TICKS:
                break
        return within


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _boxes_along(corners: Sequence[tuple[float, float]]) -> list[_Box]:
    """Boxes that cover a line through the corners, from left to right."""
    found = []
    for (x, y), (end_x, end_y) in pairwise(corners):
        steps = max(1, round(abs(end_y - y) / 6))
        for step in range(steps):
            left, right = (x + (end_x - x) * place / steps for place in (step, step + 1))
            above, below = sorted(y + (end_y - y) * place / steps for place in (step, step + 1))
            found.append(_Box(left, above - 2, right, below + 2))
    return found


def _placed_label(text: str, x: float, y: float, taken: list[_Box]) -> str:
    """A label beside a point, at the first place where it meets nothing, with a thin line to it if that is far."""
    near = [("start", x + 11, y + 4), ("end", x - 11, y + 4), ("middle", x, y + 20), ("middle", x, y - 11)]
    far = [
        (anchor, x + (12 if anchor == "start" else -12), y + 4 + sign * step)
        for step in range(18, 130, 14)
        for sign in (1, -1)
        for anchor in ("start", "end")
    ]
    for number, (anchor, at_x, at_y) in enumerate([*near, *far]):
        box = _box_of(text, at_x, at_y, anchor)
        if box.left >= _LINE_LEFT and box.right <= WIDTH and not any(box.meets(other) for other in taken):
            line = (
                "" if number < len(near) else f'<path class="leader" d="M{x:.1f} {y:.1f} L{at_x:.1f} {at_y - 4:.1f}"/>'
            )
            return line + _label(text, at_x, at_y, anchor, "ink halo", taken)
    return _label(text, x, y + 20, "middle", "ink halo", taken)


def _label(text: str, x: float, y: float, anchor: str, kind: str, taken: list[_Box]) -> str:
    taken.append(_box_of(text, x, y, anchor))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _box_of(text: str, x: float, y: float, anchor: str) -> _Box:
    width = _LETTER * len(text)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
    return _Box(left, y - 12, left + width, y + 4)


def _mark(series: int, x: float, y: float) -> str:
    """The path of a mark, so that series differ in form and not in colour alone: circle, square, triangles, diamond."""
    forms = (
        f"M{x - 6:.1f} {y:.1f} a6 6 0 1 0 12 0 a6 6 0 1 0 -12 0 Z",
        f"M{x - 5:.1f} {y - 5:.1f} h10 v10 h-10 Z",
        f"M{x:.1f} {y - 7:.1f} l7 12 h-14 Z",
        f"M{x:.1f} {y - 7:.1f} l7 7 l-7 7 l-7 -7 Z",
        f"M{x:.1f} {y + 7:.1f} l7 -12 h-14 Z",
    )
    return forms[series % len(forms)]


def mark_alone(series: int) -> str:
    """The mark of a series as a small picture for a legend, without a description of its own."""
    return (
        f'<svg class="mark-alone" aria-hidden="true" viewBox="0 0 16 16" width="16" height="16">'
        f'<path class="dot line-{series}" d="{_mark(series, 8, 8)}"/></svg>'
    )


def _bar(bar: Bar, y: float, scale: float, unit: str) -> str:
    middle = y + _BAR * 0.72
    drawn = [f'<text class="ink" x="{_LEFT - 10}" y="{middle:.1f}" text-anchor="end">{escape(bar.label)}</text>']
    x = float(_LEFT)
    for colour, value in bar.parts:
        width = max(0.0, value) * scale
        name = "outline" if bar.is_outline else f"part-{colour}"
        drawn.append(f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}"/>')
        x += width
    total = sum(value for _, value in bar.parts)
    drawn.append(
        f'<text class="ink" x="{x + 6:.1f}" y="{middle:.1f}">{_number(round(total, 2 if total < 10 else 1))} {escape(unit)}</text>'
    )
    return "".join(drawn)


def _path(line: Line, place: int, across: float, up: float, floor: float) -> str:
    """One line, with gaps where nothing is known."""
    steps, pen_is_down = [], False
    for x, y in zip(line.xs, line.ys, strict=True):
        if y is not None:
            steps.append(f"{'L' if pen_is_down else 'M'}{_LINE_LEFT + x * across:.1f} {floor - y * up:.1f}")
        pen_is_down = y is not None
    return f'<path class="line-{place}" d="{" ".join(steps)}"><title>{escape(line.name)}</title></path>'


def _svg(height: float, body: Sequence[str], title: str, described: str = "") -> str:
    """A drawing with a title, and a longer description where one is given."""
    told = f"<title>{escape(title)}</title><desc>{escape(described)}</desc>" if described else ""
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}">{told}{"".join(body)}</svg>'
    )


def _caption(x: float, y: float, text: str) -> str:
    return f'<text class="faint" x="{x:.1f}" y="{y:.1f}" text-anchor="end">{escape(text)}</text>'


def _at(value: float, scale: float) -> float:
    return _LEFT + value * scale


def _number(value: float) -> str:
    return f"{value:,.6g}"
