"""Reads a round gauge: finds the dial, its marks and its needle, and says what the needle points at, or why it is unsure.

The dial's rim is an ellipse in the picture, which is made a circle again. The marks around it are regular, so the longest
regular row of them begins and ends where the scale does: neither the sweep nor the turn of the gauge need be known. The
needle's edges give a line. The reading is where that line crosses the row of marks, as a share of the way from the first
mark to the last. Perspective moves the needle and the marks alike, so it does not matter. The values of the first and
the last mark come from the caller, or from the numbers on the dial by a reader of print.

It does not know units, limits, or what was asked. A dial without a rim or without marks is not read.
"""

from __future__ import annotations

import enum
import math
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vision.errors import Cancelled
from vision.frame import Frame, Rgb
from vision.reading.instruments.dial_marks import Marks, marks_in
from vision.reading.instruments.dial_needle import Needle, needle_in
from vision.reading.instruments.dial_numbers import scale_by_numbers
from vision.reading.instruments.dial_rim import Rim, contrast_in, rims_in, straightened
from vision.reading.instruments.polar import to_polar
from vision.reading.interface import Point, Quad

if TYPE_CHECKING:
    from vision.reading.interface import Reader


class GaugeDoubt(enum.Enum):
    """Why a gauge is not read, or not surely. The values are names for phrases."""

    NO_DIAL = "no dial"
    SEVERAL_DIALS = "several dials"
    NO_MARKS = "no marks"
    MARKS_UNCLEAR = "marks unclear"
    ENDS_UNPROVED = "ends unproved"  # the first or the last mark may be hidden: neither the sweep nor a number tells
    NO_NEEDLE = "no needle"
    NEEDLE_UNCLEAR = "needle unclear"
    OFF_THE_SCALE = "off the scale"
    NO_SCALE = "no scale"  # nobody told it, and the numbers on the dial do not tell it either
    NUMBERS_DISAGREE = "numbers disagree"  # those on the dial, with the scale that the caller gave
    SWEEP_DISAGREES = "sweep disagrees"  # that of the marks, with the one that the caller gave


@dataclass(frozen=True)
class GaugeReading:
    """What a gauge shows."""

    value: float | None  # in the dial's unit; None where nothing can be told, or no scale is known
    share: float | None = None  # of the full scale, 0 to 1
    confidence: float = 0.0  # 0 to 1
    doubt: GaugeDoubt | None = None
    scale: tuple[float, float] | None = None  # the values of the first and the last mark
    sweep: float | None = None  # degrees, from the first mark to the last
    centre: Point | None = None  # in pixels of the frame
    quad: Quad | None = None  # around the dial

    @property
    def is_sure(self) -> bool:
        """True for a value without any doubt."""
        return self.value is not None and self.doubt is None


_MOST_RIMS = 3  # that are tried: the best one may be another thing than the dial, such as a pipe's end
# A dial beside the one in the middle makes it doubtful which one is meant, if it is at least so large.
_RIVAL_SIZE = 0.6
_SWEEP_TOLERANCE = 5.0  # degrees between the sweep that the caller gives and that of the marks
_SURE = 0.6  # a lower confidence is doubt
_MOST_IN_DOUBT = 0.5  # the confidence of a doubtful value is no higher
_BEYOND = 0.03  # of the scale: a needle on its stop stands so far outside of it


def read_gauge(
    frame: Frame,
    scale: tuple[float, float] | None = None,
    *,
    sweep: float | None = None,
    reader: Reader | None = None,
    cancelled: threading.Event | None = None,
) -> GaugeReading:
    """Reads the gauge nearest to the middle of the picture.

    `scale` holds the values at the first and the last mark, and `sweep` is the angle between these two in degrees. A
    reflection may hide marks at an end, so a reading is sure only if the sweep is that of the marks, or if the numbers
    on the dial, which `reader` reads, agree with them. Without a scale the numbers give it. `sweep` is None where it
    is not known; that of most gauges is 270 degrees. Raises Cancelled, and ReaderError where `reader` does.
    """
    rims = rims_in(frame.rgb)
    _check(cancelled)
    best, best_rim = GaugeReading(None, doubt=GaugeDoubt.NO_DIAL), None
    for rim in rims[:_MOST_RIMS]:
        reading = _read(frame.rgb, rim, scale, sweep, reader, cancelled)
        if best_rim is None or reading.doubt is None or reading.confidence > best.confidence:
            best, best_rim = reading, rim
        if best.doubt is None:
            break
    if best.doubt is None and best_rim is not None:
        others = [rim for rim in rims[: _MOST_RIMS + 1] if rim is not best_rim]
        if any(_is_rival(frame.rgb, best_rim, other) for other in others):
            return replace(best, doubt=GaugeDoubt.SEVERAL_DIALS, confidence=_MOST_IN_DOUBT)
    return best


def _read(
    rgb: Rgb,
    rim: Rim,
    scale: tuple[float, float] | None,
    sweep: float | None,
    reader: Reader | None,
    cancelled: threading.Event | None,
) -> GaugeReading:
    """What the dial within this rim shows."""
    dial = straightened(rgb, rim)
    polar = to_polar(contrast_in(dial))
    _check(cancelled)
    found = GaugeReading(None, centre=rim.centre, quad=rim.quad(), scale=scale)
    marks = marks_in(polar)
    if marks is None:
        return replace(found, doubt=GaugeDoubt.NO_MARKS, confidence=0.1)
    found = replace(found, sweep=marks.sweep)
    needle = needle_in(polar)
    if needle is None:
        return replace(found, doubt=GaugeDoubt.NO_NEEDLE, confidence=0.2)
    _check(cancelled)
    printed = scale_by_numbers(dial, marks, reader, cancelled) if reader is not None else None
    scale = scale or printed
    share = marks.share_at(needle.angle_at(marks.radius))
    confidence = rim.support * marks.clearness * needle.clearness
    doubt = (
        _doubt_about_geometry(marks, needle, share, sweep)
        or _doubt_about_scale(scale, printed, sweep)
        or _doubt_about_clearness(marks, needle, confidence)
    )
    if doubt is not None:
        confidence = min(confidence, _MOST_IN_DOUBT)
    share = None if share is None else min(1.0, max(0.0, share))
    value = None if share is None or scale is None else scale[0] + share * (scale[1] - scale[0])
    return replace(found, value=value, share=share, doubt=doubt, scale=scale, confidence=confidence)


def _doubt_about_geometry(marks: Marks, needle: Needle, share: float | None, sweep: float | None) -> GaugeDoubt | None:
    if sweep is not None and abs(sweep - marks.sweep) > _SWEEP_TOLERANCE:
        return GaugeDoubt.SWEEP_DISAGREES
    if not marks.is_clear:
        return GaugeDoubt.MARKS_UNCLEAR
    if not needle.is_clear:
        return GaugeDoubt.NEEDLE_UNCLEAR
    if share is None or not -_BEYOND <= share <= 1 + _BEYOND:
        return GaugeDoubt.OFF_THE_SCALE
    return None


def _doubt_about_scale(
    scale: tuple[float, float] | None, printed: tuple[float, float] | None, sweep: float | None
) -> GaugeDoubt | None:
    """`printed` is the scale by the numbers on the dial, None where they do not tell it."""
    if scale is None:
        return GaugeDoubt.NO_SCALE
    if printed is not None and _differ(printed, scale):
        return GaugeDoubt.NUMBERS_DISAGREE
    return GaugeDoubt.ENDS_UNPROVED if printed is None and sweep is None else None


def _doubt_about_clearness(marks: Marks, needle: Needle, confidence: float) -> GaugeDoubt | None:
    if confidence >= _SURE:
        return None
    return GaugeDoubt.MARKS_UNCLEAR if marks.clearness < needle.clearness else GaugeDoubt.NEEDLE_UNCLEAR


def _differ(one: tuple[float, float], other: tuple[float, float]) -> bool:
    span = abs(other[1] - other[0])
    return abs(one[0] - other[0]) > 0.02 * span or abs(one[1] - other[1]) > 0.02 * span


def _is_rival(rgb: Rgb, rim: Rim, other: Rim) -> bool:
    """Whether the other rim is that of a dial beside the first one, and nearly as large."""
    is_beside = math.dist(rim.centre, other.centre) > rim.axes[0] + 0.5 * other.axes[0]
    if not is_beside or other.axes[0] < _RIVAL_SIZE * rim.axes[0]:
        return False
    marks = marks_in(to_polar(contrast_in(straightened(rgb, other))))
    return marks is not None and marks.is_clear


def _check(cancelled: threading.Event | None) -> None:
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("the gauge is not wanted any more")
