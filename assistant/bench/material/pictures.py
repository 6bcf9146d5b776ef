"""Draws the pictures that are asked about: a still life, a page of text, a table whose numbers rise.

They are 640×480 and always the same. An engine takes the same time whatever a picture shows. The pictures show
something so that a person who reads an answer of the real model can tell whether it is right. `Drawings` is the camera
of the benchmarks. Pillow is imported where it is used.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.bench.material.kinds import KINDS, NOTICE, TABLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw

    from vision.frame import Frame

WIDTH_PX, HEIGHT_PX = 640, 480
_INK, _PAPER = (30, 30, 34), (250, 249, 244)
_TITLE_PX, _LINE_PX = 30, 25


def drawn_frame(kind: str) -> Frame:
    """The picture for a kind of question, taken now."""
    from vision.frame import Frame

    return Frame(draw(kind), time.monotonic())


def padded_frame(kind: str) -> Frame:
    """The same picture as the reference design shows it to the model: a square with grey bars."""
    from vision.frame import Frame
    from vision.preprocess import to_square

    return Frame(to_square(draw(kind), "pad"), time.monotonic())


class Drawings:
    """A `vision.interface.FrameSource`, which always shows the same picture."""

    live = False
    picture_size = (WIDTH_PX, HEIGHT_PX)

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        return drawn_frame(KINDS[0].name)

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(),)

    def close(self) -> None:
        """There is no device."""


def draw(kind: str) -> NDArray[np.uint8]:
    """The picture for a kind of question, (480, 640, 3)."""
    import numpy as np
    from PIL import Image
    from PIL import ImageDraw as drawing

    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), _PAPER)
    _DRAWN[kind](drawing.Draw(picture))
    return np.asarray(picture)


def _scene(pen: ImageDraw) -> None:
    pen.rectangle((0, 0, WIDTH_PX, 310), fill=(226, 214, 196))
    _window(pen, 60, 40)
    pen.rectangle((0, 310, WIDTH_PX, HEIGHT_PX), fill=(150, 98, 58))
    for height in range(325, HEIGHT_PX, 28):  # the grain of the wood
        pen.line((0, height, WIDTH_PX, height + 6), fill=(134, 85, 48), width=2)
    pen.rectangle((412, 150, 420, 318), fill=(90, 90, 95))  # the lamp, its foot and its shade
    pen.ellipse((386, 308, 446, 326), fill=(90, 90, 95))
    pen.polygon([(380, 150), (452, 150), (434, 84), (398, 84)], fill=(236, 196, 60))
    pen.ellipse((120, 288, 214, 384), fill=(196, 36, 40))  # the apple, its shine and its stalk
    pen.ellipse((140, 304, 166, 330), fill=(228, 104, 100))
    pen.line((168, 292, 176, 268), fill=(84, 58, 32), width=5)
    pen.ellipse((346, 322, 402, 384), outline=(44, 82, 190), width=11)  # the cup's handle, then the cup
    pen.rectangle((272, 300, 368, 400), fill=(44, 82, 190))
    pen.ellipse((272, 288, 368, 314), fill=(66, 106, 214))
    pen.polygon([(470, 372), (608, 352), (626, 392), (486, 416)], fill=(40, 120, 62))  # the book
    pen.polygon([(486, 416), (626, 392), (626, 404), (486, 430)], fill=(232, 228, 214))


def _window(pen: ImageDraw, left: int, top: int) -> None:
    pen.rectangle((left - 8, top - 8, left + 218, top + 188), fill=(120, 84, 56))
    for row in range(2):
        for column in range(2):
            x, y = left + column * 108, top + row * 94
            pen.rectangle((x, y, x + 100, y + 86), fill=(160, 204, 236))
    for x, y in ((left + 16, top + 22), (left + 122, top + 36)):
        pen.ellipse((x, y, x + 66, y + 26), fill=(246, 248, 250))
        pen.ellipse((x + 18, y - 12, x + 54, y + 18), fill=(246, 248, 250))


def _page(pen: ImageDraw) -> None:
    title, *lines = NOTICE
    _write(pen, 40, 30, title, _TITLE_PX)
    pen.line((40, 72, WIDTH_PX - 40, 72), fill=_INK, width=2)
    for number, line in enumerate(lines):
        _write(pen, 40, 90 + number * 36, line, _LINE_PX)


def _table(pen: ImageDraw) -> None:
    _write(pen, 70, 28, "Visitors, first half of the year", _TITLE_PX)
    top, height, left, middle, right = 84, 52, 70, 360, 570
    for number in range(len(TABLE) + 2):
        pen.line((left, top + number * height, right, top + number * height), fill=_INK, width=2)
    for column in (left, middle, right):
        pen.line((column, top, column, top + (len(TABLE) + 1) * height), fill=_INK, width=2)
    for number, row in enumerate((("Month", "Visitors"), *TABLE)):
        for column, cell in zip((left, middle), row, strict=True):
            _write(pen, column + 16, top + number * height + 11, str(cell), _LINE_PX)


def _write(pen: ImageDraw, x: int, y: int, text: str, size_px: int) -> None:
    from PIL import ImageFont

    pen.text((x, y), text, font=ImageFont.load_default(size_px), fill=_INK)


_DRAWN: dict[str, Callable[[ImageDraw], None]] = {"describe": _scene, "read": _page, "trend": _table}
