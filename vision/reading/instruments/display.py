"""Reads a display of seven-segment digits, or says why it is unsure.

A reader of print finds where the digits stand. What it says they are is wrong too often, with a high confidence: it takes
segments that are off for lit ones, and loses points. So the segments themselves are looked at. What the reader of print
makes of them is the second opinion where a segment is not quite clear.

It does not know units or what was asked. Digits of dots, and print, are not read.
"""

from __future__ import annotations

import enum
import re
import threading
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from vision.frame import Frame, Rgb
from vision.reading.instruments.digit_row import digits_within, row_of_print
from vision.reading.instruments.digit_strip import Corners, Strip, cut_out, quad_of
from vision.reading.instruments.seven_segments import HEIGHT_PX, Digits, digits_in
from vision.reading.interface import Quad

if TYPE_CHECKING:
    from vision.reading.interface import Reader


class DisplayDoubt(enum.Enum):
    """Why a display is not read, or not surely. The values are names for phrases."""

    NO_DISPLAY = "no display"
    SEGMENTS_UNCLEAR = "segments unclear"
    GLARE = "glare"
    NO_NUMBER = "no number"  # there are digits, but with two points, or a minus in the middle


@dataclass(frozen=True)
class DisplayReading:
    """What a display shows."""

    value: Decimal | None  # with the decimals that are shown; None where nothing can be told
    text: str = ""  # as it is shown, such as "-12.50"; "?" for a digit that is not clear
    confidence: float = 0.0  # 0 to 1
    doubt: DisplayDoubt | None = None
    quad: Quad | None = None  # around the digits, in pixels of the frame

    @property
    def is_sure(self) -> bool:
        """True for a value without any doubt."""
        return self.value is not None and self.doubt is None


_ASIDE, _ABOVE = 2.2, 0.22  # how far the strip reaches beyond the digits, in their heights
_MOST_CUTS = 6  # of the strip: each may show more of the digits than the one before
_DOUBTED = 0.4  # the confidence of a value in doubt
_CLEAR, _CLEAR_IF_PRINTED = 0.5, 0.2  # the least clearness of a sure value, by itself and with the second opinion
_UPSIDE_DOWN = str.maketrans("69", "96")
_CLEAR_ALONE = 0.8  # that of a display with a single digit
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LOST_POINT = re.compile(r"-?0\d")  # a number begins with a zero only before a point


def read_display(frame: Frame, reader: Reader, cancelled: threading.Event | None = None) -> DisplayReading:
    """Reads the highest row of seven-segment digits in the picture. Raises ReaderError, Cancelled."""
    layout = reader.find(frame, cancelled)
    corners = row_of_print(layout)
    if corners is None:
        return DisplayReading(None, doubt=DisplayDoubt.NO_DISPLAY)
    printed = {line.text.replace(" ", "") for line in reader.recognise(frame, layout, cancelled=cancelled)}
    readings = [_read(frame.rgb, corners, is_lit, printed) for is_lit in (True, False)]
    best = max(readings, key=lambda reading: reading.confidence)
    # Light digits on dark ground leave dark gaps, which may look like digits as well.
    texts = {reading.text for reading in readings if reading.value is not None}
    if best.doubt is None and len(texts) > 1:
        return replace(best, doubt=DisplayDoubt.SEGMENTS_UNCLEAR, confidence=_DOUBTED)
    return best


def _read(rgb: Rgb, corners: Corners, is_lit: bool, printed: set[str]) -> DisplayReading:
    """The digits within these corners, if they are brighter than their ground, or darker."""
    row = digits_within(rgb, corners, is_lit)
    if row is None:
        return DisplayReading(None, doubt=DisplayDoubt.NO_DISPLAY, quad=quad_of(corners))
    digits = Digits()
    for _ in range(_MOST_CUTS):
        strip = cut_out(rgb, row, aside=_ASIDE, above=_ABOVE, height_px=HEIGHT_PX)
        digits = digits_in(strip, is_lit)
        if digits.corners is None or _fits(strip, digits.corners):
            break
        row = strip.in_picture(digits.corners)
    return _judged(digits, printed, quad_of(row))


def _fits(strip: Strip, corners: Corners) -> bool:
    """Whether the whole row of digits is in the strip, with enough room around it, and lies level."""
    height, width = strip.rgb.shape[:2]
    left, right = corners[:, 0].min(), corners[:, 0].max()
    is_whole = left >= 0.6 * strip.aside_px and right <= width - 0.6 * strip.aside_px
    has_room = corners[:, 1].min() >= 0.06 * height and corners[:, 1].max() <= 0.94 * height
    is_level = max(abs(corners[0, 1] - corners[1, 1]), abs(corners[3, 1] - corners[2, 1])) < 0.04 * height
    return bool(is_whole and has_room and is_level)


def _judged(digits: Digits, printed: set[str], quad: Quad) -> DisplayReading:
    """Sure if the segments are quite clear, or clear enough and read the same by the reader of print."""
    if not digits.text:
        return DisplayReading(None, doubt=DisplayDoubt.NO_DISPLAY, quad=quad)
    text = _completed(digits, printed)
    if "?" in text:
        share = 1 - text.count("?") / len(text)
        return DisplayReading(None, text, 0.3 * share, DisplayDoubt.SEGMENTS_UNCLEAR, quad)
    if not _NUMBER.fullmatch(text):
        return DisplayReading(None, text, 0.3, DisplayDoubt.NO_NUMBER, quad)
    value = Decimal(text)
    is_printed = text in printed
    if not _is_sure(text, digits, printed):
        return DisplayReading(value, text, _DOUBTED, DisplayDoubt.SEGMENTS_UNCLEAR, quad)
    if digits.has_glare and not is_printed:
        return DisplayReading(value, text, _DOUBTED, DisplayDoubt.GLARE, quad)
    return DisplayReading(value, text, min(1.0, 0.6 + 0.4 * digits.clearness + 0.2 * is_printed), None, quad)


def _completed(digits: Digits, printed: set[str]) -> str:
    """The text, with its one unclear digit as the reader of print reads it if the clear segments allow that."""
    if digits.text.count("?") != 1 or not digits.candidates[0]:
        return digits.text
    texts = {digits.text.replace("?", digit) for digit in digits.candidates[0]} & printed
    return texts.pop() if len(texts) == 1 else digits.text


def _is_sure(text: str, digits: Digits, printed: set[str]) -> bool:
    is_printed, is_completed = text in printed, text != digits.text
    number = text.replace(".", "").lstrip("-")
    others = {other for other in printed if other != text and re.fullmatch(r"-?[\d.]+", other)}
    for other in others:
        other_number = other.replace(".", "").lstrip("-")
        if other_number == number[::-1].translate(_UPSIDE_DOWN):  # it took the display for one that is upside down
            continue
        # The reader of print sees another digit, or a point elsewhere. That it loses the point is common.
        if len(other_number) == len(number) and (other_number != number or "." in other):
            return False
    if _LOST_POINT.match(text) or set(number) == {"8"}:  # all segments: a test, or the segments that are off
        return False
    if is_completed:
        return len(number) > 1
    if len(number) == 1 and not is_printed:  # a single digit may be anything that has a like shape
        return digits.clearness >= _CLEAR_ALONE and number not in "017"
    return digits.clearness >= (_CLEAR_IF_PRINTED if is_printed else _CLEAR)
