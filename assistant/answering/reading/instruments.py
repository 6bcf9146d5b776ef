"""Puts what a gauge or a display shows into words, and compares it with what the model says about it.

It is pure and does not know pixels. The readings come from `vision.reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from assistant.language.figures import figures_in
from vision.reading.instruments.value import rounded

if TYPE_CHECKING:
    from assistant.language.phrases import Phrases
    from vision.reading.instruments.display import DisplayReading
    from vision.reading.instruments.gauge import GaugeReading

AGREES_WITHIN = 0.02  # of a gauge's scale: the model agrees if it differs by no more


def gauge_in_words(reading: GaugeReading, phrases: Phrases) -> str:
    """One sentence. Without a scale it says so, and where the needle stands."""
    words = phrases.instruments
    doubt = reading.doubt.value if reading.doubt is not None else ""
    if reading.value is not None and reading.scale is not None:
        value = rounded(reading.value, reading.scale)
        if not doubt:
            return words.gauge.format(value=value)
        return words.doubtful_gauge.format(value=value, because=words.because[doubt])
    if doubt == "no scale" and reading.share is not None:
        return words.needs_scale.format(percent=round(100 * reading.share))
    return words.no_gauge.format(because=words.because[doubt])


def display_in_words(reading: DisplayReading, phrases: Phrases) -> str:
    """One sentence."""
    words = phrases.instruments
    if reading.doubt is None:
        return words.display.format(value=reading.text)
    because = words.because[reading.doubt.value]
    if reading.value is None:
        return words.no_display.format(because=because)
    return words.doubtful_display.format(value=reading.text, because=because)


# The model as second opinion.


@dataclass(frozen=True)
class Opinion:
    """One result of two readings. It is sure where the first is, unless the second contradicts."""

    value: Decimal | None
    is_sure: bool
    contradicting: Decimal | None = None  # what the model reads, where that differs


def with_second_opinion(
    value: Decimal | None, is_sure: bool, answer: str, scale: tuple[float, float] | None = None
) -> Opinion:
    """What an instrument was read to show, and the model's answer about it, as one result.

    `scale` is that of a gauge, on which the two may differ by `AGREES_WITHIN` of it; a display's digits must be the
    same. An answer without a number, or with several that differ, is no opinion. Agreement leaves a sure value sure,
    and disagreement makes it doubtful. The model alone is never sure, and its agreement never makes a doubtful value
    sure: a third of those are wrong, and a guess of 2 % to both sides meets one of them in 25 by chance.
    """
    said = {one for figure in figures_in(answer) for one in _values_of(figure.text, answer)}
    if len(said) != 1:
        return Opinion(value, is_sure and value is not None)
    [second] = said
    if value is None:
        return Opinion(second, False)
    tolerance = Decimal(0) if scale is None else Decimal(str(abs(scale[1] - scale[0]) * AGREES_WITHIN))
    if abs(value - second) <= tolerance:
        return Opinion(value, is_sure)
    return Opinion(value, False, contradicting=second)


def opinion_in_words(opinion: Opinion, phrases: Phrases) -> str:
    """The sentence that tells both values where they differ; "" where nothing contradicts."""
    if opinion.contradicting is None:
        return ""
    return phrases.instruments.contradicted.format(value=opinion.value, other=opinion.contradicting)


def _values_of(text: str, answer: str) -> list[Decimal]:
    """The number in a figure, with a minus where one stands before it."""
    digits = "".join(sign for sign in text if sign.isdecimal() or sign == ".").strip(".")
    if not digits or digits.count(".") > 1:
        return []
    place = answer.find(digits)
    is_negative = place > 0 and answer[:place].rstrip().endswith(("-", "−", "minus", "negative", "负"))
    return [-Decimal(digits) if is_negative else Decimal(digits)]
