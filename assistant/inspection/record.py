"""One record of the journal, and its forms: the canonical JSON text that the hash chain covers, and back.

Values only. It does not know where records are stored, nor who writes them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The kinds of records. A further kind is a further lower-case word: the journal stores every kind alike.
TURN = "turn"  # a question and its answer, by voice or from the page
STEP = "step"  # a station of a round, with what was found there
SKIP = "skip"  # a station that was left out, with the reason
NOTE = "note"  # the user's own words
ROUND_BEGAN = "round_began"
ROUND_ENDED = "round_ended"
DELETED = "deleted"  # written by the journal itself: which records or pictures were deleted, and why

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
# Control characters but for the tab and the line feed. They say nothing, and neither HTML nor a spreadsheet takes them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True)
class Record:
    """What the journal keeps of one event. A text is "" and a number None where there is nothing to tell.

    Raises ValueError for a kind that is not a lower-case word, a time without a time zone, or a number that is not
    finite.
    """

    kind: str
    at: dt.datetime  # with its time zone, which tells the local time; kept to the millisecond
    profile: str = ""  # of the configuration, such as "cart"
    language: str = ""  # of the words, such as "en"
    # Where in a round it belongs. All records of one round have the same id.
    round_id: str = ""
    round_title: str = ""
    station: str = ""
    # What was asked and answered.
    question: str = ""  # the transcript, or the typed question, or what the checklist asked of the camera
    confidence: float | None = None  # 0..1, of the transcript; None: it was typed
    answer: str = ""  # as the user got it, words of doubt included
    doubt: str = ""  # one of `assistant.answering.judging.doubt.Verdict`: "plain", "unsure", "cannot tell"
    # What was found at a station.
    value: str = ""  # what counts, as it was read back: "7.2", "yes", "closed"
    unit: str = ""
    low: float | None = None  # the limits, in `unit`; None: there is none on this side
    high: float | None = None
    is_out_of_limits: bool = False
    spoken: str = ""  # the human's own word for the value
    reading: str = ""  # what the model or the reader found for the same value
    is_confirmed: bool = False  # the human confirmed the value after it was read back
    reason: str = ""  # for a skip, or for a value outside its limits
    note: str = ""
    # How it came about.
    model: str = ""  # the model's name; "" where none answered
    weights_sha256: str = ""  # of the file that lists the model's weights, or of the weights; "" if not known
    joules: float | None = None  # of the processor packages, for question and answer
    timings: Mapping[str, float | None] = field(default_factory=dict)  # seconds, as `seesay ask --json` names them
    details: Mapping[str, Any] = field(default_factory=dict)  # further values, of any kind that JSON has
    # The journal fills these two in.
    picture_sha256: str = ""  # of the JPEG file, also where the file is not kept; "": there was no picture
    has_picture: bool = False  # True: the JPEG file was kept when this record was written

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"the kind of a record is a lower-case word, not {self.kind!r}")
        if self.at.utcoffset() is None:
            raise ValueError("the time of a record needs its time zone")

    @property
    def at_milliseconds(self) -> int:
        """Milliseconds since 1970 in UTC, for comparing."""
        since = self.at - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
        return since // dt.timedelta(milliseconds=1)

    @property
    def words(self) -> str:
        """All texts that a search looks at."""
        texts = (
            self.round_title, self.station, self.question, self.answer, self.value, self.unit, self.spoken, self.reading,
            self.reason, self.note,
        )  # fmt: skip
        return "\n".join(filter(None, texts))


@dataclass(frozen=True)
class Entry:
    """A record as it is stored, or what is left of a deleted one: its hashes."""

    number: int  # 1, 2, 3, … without a gap
    record: Record | None  # None: it was deleted
    salt: str  # 32 random hexadecimal digits; "" if deleted. Without it nobody can guess a deleted text by its hash
    content_sha256: str  # of salt, line feed and canonical JSON
    chain_sha256: str  # of the previous record's chain hash, line feed and `content_sha256`
    picture: Path | None = None  # the JPEG file, if it is kept


NAMES = tuple(declared.name for declared in dataclasses.fields(Record))
_DEFAULTS: Mapping[str, Any] = {
    declared.name: declared.default if declared.default is not dataclasses.MISSING else {}
    for declared in dataclasses.fields(Record)
    if declared.name not in ("kind", "at")
}


def as_values(record: Record) -> dict[str, Any]:
    """The record as JSON values: all fields, in their order, the time in ISO 8601 with milliseconds and its offset."""
    values = {name: getattr(record, name) for name in NAMES}
    values["at"] = record.at.isoformat(timespec="milliseconds")
    return values


def from_values(values: Mapping[str, Any]) -> Record:
    """The record of `as_values`. A missing field gets its default. Raises ValueError where it is no such thing."""
    try:
        known = {name: values[name] for name in NAMES if name in values}
        return Record(**{**known, "at": dt.datetime.fromisoformat(values["at"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"this is no record of a journal: {error}") from None


def canonical_json(record: Record) -> str:
    """The text that the hash chain covers: fields that differ from their defaults, sorted, without white space, ASCII.

    Raises ValueError for a number that is not finite.
    """
    values = {name: value for name, value in as_values(record).items() if value != _DEFAULTS.get(name)}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def record_of(content: str) -> Record:
    """The record of `canonical_json`. Raises ValueError where it is no such text."""
    values = json.loads(content)
    if not isinstance(values, dict):
        raise ValueError("this is no record of a journal")
    return from_values(values)


def cleaned(record: Record) -> Record:
    """The record as it is stored: every export of it reads back the same.

    Texts are without control characters, with line feeds for all line ends; the time is in whole milliseconds.
    """
    changes: dict[str, Any] = {}
    for name in NAMES:
        value = getattr(record, name)
        if isinstance(value, (str, Mapping)):
            changes[name] = _cleaned(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            changes[name] = float(value)
    at = record.at
    changes["at"] = dt.datetime.fromisoformat(at.isoformat(timespec="milliseconds"))
    return dataclasses.replace(record, **changes)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode("utf-8")  # a lone half of a pair cannot be stored
        return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, Mapping):
        return {_cleaned(str(key)): _cleaned(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(each) for each in value]
    return value


def as_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted numbers as ranges: [1, 2, 3, 7] is [[1, 3], [7, 7]]."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
