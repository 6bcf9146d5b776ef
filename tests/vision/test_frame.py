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


def test_a_stretched_picture_goes_from_black_to_white() -> None:
    """A veil or the dark leaves a few levels, which are spread; colors keep their order, and the picture its time."""
    rng = np.random.default_rng(3)
    wide = rng.integers(0, 256, (40, 60, 3)).astype(np.uint8)
    for narrow in (wide // 8, 180 + wide // 4):
        stretched = Frame(narrow.astype(np.uint8), 3.0).stretched()
        levels = stretched.rgb
        assert (levels.shape, levels.dtype, stretched.captured_at) == (wide.shape, np.uint8, 3.0)
        assert (int(levels.min()), int(levels.max())) == (0, 255)
        redder = narrow[..., 0] > narrow[..., 2]
        assert (levels[..., 0] >= levels[..., 2])[redder].all()


def test_a_covered_lens_is_not_stretched_into_something() -> None:
    """Its noise of a few levels is raised twelve times at most; an even picture stays even."""
    noise = np.random.default_rng(4).integers(0, 3, (40, 60, 3)).astype(np.uint8)
    assert Frame(noise, 0.0).stretched().rgb.max() <= 24
    assert np.ptp(Frame(np.full((40, 60, 3), 9, np.uint8), 0.0).stretched().rgb) == 0
