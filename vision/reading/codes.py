"""Reads bar codes and matrix codes in a picture. A code is read surely or refused.

zxing-cpp finds and decodes the codes. The check digit of a product number lets one misread number in ten through, so
a bar code counts only if further readings give the same number: of the code alone, larger, smaller and turned. Kinds
without a check (Code 39, ITF, Codabar) are not read at all. Matrix codes correct their own errors, so one reading of
them is enough. docs/codes.md has the figures.

It knows pixels and texts. It does not know what a text is good for (see `code_contents`), nor what is said about it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from vision.errors import Cancelled
from vision.frame import Frame, Rgb
from vision.reading.interface import Point

if TYPE_CHECKING:
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]  # (height, width)

_MOST_PIXELS_A_SIDE = 4096  # a larger picture is made smaller first: a code of a whole page still has its bars then
_TURNS = (17.0, -17.0)  # degrees, for codes that are found neither upright nor lying down
_AGREEING_READINGS = 2  # besides the first, before a bar code counts
_CODES_CONFIRMED = 12  # the codes nearest to the middle; each further one would take some 10 ms
_MARGIN = 0.25  # of a code's longer side, kept around it when it is read again: it needs white at both ends
# (scale, turn in degrees) of the further readings. Their pixels fall differently onto the bars each time.
_AGAIN = ((1.0, 7.0), (1.7, 0.0), (0.75, -4.0), (1.4, -8.0), (2.3, 3.0))
_SMALL_CODE_PIXELS = 250  # a bar code of this length or less is not read at a smaller scale
_LONGEST_AGAIN_PIXELS = 1600  # a code is not enlarged beyond this


class CodeKind(Enum):
    """The kinds that are read."""

    PRODUCT = "product"  # EAN-13, EAN-8, UPC-A, UPC-E
    BOOK = "book"  # the EAN-13 of a book, which is its ISBN
    BAR = "bar"  # Code 128
    QR = "qr"
    DATA_MATRIX = "data_matrix"
    AZTEC = "aztec"
    PDF417 = "pdf417"


@dataclass(frozen=True)
class Code:
    """A code that was read surely."""

    kind: CodeKind
    text: str  # as it stands in the code: it may be long, and may hold any character
    centre: Point


@dataclass(frozen=True)
class CodesFound:
    """What codes a picture shows."""

    codes: tuple[Code, ...]  # the one nearest to the middle first; no two of one kind with one text
    refused: int  # codes that are there and could not be read surely


def read_codes(frame: Frame, cancelled: threading.Event | None = None) -> CodesFound:
    """The codes in a picture: 20 to 100 ms at 1920×1080, up to 400 ms where the picture is nothing but noise.

    Raises Cancelled.
    """
    grey = _grey(frame.rgb)
    height, width = grey.shape
    sure: dict[tuple[CodeKind, str], Code] = {}
    refused: list[_Reading] = []
    for number, picture in enumerate(_pictures(grey)):
        _check(cancelled)
        readings = sorted(_readings(picture), key=lambda reading: reading.distance_to((width / 2, height / 2)))
        for reading in readings[:_CODES_CONFIRMED]:
            _check(cancelled)
            if reading.matches_any(sure.values(), refused):
                continue
            if reading.kind is None or not _is_sure(reading, picture.grey):
                refused.append(reading)
            else:
                sure.setdefault((reading.kind, reading.text), Code(reading.kind, reading.text, reading.centre))
        if sure or (refused and number):
            break
    codes = sorted(sure.values(), key=lambda code: _distance(code.centre, (width / 2, height / 2)))
    return CodesFound(tuple(codes), len([reading for reading in refused if not reading.is_near(codes)]))


# How a picture is prepared.


@dataclass(frozen=True)
class _Picture:
    grey: Grey
    to_frame: npt.NDArray[np.float64]  # (2, 3): from a point (x, y, 1) of this picture to the point of the frame


def _pictures(grey: Grey) -> Iterator[_Picture]:
    """The frame, then what is worth a second try where nothing was read in the one before."""
    import cv2

    shrunk = min(1.0, _MOST_PIXELS_A_SIDE / max(grey.shape))
    first = _resized(grey, shrunk)
    to_frame = np.array([[1 / shrunk, 0.0, 0.0], [0.0, 1 / shrunk, 0.0]])
    yield _Picture(first, to_frame)
    # A slight blur is taken back, and a code that is small gets more pixels a bar.
    soft = cv2.GaussianBlur(first, (0, 0), 2.0)
    yield _Picture(np.asarray(cv2.addWeighted(first, 2.5, soft, -1.5, 0.0), np.uint8), to_frame)
    # No straight line along the rows or columns crosses all bars of a long and low code that is turned.
    height, width = first.shape
    for turn in _TURNS:
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0), np.float64)
        turned = cv2.warpAffine(first, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        back = np.asarray(cv2.invertAffineTransform(matrix), np.float64) / shrunk
        yield _Picture(np.asarray(turned, np.uint8), back)
    if max(first.shape) <= _MOST_PIXELS_A_SIDE / 2:
        yield _Picture(_resized(first, 2.0), to_frame / 2)


def _grey(rgb: Rgb) -> Grey:
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _resized(grey: Grey, scale: float) -> Grey:
    import cv2

    if scale == 1.0:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    kind = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (width, height), interpolation=kind), np.uint8)


# One reading, and whether it is sure.


@dataclass(frozen=True)
class _Reading:
    """What zxing-cpp found in a picture. Points and lengths are in pixels of the frame, except for `local`."""

    kind: CodeKind | None  # None: a code was found whose content cannot be read
    format_name: str
    text: str
    quad: npt.NDArray[np.float64]  # (4, 2), x before y
    local: npt.NDArray[np.float64]  # the same in pixels of the picture that was read

    @property
    def centre(self) -> Point:
        x, y = self.quad.mean(axis=0)
        return float(x), float(y)

    @property
    def size(self) -> float:
        """Its longer side."""
        return float(np.ptp(self.quad, axis=0).max())

    def distance_to(self, point: Point) -> float:
        return _distance(self.centre, point)

    def is_near(self, codes: list[Code]) -> bool:
        """True if one of the codes lies within this one."""
        return any(self.distance_to(code.centre) < max(self.size, 1.0) / 2 for code in codes)

    def matches_any(self, sure: Iterable[Code], refused: list[_Reading]) -> bool:
        """True if the same was read, or refused, at the same place before."""
        return any((code.kind, code.text) == (self.kind, self.text) for code in sure) or any(
            other.distance_to(self.centre) < max(self.size, other.size) / 2 for other in refused
        )


def _readings(picture: _Picture) -> list[_Reading]:
    found = []
    for code in decoded(picture.grey, with_errors=True):
        corners = code.position
        quad = [(p.x, p.y) for p in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)]
        kind = _kind(code) if code.valid else None
        if kind is None and code.format.name != "QRCode":
            continue  # only the three marks of a QR code are no chance: bricks pass for a damaged code of another kind
        local = np.array(quad, np.float64)
        there = local @ picture.to_frame[:, :2].T + picture.to_frame[:, 2]
        found.append(_Reading(kind, code.format.name, text_of(code), there, local))
    return found


def decoded(grey: Grey, *, with_errors: bool = False) -> list[Any]:
    """What zxing-cpp says of a picture by itself."""
    import zxingcpp

    formats = [getattr(zxingcpp.BarcodeFormat, name) for name in (*_PRODUCTS, "Code128", *_MATRIX)]
    return list(
        zxingcpp.read_barcodes(
            np.ascontiguousarray(grey), formats=zxingcpp.BarcodeFormats(formats), return_errors=with_errors
        )
    )


_PRODUCTS = ("EAN13", "EAN8", "UPCA", "UPCE")
_BARS = (CodeKind.PRODUCT, CodeKind.BOOK, CodeKind.BAR)
_MATRIX = {
    "QRCode": CodeKind.QR,
    "DataMatrix": CodeKind.DATA_MATRIX,
    "Aztec": CodeKind.AZTEC,
    "PDF417": CodeKind.PDF417,
}


def _kind(code: Any) -> CodeKind | None:
    """None for what is close to a kind of ours and cannot be told surely, such as Micro QR: its smallest has no
    correction.
    """
    name = code.format.name
    if name == "UPCE" and not code.text.startswith("00"):
        return None  # of number system 1, which is hardly used: the left half of any EAN-13 looks like one of these
    if name in _PRODUCTS:
        return CodeKind.BOOK if name == "EAN13" and code.text[:3] in ("978", "979") else CodeKind.PRODUCT
    return CodeKind.BAR if name == "Code128" else _MATRIX.get(name)


def text_of(code: Any) -> str:
    """The number as it is printed, or the text. Bytes without a stated encoding are mostly UTF-8 nowadays."""
    name = code.format.name
    if name == "EAN13" and code.text.startswith("0"):
        return str(code.text[1:])  # the twelve digits of a UPC-A
    if name == "UPCE":
        return str(code.text).removeprefix("0")  # zxing-cpp writes it out as an EAN-13; the UPC-A has twelve digits
    if name in _MATRIX and code.content_type.name in ("Text", "UnknownECI") and code.symbology_identifier != "]Q2":
        try:
            return str(bytes(code.bytes).decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return str(code.text)


def _is_sure(reading: _Reading, grey: Grey) -> bool:
    """True if the code corrects its own errors, or if further readings of a bar code agree and none differs."""
    if reading.format_name in _MATRIX:
        return True
    is_upc_e = reading.format_name == "UPCE"
    agreeing = 0
    for again in _again(reading, grey):
        # UPC-E has so few bars that one may be seen in the middle of another code: it does not count against that one.
        texts = {
            text_of(code)
            for code in decoded(again)
            if _kind(code) in _BARS and (is_upc_e or code.format.name != "UPCE")
        }
        if texts - {reading.text}:
            return False
        agreeing += bool(texts)
    return agreeing >= (len(_AGAIN) - 1 if is_upc_e else _AGREEING_READINGS)


def _again(reading: _Reading, grey: Grey) -> Iterator[Grey]:
    """The code with its surroundings, cut out in other sizes and directions."""
    import cv2

    x, y = (float(value) for value in reading.local.mean(axis=0))
    size = float(np.ptp(reading.local, axis=0).max())
    side = size * (1 + 2 * _MARGIN) + 16
    for factor, turn in _AGAIN:
        if factor < 1.0 and size < _SMALL_CODE_PIXELS:
            factor = 1.2
        factor = min(factor, max(1.0, _LONGEST_AGAIN_PIXELS / side))
        matrix = np.asarray(cv2.getRotationMatrix2D((x, y), turn, factor), np.float64)
        length = max(8, round(side * factor))
        matrix[:, 2] += (length / 2 - x, length / 2 - y)
        cut = cv2.warpAffine(grey, matrix, (length, length), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        yield np.asarray(cut, np.uint8)


def _distance(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _check(cancelled: threading.Event | None) -> None:
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("the code is not wanted any more")
