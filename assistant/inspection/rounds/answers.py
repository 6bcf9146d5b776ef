"""Finds the answer of a station in words: those that the human said, and those that the model or a reader found.

What is not understood surely is None, and never a guess. It does not know limits, nor what happens next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.inspection.rounds.checklist import NO, YES, AnswerKind, Number, OneOf, Text, YesNo
from assistant.inspection.rounds.units import converted
from assistant.language.command_parser import asks_nothing, is_no, is_yes, known_wording, parse_command, plain_words
from assistant.language.figures import with_digits
from assistant.language.phrases import Phrases
from assistant.language.spoken_numbers import SpokenNumber, digits_in, number_in
from assistant.language.spoken_units import unit_written


@dataclass(frozen=True)
class Value:
    """An answer of the human."""

    text: str  # as it is stored: "7.2", "yes", "closed"
    converted_from: SpokenNumber | None = None  # it was said in this unit


@dataclass(frozen=True)
class WrongUnit:
    """A number was said, in a unit that measures something else."""

    said: SpokenNumber


def said_value(text: str, answer: AnswerKind, phrases: Phrases, language: str) -> Value | WrongUnit | None:
    """The answer that the human said. None where the words are none. "No, seven point four" is 7.4."""
    match answer:
        case Number():
            number = number_in(_without_no(text, phrases), language)
            return None if number is None else _in_unit(number, answer.unit)
        case YesNo():
            found = YES if is_yes(text, phrases) else NO if is_no(text, phrases) else None
        case OneOf():
            found = known_wording(_without_no(text, phrases), answer.items, phrases)
        case Text():
            found = free_words(text, phrases)
    return None if found is None else Value(found)


def free_words(text: str, phrases: Phrases) -> str | None:
    """The words where any words are wanted: a reason, a note, a text. None for a command, a noise or thanks."""
    words = " ".join(text.split())
    is_none = not words or parse_command(words, phrases) is not None or asks_nothing(words, phrases)
    return None if is_none else words


def said_digits(text: str, language: str) -> str | None:
    """The digits that were said one by one, or as a number: "four seven" and "forty seven" are both 47."""
    digits = digits_in(text, language)
    if digits is not None:
        return digits
    number = number_in(text, language)
    is_whole = number is not None and number.unit is None and number.value >= 0 and number.value % 1 == 0
    return format(number.value, "f").partition(".")[0] if number is not None and is_whole else None


def found_value(texts: Sequence[str], answer: AnswerKind, phrases: Phrases) -> str:
    """The answer in words that the model or a reader found, "" where they hold none, or more than one."""
    match answer:
        case Number():
            return _only(_numbers_in(" ; ".join(texts), answer.unit))
        case YesNo():
            return _yes_or_no(" ".join(texts), phrases)
        case OneOf():
            words = f" {plain_words(' '.join(texts), phrases)} "
            said = {item: plain_words(item, phrases) for item in answer.items}
            there = [item for item in answer.items if _contains(words, said[item])]
            # "half open" holds "open" as well.
            return _only([a for a in there if not any(a != b and said[a] in said[b] for b in there)])
        case Text():
            return " ".join(" ".join(texts).split())


def is_same(value: str, other: str) -> bool:
    """Whether two stored values are the same: 7.20 is 7.2, and case does not count."""
    return _plain_number(value) == _plain_number(other)


def _in_unit(number: SpokenNumber, wanted: str) -> Value | WrongUnit:
    if number.unit in (None, wanted):
        return Value(format(number.value, "f"))
    value = converted(number.value, number.unit, wanted)
    if value is None:
        return WrongUnit(number)
    is_the_same = value == number.value  # a bare "degrees" where degrees Celsius are wanted
    return Value(format(value, "f"), None if is_the_same else number)


def _without_no(text: str, phrases: Phrases) -> str:
    """The words behind a "no" at their front: the value that was read back was wrong, and this is the right one."""
    words = text.strip()
    for no in sorted(phrases.no, key=len, reverse=True):
        rest = words[len(no) :]
        if words.lower().startswith(no) and rest.strip(" ,，.。") and not (no[-1].isascii() and rest[0].isalnum()):
            return rest.strip(" ,，.。")
    return words


_NUMBER = re.compile(
    r"(?<![^\W\u4e00-\u9fff])(?<![.,])[-−]?\d+(?:[.,]\d+)?(?![\d]|[.,]\d)[ \t]*([^\W\d_]+(?:[/³²]\w*)*|[%°]\w?)?"
)


def _numbers_in(text: str, unit: str) -> list[str]:
    """The numbers with the unit, or if there are none all those without any. Figures and words both count."""
    with_unit, bare = [], []
    for match in _NUMBER.finditer(with_digits(text)):
        number = match[0][: match.start(1) - match.start()] if match[1] else match[0]
        number = number.strip().replace("−", "-")
        if re.search(r",\d{3}$", number):
            return []  # 1,200 may be twelve hundred, or a little more than one
        number = format(Decimal(number.replace(",", ".")), "f")
        written = unit_written(match[1]) if match[1] else None
        if unit and (match[1] == unit or written == unit):
            with_unit.append(number)
        elif written is None:
            bare.append(number)
    return with_unit or bare


def _only(found: list[str]) -> str:
    return found[0] if found and len({_plain_number(each) for each in found}) == 1 else ""


def _plain_number(text: str) -> str:
    try:
        return str(Decimal(text).normalize())
    except ArithmeticError:
        return text.casefold()


def _yes_or_no(text: str, phrases: Phrases) -> str:
    words = plain_words(text, phrases)
    for value, wordings in ((NO, phrases.no), (YES, phrases.yes)):
        for wording in wordings:
            rest = words[len(wording) :]
            if words.startswith(wording) and (not rest or not wording[-1].isascii() or rest.startswith(" ")):
                return value
    return ""


def _contains(words: str, said: str) -> bool:
    return (f" {said} " if said.isascii() else said) in words
