"""The reader of print: what it does around the networks, by scripted ones, and a few small pictures really read."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vision.demo_model.rendering.fonts import load_font
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

    def __init__(self, boxes: Sequence[object] = (), fails: Exception | None = None) -> None:
        self._given = np.array(boxes, np.float32).reshape(-1, 4, 2)
        self._fails = fails

    def boxes_in(self, picture: Rgb, closely: bool = False) -> Boxes:
        if self._fails:
            raise self._fails
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


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ([], [box(10, 10, 100, 9), box(0, 0, 1900, 1000)], 1),  # a large box of the second look is an error
        ([box(300, 100, 800, 700)], [box(10, 10 + 20 * number, 100, 9) for number in range(4)], 4),
        ([box(300, 100, 800, 300)], [], 1),  # a poster has high letters
        ([box(300, 100, 800, 30)], [box(10, 10, 100, 9)] * 5, 1),  # no second look
    ],
)
def test_very_small_print_gets_a_second_look(first: list[object], second: list[object], found: int) -> None:
    """The first look finds nothing of it, or takes the whole page for one line."""

    class Twice(ScriptedModels):
        def boxes_in(self, picture: Rgb, closely: bool = False) -> Boxes:
            return np.array(second if closely else first, np.float32).reshape(-1, 4, 2)

    reader = OcrReader(load=lambda _: Twice())
    assert len(reader.find(blank(1920, 1080)).lines) == found
    if first == []:
        assert reader.find(blank(640, 480)).lines == ()  # the first look has shown all of it
    reader.close()


@pytest.mark.parametrize(("height", "confidence", "too_small"), [(16, 0.8, True), (16, 0.97, False), (60, 0.8, False)])
def test_low_print_that_is_hardly_recognised_is_too_small(height: int, confidence: float, too_small: bool) -> None:
    """High print that is not recognised has another fault."""

    class Unsure(ScriptedModels):
        def text_in(self, line: Rgb) -> tuple[str, float]:
            return "l1ne", confidence

    boxes = [box(10, 10 + 80 * number, 500, height) for number in range(4)]
    reader = OcrReader(load=lambda _: Unsure(boxes))
    assert reader.find(blank(1280, 720)).is_too_small == too_small
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
    given: list[Models | None] = [None, ScriptedModels(fails=ValueError()), ScriptedModels([box(10, 10)])]

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


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "there is not enough memory to read print: close other programs"),
        (RuntimeError("bad allocation"), "there is not enough memory to read print: close other programs"),
        (
            ValueError("no such input\nat line 5"),
            "reading print failed \\(ValueError: no such input\\): reinstall it with",
        ),
    ],
)
def test_what_the_libraries_raise_becomes_one_sentence(error: Exception, sentence: str) -> None:
    """Nothing but ReaderError and Cancelled comes out of a reader."""
    reader = OcrReader(load=lambda _: ScriptedModels(fails=error))
    with pytest.raises(ReaderError, match=sentence):
        reader.find(blank())
    reader.close()


def test_several_threads_may_read_at_once() -> None:
    """The models are loaded once, and never used by two threads at a time."""
    busy, loads, collisions = threading.Lock(), [], []

    class Exclusive(ScriptedModels):
        def text_in(self, line: Rgb) -> tuple[str, float]:
            if not busy.acquire(blocking=False):
                collisions.append(line)
                return "", 0.0
            with_lock = super().text_in(line)
            busy.release()
            return with_lock

    def load(threads: int) -> Models:
        loads.append(threads)
        return Exclusive([box(10, 10 + 30 * number) for number in range(20)])

    reader = OcrReader(load=load)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(read(reader, blank().rgb)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (counts, len(loads), collisions) == ([20] * 4, 1, [])
    reader.close()


def test_who_waits_for_another_call_can_be_cancelled() -> None:
    """It does not wait for the other one's step to end."""
    inside, leave = threading.Event(), threading.Event()

    class Slow(ScriptedModels):
        def boxes_in(self, picture: Rgb, closely: bool = False) -> Boxes:
            inside.set()
            leave.wait(10)
            return super().boxes_in(picture, closely)

    reader = OcrReader(load=lambda _: Slow())
    thread = threading.Thread(target=reader.find, args=(blank(),))
    thread.start()
    inside.wait(10)
    cancelled = threading.Event()
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(Cancelled):
        reader.find(blank(), cancelled)
    assert thread.is_alive()
    leave.set()
    thread.join()
    reader.close()


def test_warming_loads_in_the_background() -> None:
    """And says nothing where it fails: the next call tells."""
    loaded = threading.Event()

    def load(_: int) -> Models:
        loaded.set()
        return ScriptedModels()

    reader = OcrReader(load=load)
    reader.warm()
    assert loaded.wait(10)
    reader.close()

    tried = threading.Event()

    def fail(_: int) -> Models:
        tried.set()
        raise ReaderError("reinstall it")

    broken = OcrReader(load=fail)
    broken.warm()
    assert tried.wait(10)
    with pytest.raises(ReaderError, match="reinstall it"):
        broken.find(blank())


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


def test_reading_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither with the models there, nor with one of them gone, which rapidocr itself would download."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    online = OcrReader(threads=1)
    assert [line.text for line in read(online, picture(["Exit"], (320, 160)))] == ["Exit"]
    online.close()
    monkeypatch.setattr(ppocr, "_RECOGNISER", replace(ppocr._RECOGNISER, name="gone.onnx"))
    with pytest.raises(ReaderError, match="rapidocr's model gone"):
        OcrReader(threads=1).find(blank())


def test_memory_really_returns_and_nothing_is_printed() -> None:
    """In a process of its own: what is loaded for reading is given back but for the libraries' code."""
    code = (
        "import numpy as np\n"
        "from assistant.machine.memory import used_bytes\n"
        "from vision.frame import Frame\n"
        "from vision.reading.ocr import OcrReader\n"
        "from vision.reading import ppocr\n"
        "ppocr.Models(1); before = used_bytes()\n"
        "reader = OcrReader(threads=1)\n"
        "reader.find(Frame(np.zeros((720, 1280, 3), np.uint8), 0.0)); loaded = used_bytes(); reader.close()\n"
        "print(loaded - before, used_bytes() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, left = map(int, done.stdout.split())
    assert done.stderr == ""
    assert left < 20e6 < loaded


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (20, 20)])
def test_very_small_pictures_have_no_print(reader: OcrReader, size: tuple[int, int]) -> None:
    """And do no harm."""
    assert read(reader, np.full((*size, 3), 255, np.uint8)) == []


def test_noise_is_read_without_a_fault_and_in_doubt(reader: OcrReader) -> None:
    """What is found in noise has a low confidence."""
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    assert all(line.confidence < 0.8 for line in read(reader, noise))


def test_forty_megapixels_are_read(reader: OcrReader) -> None:
    """Lines are looked for in a reduced picture, and recognised in the full one."""
    large = np.full((5164, 7746, 3), 255, np.uint8)
    large[2400:3120, 3000:4280] = picture(["Fire exit", "Keep clear"], (1280, 720), 120)
    assert [line.text for line in read(reader, large)] == ["Fire exit", "Keep clear"]


@pytest.mark.slow
def test_a_thousand_lines_are_found_from_the_first_to_the_last(reader: OcrReader) -> None:
    """rapidocr's own limit would drop those at the top of the page."""
    words = [" ".join(f"{column * 130 + row}x" for column in range(1)) for row in range(130) for column in range(1)]
    image = Image.new("RGB", (1900, 1900), "white")
    draw = ImageDraw.Draw(image)
    for row, word in enumerate(words):
        for column in range(10):
            draw.text((10 + 190 * column, 6 + 14.5 * row), f"{word}{column}", font=load_font(None, 11), fill="black")
    layout = reader.find(Frame(np.array(image), 0.0))
    assert len(layout.lines) > 1100
    assert min(line.quad.top_left[1] for line in layout.lines) < 20
