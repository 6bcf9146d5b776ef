"""The reader of a network camera's JPEG stream, and hostile streams.

FFmpeg separates the pictures, `vision.still` decodes them. The stream is read from a file here, because a connection
for each case would take longer than all the rest; `tests.vision.test_garbage_streams` has real connections.
"""

from __future__ import annotations

import io
import itertools
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fuzz.door import Target, usual_faults
from vision.errors import CameraMissing
from vision.video import MjpegVideo, VideoOptions, _ffmpeg

_MOST_PICTURES = 8  # of a case


def _jpeg(**options: object) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", **options)
    return file.getvalue()


def _part(data: bytes, length: str | None = None) -> bytes:
    size = f"Content-Length: {len(data) if length is None else length}\r\n" if length != "" else ""
    return b"--picture\r\nContent-Type: image/jpeg\r\n" + size.encode() + b"\r\n" + data + b"\r\n"


def _seeds() -> list[bytes]:
    """Streams of three pictures, with lengths and without."""
    jpeg = _jpeg(quality=30)
    return [
        _part(jpeg) * 3,
        _part(jpeg, "") * 3 + b"--picture--\r\n",
        _part(jpeg) + _part(b"garbage") + _part(jpeg),
        _part(_jpeg(progressive=True)) + _part(jpeg) * 2,
    ]


def _read(data: bytes, folder: Path) -> None:
    path = folder / "stream.mjpeg"
    path.write_bytes(data)
    capture = _ffmpeg(str(path), VideoOptions(1.0, 1.0), decoding=False)
    video = None
    try:
        if not capture.isOpened():
            raise CameraMissing("the stream cannot be opened")
        video = MjpegVideo(capture, "stream", time.monotonic)
        for _ in itertools.takewhile(lambda _: video.grab() is not None, range(_MOST_PICTURES)):
            rgb = video.rgb()
            assert rgb is None or rgb.dtype == np.uint8
    finally:
        capture.release()


TARGET = Target(
    "camera stream",
    _seeds,
    _read,
    (CameraMissing,),
    tokens=(
        b"--picture\r\n",
        b"Content-Length: ",
        b"Content-Type: image/jpeg\r\n",
        b"\xff\xd8",
        b"\xff\xd9",
        b"\xff\xc0\0\x11\x08",
    ),
    memory_bytes=600_000_000,  # decoding one picture may take 500 MB, see vision.still
)


def test_a_hostile_stream_gives_pictures_or_none() -> None:
    """Whatever the camera sends, pictures are decoded or passed over, and an end is an end."""
    assert usual_faults(TARGET) == []
