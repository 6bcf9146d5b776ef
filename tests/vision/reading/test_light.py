from __future__ import annotations

import numpy as np
import pytest

from vision.frame import Frame
from vision.reading.light import LightLevel, Place, brightness_of, measure_light


def plain(level: int, shape: tuple[int, int] = (240, 320)) -> Frame:
    return Frame(np.full((*shape, 3), level, np.uint8), 0.0)


def test_the_levels_follow_the_light() -> None:
    """Brighter never gets a darker word, and each word is used."""
    order = list(LightLevel)
    levels = [order.index(measure_light(plain(level)).level) for level in range(256)]
    assert levels == sorted(levels)
    assert set(levels) == set(range(len(order)))


@pytest.mark.parametrize(("number", "place"), list(enumerate(Place)))
def test_the_brightest_ninth_is_found(number: int, place: Place) -> None:
    """In each of the nine places."""
    rgb = np.full((240, 330, 3), 50, np.uint8)
    row, column = divmod(number, 3)
    rgb[row * 80 : row * 80 + 80, column * 110 : column * 110 + 110] = 220
    assert measure_light(Frame(rgb, 0.0)).brightest is place


def test_an_even_picture_has_no_brightest_place() -> None:
    """Neither has one with the noise of a sensor and a slight fall-off."""
    assert measure_light(plain(120)).brightest is None
    rgb = np.linspace(100, 130, 320)[None, :, None] + np.random.default_rng(1).normal(0, 8, (240, 320, 3))
    assert measure_light(Frame(rgb.astype(np.uint8), 0.0)).brightest is None


def test_black_all_over_may_be_a_covered_lens() -> None:
    """A dark room still has something to be seen in it."""
    assert measure_light(plain(2)).maybe_covered
    dark = np.repeat(np.linspace(0, 24, 320).astype(np.uint8)[None, :, None], 240, axis=0).repeat(3, axis=2)
    assert not measure_light(Frame(dark, 0.0)).maybe_covered


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (3, 2), (2160, 3840)])
def test_pictures_of_any_size_are_measured(shape: tuple[int, int]) -> None:
    """From a single pixel on."""
    assert measure_light(plain(200, shape)).level is LightLevel.BRIGHT
    assert brightness_of(plain(255, shape)) == pytest.approx(1.0, abs=0.01)


def test_the_meter_looks_at_the_middle() -> None:
    """What the camera points at counts, not the lamp at the edge."""
    rgb = np.full((240, 320, 3), 40, np.uint8)
    rgb[:, :60] = 255
    assert brightness_of(Frame(rgb, 0.0)) < 0.2
    rgb[80:160, 100:220] = 255
    assert brightness_of(Frame(rgb, 0.0)) > 0.5
