"""Round gauges, drawn with known values."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.gauges import Conditions, DrawnGauge, conditions, draw_gauge, photograph
from tests.assistant.fake_reader import FakeReader
from vision.errors import Cancelled
from vision.frame import Frame
from vision.reading.instruments.dial_marks import Marks
from vision.reading.instruments.gauge import GaugeDoubt, read_gauge


def seen(drawn: DrawnGauge, how: Conditions | None = None, seed: int = 1) -> Frame:
    return photograph(random.Random(seed), drawn.rgb, drawn.mask, how or Conditions())


@pytest.mark.parametrize("seed", range(12))
def test_a_straight_gauge_is_read(seed: int) -> None:
    """Whatever its face, needle, scale and sweep are, the value is within 2 % of the scale."""
    drawn = draw_gauge(random.Random(seed))
    reading = read_gauge(seen(drawn), drawn.scale, sweep=drawn.sweep)
    assert reading.doubt is None
    assert reading.value == pytest.approx(drawn.value, abs=0.02 * (drawn.scale[1] - drawn.scale[0]))
    assert reading.sweep == pytest.approx(drawn.sweep, abs=2)
    assert reading.centre == pytest.approx((640, 360), abs=4)


def test_hard_pictures_are_right_or_doubted() -> None:
    """Of slanted, turned, blurred and badly lit gauges most are read, and none wrongly in a sure voice."""
    right = 0
    for seed in range(200, 225):
        rng = random.Random(seed)
        drawn = draw_gauge(rng)
        reading = read_gauge(photograph(rng, drawn.rgb, drawn.mask, conditions(rng)), drawn.scale, sweep=drawn.sweep)
        is_right = reading.share is not None and abs(reading.share - drawn.share) <= 0.02
        assert is_right or reading.doubt is not None, seed
        right += is_right
    assert right >= 23


def test_a_slanted_and_turned_gauge_is_read_by_its_marks() -> None:
    """Perspective moves needle and marks alike."""
    drawn = draw_gauge(random.Random(3))
    how = Conditions(slant=25, slant_towards=130, turn=-20, distance=3)
    reading = read_gauge(seen(drawn, how), drawn.scale, sweep=drawn.sweep)
    assert reading.doubt is None
    assert reading.share == pytest.approx(drawn.share, abs=0.02)


def test_what_is_not_there_is_told() -> None:
    """A plain wall has no dial, and a dial without a needle has none."""
    wall = Frame(np.full((480, 640, 3), 120, np.uint8), 0.0)
    assert read_gauge(wall, (0, 10)).doubt is GaugeDoubt.NO_DIAL
    plain = draw_gauge(random.Random(3))
    disc = replace(plain, rgb=np.full_like(plain.rgb, 240))
    assert read_gauge(seen(disc), (0, 10)).doubt in (GaugeDoubt.NO_MARKS, GaugeDoubt.NO_DIAL)


def test_another_sweep_than_the_one_that_was_told_is_doubt() -> None:
    """Then marks at an end are hidden, or it is another gauge."""
    drawn = draw_gauge(random.Random(3))
    reading = read_gauge(seen(drawn), drawn.scale, sweep=drawn.sweep - 40)
    assert reading.doubt is GaugeDoubt.SWEEP_DISAGREES


def test_a_scale_without_a_sweep_and_without_numbers_is_doubt() -> None:
    """Nothing tells that the first and the last mark are seen."""
    drawn = draw_gauge(random.Random(3))
    reading = read_gauge(seen(drawn), drawn.scale)
    assert reading.doubt is GaugeDoubt.ENDS_UNPROVED
    assert reading.value == pytest.approx(drawn.value, abs=0.02 * (drawn.scale[1] - drawn.scale[0]))


def test_of_two_gauges_side_by_side_none_is_sure() -> None:
    """Nothing tells which one is meant."""
    one, other = (seen(draw_gauge(random.Random(seed)), Conditions(share=0.6)).rgb for seed in (3, 5))
    both = np.concatenate([one[:, 390:890], other[:, 390:890]], axis=1)
    assert read_gauge(Frame(both, 0.0), (0, 10), sweep=270).doubt is not None
    drawn = draw_gauge(random.Random(3))
    reading = read_gauge(Frame(np.concatenate([one[:, 390:890]] * 2, axis=1), 0.0), drawn.scale, sweep=drawn.sweep)
    assert reading.doubt is GaugeDoubt.SEVERAL_DIALS


def test_without_any_scale_the_place_of_the_needle_is_told() -> None:
    """The value stays unknown where the numbers cannot be read."""
    drawn = draw_gauge(random.Random(3))
    reading = read_gauge(seen(drawn), reader=FakeReader([]))
    assert (reading.value, reading.doubt) == (None, GaugeDoubt.NO_SCALE)
    assert reading.share == pytest.approx(drawn.share, abs=0.02)


def test_it_can_be_cancelled() -> None:
    """The user has asked something else meanwhile."""
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        read_gauge(seen(draw_gauge(random.Random(3))), (0, 10), cancelled=cancelled)


def test_the_share_is_counted_between_the_marks() -> None:
    """Across the top as well, and not in the gap."""
    marks = Marks(0.8, 225.0, 495.0, (0.0, 0.0), 1.0, True)
    assert [marks.share_at(angle) for angle in (225, 360, 0, 135)] == pytest.approx([0, 0.5, 0.5, 1])
    assert marks.share_at(180) is None
