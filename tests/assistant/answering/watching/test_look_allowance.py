from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering.watching.look_allowance import AheadLimits, Cost, LookAllowance, PowerNow

LIMITS = AheadLimits(
    every_seconds=15.0,
    joules_per_minute=120.0,
    battery_percent=50.0,
    budget_watts=10.0,
    max_celsius=85.0,
    watts_of_a_look=10.0,
)


class Box:
    """A clock, a machine, and the account of one that looks ahead."""

    def __init__(self, limits: AheadLimits = LIMITS) -> None:
        self.now = 100.0
        self.power = PowerNow()
        self.joules: float | None = None  # measured for the next look
        self.allowance = LookAllowance(limits, lambda: self.power, lambda began_at: self.joules, lambda: self.now)

    def looks(self, seconds: float, *, was_finished: bool = True) -> Cost:
        self.allowance.wait()
        began_at, self.now = self.now, self.now + seconds
        return self.allowance.charge(began_at, was_finished=was_finished)

    @property
    def why(self) -> str:
        refusal = self.allowance.refusal()
        return "" if refusal is None else refusal.why


def test_the_next_look_waits() -> None:
    """It counts from the beginning of the last one."""
    box = Box()
    assert box.allowance.refusal() is None
    box.looks(4.0)
    refusal = box.allowance.refusal()
    assert refusal is not None
    assert refusal.seconds == pytest.approx(11.0)
    box.now += 11.0
    assert box.allowance.refusal() is None


def test_a_look_costs_its_seconds_times_the_watts() -> None:
    """That is the case where the machine tells no joules."""
    assert Box().looks(4.0) == Cost(4.0, 40.0, is_measured=False)


def test_measured_joules_count_where_there_are_any() -> None:
    """They are taken as they are."""
    box = Box()
    box.joules = 17.0
    assert box.looks(4.0) == Cost(4.0, 17.0, is_measured=True)


@pytest.mark.parametrize("seconds", [2.0, 5.0, 30.0])
def test_the_mean_energy_is_never_above_the_allowance(seconds: float) -> None:
    """One look may cost more than a minute's allowance: then the pause after it is longer."""
    box = Box(replace(LIMITS, every_seconds=1.0))
    began_at, spent = box.now, 0.0
    while box.now < began_at + 1800.0:
        if box.allowance.refusal() is None:
            spent += box.looks(seconds).joules
        else:
            box.now += 1.0
    most = 120.0 * (box.now - began_at) / 60.0 + max(120.0, seconds * 10.0)  # a full account at the beginning
    assert 0.7 * most < spent <= most


def test_an_interrupted_look_costs_energy_too() -> None:
    """But it does not count among the looks."""
    box = Box(replace(LIMITS, every_seconds=1.0))
    for _ in range(4):
        box.looks(4.0, was_finished=False)
    assert "J a minute are used up" in box.why
    assert box.allowance.looks_in_last_hour == 0


def test_without_energy_there_is_no_look() -> None:
    """An allowance of 0 turns it off."""
    assert "used up" in Box(replace(LIMITS, joules_per_minute=0.0)).why


@pytest.mark.parametrize(
    ("power", "why"),
    [
        (PowerNow(battery_percent=49.0), "the battery is at 49 %"),
        (PowerNow(battery_percent=50.0), ""),
        (PowerNow(box_watts=10.5), "the box already takes 10.5 W"),
        (PowerNow(box_watts=9.0), ""),
        (PowerNow(celsius=81.0), "the processor is at 81 degrees"),
        (PowerNow(celsius=79.0), ""),
    ],
)
def test_the_state_of_power_counts(power: PowerNow, why: str) -> None:
    """None on a low battery, above the budget, or near the highest temperature."""
    box = Box()
    box.power = power
    assert box.why == why


def test_where_no_budget_is_held_watts_and_temperature_do_not_count() -> None:
    """The battery still does."""
    box = Box(replace(LIMITS, budget_watts=None, max_celsius=None))
    box.power = PowerNow(battery_percent=90.0, box_watts=60.0, celsius=95.0)
    assert box.why == ""


def test_the_looks_of_the_last_hour_are_counted() -> None:
    """Older ones are left out."""
    box = Box()
    box.looks(4.0)
    box.now += 3000.0
    box.looks(4.0)
    assert box.allowance.looks_in_last_hour == 2
    box.now += 1000.0
    assert box.allowance.looks_in_last_hour == 1
