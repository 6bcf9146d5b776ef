"""Tells whether two answers to one question say the same, and which numbers they differ in.

It is pure and judges strictly: two wordings are the same answer only if one of them holds all words of the other in
their order. So "a red mug" and "a red mug on a table" agree, "a red mug" and "a blue mug" do not, and of two free
wordings that mean the same some count as different. Whoever uses it then tells both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from assistant.language.figures import Kind, figures_in
from assistant.language.phrases import Phrases
from assistant.language.writing_questions import has_one_of


def numbers_of(text: str) -> tuple[str, ...]:
    """The numbers and codes of a text in their order, as they are written, without counts of things."""
    return tuple(figure.text.strip() for figure in figures_in(text) if not figure.is_count)


def say_the_same(one: str, other: str, phrases: Phrases) -> bool:
    """Whether two answers agree. One that denies ("there is no door") agrees with none that does not."""
    denies = phrases.writing.denies
    if has_one_of(denies, one, phrases) != has_one_of(denies, other, phrases):
        return False
    keys = [_number_keys(text) for text in (one, other)]
    if keys[0] or keys[1]:
        # A long number is often said in groups.
        return sorted(keys[0]) == sorted(keys[1]) or "".join(keys[0]) == "".join(keys[1])
    words = sorted((_words(one), _words(other)), key=len)
    if not words[0]:
        return not words[1]
    return _is_within(*words)


def _number_keys(text: str) -> list[str]:
    """What has to be equal: digits in their order, since a digit that was dropped is what a second look is for."""
    return [
        "".join(filter(str.isalnum, figure.text)).upper() if figure.kind is Kind.CODE else figure.digits
        for figure in figures_in(text)
    ]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.findall(r"[一-鿿]|[^\W_一-鿿]+(?:['’][^\W_]+)*", plain)


def _is_within(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Whether all words of the first stand in the second, in their order."""
    rest: Iterator[str] = iter(longer)
    return all(word in rest for word in shorter)
