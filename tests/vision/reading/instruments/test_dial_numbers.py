"""The scale of a dial from the numbers on it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from vision.frame import Frame
from vision.reading.instruments.dial_marks import Marks
from vision.reading.instruments.dial_numbers import scale_by_numbers
from vision.reading.instruments.polar import DIAL_RADIUS, DIAL_SIDE
from vision.reading.interface import FoundLine, Layout, Line, Quad

MARKS = Marks(0.85, 225.0, 495.0, (0.0, 0.0), 1.0, True)  # from the lower left to the lower right
DIAL = np.full((DIAL_SIDE, DIAL_SIDE, 3), 200, np.uint8)


class Numbers:
    """A reader of print that sees words around a dial, each at a share of its scale."""

    def __init__(self, words: Mapping[float, str], radius: float = 0.6) -> None:
        self._lines = []
        for number, (share, text) in enumerate(words.items()):
            angle = math.radians(225 + 270 * share)
            x = 2 * (DIAL_SIDE / 2 + radius * DIAL_RADIUS * math.sin(angle))  # the dial is enlarged twice
            y = 2 * (DIAL_SIDE / 2 - radius * DIAL_RADIUS * math.cos(angle))
            quad = Quad((x - 30, y - 20), (x + 30, y - 20), (x + 30, y + 20), (x - 30, y + 20))
            self._lines.append(Line(number, quad, 0, text, 0.95))

    def find(self, frame: Frame, cancelled: threading.Event | None = None) -> Layout:
        return Layout(tuple(FoundLine(line.quad, 0) for line in self._lines), 0)

    def recognise(
        self, frame: Frame, layout: Layout, first: int = 0, cancelled: threading.Event | None = None
    ) -> Iterator[Line]:
        return iter(self._lines)

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("words", "scale"),
    [
        ({0.0: "0", 0.2: "2", 0.4: "4", 0.6: "6", 0.8: "8", 1.0: "10"}, (0.0, 10.0)),
        ({0.2: "0", 0.4: "1", 0.6: "2", 0.8: "3"}, (-1.0, 4.0)),  # those at the ends were not read
        ({0.0: "0", 0.25: "2.5", 0.5: "5", 0.75: "7,5", 0.6: "bar", 0.4: "CL 1.6"}, (0.0, 10.0)),
        ({0.0: "0", 0.2: "2", 0.4: "4", 0.6: "6", 0.8: "3", 1.0: "10"}, (0.0, 10.0)),  # one was read wrongly
    ],
)
def test_numbers_that_agree_give_the_scale(words: Mapping[float, str], scale: tuple[float, float]) -> None:
    """At least four numbers lie on one line, and the ends of the scale are round."""
    assert scale_by_numbers(DIAL, MARKS, Numbers(words)) == scale


@pytest.mark.parametrize(
    "words", [{}, {0.0: "0", 0.5: "5", 1.0: "10"}, {0.1: "7", 0.3: "2", 0.5: "9", 0.8: "1"}, {0.0: "a", 1.0: "b"}]
)
def test_too_few_numbers_or_such_as_disagree_give_none(words: Mapping[float, str]) -> None:
    """Three numbers may lie on one line by chance."""
    assert scale_by_numbers(DIAL, MARKS, Numbers(words)) is None


def test_numbers_near_the_middle_are_not_of_the_scale() -> None:
    """A class or a serial number stands there."""
    words = {0.0: "0", 0.2: "2", 0.4: "4", 0.6: "6", 0.8: "8", 1.0: "10"}
    assert scale_by_numbers(DIAL, MARKS, Numbers(words, radius=0.25)) is None
