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


def test_a_shifted_picture_holds_the_whole_picture() -> None:
    """It is a twentieth larger, with margins of its own edge, in another corner each of four times."""
    rgb = np.random.default_rng(2).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    places = set()
    for number in (1, 2, 3, 4):
        shifted = Frame(rgb, 3.0).shifted(number)
        assert (shifted.rgb.shape, shifted.captured_at) == ((42, 63, 3), 3.0)
        found = [(y, x) for y in (0, 2) for x in (0, 3) if (shifted.rgb[y : y + 40, x : x + 60] == rgb).all()]
        places.update(found)
        assert len(found) == 1
    assert len(places) == 4
