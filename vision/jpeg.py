"""How many passes over its pixels a JPEG asks for, read from its markers alone.

A progressive JPEG may come in any number of scans, and each costs a pass over the whole picture, even an empty one of
twelve bytes. It does not decode and does not judge: what is broken is the decoder's to say.
"""

from __future__ import annotations

import re

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# FF begins a marker, as often as it likes. Not one: FF 00, which is a pixel's FF; and the few that nothing follows.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")


def count_scans(data: bytes, most: int) -> int:
    """Of the first picture in the file; more than `most` where it has more of them, or of segments, than that is worth."""
    scans = 0
    at = 0
    for _ in range(most * 10):  # segments: a photograph has some dozens
        marker = _MARKER.search(data, at)
        # What follows the end, a telephone's film, is not looked at.
        if marker is None or marker[1][0] == _END_OF_IMAGE:
            return scans
        scans += marker[1][0] == _START_OF_SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return max(scans, most + 1)
