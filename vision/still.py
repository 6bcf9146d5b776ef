"""Decodes pictures from outside, and refuses what cannot be used, each with its reason. It also has the picture file as
camera.

This is the one place that does so. Every picture comes out as upright RGB bytes. This module does not know where a file
came from or what happens to the pixels.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import struct
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import Cancelled, PictureError, PictureTooLarge
from .frame import Frame, Rgb
from .jpeg import count_scans

# Four times what an ordinary camera takes. As RGB bytes it is 120 MB, which the smallest machine can spare.
MAX_PIXELS = 40_000_000
# While a picture is decoded it takes more than its pixels: the decoder's own buffers, Pillow's four bytes a pixel, and
# a copy that is turned upright. These are the bytes a pixel at the peak, measured with Pillow 13; the kinds that are
# not named take 12 or fewer. (libwebp's animation decoder, which Pillow always uses, holds two whole canvases, and
# Pillow copies one of them twice.)
_DECODING_BYTES_A_PIXEL = {"WEBP": 20, "AVIF": 12}
_MOST_DECODING_BYTES = 500_000_000

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
    | {".heic", ".heif", ".svg"}  # refused, but with a reason that speaks of a picture
)
# Only these decoders see bytes from outside; Pillow has thirty more, some of them seldom tested. A phone's MPO (several
# pictures in one JPEG) is read as JPEG.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"

# What Pillow's decoders raise on broken data.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, ArithmeticError, RuntimeError),
    *(struct.error, zlib.error, AssertionError),
)

# A program saves about ten scans. A picture of thousands would keep a processor busy for minutes.
_MOST_SCANS = 100
# So many pictures are decoded at once, because each takes up to `_MOST_DECODING_BYTES`.
_room = threading.BoundedSemaphore(2)


class _NoWarnings:
    """Silences Pillow's warnings. They are of odd metadata, which harms no pixel, and of size, which is judged here.

    The filter belongs to the whole process: the first thread that enters changes it, and the last one puts it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the two below
        self._count = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                self._before.__exit__(None, None, None)


_no_warnings = _NoWarnings()


class StillPicture:
    """A picture file in a camera's place: every capture gives it, as if taken now.

    Raises PictureError when it is made.
    """

    live = False  # it shows the same thing for ever

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rgb = load_picture(path)
        self._rgb.setflags(write=False)  # shared by every frame
        self._clock = clock

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self._rgb.shape[:2]
        return width, height

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        """The picture, at once. Raises Cancelled."""
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("the picture was no longer wanted")
        return Frame(self._rgb, self._clock())

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        """As `Camera.burst`, but always one picture. Raises Cancelled."""
        return (self.capture(timeout_seconds, cancelled),)

    def close(self) -> None:
        """Does nothing: it is there because a camera has it."""

    def __enter__(self) -> StillPicture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load_picture(
    picture: str | Path | bytes,
    name: str = "the picture",
    max_pixels: int = MAX_PIXELS,
    max_side_pixels: int | None = None,
) -> Rgb:
    """Decode a file, or bytes called `name` in messages, to upright RGB: (height, width, 3) uint8.

    An animation gives its first picture. Transparent parts become white, and 16-bit grey is scaled to 8 bits. With
    `max_side_pixels` a larger picture is made smaller as soon as it is decoded, which saves memory. Raises
    PictureTooLarge when it has more than `max_pixels`, or when decoding it would take more than 500 MB; raises
    PictureError for anything else.
    """
    if not isinstance(picture, bytes):
        name = str(picture)
        _check_file(Path(picture))
    elif not picture:
        raise PictureError(f"{name} is empty (0 bytes): send it again")
    with _room, _no_warnings:
        try:
            with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture, formats=_FORMATS) as image:
                _check_size(image, name, max_pixels)
                _check_scans(image, picture, name)
                _load(image, name)
                return _upright_rgb(image, name, max_side_pixels)
        except Image.DecompressionBombError as problem:
            raise PictureTooLarge(_too_large(name, max_pixels)) from problem
        except UnidentifiedImageError as problem:
            raise PictureError(_not_a_picture(picture, name)) from problem
        except PictureError:
            raise
        except _BROKEN as problem:
            raise PictureError(
                f"{name} cannot be decoded ({problem}): save it again, or take another picture"
            ) from problem


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder: name a picture file in it")
        if not path.exists():
            raise PictureError(f"there is no picture {path}: check the name")
        if path.stat().st_size == 0:
            raise PictureError(f"{path} is empty (0 bytes): copy or save it again")
        with path.open("rb"):
            pass
    except OSError as problem:
        raise PictureError(f"{path} cannot be opened: {problem.strerror}") from problem


def _check_size(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PictureTooLarge(f"{_too_large(name, max_pixels)} (it is {width}x{height})")
    most = _MOST_DECODING_BYTES // _DECODING_BYTES_A_PIXEL.get(str(image.format), 1)
    if width * height > most:
        raise PictureTooLarge(f"{_too_large(name, most, f' as {image.format}')} (it is {width}x{height})")
    if not width * height:
        raise PictureError(f"{name} has no pixels ({width}x{height}): take another picture")


def _check_scans(image: Image.Image, picture: str | Path | bytes, name: str) -> None:
    if image.format not in ("JPEG", "MPO"):
        return
    data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    if count_scans(data, _MOST_SCANS) > _MOST_SCANS:
        raise PictureError(f"{name} is a JPEG of more than {_MOST_SCANS} scans, which takes too long: save it again")


def _too_large(name: str, max_pixels: int, kind: str = "") -> str:
    return f"{name} is too large: at most {max_pixels // 1_000_000} megapixels are read{kind}; save it smaller"


def _load(image: Image.Image, name: str) -> None:
    try:
        image.load()
    except OSError as problem:
        raise PictureError(f"{name} is incomplete or damaged ({problem}): copy or save it again") from problem


def _not_a_picture(picture: str | Path | bytes, name: str) -> str:
    """A sentence that says what the file is instead, where its first bytes tell."""
    if isinstance(picture, bytes):
        head = picture[:512]
    else:
        with open(picture, "rb") as file:
            head = file.read(512)
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        what = "is a HEIC picture, which is not read"
    elif head.lstrip()[:5].lower() in (b"<?xml", b"<svg ", b"<!doc", b"<html"):
        what = "is a drawing or a web page, not a picture of pixels"
    elif b"\0" not in head and _is_text(head):
        what = "is a text file, not a picture"
    else:
        what = "is not a picture that can be read, or its beginning is damaged"
    return f"{name} {what}: use {_READABLE}"


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # it forgives a letter that is cut at the end
    except UnicodeDecodeError:
        return False
    return True


def _upright_rgb(image: Image.Image, name: str, max_side_pixels: int | None) -> Rgb:
    """Each step lets go of the pixels of the one before: a large picture is in memory twice at most."""
    if image.mode == "F" or image.mode.startswith("I;32"):
        raise PictureError(f"{name} holds measurements (mode {image.mode}), not colours: save it as PNG or JPEG")
    _turn(image)
    if image.mode.startswith("I"):
        image = Image.fromarray(_from_16_bit(image))
    elif (
        image.mode in ("P", "PA", "1") or "transparency" in image.info
    ):  # neither indices nor a key colour can be averaged
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image = _no_larger(image, max_side_pixels)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        # On white: what is drawn with transparency is mostly made for a white page.
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _turn(image: Image.Image) -> None:
    """Turns it as its EXIF block says. A damaged block costs nothing: the pixels are not damaged."""
    with contextlib.suppress(*_BROKEN):
        ImageOps.exif_transpose(image, in_place=True)


def _no_larger(image: Image.Image, max_side_pixels: int | None) -> Image.Image:
    """The same picture in the same proportions, no side longer than that."""
    longest = max(image.size)
    if max_side_pixels is None or longest <= max_side_pixels:
        return image
    width, height = (max(1, round(side * max_side_pixels / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _from_16_bit(image: Image.Image) -> npt.NDArray[np.uint8]:
    """(height, width), 0 to 255. Pillow's own conversion would cut everything above 255 off to white."""
    values = np.asarray(image)
    if values.dtype != np.uint16:
        values = np.clip(values, 0, 65535).astype(np.uint16)
    return (values // 257).astype(np.uint8)
