"""The reader of pictures and hostile files."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fuzz.door import Target, check, usual_faults
from tests.fuzz.mutations import mutated
from vision.errors import PictureError
from vision.still import load_picture

_MOST_PIXELS = 1_000_000  # as `max_pixels`, so that decoding a picture that claims many takes milliseconds
_SIDE = 12


def _picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    noise = np.random.default_rng(1).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, kind, **options)
    return file.getvalue()


def _seeds() -> list[bytes]:
    """A small picture in every format that is read, in several modes, with a place and a rotation noted in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [Image.new("RGB", (_SIDE, _SIDE), color) for color in ("red", "blue")]
    return [
        *(
            _picture("JPEG"),
            _picture("JPEG", "L"),
            _picture("JPEG", "CMYK"),
            _picture("JPEG", progressive=True, exif=exif),
        ),
        *(
            _picture("PNG"),
            _picture("PNG", "RGBA"),
            _picture("PNG", "P"),
            _picture("PNG", "1"),
            _picture("PNG", "I;16"),
        ),
        _picture("PNG", save_all=True, append_images=frames),
        *(
            _picture("WEBP"),
            _picture("WEBP", "RGBA", lossless=True),
            _picture("WEBP", save_all=True, append_images=frames),
        ),
        *(_picture("GIF", "P"), _picture("GIF", save_all=True, append_images=frames)),
        *(_picture("BMP"), _picture("BMP", "P"), _picture("BMP", "1")),
        *(_picture("TIFF", compression=name) for name in (None, "tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
        _picture("TIFF", "I;16"),
        _picture("AVIF"),
    ]


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    """A PNG with changed chunks and right checksums; other formats are changed anywhere in their first bytes."""
    if not seed.startswith(b"\x89PNG"):
        head = mutated(seed[:96], [seed], (), rng)
        return head + seed[96:]
    out, at = [seed[:8]], 8
    while at + 8 <= len(seed):
        size = int.from_bytes(seed[at : at + 4], "big")
        kind, content = seed[at + 4 : at + 8], seed[at + 8 : at + 8 + size]
        if rng.random() < 0.4:
            if kind == b"IDAT" and rng.random() < 0.5:
                content = zlib.compress(mutated(zlib.decompress(content), [b"\0"], (), rng))
            else:
                content = mutated(content, [content], (b"\0",), rng)
        out.append(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))
        at += size + 12
    return b"".join(out)


def _read(data: bytes, folder: Path) -> None:
    load_picture(data, "the picture", _MOST_PIXELS, 64)


TARGET = Target(
    "picture",
    _seeds,
    _read,
    (PictureError,),
    tokens=(
        b"IHDR",
        b"IDAT",
        b"acTL",
        b"iCCP",
        b"Exif\0\0",
        b"\xff\xd8",
        b"\xff\xda",
        b"\xff\xc4",
        b"VP8X",
        b"ANIM",
        b"GIF89a",
        b"II*\0",
    ),
    rewrite=_rewrite,
    memory_bytes=600_000_000,  # decoding one picture may take 500 MB, see vision.still
)


def test_a_hostile_picture_is_refused_with_a_sentence() -> None:
    """Whatever the bytes are, there is a picture or one PictureError."""
    assert usual_faults(TARGET) == []


def test_a_palette_that_is_missing_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Pillow asserts that there is one where a PNG says so, which a run of a million pictures found."""
    assert check(TARGET, (312_019, 676_459), tmp_path).faults == []
