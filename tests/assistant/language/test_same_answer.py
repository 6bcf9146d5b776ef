"""Whether two answers say the same."""

from __future__ import annotations

import pytest

from assistant.language.phrases import phrases_for
from assistant.language.same_answer import numbers_of, say_the_same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The number is 407.", "It says 407", True),
        ("407", "401", False),
        ("11111111", "1111111", False),
        ("It is 4006 3813 3393 1.", "4006381333931", True),
        ("I see B12.", "It says b12", True),
        ("A red mug.", "a red mug on a table", True),
        ("A red mug.", "A blue mug.", False),
        ("A blue mug and a red plate.", "A red mug and a blue plate.", False),
        ("There is a person.", "There is no person.", False),
        ("Yes.", "No.", False),
        ("A red mug.", "", False),
        ("", "", True),
        ("The room is 407.", "I cannot read it.", False),
    ],
)
def test_answers_are_compared_strictly(one: str, other: str, same: bool) -> None:
    """Numbers have to be equal to the digit, denials to agree, and words to stand in the same order."""
    phrases = phrases_for("en")
    assert say_the_same(one, other, phrases) is say_the_same(other, one, phrases) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("房间号是407。", "是407号房间", True),
        ("一个红色的杯子", "一个蓝色的杯子", False),
        ("有人", "没有人", False),
        ("一个红色的杯子", "桌上有一个红色的杯子。", True),
    ],
)
def test_answers_in_chinese_are_compared_by_their_characters(one: str, other: str, same: bool) -> None:
    """There are no spaces between the words."""
    assert say_the_same(one, other, phrases_for("zh")) is same


def test_counts_are_no_numbers_that_were_read() -> None:
    """ "3 buttons" stands nowhere in the picture."""
    assert numbers_of("The room is 407, with 3 buttons.") == ("407",)
