"""Turns bytes or a data URI into a frame, and a frame into JPEG. It decides with which status a picture is refused.

`vision.still` decodes, and words what is wrong with a picture. This module does not know where a picture comes from.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import time
from typing import TYPE_CHECKING

from assistant.web.answers.errors import ApiError, invalid

if TYPE_CHECKING:
    from vision.frame import Frame

# A picture is kept no larger than this. The model sees 448 pixels, and the reader of print needs about as many as this.
# Many questions may wait with a picture each.
KEPT_SIDE_PIXELS = 1920
# Of the camera's picture that is sent to a browser. The page sends it back, and print is read from it.
SHOWN_SIDE_PIXELS = 1920
_JPEG_QUALITY = 85
_DATA_URI = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*(?P<base64>;base64)?,", re.ASCII)


def picture_frame(data: bytes, max_pixels: int, parameter: str = "image") -> Frame:
    """The picture, no side longer than `KEPT_SIDE_PIXELS`.

    Raises ApiError: 413 for a picture that is too large to decode, 422 for a broken one or for what is no picture.
    """
    from vision.errors import PictureError, PictureTooLarge
    from vision.frame import Frame
    from vision.still import load_picture

    try:
        rgb = load_picture(data, "the picture", max_pixels, KEPT_SIDE_PIXELS)
    except PictureTooLarge as error:
        raise ApiError(413, "picture_too_large", str(error), parameter=parameter) from error
    except PictureError as error:
        raise ApiError(422, "bad_picture", str(error), parameter=parameter) from error
    return Frame(rgb, time.monotonic())


def reduced(frame: Frame, side_pixels: int) -> Frame:
    """The same picture in the same proportions, no side longer than `side_pixels`."""
    height, width = frame.rgb.shape[:2]
    if max(height, width) <= side_pixels:
        return frame
    import numpy as np
    from PIL import Image

    from vision.frame import Frame

    scale = side_pixels / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(frame.rgb).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return Frame(np.asarray(small), frame.captured_at)


def jpeg(frame: Frame) -> bytes:
    """The frame as JPEG, no side longer than `SHOWN_SIDE_PIXELS`."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(reduced(frame, SHOWN_SIDE_PIXELS).rgb).save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def data_uri_bytes(uri: str, kind: str, parameter: str) -> bytes:
    """The bytes in a base64 data URI of `kind`, which is "image" or "audio".

    Raises ApiError for anything else, also for the address of a picture: nothing is ever fetched.
    """
    if not uri.startswith("data:"):
        raise invalid(
            parameter, f"{parameter} must be a data URI (data:{kind}/…;base64,…): no address is fetched from here"
        )
    match = _DATA_URI.match(uri)
    if match is None or not match["base64"]:
        raise invalid(parameter, f"{parameter} is a data URI of another form than data:{kind}/…;base64,…")
    check_kind(match["kind"] or "text/plain", kind, parameter)
    try:
        return base64.b64decode(uri[match.end() :], validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        raise invalid(parameter, f"{parameter} is not valid base64: send it again") from None


def check_kind(media_type: str, kind: str, parameter: str) -> None:
    """Raises ApiError 415 when the media type is neither of `kind` nor unspecific.

    The decoder finds out what the bytes are.
    """
    named = media_type.partition(";")[0].strip().lower()
    if named and named != "application/octet-stream" and not named.startswith(f"{kind}/"):
        raise ApiError(415, "wrong_type", f"{parameter} is {named}: send {kind}/…", parameter=parameter)
