"""A reader of print for tests: a page is given as text, and the reader recognises one line after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vision.errors import Cancelled
from vision.frame import Frame
from vision.reading.interface import FoundLine, Layout, Line, Quad

SURE = 0.98
ROW_PIXELS = 40.0  # from one line to the next
MARGIN_PIXELS = 60.0  # so that nothing is cut off
# A page of three paragraphs, and the sentences in which it is read aloud.
TEXT = """
    Opening hours

    The library opens at nine.
    It closes at
    five.

    On Sunday it is closed. Come
    on Monday.
"""
SENTENCES = ["Opening hours", "The library opens at nine.", "It closes at five.", "On Sunday it is closed.", "Come on Monday."]  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """A line as it stands on the page."""

    text: str
    paragraph: int = 0
    confidence: float = SURE


def page(text: str, *, unsure: Sequence[str] = ()) -> list[Printed]:
    """A page from its text. An empty line divides paragraphs. The lines of `unsure` are hard to read."""
    paragraphs = text.strip().split("\n\n")
    return [
        Printed(line.strip(), number, 0.4 if line.strip() in unsure else SURE)
        for number, lines in enumerate(paragraphs)
        for line in lines.splitlines()
    ]


def layout_of(lines: Sequence[Printed]) -> Layout:
    def quad(row: int) -> Quad:
        top = MARGIN_PIXELS + ROW_PIXELS * row
        bottom, left, right = top + 30.0, MARGIN_PIXELS, MARGIN_PIXELS + 300.0
        return Quad((left, top), (right, top), (right, bottom), (left, bottom))

    return Layout(tuple(FoundLine(quad(row), line.paragraph) for row, line in enumerate(lines)), 0)


class FakeReader:
    """Reads `lines` in every picture; `takes` is called before each step and may wait or raise."""

    def __init__(self, lines: Sequence[Printed], takes: Callable[[str], None] = lambda step: None) -> None:
        self.lines = lines
        self.takes = takes
        self.log: list[str] = []
        self.closed = False

    def find(self, frame: Frame, cancelled: threading.Event | None = None) -> Layout:
        self._step("find", cancelled)
        return layout_of(self.lines)

    def recognise(
        self, frame: Frame, layout: Layout, first: int = 0, cancelled: threading.Event | None = None
    ) -> Iterator[Line]:
        for index in range(first, len(layout.lines)):
            self._step(f"line {index}", cancelled)
            found = layout.lines[index]
            printed = self.lines[
                round((found.quad.top_left[1] - MARGIN_PIXELS) / ROW_PIXELS)
            ]  # the layout may have another order
            yield Line(index, found.quad, found.paragraph, printed.text, printed.confidence)

    def close(self) -> None:
        self.closed = True

    def _step(self, step: str, cancelled: threading.Event | None) -> None:
        self.takes(step)
        if cancelled is not None and cancelled.is_set():
            raise Cancelled(f"{step} is not wanted any more")
        self.log.append(step)
