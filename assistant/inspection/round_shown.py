"""How a round stands at one moment, as the web page and other programs are shown it. Immutable values only.

It does not know the rules of a round, words of a language, or who shows the values. A thread that has one of them can
read it without a lock, because nothing in it ever changes.
"""

from __future__ import annotations

from dataclasses import dataclass

# The states of a station.
OPEN, IN_ORDER, DOUBTFUL, OUTSIDE, SKIPPED = "open", "in_order", "doubtful", "outside", "skipped"
STATES = (OPEN, IN_ORDER, DOUBTFUL, OUTSIDE, SKIPPED)
# What a round can wait for.
AWAITED = (
    "check_digits", "ready", "look", "answer", "yes", "confirm", "reason", "skip_reason", "note", "continue", "finish",
    "command", "nothing",
)  # fmt: skip
# The kinds of answers, as a checklist names them.
ANSWERS = ("yes/no", "number", "text", "one of")


@dataclass(frozen=True)
class StationShown:
    """One station with its newest result. A text is "" and a limit None where there is nothing to tell."""

    name: str
    state: str  # one of STATES
    is_doubtful: bool  # can be True beside the state "outside"
    answer: str  # one of ANSWERS
    value: str = ""  # as the journal has it: "7.2", "yes", "closed"
    unit: str = ""  # of the value and the limits
    low: float | None = None  # the lowest value that is allowed
    high: float | None = None  # the highest one
    right: tuple[str, ...] = ()  # of answers that are no numbers: what is allowed; (): everything
    reading: str = ""  # what the camera found for the value
    reason: str = ""  # for a skip, or for a value outside the limits


@dataclass(frozen=True)
class NoteShown:
    """A note of the user."""

    station: str  # where it was made
    text: str


@dataclass(frozen=True)
class RoundShown:
    """A round that is under way, or has ended."""

    id: str
    title: str
    language: str  # of the words, such as "en"
    station: int | None  # the number of the station where the round is, from 1; None: no station is open
    awaits: str  # one of AWAITED
    prompt: str  # what is asked for now, in the words that are spoken
    stations: tuple[StationShown, ...]
    notes: tuple[NoteShown, ...]
    has_ended: bool
