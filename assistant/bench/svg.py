"""Two kinds of plot as SVG text: bars of stacked parts, and lines over time. Pure: numbers in, markup out, no library.

Colours and type come from the page, by class: `part-0` … `part-4` for parts and lines, `ink`, `faint` and `axis`. So
a plot looks right on a light and on a dark page. It does not know what the numbers mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 860
_LEFT, _RIGHT, _TOP, _BOTTOM = 230, 84, 8, 26
_BAR, _GAP, _GROUP_GAP = 20, 7, 16
_LINE_LEFT, _LINE_HEIGHT = 66, 230


@dataclass(frozen=True)
class Bar:
    label: str
    parts: tuple[tuple[int, float], ...]  # (number of the colour, value)
    begins_group: bool = False
    is_outline: bool = False  # a figure from elsewhere, not measured here


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


def _svg(height: float, body: Sequence[str], described: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(described)}" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}">{"".join(body)}</svg>'
    )


def _caption(x: float, y: float, text: str) -> str:
    return f'<text class="faint" x="{x:.1f}" y="{y:.1f}" text-anchor="end">{escape(text)}</text>'


def _at(value: float, scale: float) -> float:
    return _LEFT + value * scale


def _number(value: float) -> str:
    return f"{value:,.6g}"
