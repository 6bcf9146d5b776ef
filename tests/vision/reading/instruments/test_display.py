"""Displays of seven-segment digits, drawn with known values."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.displays import draw_display
from assistant.bench.accuracy.drawn.gauges import Conditions, conditions, photograph
from tests.assistant.fake_reader import FakeReader
from vision.frame import Frame
from vision.reading.instruments.display import DisplayDoubt, DisplayReading, read_display
from vision.reading.interface import FoundLine, Layout, Line, Quad
from vision.reading.ocr import OcrReader


@pytest.fixture(scope="module")
def reader() -> OcrReader:
    return OcrReader(1)


@pytest.mark.parametrize(("text", "seed"), [("-12.50", 1), ("40.7", 4), ("8365.2", 5), ("91", 7)])
def test_a_straight_display_is_read(reader: OcrReader, text: str, seed: int) -> None:
    """Lit or dark, with the minus, the point and the zeros at the end."""
    rng = random.Random(seed)
    drawn = draw_display(rng, text)
    frame = photograph(rng, drawn.rgb, drawn.mask, Conditions(share=0.3))
    reading = read_display(frame, reader)
    assert (reading.text, reading.value, reading.doubt) == (text, Decimal(text), None)


def test_hard_pictures_are_right_or_doubted(reader: OcrReader) -> None:
    """Of slanted, blurred and badly lit displays none is read wrongly in a sure voice."""
    for seed in range(12):
        rng = random.Random(seed)
        drawn = draw_display(rng)
        how = replace(conditions(rng), share=min(0.5, 0.9 * drawn.rgb.shape[0] / drawn.rgb.shape[1]))
        reading = read_display(photograph(rng, drawn.rgb, drawn.mask, how), reader)
        assert reading.text == drawn.text or reading.doubt is not None, seed


def test_no_display_is_told() -> None:
    """A wall without print shows no digits."""
    wall = Frame(np.full((120, 160, 3), 90, np.uint8), 0.0)
    assert read_display(wall, FakeReader([])).doubt is DisplayDoubt.NO_DISPLAY


class OneLine:
    """A reader of print that sees one line of print, where the drawn display stands, and reads a given text in it."""

    def __init__(self, text: str, ratio: float) -> None:
        half, high = 0.15 * 720 * ratio, 0.15 * 720
        ends = (640 - half, 360 - high), (640 + half, 360 - high), (640 + half, 360 + high), (640 - half, 360 + high)
        self._quad, self._text = Quad(*ends), text

    def find(self, frame: Frame, cancelled: threading.Event | None = None) -> Layout:
        return Layout((FoundLine(self._quad, 0),), 0)

    def recognise(
        self, frame: Frame, layout: Layout, first: int = 0, cancelled: threading.Event | None = None
    ) -> Iterator[Line]:
        yield Line(0, self._quad, 0, self._text, 0.99)

    def close(self) -> None: ...


def read_with(
    text: str, printed: str, seed: int = 6, patch: tuple[float, float, float] | None = None
) -> DisplayReading:
    """What a dark display of `text` is read to show where the reader of print sees `printed`.

    `patch` is a place on the display, as parts of its width and height, and the share of its contrast that is left there.
    """
    rng = random.Random(seed)
    drawn = draw_display(rng, text)
    if patch is not None:
        x, y, left = patch
        height, width = drawn.rgb.shape[:2]
        spot = np.s_[round(y * height) - 70 : round(y * height) + 70, round(x * width) - 40 : round(x * width) + 40]
        ground = np.median(drawn.rgb.reshape(-1, 3), axis=0)
        drawn.rgb[spot] = ground + left * (drawn.rgb[spot] - ground)
    frame = photograph(rng, drawn.rgb, drawn.mask, Conditions(share=0.3))
    return read_display(frame, OneLine(printed, drawn.rgb.shape[1] / drawn.rgb.shape[0]))


def test_another_digit_seen_by_the_reader_of_print_is_doubt() -> None:
    """Clear segments are not enough where two readings of as many digits differ."""
    assert read_with("40.7", "40.7").is_sure
    assert read_with("40.7", "48.7").doubt is DisplayDoubt.SEGMENTS_UNCLEAR
    assert read_with("40.7", "4.07").doubt is DisplayDoubt.SEGMENTS_UNCLEAR


def test_digits_read_upside_down_do_not_contradict() -> None:
    """The reader of print may take the display for one that is upside down."""
    assert read_with("69.5", "569").is_sure


def test_nothing_but_eights_is_doubt() -> None:
    """All segments are on in a test of the display, and the segments that are off look like it."""
    assert read_with("88.8", "88.8").doubt is DisplayDoubt.SEGMENTS_UNCLEAR


def test_an_unclear_digit_is_completed_by_the_reader_of_print() -> None:
    """Where one segment is neither on nor off, the print tells it, if it fits the segments that are clear."""
    faint = (0.765, 0.63, 0.5)  # the lower right segment of the 7
    assert read_with("40.7", "", patch=faint).text == "40.?"
    completed = read_with("40.7", "40.7", patch=faint)
    assert (completed.text, completed.is_sure) == ("40.7", True)
    assert read_with("40.7", "40.1", patch=faint).text == "40.?"
