"""The value of the gauge or the display in a picture as one number, and whether it is sure.

This is for code that goes on to work with the number, such as a check against limits. It does not know limits, what was
asked, or how a number is said. `gauge` and `display` tell more about how the value was read.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vision.frame import Frame, Rgb
from vision.reading.instruments.display import read_display
from vision.reading.instruments.gauge import read_gauge

if TYPE_CHECKING:
    from vision.reading.interface import Reader

# A gauge's value is told no finer than this share of its scale, because its needle is read to about so much.
_FINEST_SHARE = 0.005


@dataclass(frozen=True)
class InstrumentValue:
    """What an instrument shows."""

    value: Decimal | None  # in `unit`; None where nothing can be told
    is_sure: bool  # a value that is not sure may be wrong: somebody has to confirm it
    unit: str | None = None  # as the caller gave it
    doubt: str | None = None  # why it is not sure: the value of a `GaugeDoubt` or a `DisplayDoubt`; None where it is


def gauge_value(
    rgb: Rgb,
    scale: tuple[float, float],
    unit: str | None = None,
    *,
    sweep: float | None = None,
    reader: Reader | None = None,
    cancelled: threading.Event | None = None,
) -> InstrumentValue:
    """The value that the round gauge nearest to the middle of a picture shows.

    `rgb` is the picture, (height, width, 3) uint8. `scale` holds the values at the first and the last mark of the dial
    in `unit`, which is handed through. A value is sure only if something proves that both these marks were seen:
    `sweep`, the angle between them in degrees, or `reader`, which reads the numbers on the dial. With neither of the
    two no value is sure. Raises ValueError where the two values of the scale are equal, Cancelled, and ReaderError
    where `reader` does.
    """
    if scale[0] == scale[1]:
        raise ValueError(f"a gauge's scale has two different ends, not {scale[0]} and {scale[1]}")
    reading = read_gauge(Frame(rgb, 0.0), scale, sweep=sweep, reader=reader, cancelled=cancelled)
    value = None if reading.value is None else rounded(reading.value, scale)
    return InstrumentValue(value, reading.is_sure, unit, reading.doubt.value if reading.doubt is not None else None)


def display_value(
    rgb: Rgb, reader: Reader, unit: str | None = None, *, cancelled: threading.Event | None = None
) -> InstrumentValue:
    """The number on the largest seven-segment display in a picture, with the decimals that it shows.

    `rgb` is the picture, (height, width, 3) uint8. `unit` is handed through. Raises ReaderError, Cancelled.
    """
    reading = read_display(Frame(rgb, 0.0), reader, cancelled)
    doubt = reading.doubt.value if reading.doubt is not None else None
    return InstrumentValue(reading.value, reading.is_sure, unit, doubt)


def rounded(value: float, scale: tuple[float, float]) -> Decimal:
    """A gauge's value with as many decimals as its scale can tell: hundredths from 0 to 10, whole numbers to 400."""
    step = abs(scale[1] - scale[0]) * _FINEST_SHARE
    decimals = max(0, -math.floor(math.log10(step))) if step > 0 else 0
    return Decimal(f"{value:.{decimals}f}") + 0  # no "-0"
