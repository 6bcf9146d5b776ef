"""One picture, from a camera or its stand-in, and the time at which it was taken. It knows no device and no model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (height, width, 3), red first
_MARGIN = 0.05  # of the picture's width and height, in `Frame.shifted`
_LUMA = (0.299, 0.587, 0.114)  # what red, green and blue give to the brightness (ITU-R BT.601)
_TAIL = 0.01  # of the pixels may become black, and as many white, in `Frame.stretched`
_MOST_GAIN = 12.0  # a covered lens stays nearly black


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

    def stretched(self) -> Frame:
        """Returns the picture with its levels spread from black to white, for a second look. All three colors get the same
        gain, 12 at most.

        What a veil of light, the dark or a strong blur has left of a thing stands out again. What the model read surely
        it reads again; what it made of hardly any contrast often comes out differently.
        """
        # Every second row and column tell the levels as well, in a quarter of the time.
        level = (self.rgb[::2, ::2] @ np.array(_LUMA, np.float32)).astype(np.uint8)
        counts = np.bincount(level.ravel(), minlength=256).cumsum()
        low, high = (int(np.searchsorted(counts, share * counts[-1])) for share in (_TAIL, 1 - _TAIL))
        gain = min(255 / max(high - low, 1), _MOST_GAIN)
        levels = np.clip((np.arange(256) - low) * gain, 0, 255).astype(np.uint8)
        return Frame(levels[self.rgb], self.captured_at)
