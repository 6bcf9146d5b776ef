"""Draws bar codes and matrix codes as a camera may see them: turned, slanted, on a can, blurred, in noise and glare.

zxing-cpp draws the codes. If `python-barcode`, `qrcode` or `segno` can be imported, they draw some too, so that a
reader and its own writer cannot agree on a mistake. The three are no part of the project. It does not know how a code
is read.
"""

from __future__ import annotations

import functools
import importlib
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vision.frame import Frame

Grey = npt.NDArray[np.uint8]  # (height, width)
Levels = npt.NDArray[np.float32]  # (height, width), 0..255

KINDS = ("EAN13", "EAN8", "UPCA", "UPCE", "Code128", "QRCode", "DataMatrix")
WIDTH, HEIGHT = 1280, 720
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./ abcdefghij"


@dataclass(frozen=True)
class Distortion:
    """What happens to a code on its way into a picture."""

    size: float = 420.0  # pixels: its longer side
    turn: float = 0.0  # degrees
    bend: float = 0.0  # half the angle of the can that it is wrapped around, radians; 0 is flat
    slant: float = 0.0  # how far each corner may move, as a part of its distance from the middle
    blur: float = 0.0  # pixels: standard deviation
    shake: int = 0  # pixels
    noise: float = 0.0  # brightness: standard deviation
    jpeg: int | None = None  # quality
    glare: float = 0.0  # brightness in the middle of a lamp's reflection
    at: tuple[float, float] = (0.5, 0.5)  # the place of its middle, as parts of the picture


@dataclass(frozen=True)
class DrawnCode:
    """A code and what it says."""

    kind: str
    text: str  # as it is to be read
    writer: str
    picture: Grey = field(repr=False)  # with white around it


def draw_code(rng: random.Random, kind: str, writer: str = "zxingcpp") -> DrawnCode:
    """A code of a kind in `KINDS` with a random text. `writers_of` says who can write it."""
    text = _text_for(rng, kind)
    return DrawnCode(kind, _as_read(kind, text), writer, _WRITERS[writer](kind, text))


def code_with(text: str, kind: str) -> DrawnCode:
    """A code with this text, by zxing-cpp."""
    return DrawnCode(kind, text, "zxingcpp", _by_zxing(kind, text))


@functools.cache
def writers_of(kind: str) -> tuple[str, ...]:
    """The libraries that can write this kind here."""
    strangers = {"EAN13": ["barcode"], "EAN8": ["barcode"], "UPCA": ["barcode"], "Code128": ["barcode"]}
    strangers["QRCode"] = ["qrcode", "segno"]
    found = ["zxingcpp"]
    for name in strangers.get(kind, []):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        found.append(name)
    return tuple(found)


def photograph(rng: random.Random, codes: Sequence[tuple[DrawnCode, Distortion]]) -> Frame:
    """One picture of codes on a plain, unevenly lit ground. Blur and the like are those of the first code."""
    ground = np.full((HEIGHT, WIDTH), rng.uniform(90, 230), np.float32)
    ground += np.linspace(-25, 25, WIDTH, dtype=np.float32)[None] * rng.choice([-1, 1])
    for code, how in codes:
        ground = _placed(rng, ground, code.picture, how)
    grey = _taken(rng, ground, codes[0][1])
    return Frame(np.repeat(grey[..., None], 3, axis=2), 0.0)


def hard(rng: random.Random) -> Distortion:
    """Anything from easy to hopeless."""
    badness = rng.random()
    return Distortion(
        size=rng.uniform(90, 500),
        turn=rng.uniform(-20, 20),
        bend=rng.choice([0.0, 0.0, 0.5, 1.0, 1.3]),
        slant=rng.choice([0.0, 0.05, 0.12]),
        blur=rng.choice([0.0, 0.7, 1.2, 2.0, 3.0, 4.0]) * badness,
        shake=round(rng.choice([0, 0, 5, 9]) * badness),
        noise=rng.choice([0.0, 3.0, 8.0, 15.0]) * badness,
        jpeg=rng.choice([None, 60, 30]),
        glare=rng.choice([0.0, 0.0, 120.0]),
        at=(rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)),
    )


# Texts.


def _text_for(rng: random.Random, kind: str) -> str:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    def signs(count: int) -> str:
        return "A" + "".join(rng.choice(_SIGNS) for _ in range(count - 2)) + "1"

    match kind:
        case "EAN13":
            return with_check_digit(rng.choice("123456789") + digits(11))
        case "EAN8":
            return with_check_digit(digits(7))
        case "UPCA":
            return with_check_digit(digits(11))
        case "UPCE":  # of the ways to leave out zeros, the one that allows any five digits but the last
            return "0" + "".join(rng.choice("3456789") for _ in range(5)) + rng.choice("56789")
        case "Code128":
            return rng.choice([signs, digits])(rng.randint(4, 16))
    plain = signs(rng.randint(6, 30))
    return rng.choice([plain, f"https://example.com/{plain.replace(' ', '')}", f"WIFI:S:{digits(4)};T:WPA;P:x;;"])


def with_check_digit(digits: str) -> str:
    """The digits of an EAN or UPC with their check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def _as_read(kind: str, text: str) -> str:
    """A UPC-E is read as the UPC-A that it stands for."""
    return with_check_digit(f"0{text[1:6]}0000{text[6]}") if kind == "UPCE" else text


# Writers.


def _by_zxing(kind: str, text: str) -> Grey:
    import zxingcpp

    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    image: Any = code.to_image(scale=8 if kind in ("QRCode", "DataMatrix") else 4)
    return np.pad(np.array(image), 24, constant_values=255)


def _by_python_barcode(kind: str, text: str) -> Grey:
    barcode = importlib.import_module("barcode")
    writer = importlib.import_module("barcode.writer").ImageWriter()
    number = text if kind == "Code128" else text[:-1]
    return _drawn(lambda file: barcode.get(kind.lower(), number, writer=writer).write(file))


def _by_qrcode(kind: str, text: str) -> Grey:
    code = importlib.import_module("qrcode").QRCode(box_size=8)
    code.add_data(text)
    code.make()
    return _drawn(lambda file: code.make_image().save(file))


def _by_segno(kind: str, text: str) -> Grey:
    code = importlib.import_module("segno").make(text, micro=False)
    return _drawn(lambda file: code.save(file, kind="png", scale=8))


def _drawn(write: Callable[[io.BytesIO], object]) -> Grey:
    from PIL import Image

    file = io.BytesIO()
    write(file)
    return np.pad(np.array(Image.open(file).convert("L")), 8, constant_values=255)


_WRITERS = {"zxingcpp": _by_zxing, "barcode": _by_python_barcode, "qrcode": _by_qrcode, "segno": _by_segno}


# Pictures.


def _placed(rng: random.Random, ground: Levels, code: Grey, how: Distortion) -> Levels:
    import cv2

    flat = _wrapped(code, how.bend) if how.bend else code
    scale = how.size / max(flat.shape)
    size = (max(8, int(flat.shape[1] * scale)), max(8, int(flat.shape[0] * scale)))
    small = np.asarray(cv2.resize(flat, size, interpolation=cv2.INTER_AREA), np.float32)
    width, height = size
    angle = np.deg2rad(how.turn)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners *= 1 + how.slant * np.array([[rng.uniform(-1, 1)] for _ in range(4)])
    corners += np.array([how.at[0] * ground.shape[1], how.at[1] * ground.shape[0]])
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    size = (ground.shape[1], ground.shape[0])
    ink, paper = rng.uniform(10, 70), rng.uniform(170, 245)
    seen = ink + cv2.warpPerspective(small, matrix, size) / 255 * (paper - ink)
    share = cv2.warpPerspective(np.ones_like(small), matrix, size)
    return np.asarray(ground * (1 - share) + seen * share, np.float32)


def _wrapped(code: Grey, bend: float) -> Grey:
    """The code on a can that stands upright and is seen a little from above."""
    import cv2

    height, width = code.shape
    radius = width / 2 / bend
    half = radius * np.sin(min(bend, np.pi / 2))
    across = np.linspace(-half, half, int(2 * half))
    from_x = np.arcsin(np.clip(across / radius, -1, 1)) * radius + width / 2
    sag = 0.25 * (radius - np.sqrt(np.maximum(radius**2 - across**2, 0)))
    from_y = np.arange(height)[:, None] + sag[None]
    maps = np.broadcast_to(from_x, from_y.shape).astype(np.float32), from_y.astype(np.float32)
    return np.asarray(cv2.remap(code, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _taken(rng: random.Random, levels: Levels, how: Distortion) -> Grey:
    import cv2

    if how.blur:
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), how.blur), np.float32)
    if how.shake > 1:
        kernel = np.zeros((how.shake | 1, how.shake | 1), np.float32)
        kernel[how.shake // 2] = 1.0
        middle = (how.shake // 2, how.shake // 2)
        kernel = np.asarray(
            cv2.warpAffine(kernel, cv2.getRotationMatrix2D(middle, rng.uniform(0, 180), 1), kernel.shape)
        )
        levels = np.asarray(cv2.filter2D(levels, -1, kernel / kernel.sum()), np.float32)
    if how.glare:
        down, right = np.mgrid[: levels.shape[0], : levels.shape[1]]
        x, y = rng.uniform(0.35, 0.65) * levels.shape[1], rng.uniform(0.35, 0.65) * levels.shape[0]
        levels = levels + (how.glare * np.exp(-(((right - x) / 80) ** 2) - ((down - y) / 60) ** 2)).astype(np.float32)
    if how.noise:
        grain = np.random.default_rng(rng.getrandbits(32)).normal(0, how.noise, levels.shape)
        levels = levels + grain.astype(np.float32)
    grey = np.clip(levels, 0, 255).astype(np.uint8)
    if how.jpeg is not None:
        packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, how.jpeg])[1]
        grey = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey
