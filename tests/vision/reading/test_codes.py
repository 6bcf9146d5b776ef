from __future__ import annotations

import importlib
import random
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.codes import (
    KINDS,
    Distortion,
    code_with,
    draw_code,
    hard,
    photograph,
    with_check_digit,
)
from vision.errors import Cancelled
from vision.frame import Frame
from vision.reading import codes
from vision.reading.codes import CodeKind, read_codes

SECONDS = 0.5  # of processor time that a picture may take at most; far less on an idle machine


def read(frame: Frame) -> list[str]:
    return [code.text for code in read_codes(frame).codes]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [-20.0, 0.0, 20.0])
def test_each_kind_is_read_upright_and_turned(kind: str, turn: float) -> None:
    """EAN, UPC, Code 128, QR and Data Matrix are read, also turned by 20 degrees."""
    rng = random.Random(f"{kind} {turn}")
    code = draw_code(rng, kind)
    assert read(photograph(rng, [(code, Distortion(size=600, turn=turn, noise=3.0))])) == [code.text]


@pytest.mark.parametrize("kind", ["EAN13", "Code128", "QRCode"])
@pytest.mark.parametrize(
    "how",
    [Distortion(600, blur=1.2, turn=5), Distortion(600, bend=0.8), Distortion(600, slant=0.1), Distortion(turn=180)],
)
def test_a_code_is_read_as_it_is_held(kind: str, how: Distortion) -> None:
    """Blurred a little, on a can, slanted and upside down."""
    rng = random.Random(3)
    code = draw_code(rng, kind)
    assert read(photograph(rng, [(code, how)])) == [code.text]


def test_no_number_is_told_that_is_wrong() -> None:
    """Of pictures from easy to hopeless a good part is read, the others are refused, and none is read wrongly."""
    rng = random.Random(20)
    right = 0
    for _ in range(60):
        code = draw_code(rng, rng.choice(KINDS))
        found = read(photograph(rng, [(code, hard(rng))]))
        assert found in ([], [code.text])
        right += bool(found)
    assert right >= 15


def test_a_number_that_is_read_only_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar code counts only if further readings agree, however sure the first one was."""
    code = draw_code(random.Random(1), "EAN13")
    frame = photograph(random.Random(1), [(code, Distortion())])
    assert read(frame) == [code.text]
    empty = np.full((40, 40), 255, np.uint8)
    monkeypatch.setattr(codes, "_again", lambda reading, grey: [empty] * 5)
    found = read_codes(frame)
    assert (found.codes, found.refused) == ((), 1)


def test_a_number_that_is_read_in_two_ways_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reading that differs is enough, though four agree."""
    rng = random.Random(1)
    code, other = draw_code(rng, "EAN13"), draw_code(rng, "EAN13")
    frame = photograph(random.Random(1), [(code, Distortion())])
    pictures = [code.picture] * 4 + [other.picture]
    monkeypatch.setattr(codes, "_again", lambda reading, grey: pictures)
    assert read(frame) == []
    pictures[-1] = code.picture
    assert read(frame) == [code.text]


@pytest.mark.parametrize("number", ["1133126882218", "4625255851274", "1239313528126", "7182928734595"])
@pytest.mark.parametrize("shown", [1.0, 0.62, 0.56])
def test_half_of_a_number_is_no_number(number: str, shown: float) -> None:
    """The left half of an EAN-13 is built like a UPC-E of number system 1. It is not told, also with a finger over the
    right half.
    """
    grey = code_with(number, "EAN13").picture.copy()
    grey[:, round(shown * grey.shape[1]) :] = 255
    rng = random.Random(2)
    for turn in (-14.0, 0.0, 8.0, 16.0):
        frame = photograph(rng, [(replace(code_with(number, "EAN13"), picture=grey), Distortion(turn=turn))])
        assert read(frame) in ([], [number])


@pytest.mark.parametrize("kind", ["Code39", "ITF", "Codabar", "MicroQRCode"])
def test_kinds_without_a_check_are_not_read(kind: str) -> None:
    """A kind that cannot notice a misread sign is refused however clear it is."""
    zxingcpp = importlib.import_module("zxingcpp")
    text = "A123456A" if kind == "Codabar" else "123456"
    image = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind)).to_image(scale=4)
    grey = np.pad(np.array(image), 60, constant_values=255)
    assert zxingcpp.read_barcodes(grey)[0].text in (text, text[1:-1])
    assert read(Frame(np.repeat(grey[..., None], 3, axis=2), 0.0)) == []


def test_of_several_codes_the_nearest_to_the_middle_comes_first() -> None:
    """Each is told once, though it may be found in more than one way."""
    rng = random.Random(5)
    ean, qr, bar = (draw_code(rng, kind) for kind in ("EAN13", "QRCode", "Code128"))
    how = Distortion(size=340)
    frame = photograph(
        rng,
        [(ean, replace(how, at=(0.15, 0.3))), (qr, replace(how, at=(0.55, 0.5))), (bar, replace(how, at=(0.8, 0.8)))],
    )
    assert read(frame) == [qr.text, bar.text, ean.text]


def test_the_kinds_are_told_apart() -> None:
    """A book's number is an EAN-13 that begins with 978 or 979; a UPC-A has twelve digits."""
    rng = random.Random(6)
    for text, kind, expected in [
        (with_check_digit("978030640615"), "EAN13", CodeKind.BOOK),
        (with_check_digit("400638133393"), "EAN13", CodeKind.PRODUCT),
        ("036000291452", "UPCA", CodeKind.PRODUCT),
        ("ABC-1", "Code128", CodeKind.BAR),
        ("hello", "QRCode", CodeKind.QR),
        ("hello", "DataMatrix", CodeKind.DATA_MATRIX),
    ]:
        (found,) = read_codes(photograph(rng, [(code_with(text, kind), Distortion())])).codes
        assert (found.kind, found.text) == (expected, text)


@pytest.mark.parametrize("text", ["你好，世界", "Grüße aus Köln", "naïve ☕", "line one\nline two"])
def test_text_of_any_language_comes_out_as_it_went_in(text: str) -> None:
    """Letters outside of ASCII are not guessed in another encoding."""
    assert read(photograph(random.Random(1), [(code_with(text, "QRCode"), Distortion())])) == [text]


@pytest.mark.parametrize("name", ["brick", "grass", "coins", "page", "text", "camera", "coffee"])
def test_a_photograph_without_a_code_has_none(name: str) -> None:
    """Bricks and printed pages are no codes, not even refused ones."""
    data = pytest.importorskip("skimage.data")
    picture = getattr(data, name)()
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    found = read_codes(Frame(np.ascontiguousarray(rgb), 0.0))
    assert (found.codes, found.refused) == ((), 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (2, 7), (40, 40), (1080, 1920)])
@pytest.mark.parametrize("filling", ["noise", "stripes", "black"])
def test_any_picture_is_answered(shape: tuple[int, int], filling: str) -> None:
    """Tiny, narrow and meaningless pictures have no code, and fail nothing."""
    rgb = np.zeros((*shape, 3), np.uint8)
    if filling == "noise":
        rgb[:] = np.random.default_rng(1).integers(0, 255, rgb.shape)
    elif filling == "stripes":
        rgb[:] = (np.arange(shape[1]) // 4 % 2 * 200)[None, :, None]
    assert read(Frame(rgb, 0.0)) == []


def test_a_cancelled_reading_ends() -> None:
    """Whoever asks something else does not wait for the code."""
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        read_codes(Frame(np.zeros((720, 1280, 3), np.uint8), 0.0), cancelled)


def test_a_code_is_read_within_half_a_second() -> None:
    """Of processor time, because the machine may be busy: a code in a full-size picture leaves time for the voice."""
    rng = random.Random(8)
    code = draw_code(rng, "EAN13")
    small = photograph(rng, [(code, Distortion(turn=9))]).rgb
    frame = Frame(np.pad(small, ((180, 180), (320, 320), (0, 0)), constant_values=128), 0.0)
    assert read(frame) == [code.text]
    seconds = []
    for _ in range(3):
        begun_at = time.process_time()
        read(frame)
        seconds.append(time.process_time() - begun_at)
    assert min(seconds) < SECONDS
