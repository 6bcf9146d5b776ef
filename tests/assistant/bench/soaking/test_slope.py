"""Whether a figure grows: exact lines, honest intervals, planted leaks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.bench.soaking.slope import LEAST_COUNT, after_warm_up, climbs, slope_of, spread_of
from assistant.bench.soaking.soak_log import Log, surely_grows


def correlated(random: np.random.Generator, count: int, correlation: float) -> NDArray[np.float64]:
    """Noise of deviation 1 in which every value keeps a part of the one before."""
    noise = random.standard_normal(count)
    for place in range(1, count):
        noise[place] = correlation * noise[place - 1] + np.sqrt(1 - correlation**2) * noise[place]
    return noise


def test_an_exact_line_has_its_slope_and_no_doubt() -> None:
    """The slope does not depend on where the time begins, and the interval is empty."""
    times = [5 + 0.1 * n for n in range(40)]
    slope = slope_of(times, [3 + 2 * time for time in times])
    assert slope is not None
    assert slope.value == pytest.approx(2)
    assert slope.low == pytest.approx(2)
    assert slope.high == pytest.approx(2)


@pytest.mark.parametrize(("correlation", "least"), [(0.0, 0.92), (0.5, 0.91), (0.8, 0.88)])
def test_the_interval_holds_the_true_slope_as_often_as_it_says(correlation: float, least: float) -> None:
    """It does so in close to 95 of 100 cases, also when each figure resembles the one before."""
    random = np.random.default_rng(2)
    times = np.arange(120) / 60
    held = 0
    for _ in range(400):
        slope = slope_of(list(times), list(7 * times + correlated(random, 120, correlation)))
        assert slope is not None
        held += slope.low <= 7 <= slope.high
    assert least <= held / 400 <= 0.985


def test_the_textbooks_interval_would_be_too_narrow() -> None:
    """At a correlation of 0.8 the honest interval is about twice as wide as that of independent figures."""
    random = np.random.default_rng(3)
    times = np.arange(120) / 60
    values = correlated(random, 120, 0.8)
    slope = slope_of(list(times), list(values))
    assert slope is not None
    residuals = values - np.polyval(np.polyfit(times, values, 1), times)
    textbook = 2 * 1.98 * np.sqrt(residuals.var() * 120 / 118 / ((times - times.mean()) ** 2).sum())
    assert slope.high - slope.low > 1.4 * textbook


def test_a_planted_leak_is_found() -> None:
    """Ten megabytes an hour are found under noise of three, and the same noise alone is no leak."""
    times = np.arange(120) / 60
    noise = 3 * correlated(np.random.default_rng(4), 120, 0.6)
    leaking, sound = (slope_of(list(times), list(500 + leak * times + noise)) for leak in (10.0, 0.0))
    assert leaking is not None
    assert sound is not None
    assert leaking.low > 1
    assert sound.low < 0 < sound.high


def test_kinds_of_question_may_have_levels_of_their_own() -> None:
    """A sawtooth of fifty megabytes from picture to picture hides no leak of two an hour, and is itself none."""
    times = np.arange(108) / 60
    teeth = np.tile([0.0, 30, -20, 10, 50, 5], 18)
    noise = 0.3 * np.random.default_rng(5).standard_normal(108)
    for leak in (2.0, 0.0):
        values = list(3700 + teeth + noise + leak * times)
        slope = slope_of(list(times), values, cycle=6)
        blind = slope_of(list(times), values)
        assert slope is not None
        assert blind is not None
        assert slope.low <= leak <= slope.high
        assert (slope.low > 0) is (leak > 0)
        assert blind.high - blind.low > 5 * (slope.high - slope.low)


def test_too_little_says_nothing() -> None:
    """Few figures, or figures of one moment only, give no slope."""
    few = list(range(LEAST_COUNT - 1))
    assert slope_of(few, few) is None
    assert slope_of([1.0] * 20, list(range(20))) is None
    assert slope_of(list(range(20)), list(range(20)), cycle=6) is None


def test_the_warm_up_is_a_tenth_and_a_whole_cycle_at_least() -> None:
    """In a run shorter than two cycles nothing is left out, because nothing is judged."""
    assert [after_warm_up(count, 6) for count in (3, 11, 12, 120)] == [0, 0, 6, 12]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([8] * 40, False),
        ([8, 9] * 20, False),
        (range(40), True),
        ([8] * 30 + [9] * 10, True),
        ([8] * 39 + [9], False),
        (range(11), False),
    ],
)
def test_counts_climb_when_the_last_quarter_is_above_the_first(values: list[int], expected: bool) -> None:
    """A count that goes up and down does not climb, and of a few counts nothing is said."""
    assert climbs(list(values)) is expected


def test_the_spread_of_turns() -> None:
    """The spread is the median, the figure that 95 of 100 turns stay within, and the longest turn."""
    assert spread_of(list(range(100, 0, -1))) == {"median": 50.5, "p95": 95, "most": 100}
    assert spread_of([4.0]) == {"median": 4.0, "p95": 4.0, "most": 4.0}
    assert spread_of([]) is None


@pytest.mark.slow
def test_a_run_that_grows_by_the_limit_is_rarely_ended_for_it() -> None:
    """This holds for a check after every round of twelve hours, with figures that resemble the ones before."""
    random, ended = np.random.default_rng(1), 0
    for _ in range(200):
        log, noise = Log(cycle=6), correlated(random, 720, 0.8)
        for turn in range(720):
            log.add({"seconds": 60.0 * turn, "resident_bytes": 1e6 * (5.0 * turn / 60 + noise[turn])})
            if log.turns % log.cycle == 0 and surely_grows(log, 5.0):
                ended += 1
                break
    assert ended < 6
