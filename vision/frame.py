"""One picture, from a camera or its stand-in, and the time at which it was taken. It knows no device and no model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (height, width, 3), red first
_MARGIN = 0.05  # of the picture's width and height, in `Frame.shifted`


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture and the `time.monotonic()` second at which it was taken.

    Frames are compared by identity: two frames with equal pixels are still two different pictures.
    """

    rgb: Rgb  # (height, width, 3) uint8
    captured_at: float  # time.monotonic()

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or 0 in self.rgb.shape:
            raise ValueError(f"a frame is (height, width, 3) uint8, not {self.rgb.shape} {self.rgb.dtype}")

    def middle(self) -> Frame:
        """Returns the middle half of the picture in both directions at full resolution, for a closer look."""
        height, width = self.rgb.shape[:2]
        top, left = height // 4, width // 4
        return Frame(self.rgb[top : max(height - top, top + 1), left : max(width - left, left + 1)], self.captured_at)

    def shifted(self, number: int = 1) -> Frame:
        """Returns the whole picture with a margin on two of its sides, for a second look. Nothing of it is cut off.

        The model then sees everything a twentieth smaller and in another place, so that other patches of the picture
        hold it. What the model read surely it reads again; what it guessed often comes out differently. `number` counts
        the looks from 1 on: the margin goes to another corner each time.
        """
        height, width = self.rgb.shape[:2]
        down, right = math.ceil(height * _MARGIN), math.ceil(width * _MARGIN)
        at_top, at_left = number % 2 == 1, number % 4 in (1, 2)
        rows = (down, 0) if at_top else (0, down)
        columns = (right, 0) if at_left else (0, right)
        return Frame(np.pad(self.rgb, (rows, columns, (0, 0)), mode="edge"), self.captured_at)
