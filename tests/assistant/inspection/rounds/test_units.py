"""Units of measurement: which are known, and values in other units."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.inspection.rounds.units import converted, is_unit
from assistant.language.spoken_units import all_units


def test_every_unit_that_can_be_said_is_known() -> None:
    """A checklist may use each of them."""
    assert [unit.symbol for unit in all_units() if not is_unit(unit.symbol)] == []


@pytest.mark.parametrize("text", ["", " ", "barr", "7 bar", "1/0", "__import__('os')", "bar" * 20, "bar(", "\x00"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    """Without an error, whatever it is."""
    assert not is_unit(text)


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"),
    [
        ("100", "psi", "bar", "6.895"),
        ("720", "kPa", "bar", "7.2"),
        ("100", "°F", "°C", "37.78"),
        ("40", "°", "°C", "40"),
        ("40.50", "°", "°C", "40.50"),
        ("1.5", "m³/h", "l/min", "25"),
        ("2", "kN", "N", "2000"),
        ("12345.6", "m", "mm", "12350000"),
        ("0", "kPa", "bar", "0"),
        ("7", "°C", "bar", None),
        ("7", "bar", "", None),
        # pint would convert these, into something else.
        ("60", "rpm", "Hz", None),
        ("1", "Nm", "kWh", None),
        ("90", "°", "%", None),
        ("7", "pH", "%", None),
    ],
)
def test_a_value_in_another_unit(value: str, unit: str, wanted: str, result: str | None) -> None:
    """With four significant digits; None where the two do not measure the same."""
    found = converted(Decimal(value), unit, wanted)
    assert (None if found is None else format(found, "f")) == result
