"""The governor on simulated boxes stays within the budget and near the best that it allows, and changes little.

"Within the budget" is about the true mean power over one second, from every tenth of a second on. A power supply or a
fuse reacts more slowly than that, and the firmware's own limit (PL1) is a moving average over seconds too. The limit of
the temperature must hold at every moment. "The best" is found by trying all settings of the box with its true formulas,
which the governor does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.machine.power.governor import Goal, Governor
from assistant.machine.power.power_knobs import PowerKnobs, Seen, Setting
from tests.assistant.machine.power.simulated_machine import STEP_SECONDS, Plant, SimulatedMachine, Trace, best_speed

BUDGET_WATTS = 10.0
FINE_STEPS = tuple(step / 34 for step in range(8, 35))  # 0.8 to 3.4 GHz
FEW_STEPS = (1.4 / 3.6, 1.7 / 3.6, 2.3 / 3.6, 1.0)

NUC = Plant(PowerKnobs(has_limit=True, frequency_shares=FINE_STEPS, threads=4, can_rest=True), core_watts=6.0)
AMD = Plant(PowerKnobs(frequency_shares=FEW_STEPS, threads=4, can_rest=True), base_watts=4.0, core_watts=5.0)
REFUSING = Plant(PowerKnobs(threads=4, can_rest=True), base_watts=2.5, core_watts=4.5)
FANLESS = Plant(
    PowerKnobs(frequency_shares=FINE_STEPS, threads=4, can_rest=True),
    base_watts=3.0, core_watts=5.0, kelvin_per_watt=3.5, time_constant_seconds=200.0, tells_watts=False,
)  # fmt: skip
MAX_CELSIUS = 75.0
WITH_WATTS = {"power limits": NUC, "frequency": AMD, "threads and rests": REFUSING}


def share_within(values: list[float], most: float) -> float:
    return sum(value <= most for value in values) / len(values)


def governed(plant: Plant, seed: int, seconds: float = 300.0) -> Trace:
    governor = Governor(Goal(BUDGET_WATTS, 95.0), plant.box)
    return SimulatedMachine(plant, seed).run(governor, seconds)


# The four kinds of box


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", WITH_WATTS)
def test_the_budget_is_held_and_used(kind: str, seed: int) -> None:
    """After 10 s at least 99 % of the seconds are within 10 W, and the work is within 5 % of the fastest possible."""
    plant = WITH_WATTS[kind]
    trace = governed(plant, seed)
    assert share_within(trace.seconds_of_watts(), BUDGET_WATTS) >= 0.99
    assert trace.mean_speed() >= 0.95 * best_speed(plant, BUDGET_WATTS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("time_constant_seconds", [60.0, 200.0])
def test_a_box_without_a_fan_stays_cool_and_is_used(time_constant_seconds: float, seed: int) -> None:
    """A box that tells no watts stays within 75 °C for half an hour, as fast as the heat it can give off allows."""
    plant = replace(FANLESS, time_constant_seconds=time_constant_seconds)
    trace = SimulatedMachine(plant, seed).run(Governor(Goal(None, MAX_CELSIUS), plant.box), 1800.0)
    assert share_within(trace.celsius[100:], MAX_CELSIUS) >= 0.99
    lasting_watts = (MAX_CELSIUS - plant.ambient_celsius) / plant.kelvin_per_watt
    assert trace.mean_speed() >= 0.95 * best_speed(plant, lasting_watts)


def test_without_the_governor_each_box_breaks_its_budget() -> None:
    """Without the governor the same boxes go over the budget, so the tests above show its work."""
    for plant in (*WITH_WATTS.values(), FANLESS):
        full = Governor(Goal(None, math.inf), replace(plant.box, has_limit=False))
        trace = SimulatedMachine(plant).run(full, 900.0)
        assert share_within(trace.seconds_of_watts(), BUDGET_WATTS) == 0.0
        if plant is FANLESS:
            assert share_within(trace.celsius[100:], MAX_CELSIUS) < 0.5


# Calm


@pytest.mark.parametrize("kind", WITH_WATTS)
def test_a_steady_load_gets_a_steady_setting(kind: str) -> None:
    """Noise is no reason for a change: once found, a setting stays, or moves a few times in five minutes."""
    trace = governed(WITH_WATTS[kind], seed=7)
    assert trace.changes() <= 8


def test_heat_does_not_swing() -> None:
    """In the last ten of thirty minutes the temperature stays within 2 K, with a new setting at most once a minute."""
    trace = SimulatedMachine(FANLESS, 3).run(Governor(Goal(None, MAX_CELSIUS), FANLESS.box), 1800.0)
    last = trace.celsius[-6000:]
    assert max(last) - min(last) < 2.0
    assert trace.changes(1200) <= 10


def test_questions_with_pauses_do_not_break_the_budget() -> None:
    """An idle box takes little power, but the next answer does not begin at full power because of that."""
    governor = Governor(Goal(BUDGET_WATTS, 95.0), REFUSING.box)
    trace = SimulatedMachine(REFUSING, 1).run(governor, 640.0, lambda at: 1.0 if at % 32 < 12 else 0.02)
    assert share_within(trace.seconds_of_watts(), BUDGET_WATTS) >= 0.99
    answering = [speed for step, speed in enumerate(trace.speed) if step > 100 and step % 320 < 120]
    assert sum(answering) / len(answering) >= 0.95 * best_speed(REFUSING, BUDGET_WATTS)


@pytest.mark.parametrize("seed", range(3))
def test_work_of_two_kinds_breaks_it_for_moments_only(seed: int) -> None:
    """Work that alternates between four heavy seconds and eight lighter ones breaks the budget only briefly.

    A setting that suits the lighter work is too much for the heavy work, which is known only afterwards; it is tried
    less and less often.
    """
    plant = replace(AMD, box=replace(AMD.box, frequency_shares=FINE_STEPS))

    def work(at: float) -> float:
        return 0.01 if at < 30 or at % 32 >= 12 else 1.0 if at % 32 < 4 else 0.75

    trace = SimulatedMachine(plant, seed).run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 1260.0, work)
    assert share_within(trace.seconds_of_watts(40), BUDGET_WATTS) >= 0.985
    late = trace.seconds_of_watts(660)
    assert share_within(late, BUDGET_WATTS) >= 0.99
    assert max(late) < 1.2 * BUDGET_WATTS


# Disturbances that pass

Load = Callable[[float], tuple[float, float]]  # from the time in seconds to another program's watts and cores


class Shared(SimulatedMachine):
    """A machine with another program: the watts include its own, and the busy cores do not tell which program they are
    for.
    """

    def __init__(self, plant: Plant, seed: int, load: Load) -> None:
        super().__init__(plant, seed)
        self._load = load

    def _step(self, setting: Setting, wanted: float) -> None:
        super()._step(setting, wanted)
        watts, cores = self._load((len(self.trace.watts) - 1) * STEP_SECONDS)
        self.trace.watts[-1] += watts
        self._busy[-1] = min(self.plant.box.threads, self._busy[-1] + cores)


def of_best(trace: Trace, plant: Plant, first_second: int, last_second: int, wanted: float = 1.0) -> float:
    speed = trace.speed[first_second * 10 : last_second * 10]
    return sum(speed) / len(speed) / best_speed(plant, BUDGET_WATTS, wanted)


FOLLOWED = {
    "frequency": AMD,
    "fine frequency": replace(AMD, box=replace(AMD.box, frequency_shares=FINE_STEPS)),
    "frequency alone": replace(AMD, box=PowerKnobs(frequency_shares=(0.3, 0.4, 0.6, 0.64, 1.0)), core_watts=10.0),
    "threads and rests": REFUSING,
}  # without a power limit of the processor


@pytest.mark.parametrize("kind", FOLLOWED)
@pytest.mark.parametrize("load_watts", [5.0, 8.0, 15.0])
def test_another_programs_minute_is_over_when_it_is_over(kind: str, load_watts: float) -> None:
    """Three minutes after the other program's end at the latest, it works as fast as the budget allows and stays within
    it.
    """
    plant = FOLLOWED[kind]
    machine = Shared(plant, 1, lambda at: (load_watts, 3.0) if 60 <= at < 120 else (0.0, 0.0))
    trace = machine.run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 900.0)
    assert of_best(trace, plant, 300, 900) >= 0.95
    assert share_within(trace.seconds_of_watts(125), BUDGET_WATTS) >= 0.99
    assert trace.changes(300) <= 10


@pytest.mark.parametrize("kind", FOLLOWED)
@pytest.mark.parametrize("pause_seconds", [20, 60, 150])
def test_bursts_of_another_program_are_forgotten(kind: str, pause_seconds: int) -> None:
    """Ten minutes after the last of many bursts of 8 W for five seconds, it works as fast as the budget allows."""
    plant = FOLLOWED[kind]
    machine = Shared(plant, 2, lambda at: (8.0, 3.0) if 60 <= at < 660 and at % pause_seconds < 5 else (0.0, 0.0))
    trace = machine.run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 1860.0)
    assert of_best(trace, plant, 1260, 1860) >= 0.95
    assert share_within(trace.seconds_of_watts(670), BUDGET_WATTS) >= 0.99


@pytest.mark.parametrize("kind", FOLLOWED)
def test_a_burst_every_five_minutes_costs_little(kind: str) -> None:
    """A burst costs its own seconds and the way back, so that each five minutes reach four fifths of the best."""
    plant = FOLLOWED[kind]
    for seed in range(3):
        machine = Shared(plant, seed, lambda at: (6.0, 1.0) if at > 60 and (at + 0.1) % 300 < 5 else (0.0, 0.0))
        trace = machine.run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 3600.0)
        periods = [of_best(trace, plant, first, first + 300) for first in range(600, 3600, 300)]
        assert min(periods) >= 0.8


@pytest.mark.parametrize("kind", FOLLOWED)
def test_work_that_becomes_lighter_may_be_faster_and_heavier_again_slower(kind: str) -> None:
    """Each change of the work is followed within three minutes."""
    plant = FOLLOWED[kind]
    machine = SimulatedMachine(plant, 0)
    trace = machine.run(
        Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 1500.0, lambda at: 0.4 if 300 <= at < 900 else 1.0
    )
    assert of_best(trace, plant, 480, 900, 0.4) >= 0.95
    assert of_best(trace, plant, 1080, 1500) >= 0.95
    assert share_within(trace.seconds_of_watts(), BUDGET_WATTS) >= 0.99


@pytest.mark.parametrize("kind", FOLLOWED)
def test_one_wrong_reading_passes(kind: str) -> None:
    """Three minutes after one wrong reading nothing of it is left."""
    plant = FOLLOWED[kind]

    class Wrong(SimulatedMachine):
        def _seen(self, steps: int) -> Seen:
            seen = super()._seen(steps)
            return replace(seen, watts=300.0) if steps == 600 else seen

    trace = Wrong(plant, 0).run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 600.0)
    assert of_best(trace, plant, 240, 600) >= 0.95


def test_seconds_above_a_limit_that_holds_in_the_mean_do_not_count() -> None:
    """After a pause the firmware lets the processor take more, until its moving averages reach the limit."""
    governor = Governor(Goal(BUDGET_WATTS, 95.0), NUC.box)
    trace = SimulatedMachine(NUC, 0).run(governor, 640.0, lambda at: 1.0 if at % 32 < 12 else 0.02)
    assert max(trace.watts[100:]) > BUDGET_WATTS
    assert not governor.limit_fails


# Machines that differ from the assumptions


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("base_watts", "core_watts", "exponent"), [(0.5, 9.0, 2.0), (7.5, 9.0, 2.5), (4.0, 3.0, 3.0), (6.0, 12.0, 2.2)]
)
def test_any_line_from_level_to_watts_is_found(
    base_watts: float, core_watts: float, exponent: float, seed: int
) -> None:
    """The budget is held although the floor, the cores' watts and the exponent are not known."""
    box = PowerKnobs(frequency_shares=FINE_STEPS, threads=4, can_rest=True)
    plant = Plant(box, base_watts=base_watts, core_watts=core_watts, exponent=exponent)
    trace = governed(plant, seed)
    assert share_within(trace.seconds_of_watts(), BUDGET_WATTS) >= 0.99
    assert trace.mean_speed() >= 0.94 * best_speed(plant, BUDGET_WATTS)


def test_a_limit_that_the_firmware_ignores_is_noticed() -> None:
    """The limit reads back well but the watts are too many, so frequency, threads and rests are used as well."""
    plant = replace(NUC, firmware_obeys=False)
    governor = Governor(Goal(BUDGET_WATTS, 95.0), plant.box)
    trace = SimulatedMachine(plant, 0).run(governor, 300.0)
    assert governor.limit_fails
    assert share_within(trace.seconds_of_watts(20), BUDGET_WATTS) >= 0.99


def test_a_limit_that_holds_is_left_alone() -> None:
    """If the processor limits itself, nothing else is set."""
    governor = Governor(Goal(BUDGET_WATTS, 95.0), NUC.box)
    trace = SimulatedMachine(NUC, 0).run(governor, 120.0)
    assert set(trace.settings) == {Setting(BUDGET_WATTS, 1.0, 4, 0.0)}
    assert not governor.limit_fails


def test_a_budget_below_the_floor_gets_the_lowest_setting() -> None:
    """A budget that cannot be held brings the lowest setting, and an answer still comes."""
    plant = replace(REFUSING, base_watts=14.0)
    trace = governed(plant, seed=0, seconds=60.0)
    last = trace.settings[-1]
    assert last.threads == 1
    assert last.rest_share == pytest.approx(0.9)


def test_a_budget_that_cannot_be_held_is_known_after_half_a_minute() -> None:
    """It is known when the watts stay above the budget at the lowest setting; a load that ends before is no reason."""
    plant = replace(REFUSING, base_watts=14.0)
    governor = Governor(Goal(BUDGET_WATTS, 95.0), plant.box)
    machine = SimulatedMachine(plant, 0)
    machine.run(governor, 25.0)
    assert governor.in_vain_watts is None
    machine.run(governor, 30.0)
    assert governor.in_vain_watts == pytest.approx(14.4, abs=0.5)
    governor.decide(Seen(56.0, 9.0, None, 0.1))
    assert governor.in_vain_watts is None
    held = Governor(Goal(BUDGET_WATTS, 95.0), REFUSING.box)
    Shared(REFUSING, 0, lambda at: (15.0, 3.0) if 10 <= at < 38 else (0.0, 0.0)).run(held, 45.0)
    assert held.in_vain_watts is None


def test_nothing_is_permitted_and_nothing_told() -> None:
    """Whatever it sees, it decides the setting that is in force already."""
    governor = Governor(Goal(None, 85.0), PowerKnobs())
    for second in range(60):
        assert governor.decide(Seen(float(second))) == Setting(None, 1.0, 1, 0.0)


def test_a_sensor_that_is_lost_leaves_the_last_setting() -> None:
    """Without its sensor the last setting stays, because full power would be a guess."""
    machine, governor = SimulatedMachine(REFUSING), Governor(Goal(BUDGET_WATTS, 95.0), REFUSING.box)
    machine.run(governor, 60.0)
    held = governor.setting
    for second in range(60, 120):
        assert governor.decide(Seen(float(second))) == held


# The level and its settings


def test_the_fastest_setting_of_a_level_uses_frequency_first() -> None:
    """The frequency is lowered first, then the threads, and rests come last, in the order of what they cost."""
    box = PowerKnobs(frequency_shares=FINE_STEPS, threads=4, can_rest=True)
    half = box.setting(0.5)
    assert half.threads == 4
    assert half.frequency_share < 0.8
    assert half.rest_share < 0.1
    lowest = box.level_of(Setting(None, FINE_STEPS[0], 4, 0.0))
    below = box.setting(lowest / 2)
    assert below.frequency_share == FINE_STEPS[0]
    assert below.threads < 4


@pytest.mark.parametrize("box", [AMD.box, REFUSING.box, FANLESS.box], ids=["few steps", "no steps", "fine steps"])
def test_a_setting_never_exceeds_its_level(box: PowerKnobs) -> None:
    """A setting stays within its level, and a higher level is never slower."""
    speeds = []
    for step in range(5, 101):
        setting = box.setting(step / 100)
        assert box.level_of(setting) <= step / 100 + 1e-6
        speeds.append(setting.threads**0.9 * setting.frequency_share * (1 - setting.rest_share))
    assert speeds == sorted(speeds)
