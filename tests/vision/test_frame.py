"""Frame refuses what is not a picture."""

from __future__ import annotations

import numpy as np
import pytest

from vision.frame import Frame


def test_a_frame_keeps_its_pixels_and_its_time() -> None:
    """A frame holds its pixels and the moment when they were taken, and two looks are never the same frame."""
    rgb = np.zeros((4, 6, 3), np.uint8)
    frame = Frame(rgb, captured_at=12.5)
    assert frame.rgb is rgb
    assert frame.captured_at == 12.5
    assert frame != Frame(rgb, captured_at=12.5)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((4, 6, 3), np.float32),
        np.zeros((0, 6, 3), np.uint8),
    ],
    ids=["grey", "four channels", "float", "empty"],
)
def test_a_frame_is_colour_in_whole_bytes(rgb: np.ndarray) -> None:
    """Grey, RGBA, float and empty arrays are refused when the frame is made, and not deep inside the model."""
    with pytest.raises(ValueError, match="a frame is"):
        Frame(rgb, captured_at=0.0)
