"""Counts the scans of a JPEG, which are passes over its pixels, and tells a JPEG from garbage. Only markers are read.

A progressive JPEG may have any number of scans. Each costs a pass over the whole picture, even an empty scan of twelve
bytes. This module does not decode, and does not judge: the decoder says what is broken.
"""

from __future__ import annotations

import re

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# A marker begins with one FF or more. FF 00 is no marker but an FF of the pixels. The markers without a length are left
# out.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")


def count_scans(data: bytes, most: int) -> int:
    """The number of scans of the first picture in the file. The result is more than `most` where it has too many scans,
    or more than ten times `most` segments.
    """
    scans = 0
    at = 0
    for _ in range(most * 10):  # segments; a photograph has some dozens
        marker = _MARKER.search(data, at)
        # What follows the end, such as a phone's short film, is not read.
        if marker is None or marker[1][0] == _END_OF_IMAGE:
            return scans
        scans += marker[1][0] == _START_OF_SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return max(scans, most + 1)


def is_jpeg(data: bytes) -> bool:
    """Whether it begins as a JPEG does, and has pixels. They may be damaged all the same."""
    return data.startswith(b"\xff\xd8\xff") and count_scans(data, 1) > 0
