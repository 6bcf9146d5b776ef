"""The reader of print: what it does around the networks, by scripted ones, and a few small pictures really read."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vision.demo_model.fonts import load_font
from vision.errors import Cancelled, ReaderError
from vision.frame import Frame, Rgb
from vision.reading import ppocr
from vision.reading.interface import Line, Rotation
from vision.reading.ocr import OcrReader
from vision.reading.ppocr import Boxes, Models


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ScriptedModels(Models):
    """Finds the given boxes in any picture, and reads "line" in each."""

    def __init__(self, boxes: Sequence[object] = (), fails: bool = False) -> None:
        self._given = np.array(boxes, np.float32).reshape(-1, 4, 2)
        self._fails = fails

    def boxes_in(self, picture: Rgb) -> Boxes:
        if self._fails:
            raise ReaderError("reading print failed")
        return self._given

    def upside_down(self, lines: Sequence[Rgb]) -> list[float]:
        return [0.0] * len(lines)

    def text_in(self, line: Rgb) -> tuple[str, float]:
        return "line", 0.9


def box(left: float, top: float, width: float = 200.0, height: float = 20.0) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def blank(width: int = 640, height: int = 480) -> Frame:
    return Frame(np.full((height, width, 3), 255, np.uint8), 0.0)


def picture(lines: Sequence[str], size: tuple[int, int] = (640, 360), font_px: int = 24) -> Rgb:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((40, 40 + number * font_px * 3 // 2), line, font=load_font(None, font_px), fill="black")
    return np.array(image)


def read(reader: OcrReader, rgb: Rgb) -> list[Line]:
    frame = Frame(np.ascontiguousarray(rgb), 0.0)
    return list(reader.recognise(frame, reader.find(frame)))


# --- around the networks ---


def test_the_models_load_at_the_first_call_only() -> None:
    """A reader that nobody asks costs nothing, and two calls load once."""
    loads: list[int] = []

    def load(threads: int) -> Models:
        loads.append(threads)
        return ScriptedModels([box(10, 10)])

    reader = OcrReader(threads=3, load=load)
    assert (loads, reader.is_loaded) == ([], False)
    frame = blank()
    assert [line.text for line in reader.recognise(frame, reader.find(frame))] == ["line"]
    assert loads == [3]
    reader.close()


def test_memory_is_given_back_after_idle_time() -> None:
    """The models stay for `idle_seconds` after the last call, and the call after that loads them again."""
    clock, loads = Clock(), []

    def load(threads: int) -> Models:
        loads.append(threads)
        return ScriptedModels()

    reader = OcrReader(idle_seconds=100.0, load=load, clock=clock)
    reader.find(blank())
    clock.now = 99.0
    assert not reader.release_if_idle()
    reader.find(blank())
    clock.now = 198.0
    assert not reader.release_if_idle()
    clock.now = 199.0
    assert reader.release_if_idle()
    assert not reader.is_loaded
    reader.find(blank())
    assert len(loads) == 2
    reader.close()
    reader.close()
    assert not reader.is_loaded


def test_a_picture_without_print_has_no_lines() -> None:
    """No lines, and no turn."""
    reader = OcrReader(load=lambda _: ScriptedModels())
    layout = reader.find(blank())
    assert (layout.lines, layout.rotation) == ((), 0)
    assert list(reader.recognise(blank(), layout)) == []
    reader.close()


def test_reading_can_be_cancelled_between_lines() -> None:
    """The line that was asked for is given; the next one is not recognised any more."""
    reader = OcrReader(load=lambda _: ScriptedModels([box(10, 10), box(10, 40)]))
    cancelled, frame = threading.Event(), blank()
    lines = reader.recognise(frame, reader.find(frame, cancelled), cancelled=cancelled)
    assert next(lines).index == 0
    cancelled.set()
    with pytest.raises(Cancelled):
        next(lines)
    with pytest.raises(Cancelled):
        reader.find(frame, cancelled)
    reader.close()


def test_reading_begins_at_the_line_asked_for() -> None:
    """ "Continue" need not recognise again what was spoken."""
    reader = OcrReader(load=lambda _: ScriptedModels([box(10, 10 + 30 * number) for number in range(5)]))
    frame = blank()
    assert [line.index for line in reader.recognise(frame, reader.find(frame), first=3)] == [3, 4]
    reader.close()


def test_after_a_failure_the_next_call_works() -> None:
    """The lock is free again, also when loading failed."""
    given: list[Models | None] = [None, ScriptedModels(fails=True), ScriptedModels([box(10, 10)])]

    def load(_: int) -> Models:
        models = given.pop(0)
        if models is None:
            raise ReaderError("not now")
        return models

    reader = OcrReader(load=load)
    for _ in range(2):
        with pytest.raises(ReaderError):
            reader.find(blank())
    reader.close()
    assert len(reader.find(blank()).lines) == 1
    reader.close()


# --- really read ---


@pytest.fixture(scope="module")
def reader() -> OcrReader:
    return OcrReader(threads=1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_is_read_whichever_way_it_is_turned(reader: OcrReader, rotation: Rotation) -> None:
    """The lines come upright and from the top of the page, with the first letter at the quad's first corner."""
    upright = picture(["Opening hours", "Monday to Friday 9 to 17", "Closed on Sunday"])
    turned = Frame(np.ascontiguousarray(np.rot90(upright, rotation // 90)), 0.0)  # rot90 turns anticlockwise
    layout = reader.find(turned)
    lines = list(reader.recognise(turned, layout))
    assert layout.rotation == rotation
    assert [line.text for line in lines] == ["Opening hours", "Monday to Friday 9 to 17", "Closed on Sunday"]
    assert all(line.confidence > 0.9 for line in lines)
    height, width = turned.rgb.shape[:2]
    corner = {0: (40, 40), 90: (40, height - 40), 180: (width - 40, height - 40), 270: (width - 40, 40)}[rotation]
    assert lines[0].quad.top_left == pytest.approx(corner, abs=12)


def test_a_missing_or_damaged_model_is_named_with_its_repair(tmp_path: Path) -> None:
    """Nothing is downloaded; the sentence says what to reinstall."""
    (tmp_path / "damaged.onnx").write_bytes(b"no model")
    with pytest.raises(ReaderError, match=r"rapidocr's model damaged\.onnx is damaged: reinstall it with `pip install"):
        ppocr._session(tmp_path / "damaged.onnx", "0" * 64, threads=1)
    with pytest.raises(ReaderError, match=r"rapidocr's model missing\.onnx cannot be read: reinstall it with"):
        ppocr._session(tmp_path / "missing.onnx", "0" * 64, threads=1)
