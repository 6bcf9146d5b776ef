"""Reads a checklist from a TOML file, and refuses every fault with the file, the line and the key.

So nobody finds a fault in the middle of a round. It does not know how a round goes on, nor which words a speech model
knows (`assistant.inspection.rounds.vocabulary`).
"""

from __future__ import annotations

import hashlib
import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from assistant.errors import ChecklistError
from assistant.inspection.rounds.checklist import (
    NO,
    YES,
    AnswerKind,
    Checklist,
    Number,
    OneOf,
    Station,
    StepKind,
    Text,
    YesNo,
)
from assistant.inspection.rounds.units import is_unit
from assistant.language.command_parser import is_no, is_yes, parse_round_command, plain_words
from assistant.language.phrases import Phrases
from assistant.settings.config_reader import nearest, read_text
from assistant.settings.toml_text import parse_toml, statements

LONGEST_TEXT = 500  # characters: half a minute of speech
MOST_STATIONS = 500
_STATION = "station"  # each station is a table of this name: [[station]]
_TITLE = "title"
_STEPS = {kind.value: kind for kind in StepKind}
_YES_NO, _NUMBER, _TEXT, _ONE_OF = "yes/no", "number", "text", "one of"
_ANSWERS = (_YES_NO, _NUMBER, _TEXT, _ONE_OF)
_USUAL_ANSWER = {StepKind.READ: _TEXT, StepKind.CODE: _TEXT, StepKind.GAUGE: _NUMBER, StepKind.DISPLAY: _NUMBER}
_DIGITS = re.compile(r"[0-9]{1,8}")
_A_TEXT, _TEXTS, _A_NUMBER, _NUMBERS, _YES_OR_NO = (
    "a text in quotes",
    "a list of texts",
    "a number",
    "two numbers",
    "true or false",
)
_KEYS: Mapping[str, str] = {  # of a station: what the value must be
    "name": _A_TEXT, "step": _A_TEXT, "answer": _A_TEXT, "instruction": _A_TEXT, "question": _A_TEXT, "when_outside": _A_TEXT,
    "check_digits": _TEXTS, "unit": _A_TEXT, "low": _A_NUMBER, "high": _A_NUMBER, "scale": _NUMBERS, "sweep": _A_NUMBER, "items": _TEXTS,
    "right": f"{_A_TEXT} or {_TEXTS}", "keep_picture": _YES_OR_NO,
}  # fmt: skip
# Keys that only some answers have.
_OF_ANSWER: Mapping[str, tuple[str, ...]] = {
    "unit": (_NUMBER,), "low": (_NUMBER,), "high": (_NUMBER,), "items": (_ONE_OF,), "right": (_YES_NO, _TEXT, _ONE_OF),
}  # fmt: skip


def load_checklist(path: Path, phrases: Phrases) -> Checklist:
    """The checklist in a file. `phrases` has the commands that an item of a list must not be.

    Raises ChecklistError, or ConfigError where the file cannot be read.
    """
    return parse_checklist(read_text(path, "checklist"), str(path), phrases)


def parse_checklist(text: str, source: str, phrases: Phrases) -> Checklist:
    """The checklist that is written in `text`. Raises ChecklistError, which names `source`, the line and the key."""
    try:
        parse_toml(text)
    except ValueError as error:
        raise ChecklistError(f"{source} is not valid TOML: {error}") from None
    title, written = "", list[_Written]()
    for key in _keys(text, source):
        if key.name == _STATION and key.is_header:
            written.append(_Written(key.where, {}))
        elif not written:
            title = _title(key)
        else:
            written[-1].keys[key.name] = _checked(key)
    if not title:
        raise ChecklistError(f'{source} has no {_TITLE}: write {_TITLE} = "…" in its first line.')
    if not written:
        raise ChecklistError(f"{source} has no stations: write [[{_STATION}]] and its keys below, for each of them.")
    if len(written) > MOST_STATIONS:
        raise ChecklistError(f"{source} has {len(written)} stations, and {MOST_STATIONS} are the most: divide it.")
    stations = list[Station]()
    for table in written:
        station = _station(table, phrases)
        if station.name.casefold() in {other.name.casefold() for other in stations}:
            table.refuse("name", f"there are two stations of the name {station.name!r}: name one of them otherwise.")
        stations.append(station)
    return Checklist(title, tuple(stations), hashlib.sha256(text.encode("utf-8")).hexdigest())


@dataclass(frozen=True)
class _Key:
    """A key with its value, or the header of a station."""

    name: str
    value: Any
    where: str  # the file and the line
    is_header: bool = False

    def refuse(self, fault: str) -> NoReturn:
        raise ChecklistError(f"{self.where}: {self.name} {fault}")


@dataclass(frozen=True)
class _Written:
    """A station as it is written. Each value has the type that belongs to its key."""

    where: str  # of its header
    keys: dict[str, _Key]

    def get(self, name: str, default: Any = None) -> Any:
        return self.keys[name].value if name in self.keys else default

    def refuse(self, name: str, fault: str) -> NoReturn:
        where = self.keys[name].where if name in self.keys else self.where
        raise ChecklistError(f"{where}: {fault}")


def _keys(text: str, source: str) -> Iterator[_Key]:
    """All keys in the order of the file, so that the error is about the first fault that a reader meets."""
    for statement in statements(text):
        where = f"{source}, line {statement.line}"
        for name, value in statement.content.items():
            if statement.is_header and not (name == _STATION and value == [{}]):
                raise ChecklistError(f"{where}: unknown table {name!r}; a station begins with [[{_STATION}]].")
            if name == _STATION and not statement.is_header:
                raise ChecklistError(
                    f"{where}: write [[{_STATION}]] and the keys of the station below, in place of {name!r}."
                )
            yield _Key(name, value, where, statement.is_header)


def _title(key: _Key) -> str:
    if key.name in _KEYS:
        raise ChecklistError(f"{key.where}: {key.name!r} belongs to a station: write [[{_STATION}]] above it.")
    if key.name != _TITLE:
        raise ChecklistError(f"{key.where}: unknown key {key.name!r}{nearest(key.name, [_TITLE, *_KEYS])}")
    if type(key.value) is not str:
        key.refuse(f"must be {_A_TEXT}, not {reprlib.repr(key.value)}.")
    return _text(key, key.value)


def _checked(key: _Key) -> _Key:
    """The key with a value of the type that belongs to it: texts without white space around, numbers as decimals."""
    if key.name not in _KEYS:
        raise ChecklistError(f"{key.where}: unknown key {key.name!r}{nearest(key.name, [*_KEYS])}")
    kind, value = _KEYS[key.name], key.value
    fits: Any = None
    if _A_TEXT in kind and type(value) is str:
        fits = _text(key, value)
    elif _TEXTS in kind and type(value) is list and all(type(each) is str for each in value):
        if not value:
            key.refuse("is an empty list.")
        fits = tuple(_text(key, each) for each in value)
    elif kind == _A_NUMBER:
        fits = _decimal(value)
    elif kind == _NUMBERS and type(value) is list and len(value) == 2 and None not in map(_decimal, value):
        fits = tuple(map(_decimal, value))
    elif kind == _YES_OR_NO and type(value) is bool:
        fits = value
    if fits is None:
        key.refuse(f"must be {kind}, not {reprlib.repr(value)}.")
    return _Key(key.name, fits, key.where)


def _text(key: _Key, text: str) -> str:
    text = " ".join(text.split())
    if not text:
        key.refuse("is empty.")
    if len(text) > LONGEST_TEXT:
        key.refuse(f"has {len(text):,} characters, and {LONGEST_TEXT} are the most: shorten it.")
    if not text.isprintable():
        key.refuse(f"holds a character that cannot be printed: {reprlib.repr(text)}.")
    return text


def _decimal(value: Any) -> Decimal | None:
    is_number = type(value) in (int, float) and math.isfinite(value)
    if not is_number:
        return None
    number = Decimal(repr(value))
    return number.quantize(Decimal(1)) if value == int(value) and abs(value) < 1e15 else number  # 8.0 is said as eight


def _station(table: _Written, phrases: Phrases) -> Station:
    for name in ("name", "step"):
        if name not in table.keys:
            table.refuse(name, f"the station has no {name}.")
    step = _STEPS.get(table.get("step"))
    if step is None:
        table.refuse("step", f"step must be one of {', '.join(map(repr, _STEPS))}, not {table.get('step')!r}.")
    answer = table.get("answer", _USUAL_ANSWER.get(step))
    if answer not in _ANSWERS:
        given = "the station has none" if answer is None else f"not {answer!r}"
        table.refuse("answer", f"answer must be one of {', '.join(map(repr, _ANSWERS))}; {given}.")
    if step in (StepKind.GAUGE, StepKind.DISPLAY) and answer != _NUMBER:
        table.refuse("answer", f"a step of the kind {step.value!r} has a number as its answer, not {answer!r}.")
    if step in (StepKind.ASK, StepKind.SAY) and "question" not in table.keys:
        table.refuse("question", f"a step of the kind {step.value!r} needs a question.")
    for name, answers in _OF_ANSWER.items():
        if name in table.keys and answer not in answers:
            table.refuse(name, f"{name} does not fit an answer of the kind {answer!r}.")
    return Station(
        name=table.get("name"),
        step=step,
        answer=_answer_kind(table, answer, phrases),
        instruction=table.get("instruction", ""),
        question=table.get("question", ""),
        check_digits=_check_digits(table),
        scale=_scale(table, step),
        sweep=_sweep(table, step),
        when_outside=table.get("when_outside", ""),
        keep_picture=table.get("keep_picture"),
    )


def _answer_kind(table: _Written, answer: str, phrases: Phrases) -> AnswerKind:
    right = table.get("right")
    if answer == _NUMBER:
        return _number(table)
    if answer == _ONE_OF:
        return _one_of(table, phrases)
    if right is not None and not isinstance(right, str):
        table.refuse("right", f"right must be {_A_TEXT} where the answer is {answer!r}.")
    if answer == _TEXT:
        return Text(right)
    if right not in (None, YES, NO):
        table.refuse("right", f"right must be {YES!r} or {NO!r} where the answer is {answer!r}, not {right!r}.")
    return YesNo(right)


def _number(table: _Written) -> Number:
    unit, low, high = table.get("unit", ""), table.get("low"), table.get("high")
    if unit and not is_unit(unit):
        table.refuse(
            "unit", f"unit {unit!r} is not a known unit of measurement; write it as in bar, °C, l/min or m³/h."
        )
    if low is not None and high is not None and low > high:
        table.refuse("low", f"low = {low} is above high = {high}: the limits are the wrong way round.")
    return Number(unit, low, high)


def _one_of(table: _Written, phrases: Phrases) -> OneOf:
    if "items" not in table.keys:
        table.refuse("items", f"an answer of the kind {_ONE_OF!r} needs items, the list of what can be said.")
    items: tuple[str, ...] = table.get("items")
    right = table.get("right", ())
    right = (right,) if isinstance(right, str) else right
    known: dict[str, str] = {}
    for item in items:
        said = plain_words(item, phrases)
        if said in known:
            table.refuse("items", f"items has {item!r} twice.")
        if parse_round_command(item, phrases) is not None or is_yes(item, phrases) or is_no(item, phrases):
            table.refuse(
                "items", f"items has {item!r}, which is a command or an answer of every round: word it otherwise."
            )
        known[said] = item
    for item in right:
        if item not in items:
            table.refuse("right", f"right has {item!r}, which is not one of the items{nearest(item, [*items])}")
    return OneOf(items, right)


def _check_digits(table: _Written) -> tuple[str, ...]:
    digits: tuple[str, ...] = table.get("check_digits", ())
    for each in digits:
        if not _DIGITS.fullmatch(each):
            table.refuse("check_digits", f'check_digits has {each!r}: each text is one to eight digits, such as "47".')
    if len(set(digits)) < len(digits):
        table.refuse("check_digits", "check_digits has the same digits twice.")
    return digits


def _scale(table: _Written, step: StepKind) -> tuple[Decimal, Decimal] | None:
    scale: tuple[Decimal, Decimal] | None = table.get("scale")
    if step is not StepKind.GAUGE:
        if scale is not None:
            table.refuse("scale", f"scale belongs to a step of the kind {StepKind.GAUGE.value!r}.")
        return None
    if scale is None:
        table.refuse("scale", "a gauge needs its scale: the values at both ends of the dial, such as scale = [0, 10].")
    if scale[0] == scale[1]:
        table.refuse("scale", "scale has the same value at both ends of the dial.")
    return scale


def _sweep(table: _Written, step: StepKind) -> float | None:
    sweep: Decimal | None = table.get("sweep")
    if sweep is None:
        return None
    if step is not StepKind.GAUGE:
        table.refuse("sweep", f"sweep belongs to a step of the kind {StepKind.GAUGE.value!r}.")
    if not 0 < sweep <= 360:
        table.refuse("sweep", f"sweep must be an angle above 0 and up to 360 degrees, not {sweep}.")
    return float(sweep)
