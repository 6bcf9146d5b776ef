"""Which size of picture a camera device is asked for, and whether the size that it gives will do.

A driver may refuse a size, give another one instead, or agree and then send nothing. So sizes are asked for one after
the other, and what counts is the picture that comes. It computes with numbers and knows no device.
"""

from __future__ import annotations

from collections.abc import Sequence

Size = tuple[int, int]  # width, height in pixels

_USUAL_SIZES: tuple[Size, ...] = ((1920, 1080), (1280, 720), (640, 480))


def sizes_to_ask_for(width: int | None, height: int | None) -> list[Size | None]:
    """The wanted size, then the usual smaller ones, then None, which means the size that the device has by itself.

    Without a wanted size only None is left.
    """
    if not width or not height:
        return [None]
    return [(width, height), *(size for size in _USUAL_SIZES if _area(size) < width * height), None]


def is_enough(given: Size, left: Sequence[Size | None]) -> bool:
    """Whether a picture of this size is taken, or the sizes that are `left` are tried.

    A driver answers with the nearest size that it has. That one is taken unless the next size to ask for is larger.
    """
    return not left or left[0] is None or _area(given) >= _area(left[0])


def _area(size: Size) -> int:
    return size[0] * size[1]
