"""Numbers, prices, dates and times, however they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.language.figures import Figure, Kind, figures_in


def only(text: str) -> Figure:
    (figure,) = figures_in(text)
    return figure


@pytest.mark.parametrize(
    "text",
    [
        "3,49 €", "€3.49", "3.49 EUR", "It costs 3 euros 49.", "three euros and forty-nine cents", "three point four nine euros",
        "三点四九元", "三块四毛九", "三元四角九分", "¥3.49", "３．４９元",
    ],
)  # fmt: skip
def test_a_price_is_the_same_in_every_notation(text: str) -> None:
    """The currency is a sign or a word, before or behind the number, and the number may be words."""
    figure = only(text)
    assert figure.kind is Kind.PRICE
    assert Decimal("3.49") in figure.values


@pytest.mark.parametrize(
    "text",
    [
        "14.03.2025", "2025-03-14", "14/03/25", "03/14/2025", "14 MAR 2025", "14MAR25", "MAR 14 2025", "March 14, 2025", "20250314",
        "the fourteenth of March twenty twenty-five", "2025年3月14日", "二零二五年三月十四日",
    ],
)  # fmt: skip
def test_a_day_is_the_same_in_every_notation(text: str) -> None:
    """Where day and month could be exchanged, both days are meant."""
    figure = only(text)
    assert figure.kind is Kind.DATE
    assert (2025, 3, 14) in figure.dates


@pytest.mark.parametrize(
    ("text", "date"),
    [("EXP 03/2025", (2025, 3, 0)), ("MAR 2025", (2025, 3, 0)), ("BB 03/25", (2025, 3, 0)), ("3月14日", (0, 3, 14))],
)
def test_a_date_may_leave_parts_out(text: str, date: tuple[int, int, int]) -> None:
    """A part that is not told is 0."""
    assert date in only(text).dates


@pytest.mark.parametrize("text", ["45.03.2025", "14.13.25", "31/31"])
def test_no_day_of_the_calendar_is_no_date(text: str) -> None:
    """Such figures are numbers."""
    assert Kind.DATE not in {figure.kind for figure in figures_in(text)}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("8:30", (8, 30)), ("8.30 am", (8, 30)), ("half past eight", (20, 30)), ("20:30", (20, 30)), ("8:30 p.m.", (20, 30)),
        ("quarter to nine", (8, 45)), ("ten o'clock", (10, 0)), ("下午三点半", (15, 30)), ("八点三十分", (8, 30)),
    ],
)  # fmt: skip
def test_a_time_is_the_same_in_every_notation(text: str, time: tuple[int, int]) -> None:
    """Without a half of the day it may be in the morning or in the evening."""
    figure = only(text)
    assert figure.kind is Kind.TIME
    assert time in figure.times


def test_a_half_of_the_day_leaves_one_time() -> None:
    """8:30 p.m. is no time in the morning."""
    assert only("8:30 p.m.").times == {(20, 30)}
    assert only("half past eight").times == {(8, 30), (20, 30)}
    assert only("12 am").times == {(0, 0)}


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("four oh seven", "407"), ("one hundred and twenty", "120"), ("twenty twenty-five", "2025"), ("two thousand and five", "2005"),
        ("nineteen ninety-nine", "1999"), ("四零七", "407"), ("三百四十九", "349"), ("seven", "7"),
    ],
)  # fmt: skip
def test_words_become_digits(words: str, digits: str) -> None:
    """A number may be said as a whole or digit by digit."""
    assert only(f"number {words}" if words.isascii() else f"{words}号").digits == digits


def test_separators_have_both_meanings() -> None:
    """1,234 is a thousand or one and a bit; leading zeros stay in the digits."""
    assert only("1,234").values == {Decimal(1234), Decimal("1.234")}
    assert only("1,234.50").values == {Decimal("1234.5")}
    assert only("1 234,50").values == {Decimal("1234.5")}
    assert (only("007").digits, only("007").values) == ("007", {Decimal(7)})


def test_measures_are_compared_in_one_unit() -> None:
    """Half a kilogram is 500 grams."""
    assert only("500 g").values == only("0.5 kg").values == only("五百克").values
    assert only("1.5 L").values == only("150 cl").values


def test_letters_and_digits_together_are_a_code() -> None:
    """An ordinal is none, and no number either."""
    assert [(figure.text, figure.kind) for figure in figures_in("Gate B12, the 2nd from here")] == [("B12", Kind.CODE)]


@pytest.mark.parametrize("text", ["3 buttons", "three red buttons", "2 people", "3个按钮", "第二个"])
def test_a_number_of_things_is_a_count(text: str) -> None:
    """A count is written nowhere."""
    assert only(text).is_count


@pytest.mark.parametrize(
    "text", ["", "no number", "9" * 6000, "1," * 3000, "one " * 3000, "三" * 3000, "²½①", "\0" * 40]
)
def test_no_text_is_too_strange(text: str) -> None:
    """A line of noise costs no time and no error."""
    assert isinstance(figures_in(text), list)
