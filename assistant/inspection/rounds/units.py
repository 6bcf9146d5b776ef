"""Units of measurement, by the library pint: whether a unit is known, and a value in another unit.

It does not know spoken names of units, nor limits.
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cache
from typing import Any

_SIGNIFICANT_DIGITS = 4  # of a converted value: more digits than an instrument shows
_LONGEST_UNIT = 40  # characters
# What pint reads as something else: to it Nm is "number metre", and pH is a picohenry.
_AS_PINT_WRITES = {"Nm": "N*m"}
# Units that pint would turn into something else of the same dimension: to it a turn a minute is 0.1 hertz (radians), a
# newton metre is an energy, and an angle, a decibel and a percent are plain numbers.
_NEVER_CONVERTED = frozenset({"pH", "rpm", "Nm", "°", "dB"})
_TEMPERATURES = frozenset({"°C", "°F"})


def is_unit(text: str) -> bool:
    """Whether pint knows the unit. A number, such as the 7 of "7 bar", is no part of one."""
    return text in _NEVER_CONVERTED or _unit(text) is not None


def converted(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    """The value in the unit `wanted`, with four significant digits. None where the two do not measure the same.

    A bare "°" stands for the temperature that is wanted.
    """
    if unit == wanted or (unit == "°" and wanted in _TEMPERATURES):
        return value
    if {unit, wanted} & _NEVER_CONVERTED:
        return None
    before, after = _unit(unit), _unit(wanted)
    if before is None or after is None or before.dimensionality != after.dimensionality:
        return None
    number = float(_registry().Quantity(float(value), before).to(after).magnitude)
    return _rounded(number) if math.isfinite(number) else None


def _rounded(number: float) -> Decimal:
    rounded = Decimal(f"{number:.{_SIGNIFICANT_DIGITS}g}")
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded.normalize()


def _unit(text: str) -> Any:
    if not text.strip() or len(text) > _LONGEST_UNIT:
        return None
    try:
        return _registry().Unit(_AS_PINT_WRITES.get(text, text))
    # pint raises its own errors, and for strange texts also AssertionError, ZeroDivisionError or those of the tokenizer.
    except Exception:  # noqa: BLE001 - whatever it is, the text is no unit
        return None


@cache
def _registry() -> Any:
    import pint  # takes 0.3 s, and its registry a further 0.15 s

    return pint.UnitRegistry()
