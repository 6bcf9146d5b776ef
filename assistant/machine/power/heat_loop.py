"""Finds the highest level that keeps the temperature.

It is a PI controller, and it acts slowly because a box warms slowly. The module is pure: it has no file, no thread and
no clock. It knows no watts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assistant.machine.power.power_knobs import Seen

_HEAT_PERIOD_SECONDS = 4.0  # between two steps of the controller
_HEAT_BAND_CELSIUS = 0.6  # a smaller error and a smaller change of temperature are ignored
_SMOOTHING = 0.4  # weight of the newest mean temperature in the smoothed one
_NEAR_CELSIUS = 15.0  # within this distance from the aim the rise of the temperature counts too
_HEAT_LEAD_SECONDS = 100.0  # how far ahead a rise is taken into account: the order of a box's own time constant
_HEAT_SLOWNESS = 30.0 * 40.0  # seconds x kelvin: an error of 40 K changes the level e-fold in 30 s
_LARGEST_HEAT_STEP = 0.2
_LEAST_LEVEL = 0.01


@dataclass
class HeatLoop:
    """Holds the level that keeps a temperature. Call `allow` with each reading."""

    aim_celsius: float
    allowed: float = 1.0  # the level, 1 = all cores at full frequency
    _at: float = field(default=-math.inf, init=False)  # monotonic seconds of the last step
    _then_celsius: float = field(default=0.0, init=False)  # at the last step
    _readings: list[float] = field(default_factory=list, init=False)  # since the last step

    def allow(self, seen: Seen, level: float, level_above: float) -> float:
        """Takes a reading and returns the highest level that the temperature allows.

        `level` is the level that holds now, and `level_above` that of the next faster setting.
        """
        if seen.celsius is None:
            return self.allowed
        self._readings.append(seen.celsius)
        if seen.at < self._at + _HEAT_PERIOD_SECONDS:
            return self.allowed
        now, seconds = sum(self._readings) / len(self._readings), seen.at - self._at
        if math.isfinite(seconds):
            now = _SMOOTHING * now + (1.0 - _SMOOTHING) * self._then_celsius
            room, risen = self.aim_celsius - now, now - self._then_celsius
            if abs(room) > _HEAT_BAND_CELSIUS or abs(risen) > _HEAT_BAND_CELSIUS:
                # Far below the aim, a rise only shows that the die is under a new load. The box itself is not warm yet.
                lead = _HEAT_LEAD_SECONDS if room < _NEAR_CELSIUS else 0.0
                step = (room * min(seconds, 10.0) - lead * risen) / _HEAT_SLOWNESS
                factor = math.exp(max(-_LARGEST_HEAT_STEP, min(_LARGEST_HEAT_STEP, step)))
                # If the loop of the watts holds a lower level, the step starts near that one: a level that was never
                # tried says nothing about its temperature.
                ground = min(self.allowed, max(1.5 * level, level_above))
                self.allowed = max(_LEAST_LEVEL, min(1.0, ground * factor))
        self._at, self._then_celsius, self._readings = seen.at, now, []
        return self.allowed
