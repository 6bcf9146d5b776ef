"""One picture, from a camera or its stand-in, and the time at which it was taken. It knows no device and no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (height, width, 3), red first


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
