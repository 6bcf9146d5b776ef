"""Finds dates that are written with digits, where their order is certain. It does not know any language."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass

_ALONE = r"(?<![\w./:-])"
_END = r"(?![\w/:-])(?!\.\d)"
_YEAR_FIRST = re.compile(rf"{_ALONE}((?:19|20)\d\d)([-/.])(\d\d?)\2(\d\d?){_END}")
_YEAR_LAST = re.compile(rf"{_ALONE}(\d\d?)([-/.])(\d\d?)\2((?:19|20)\d\d){_END}")
_MONTH_AND_YEAR = re.compile(rf"{_ALONE}(0[1-9]|1[0-2]|[1-9])/((?:19|20)\d\d){_END}|{_ALONE}(0[1-9])\.(20\d\d){_END}")


@dataclass(frozen=True)
class Date:
    """A day, or a whole month."""

    year: int
    month: int
    day: int | None = None

    @property
    def exists(self) -> bool:
        if not 1 <= self.month <= 12:
            return False
        return self.day is None or 1 <= self.day <= calendar.monthrange(self.year, self.month)[1]


def replace_dates(text: str, say: Callable[[Date], str]) -> str:
    """The text with `say(date)` for each date.

    With dots the day stands first, as in 12.05.2026. With "/" or "-" and the year at the end, the order differs
    between countries: such a date is replaced only where a number above 12 tells which one is the day.
    """

    def year_first(found: re.Match[str]) -> str:
        return _said(found, Date(int(found[1]), int(found[3]), int(found[4])), say)

    def year_last(found: re.Match[str]) -> str:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "." or first > 12 or first == second:
            return _said(found, Date(year, second, first), say)
        if second > 12:
            return _said(found, Date(year, first, second), say)
        return found[0]

    def month_and_year(found: re.Match[str]) -> str:
        return _said(found, Date(int(found[2] or found[4]), int(found[1] or found[3])), say)

    text = _YEAR_FIRST.sub(year_first, text)
    text = _YEAR_LAST.sub(year_last, text)
    return _MONTH_AND_YEAR.sub(month_and_year, text)


def _said(found: re.Match[str], date: Date, say: Callable[[Date], str]) -> str:
    return say(date) if date.exists else found[0]
