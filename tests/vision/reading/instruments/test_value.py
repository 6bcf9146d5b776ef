"""The value of a gauge or a display as one number."""

from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.gauges import Conditions, draw_gauge, photograph
from tests.assistant.fake_reader import FakeReader
from vision.reading.instruments.value import InstrumentValue, display_value, gauge_value, rounded

WALL = np.full((120, 160, 3), 90, np.uint8)


def test_a_gauge_gives_a_number_that_is_sure_only_with_its_sweep() -> None:
    """Without the sweep and without a reader nothing proves that both ends of the scale were seen."""
    rng = random.Random(3)
    drawn = draw_gauge(rng)
    rgb = photograph(rng, drawn.rgb, drawn.mask, Conditions()).rgb
    span = drawn.scale[1] - drawn.scale[0]
    found = gauge_value(rgb, drawn.scale, "bar", sweep=drawn.sweep)
    assert (found.is_sure, found.unit, found.doubt) == (True, "bar", None)
    assert float(found.value or 0) == pytest.approx(drawn.value, abs=0.02 * span)
    unproved = gauge_value(rgb, drawn.scale, "bar")
    assert unproved == InstrumentValue(found.value, False, "bar", "ends unproved")


def test_what_cannot_be_read_has_no_value_and_a_reason() -> None:
    """A plain wall shows neither a dial nor digits."""
    assert gauge_value(WALL, (0, 10)) == InstrumentValue(None, False, None, "no dial")
    assert display_value(WALL, FakeReader([]), "V") == InstrumentValue(None, False, "V", "no display")


def test_a_scale_without_length_is_refused() -> None:
    """It is a mistake of the caller, not of the picture."""
    with pytest.raises(ValueError, match="two different ends, not 5 and 5"):
        gauge_value(WALL, (5, 5))


@pytest.mark.parametrize(
    ("value", "scale", "text"), [(7.2345, (0, 10), "7.23"), (123.4, (0, 400), "123"), (-0.001, (-1, 5), "0.00")]
)
def test_a_value_has_as_many_decimals_as_its_scale_can_tell(
    value: float, scale: tuple[float, float], text: str
) -> None:
    """Of a scale from 0 to 10 the hundredths are told, of one to 400 whole numbers."""
    assert rounded(value, scale) == Decimal(text)
    assert str(rounded(value, scale)) == text
