"""A checklist: its stations, and what counts as an answer at each of them. Data with a few questions about it.

It does not know files, words of a language, or how far a round has got.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

YES, NO = "yes", "no"  # how the answer to a yes-or-no question is stored, in every language


class StepKind(Enum):
    """How the answer of a station is found."""

    READ = "read"  # print is read
    CODE = "code"  # a bar code or matrix code is read
    ASK = "ask"  # the model is asked about a picture
    SAY = "say"  # nothing is looked at: the human tells
    GAUGE = "gauge"  # the needle of a round gauge is read
    DISPLAY = "display"  # the digits of a display are read

    @property
    def looks(self) -> bool:
        """True if a picture is taken for it."""
        return self is not StepKind.SAY


class Side(Enum):
    """How a value is outside of what is allowed."""

    BELOW = "below"
    ABOVE = "above"
    NOT_RIGHT = "not right"  # there is no order: "no" where it should be "yes"


@dataclass(frozen=True)
class YesNo:
    """Yes or no."""

    right: str | None = None  # YES or NO; None: both are

    def outside(self, value: str) -> Side | None:
        """How `value` is outside; None where it is allowed."""
        return None if self.right in (None, value) else Side.NOT_RIGHT


@dataclass(frozen=True)
class Number:
    """A number with its unit and limits. The limits themselves are allowed."""

    unit: str = ""  # as pint reads it; "" for a number without a unit
    low: Decimal | None = None
    high: Decimal | None = None

    def outside(self, value: str) -> Side | None:
        """How `value`, the text of a decimal number in `unit`, is outside; None where it is allowed."""
        number = Decimal(value)
        if self.low is not None and number < self.low:
            return Side.BELOW
        return Side.ABOVE if self.high is not None and number > self.high else None


@dataclass(frozen=True)
class Text:
    """Any words."""

    right: str | None = None  # case and white space do not count; None: all are

    def outside(self, value: str) -> Side | None:
        """How `value` is outside; None where it is allowed."""
        return None if self.right is None or _plain(value) == _plain(self.right) else Side.NOT_RIGHT


@dataclass(frozen=True)
class OneOf:
    """One of a list."""

    items: tuple[str, ...]
    right: tuple[str, ...] = ()  # (): all are

    def outside(self, value: str) -> Side | None:
        """How `value` is outside; None where it is allowed."""
        return None if not self.right or value in self.right else Side.NOT_RIGHT


AnswerKind = YesNo | Number | Text | OneOf


@dataclass(frozen=True)
class Station:
    """One place of a round, with one thing to find out there."""

    name: str
    step: StepKind
    answer: AnswerKind
    instruction: str = ""  # said on the way there
    question: str = ""  # for the model (`ask`), and for the human where the human has to tell
    check_digits: tuple[str, ...] = ()  # written at the place, numbered from 1; one of them is asked for at each visit
    scale: tuple[Decimal, Decimal] | None = None  # of a gauge: the values at both ends of its dial
    sweep: float | None = None  # of a gauge: the angle from one end of its dial to the other in degrees, if it is known
    when_outside: str = ""  # said after a value outside the limits was confirmed
    keep_picture: bool | None = None  # None: as the configuration keeps all pictures


@dataclass(frozen=True)
class Checklist:
    """What a round works through."""

    title: str
    stations: tuple[Station, ...]
    sha256: str = ""  # of the file, so that a changed checklist is noticed


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
