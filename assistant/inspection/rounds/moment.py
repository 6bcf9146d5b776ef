"""What a round remembers between two words: where it is, what it waits for, and what was found. Data without rules.

Each thing that a round can wait for is a small class of its own, whose docstring names what is awaited.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assistant.inspection.record import Record
from assistant.inspection.rounds.answers import is_same
from assistant.inspection.rounds.checklist import Number, Side, Station
from assistant.inspection.rounds.progress import Progress

# The words of `assistant.answering.judging.doubt.Verdict`, as records have them.
PLAIN, UNSURE, CANNOT_TELL = "plain", "unsure", "cannot tell"
MISHEARD_BEFORE_DIGITS = 2  # a voice that was misheard twice is mostly misheard in the same way again


@dataclass(frozen=True)
class Evidence:
    """What the model or a reader found at a station."""

    told: str  # in its own words
    value: str = ""  # what that means for the answer of the station; "" if nothing
    doubt: str = PLAIN
    is_said: bool = False  # True: the user has heard `told`

    @property
    def is_sure(self) -> bool:
        return bool(self.value) and self.doubt == PLAIN


@dataclass(frozen=True)
class Finding:
    """A value on its way into the journal."""

    value: str
    spoken: str = ""  # the human's own words for it; "": the human agreed to the reading
    evidence: Evidence | None = None
    side: Side | None = None  # outside of what is allowed
    is_confirmed: bool = False

    @property
    def differs(self) -> bool:
        """True if the camera surely found another value than the human."""
        evidence = self.evidence
        return evidence is not None and evidence.is_sure and not is_same(evidence.value, self.value)


# What a round waits for.


@dataclass(frozen=True)
class Arriving:
    """The check digits of the station."""


@dataclass(frozen=True)
class Ready:
    """The user's word that the camera can look."""


@dataclass(frozen=True)
class Looking:
    """The evidence."""


@dataclass(frozen=True)
class Answering:
    """The human's answer."""

    evidence: Evidence | None = None
    was_outside: bool = False  # a value outside the limits was found before, so this one is the second
    misheard: int = 0  # how many values of this station were heard wrongly


@dataclass(frozen=True)
class ReadingBack:
    """A yes to the value that was read back."""

    finding: Finding
    asked: str  # the question
    misheard: int = 0  # how many values of this station were heard wrongly before


@dataclass(frozen=True)
class Confirming:
    """The word "confirm"."""

    finding: Finding


@dataclass(frozen=True)
class Reasoning:
    """The reason for a value outside the limits."""

    finding: Finding


@dataclass(frozen=True)
class Skipping:
    """The reason for a skip."""


@dataclass(frozen=True)
class Noting:
    """The words of a note."""

    before: State


@dataclass(frozen=True)
class Paused:
    """The word "continue"."""

    before: State


@dataclass(frozen=True)
class Finishing:
    """A yes: the round is to end, though stations are open."""

    before: State


@dataclass(frozen=True)
class AllDone:
    """A command: no station is open."""


@dataclass(frozen=True)
class Ended:
    """Nothing any more."""


State = (
    Arriving | Ready | Looking | Answering | ReadingBack | Confirming | Reasoning | Skipping | Noting | Paused | Finishing
    | AllDone | Ended
)  # fmt: skip


class Closed(Enum):
    """The closed sets of words that a round can wait for, for a recogniser that takes a grammar."""

    DIGITS = "digits"
    NUMBER = "number"
    EACH_DIGIT = "number, digit by digit"
    YES_NO = "yes or no"
    ITEM = "item"
    CONFIRM = "confirm"
    COMMAND = "command"  # only commands of the round, which count always


@dataclass(frozen=True)
class Expected:
    """Which words a round waits for now."""

    closed: Closed | None  # None: any words
    items: tuple[str, ...] = ()  # of a list


@dataclass(frozen=True)
class Moment:
    """All that a round remembers."""

    progress: Progress
    place: int  # of the station in the checklist, from 0
    state: State

    @property
    def station(self) -> Station:
        return self.progress.checklist.stations[self.place]


def awaits_closed_answer(expected: Expected) -> bool:
    """True where the question that was asked last has few answers, such as a number, or yes and no."""
    return expected.closed not in (None, Closed.COMMAND)


def wants_digits(moment: Moment) -> bool:
    """True where a number was heard wrongly so often that it is asked for digit by digit."""
    state = moment.state
    is_number = isinstance(moment.station.answer, Number)
    return is_number and isinstance(state, Answering) and state.misheard >= MISHEARD_BEFORE_DIGITS


@dataclass(frozen=True)
class Reaction:
    """What a round does next."""

    moment: Moment
    says: str = ""
    record: Record | None = None  # to be stored
    has_picture: bool = False  # the picture of the last look belongs to the record
    looks: bool = False  # a picture of the station is to be taken
