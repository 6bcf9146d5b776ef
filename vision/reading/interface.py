"""What reading the print in a picture gives, and the interface to whoever reads it.

Reading has two steps. `find` says where lines of print stand, and in which order they are read. `recognise` then turns
line after line into text, so that the first line can be spoken while the others are still being recognised. This file
has no code that runs: it does not know which library reads, and what is done with the text.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from vision.frame import Frame

Point = tuple[float, float]  # x to the right and y down, in pixels of the frame
Rotation = Literal[0, 90, 180, 270]  # degrees, clockwise


@dataclass(frozen=True)
class Quad:
    """Where a line of print stands in the frame as it was taken, whichever way the page is turned.

    The corners are named as the reader of the line sees them: `top_left` is at its first letter.
    """

    top_left: Point
    top_right: Point
    bottom_right: Point
    bottom_left: Point


@dataclass(frozen=True)
class FoundLine:
    """A line of print that was found and is not recognised yet."""

    quad: Quad
    paragraph: int  # the number of its paragraph, from 0; a heading is a paragraph of its own


@dataclass(frozen=True)
class Layout:
    """The lines of print in a picture, in the order in which a person reads them."""

    lines: tuple[FoundLine, ...]
    rotation: Rotation  # the turn that puts the page upright; 0 where there is no print
    is_too_small: bool = False  # the print is low, and a sample of its lines was hardly recognised


@dataclass(frozen=True)
class Line:
    """A line of print that was recognised."""

    index: int  # of this line in `Layout.lines`
    quad: Quad
    paragraph: int
    text: str  # "" where nothing could be recognised
    confidence: float  # 0 to 1: the mean over the characters, as the recogniser judges them


class Reader(Protocol):
    """Reads print. Any thread may call it; calls wait for each other."""

    def find(self, frame: Frame, cancelled: threading.Event | None = None) -> Layout:
        """Where the lines of print stand; no lines where there is no print.

        Raises ReaderError, Cancelled.
        """

    def recognise(
        self, frame: Frame, layout: Layout, first: int = 0, cancelled: threading.Event | None = None
    ) -> Iterator[Line]:
        """The lines of `layout` from the number `first` on, each as soon as it is recognised.

        Raises ReaderError, Cancelled from the iterator.
        """

    def close(self) -> None:
        """Give the memory of the models back. A later call loads them again."""
