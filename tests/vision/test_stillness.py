from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.videos import CHANGES, Camera, Script
from vision.frame import Frame, Rgb
from vision.stillness import (
    ANOTHER_SHAPE,
    NOISE_MOST_LEVELS,
    STILL_SECONDS,
    Difference,
    StillWatch,
    compare,
    glimpse_of,
    has_moved,
    scene_of,
)

PLAIN_CAMERA = Camera(noise_level=2.0, jpeg_quality=90)
RANDOM = np.random.default_rng(7)


def noisy(rgb: Rgb, level: float = 3.0) -> Frame:
    """A picture with a sensor's noise."""
    levels = rgb.astype(np.float32) + level * RANDOM.standard_normal(rgb.shape, np.float32)
    return Frame(np.clip(levels, 0, 255).astype(np.uint8), 0.0)


def table() -> Rgb:
    """A picture of 640 by 360 pixels with something on it."""
    rgb = np.full((360, 640, 3), 150, np.uint8)
    rgb[100:200, 300:400] = (40, 90, 160)
    rgb[:, :200] = 120
    return rgb


def difference(before: Frame, after: Frame) -> Difference:
    return compare(scene_of(before), scene_of(after))


# Two scenes.


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_that_matters_is_noticed(kind: str) -> None:
    """One digit of a display, the color of a lamp, a hand, and things that are moved, added or removed."""
    script = Script(40)
    scene = replace(script.scene(), digit_px=20, lamp_px=6)
    camera = script.camera()
    before, after = script.frame(scene, camera), script.frame(script.changed(scene, kind), script.later(camera))
    assert difference(before, after).matters


def test_what_the_camera_does_by_itself_is_no_change() -> None:
    """Noise, JPEG blocks, a drifting exposure and a trembling stand are left out."""
    script = Script(41)
    scene = script.scene()
    later = replace(PLAIN_CAMERA, exposure=1.05, tremble_px=(0.1, -0.1))
    assert not difference(script.frame(scene, PLAIN_CAMERA), script.frame(scene, later)).matters


def test_a_pale_sheet_on_a_pale_table_is_a_change() -> None:
    """It changes no level by much, but many of them."""
    after = table()
    after[220:330, 420:600] = 162
    assert difference(noisy(table()), noisy(after)).matters


def test_another_light_is_a_change() -> None:
    """An exposure drifts by some percent, but a lamp that is switched off halves the light."""
    assert difference(noisy(table()), noisy((table() * 0.5).astype(np.uint8))).matters


def test_in_much_noise_nothing_is_taken_for_the_same() -> None:
    """A changed digit could hide in it, and looking once more costs only time."""
    found = difference(noisy(table(), 20.0), noisy(table(), 20.0))
    assert found.noise_level > NOISE_MOST_LEVELS
    assert found.matters


def test_pictures_of_other_sizes_are_never_the_same() -> None:
    """The middle of a picture is not the picture."""
    frame = noisy(table())
    assert difference(frame, frame.middle()) is ANOTHER_SHAPE
    assert ANOTHER_SHAPE.matters


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5, 3), (17, 400, 3)])
def test_pictures_of_any_size_can_be_compared(shape: tuple[int, int, int]) -> None:
    """Also those that are smaller than a block."""
    frame = Frame(np.full(shape, 90, np.uint8), 0.0)
    assert not difference(frame, frame).matters
    assert not has_moved(glimpse_of(frame), glimpse_of(frame))


# A picture over time.


def test_a_picture_stands_still_after_a_while() -> None:
    """The time counts from the first glimpse."""
    watch = StillWatch()
    assert [watch.note(glimpse_of(noisy(table())), at) for at in (10.0, 10.35, 10.75)] == pytest.approx(
        [0.0, 0.35, 0.75]
    )
    assert STILL_SECONDS == 0.7


def test_a_movement_begins_the_time_anew() -> None:
    """A hand comes in and stays."""
    watch, after = StillWatch(), table()
    after[200:, 450:] = (190, 150, 130)
    watch.note(glimpse_of(noisy(table())), 1.0)
    assert watch.note(glimpse_of(noisy(after)), 2.0) == 0.0
    assert watch.note(glimpse_of(noisy(after)), 2.5) == 0.5


def test_a_slow_movement_is_a_movement() -> None:
    """Each step is too small to be noticed by itself, so all are compared with the first picture."""
    watch, still = StillWatch(), []
    for step in range(30):
        rgb = table()
        rgb[150:250, 200 + step : 260 + step] = (200, 200, 200)
        still.append(watch.note(glimpse_of(noisy(rgb, 1.0)), 0.1 * step))
    assert max(still) < STILL_SECONDS


def test_after_a_restart_the_time_begins_anew() -> None:
    """Nobody knows what moved while nobody watched."""
    watch = StillWatch()
    watch.note(glimpse_of(noisy(table())), 1.0)
    watch.restart()
    assert watch.note(glimpse_of(noisy(table())), 9.0) == 0.0
