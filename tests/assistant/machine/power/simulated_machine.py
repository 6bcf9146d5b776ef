"""A small PC in a few formulas, on which the governor is tried, since no test may wait for a real one to grow warm.

    power = base + sum over cores of (watts of a core) x utilisation x (share of the full frequency)^2.5
    temperature: first order towards ambient + resistance x power

Work is never quite even, and sensors are a second late and noisy. If the box has a power limit, the firmware keeps it
as RAPL does: it chooses the frequency, in steps of 100 MHz and knowing only the work of the step before, so that two
moving averages of the power stay below PL1 and PL2. There are therefore seconds above the limit. Time goes in tenths of
a second, and passes only when `run` is called.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.machine.power.governor import Governor
from assistant.machine.power.power_knobs import PowerKnobs, Seen, Setting

STEP_SECONDS = 0.1
STEPS_A_SECOND = 10
PL1_SECONDS, PL2_SECONDS = 28.0, 0.3  # the time constants of the moving averages
FIRMWARE_STEP = 1 / 34  # as a share of the full frequency
LOWEST_FIRMWARE_STEP = 8
Work = Callable[[float], float]  # from the time in seconds to the wanted share of every thread, 0 to 1


@dataclass(frozen=True)
class Plant:
    """The true figures of the machine. The governor knows none of them."""

    box: PowerKnobs  # the settings that it permits
    base_watts: float = 3.5
    core_watts: float = 5.5  # at full frequency
    exponent: float = 2.5
    threads_exponent: float = 0.9  # the exponent by which the speed grows with the number of threads
    ambient_celsius: float = 25.0
    kelvin_per_watt: float = 2.0
    time_constant_seconds: float = 120.0
    power_noise: float = 0.02  # relative to the work, from one step to the next
    sensor_noise: float = 0.01  # relative to the reading
    tells_watts: bool = True
    firmware_obeys: bool = True

    def watts(self, setting: Setting, utilisation: float) -> float:
        work = setting.threads * utilisation * (1.0 - setting.rest_share)
        return self.base_watts + self.core_watts * work * setting.frequency_share**self.exponent

    def speed(self, setting: Setting, utilisation: float = 1.0) -> float:
        """The speed in units of one core at full frequency."""
        return (
            setting.threads**self.threads_exponent * utilisation * setting.frequency_share * (1.0 - setting.rest_share)
        )


class Firmware:
    """Keeps the processor's own limit. PL1 and PL2 are equal, as SeeSay sets them."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._averages = {PL1_SECONDS: plant.base_watts, PL2_SECONDS: plant.base_watts}
        self._utilisation = 0.0  # of the step before

    def choose(self, setting: Setting) -> Setting:
        """The highest frequency up to the setting's at which both averages would stay below the limit."""
        if setting.limit_watts is None or not self._plant.firmware_obeys:
            return setting
        lowest = replace(setting, frequency_share=LOWEST_FIRMWARE_STEP * FIRMWARE_STEP)
        steps = range(round(setting.frequency_share / FIRMWARE_STEP), LOWEST_FIRMWARE_STEP, -1)
        choices = (replace(setting, frequency_share=step * FIRMWARE_STEP) for step in steps)
        return next((choice for choice in choices if self._holds(choice)), lowest)

    def _holds(self, choice: Setting) -> bool:
        watts = self._plant.watts(choice, self._utilisation)
        return all(self._next(seconds, watts) <= (choice.limit_watts or 0.0) for seconds in self._averages)

    def _next(self, seconds: float, watts: float) -> float:
        return self._averages[seconds] + (watts - self._averages[seconds]) * STEP_SECONDS / seconds

    def passed(self, watts: float, utilisation: float) -> None:
        self._averages = {seconds: self._next(seconds, watts) for seconds in self._averages}
        self._utilisation = utilisation


@dataclass
class Trace:
    """The true figures of a run, one value for each step; a sensor may have shown others."""

    watts: list[float] = field(default_factory=list)
    celsius: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)

    def seconds_of_watts(self, first_second: int = 10) -> list[float]:
        """The mean of each stretch of one second, one from every step on.

        The firmware's own limit is about such means.
        """
        watts = self.watts[first_second * STEPS_A_SECOND :]
        return [sum(watts[i : i + STEPS_A_SECOND]) / STEPS_A_SECOND for i in range(len(watts) - STEPS_A_SECOND + 1)]

    def mean_speed(self, first_second: int = 10) -> float:
        speed = self.speed[first_second * STEPS_A_SECOND :]
        return sum(speed) / len(speed)

    def changes(self, first_second: int = 10) -> int:
        settings = self.settings[first_second * STEPS_A_SECOND :]
        return sum(1 for before, after in itertools.pairwise(settings) if before != after)


class SimulatedMachine:
    def __init__(self, plant: Plant, seed: int = 0) -> None:
        self.plant = plant
        self.trace = Trace()
        self._chance = random.Random(seed)
        self._celsius = plant.ambient_celsius + plant.kelvin_per_watt * plant.base_watts
        self._busy: list[float] = []
        self._firmware = Firmware(plant)

    def run(self, governor: Governor | None, seconds: float, work: Work = lambda at: 1.0) -> Trace:
        """Lets time pass. The governor is asked once a second and is told the figures of the second before the last."""
        setting = governor.setting if governor else PowerKnobs().setting(1.0)
        for _ in range(round(seconds * STEPS_A_SECOND)):
            steps = len(self.trace.watts)
            if governor is not None and steps and steps % STEPS_A_SECOND == 0:
                setting = governor.decide(self._seen(steps))
            self._step(setting, work(steps * STEP_SECONDS))
        return self.trace

    def _step(self, setting: Setting, wanted: float) -> None:
        plant = self.plant
        utilisation = wanted * (1.0 - abs(self._chance.gauss(0.0, plant.power_noise)))
        actual = self._firmware.choose(setting)
        watts = plant.watts(actual, utilisation)
        self._firmware.passed(watts, utilisation)
        resting_place = plant.ambient_celsius + plant.kelvin_per_watt * watts
        self._celsius += (resting_place - self._celsius) * STEP_SECONDS / plant.time_constant_seconds
        self._busy.append(actual.threads * utilisation * (1.0 - actual.rest_share))
        self.trace.watts.append(watts)
        self.trace.celsius.append(self._celsius)
        self.trace.speed.append(plant.speed(actual, utilisation))
        self.trace.settings.append(setting)

    def _seen(self, steps: int) -> Seen:
        second_before = slice(max(0, steps - 2 * STEPS_A_SECOND), max(1, steps - STEPS_A_SECOND))
        busy = self._busy[-STEPS_A_SECOND:]  # of the last second and exact, because the kernel counts it
        watts = self.trace.watts[second_before]
        measured = sum(watts) / len(watts) * (1.0 + self._chance.gauss(0.0, self.plant.sensor_noise))
        celsius = self.trace.celsius[second_before][-1] + self._chance.gauss(0.0, 0.3)
        return Seen(
            at=steps * STEP_SECONDS,
            watts=measured if self.plant.tells_watts else None,
            celsius=float(round(celsius)),
            busy_cores=sum(busy) / len(busy),
        )


def best_speed(plant: Plant, watts: float, wanted: float = 1.0) -> float:
    """The fastest speed of all permitted settings with a mean power within `watts`, found by trying every setting."""
    shares = [step / 200 for step in range(40, 201)] if plant.box.has_limit else list(plant.box.frequency_shares)
    rests = [step / 200 for step in range(181)] if plant.box.can_rest else [0.0]
    utilisation = wanted * (1.0 - plant.power_noise * 0.8)  # the mean of |noise|
    settings = [
        Setting(None, share, threads, rest)
        for share in shares
        for threads in range(1, plant.box.threads + 1)
        for rest in rests
    ]
    return max(
        (plant.speed(setting, utilisation) for setting in settings if plant.watts(setting, utilisation) <= watts),
        default=0.0,
    )
