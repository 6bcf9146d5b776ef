"""Which few phrases a recogniser has to know while a round waits for an answer of a closed kind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.inspection.rounds.checklist import AnswerKind, Number, OneOf, Text, YesNo
from assistant.inspection.rounds.closed_phrases import phrases_awaited
from assistant.inspection.rounds.moment import Closed, Expected
from assistant.language.phrases import phrases_for
from assistant.language.spoken_numbers import number_in, say_number

PRESSURE = Number("bar", Decimal(6), Decimal(8))


def awaited(closed: Closed | None, answer: AnswerKind, language: str = "en") -> tuple[str, ...]:
    return phrases_awaited(Expected(closed), answer, phrases_for(language), language)


@pytest.mark.parametrize("text", ["7.2", "-0.05", "1250", "101.3", "40000"])
def test_every_number_that_is_read_back_can_be_heard(text: str) -> None:
    """All words of the read-back are in the phrases, units of the same kind too, and nothing of another kind."""
    phrases = awaited(Closed.NUMBER, PRESSURE)
    known = {word for phrase in phrases for word in phrase.split()}
    words = say_number(Decimal(text), "bar", "en").split()
    assert set(words) <= known
    assert {"bar", "kilopascal", "psi", "pounds", "square"} <= known
    assert not {"volts", "percent", "liters"} & known
    found = number_in(" ".join(words), "en")
    assert found is not None
    assert found.value == Decimal(text)


def test_a_number_can_be_corrected_where_a_yes_is_awaited() -> None:
    """Beside yes and no, "no, seven point four" and "confirm" are heard, and so are the commands."""
    for closed in (Closed.YES_NO, Closed.CONFIRM):
        phrases = awaited(closed, PRESSURE)
        assert {"yes", "no", "seven", "seven point four", "seven bar", "confirm", "skip it", "go back"} <= set(phrases)
    assert "seven" not in awaited(Closed.YES_NO, YesNo())


def test_items_digits_and_commands_have_their_phrases() -> None:
    assert {"half open", "closed"} <= set(awaited(Closed.ITEM, OneOf(("Half open", "closed"))))
    assert {"four", "forty seven", "oh", "double"} <= set(awaited(Closed.DIGITS, Text()))
    assert "next" in awaited(Closed.COMMAND, Text())
    assert "seven" not in awaited(Closed.COMMAND, Text())


def test_any_words_have_no_phrases() -> None:
    """A reason or a note is heard with all words of the model."""
    assert awaited(None, Text()) == ()


def test_no_phrase_comes_twice_and_long_commands_are_left_out() -> None:
    """A recogniser is made of them within a tenth of a second."""
    for language in ("en", "zh"):
        phrases = awaited(Closed.CONFIRM, PRESSURE, language)
        assert len(set(phrases)) == len(phrases) <= 2000
    assert "how many stations are left" not in awaited(Closed.NUMBER, PRESSURE)
    assert {"七", "点", "巴"} <= set(awaited(Closed.NUMBER, PRESSURE, "zh"))
