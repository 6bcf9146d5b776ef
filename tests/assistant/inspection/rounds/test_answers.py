"""The answer of a station in the words of the human, the model and the readers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.inspection.rounds.answers import Value, WrongUnit, found_value, is_same, said_digits, said_value
from assistant.inspection.rounds.checklist import AnswerKind, Number, OneOf, Text, YesNo
from assistant.language.phrases import phrases_for
from assistant.language.spoken_numbers import SpokenNumber

BAR, BARE = Number("bar"), Number()
VALVE = OneOf(("open", "half open", "closed"))


@pytest.mark.parametrize(
    ("text", "answer", "value"),
    [
        ("seven point two zero", BAR, "7.20"),
        ("minus three point five", BARE, "-3.5"),
        ("twelve hundred", BARE, "1200"),
        ("one oh five", BARE, "105"),
        ("it says seven bar", BAR, "7"),
        ("no seven", BAR, "7"),
        ("no that is wrong", BAR, None),
        ("seven or eight", BAR, None),
        ("yes please", YesNo(), "yes"),
        ("no", YesNo(), "no"),
        ("it is open", YesNo(), None),
        ("half open", VALVE, "half open"),
        ("wrong closed", VALVE, "closed"),
        ("now open please", VALVE, "open"),
        ("blue", VALVE, None),
        ("the seal is worn", Text(), "the seal is worn"),
        ("um", Text(), None),
        ("stop", Text(), None),
        ("thank you", Text(), None),
    ],
)
def test_what_the_human_said(text: str, answer: AnswerKind, value: str | None) -> None:
    """What is not understood surely is no answer."""
    assert said_value(text, answer, phrases_for("en"), "en") == (None if value is None else Value(value))


def test_another_unit_is_converted_or_refused() -> None:
    """The value keeps what was said."""
    psi, celsius = SpokenNumber(Decimal(100), "psi"), SpokenNumber(Decimal(7), "°C")
    assert said_value("one hundred psi", BAR, phrases_for("en"), "en") == Value("6.895", psi)
    assert said_value("seven degrees celsius", BAR, phrases_for("en"), "en") == WrongUnit(celsius)


@pytest.mark.parametrize(
    ("texts", "answer", "value"),
    [
        (["The gauge reads 7.2 bar."], BAR, "7.2"),
        (["The gauge reads about seven point two bar."], BAR, "7.2"),
        (["PUMP 2", "7,2 bar"], BAR, "7.2"),
        (["7.2 bar, in other words 7.20 bar"], BAR, "7.2"),
        (["7.2 bar or 7.4 bar"], BAR, ""),
        (["PUMP 2", "7.2"], BAR, ""),
        (["7.2"], BAR, "7.2"),
        (["25 °C"], BAR, ""),
        (["It is -3.5 °C."], Number("°C"), "-3.5"),
        (["1,200"], BARE, ""),
        (["A12"], BARE, ""),
        (["1.2.3"], BARE, ""),
        (["No number."], BARE, ""),
        (["Yes, there is a red circle."], YesNo(), "yes"),
        (["No, I do not see a cross."], YesNo(), "no"),
        (["Nothing is open."], YesNo(), ""),
        (["The valve is half open."], VALVE, "half open"),
        (["It is open or closed."], VALVE, ""),
        (["It opened."], VALVE, ""),
        (["KB-7731", "1998"], Text(), "KB-7731 1998"),
    ],
)
def test_what_the_camera_found(texts: list[str], answer: AnswerKind, value: str) -> None:
    """Two numbers, or two items, are no answer."""
    assert found_value(texts, answer, phrases_for("en")) == value


@pytest.mark.parametrize(
    ("texts", "answer", "value"),
    [
        (["不是，没有红色的圆。"], YesNo(), "no"),
        (["是的，有一个。"], YesNo(), "yes"),
        (["阀门是半开的。"], OneOf(("开", "半开", "关")), "半开"),
        (["压力是7.2巴。"], BAR, "7.2"),
    ],
)
def test_what_the_camera_found_in_chinese(texts: list[str], answer: AnswerKind, value: str) -> None:
    """The same without spaces between the words."""
    assert found_value(texts, answer, phrases_for("zh")) == value


@pytest.mark.parametrize(("text", "digits"), [("four seven", "47"), ("zero five", "05"), ("seven point two", None)])
def test_check_digits(text: str, digits: str | None) -> None:
    """Zeros at the front stay."""
    assert said_digits(text, "en") == digits


def test_values_are_compared_as_what_they_mean() -> None:
    """7.20 is 7.2, Open is open."""
    assert is_same("7.20", "7.2")
    assert is_same("Open", "open")
    assert not is_same("7.2", "7.3")
