"""What is said about gauges and displays, and the model as second opinion."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from assistant.answering.reading.instruments import (
    Opinion,
    display_in_words,
    gauge_in_words,
    opinion_in_words,
    with_second_opinion,
)
from assistant.language.phrases import LANGUAGES, InstrumentWords, phrases_for
from vision.reading.instruments.display import DisplayDoubt, DisplayReading
from vision.reading.instruments.gauge import GaugeDoubt, GaugeReading

EN = phrases_for("en")
GAUGE = GaugeReading(7.2345, 0.72345, 0.9, None, (0.0, 10.0), 270.0)


def test_a_gauge_is_told_as_finely_as_its_scale_can_tell() -> None:
    """Of a scale from 0 to 10 the hundredths are told."""
    assert gauge_in_words(GAUGE, EN) == "The gauge shows 7.23."


def test_a_doubtful_gauge_is_told_with_the_reason() -> None:
    """A value that is not sure is never told as if it were."""
    doubtful = replace(GAUGE, doubt=GaugeDoubt.NEEDLE_UNCLEAR)
    assert gauge_in_words(doubtful, EN) == "The gauge may show 7.23, but I am not sure: its needle is not clear."
    nothing = GaugeReading(None, doubt=GaugeDoubt.NO_DIAL)
    assert gauge_in_words(nothing, EN) == "I cannot read the gauge: I see no round dial."


def test_a_gauge_without_a_scale_asks_for_it() -> None:
    """Where the needle stands is told, and that the scale is needed."""
    unknown = GaugeReading(None, 0.25, 0.5, GaugeDoubt.NO_SCALE)
    assert gauge_in_words(unknown, EN) == (
        "I need the scale of this gauge, because I cannot read its numbers. The needle stands at 25 percent of it."
    )


def test_a_display_is_told_as_it_is_shown() -> None:
    """The zeros at the end stay."""
    assert display_in_words(DisplayReading(Decimal("-12.50"), "-12.50", 0.9), EN) == "The display shows -12.50."
    doubtful = DisplayReading(Decimal("8"), "8", 0.4, DisplayDoubt.GLARE)
    assert display_in_words(doubtful, EN) == ("The display may show 8, but I am not sure: there is a reflection on it.")
    unread = DisplayReading(None, "8?", 0.2, DisplayDoubt.SEGMENTS_UNCLEAR)
    assert display_in_words(unread, EN) == "I cannot read the display: the digits are not clear."


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_doubt_has_words(language: str) -> None:
    """No reason is missing in any language."""
    words = phrases_for(language).instruments
    assert {doubt.value for doubt in (*GaugeDoubt, *DisplayDoubt)} == set(words.because)
    assert all(getattr(words, field.name) for field in fields(InstrumentWords))


SEVEN = Decimal("7.2")


@pytest.mark.parametrize(
    ("value", "is_sure", "answer", "scale", "opinion"),
    [
        (SEVEN, True, "It shows about 7 bar.", (0.0, 10.0), Opinion(SEVEN, True)),
        (SEVEN, True, "It shows about 7.5 bar.", (0.0, 10.0), Opinion(SEVEN, False, Decimal("7.5"))),
        (SEVEN, True, "It shows 2.5 bar.", (0.0, 10.0), Opinion(SEVEN, False, Decimal("2.5"))),
        (SEVEN, True, "A round gauge with a red needle.", (0.0, 10.0), Opinion(SEVEN, True)),
        (SEVEN, True, "Somewhere between 6 and 8.", (0.0, 10.0), Opinion(SEVEN, True)),
        (SEVEN, False, "It shows 7.2 bar.", (0.0, 10.0), Opinion(SEVEN, False)),
        (SEVEN, True, "7.2", None, Opinion(SEVEN, True)),
        (SEVEN, True, "72", None, Opinion(SEVEN, False, Decimal(72))),
        (SEVEN, True, "-7.2", None, Opinion(SEVEN, False, Decimal("-7.2"))),
        (None, False, "It shows 5 bar.", (0.0, 10.0), Opinion(Decimal(5), False)),
        (None, False, "I cannot tell.", None, Opinion(None, False)),
    ],
)
def test_disagreement_is_doubt(
    value: Decimal | None, is_sure: bool, answer: str, scale: tuple[float, float] | None, opinion: Opinion
) -> None:
    """The model may take away certainty; it never gives any."""
    assert with_second_opinion(value, is_sure, answer, scale) == opinion


def test_both_values_are_told_where_they_differ() -> None:
    """The user hears what was read and what the model says, and nothing more where the two agree."""
    both = opinion_in_words(Opinion(SEVEN, False, Decimal("2.5")), EN)
    assert both == "I read 7.2, but a second look gives 2.5, so I am not sure."
    assert opinion_in_words(Opinion(SEVEN, True), EN) == ""
