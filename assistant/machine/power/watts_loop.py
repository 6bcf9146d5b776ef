"""Finds the highest level that keeps the budget of watts, from the watts that were measured.

The module is pure: it has no file, no thread and no clock. It knows no temperature, and of the settings it knows only
how far apart they are.

The model is: watts = floor + level × a constant. The floor is the part that no level takes away, and it is learned on
the way. With this model one reading is enough to compute the level that meets the budget. Readings are late and noisy,
so readings that may be older than the last change are left out, and a rise needs several readings.

Work is heavier or lighter from one moment to the next, and other programs come and go. So a rise has failed if the
watts are far above the budget soon after it. The level then stays down for one minute before it may go higher again;
after further failed rises for two, four and eight minutes. Meanwhile it may still rise to the level that held before
the failed rise, or, after a long climb, to the level that is left of the climb. After ten more minutes without a failed
rise the wait is one minute again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assistant.machine.power.power_knobs import SMALLEST_CHANGE, Seen, Setting

# These are shares of the budget.
_AIM = 0.98
_TOO_LOW = 0.967  # below it the level rises, once there are enough readings
_TOO_HIGH = 0.992  # above it the level falls, once there are enough readings
_FAR_TOO_HIGH = 1.05  # above it the level falls after a single reading
_ENOUGH_READINGS = 5
_MOST_READINGS = 12
_SETTLE_SECONDS = 2.0  # a sensor may be 1 s late, and its value is a mean over 1 s
_PATIENCE_SECONDS, _MOST_PATIENCE_SECONDS = 60.0, 480.0
_FORGET_SECONDS = 600.0  # after so long without a failed rise the wait is short again
_PROVEN_SECONDS = 120.0  # a rise that held for so long was right; watts that rise later have another cause
_LARGEST_RISE, _LARGEST_FALL = 1.25, 0.25
_FAR_TOO_LOW, _LARGEST_CLIMB = 0.7, 2.0  # below this share a rise may double the level
_TRY_BELOW = 0.8  # below this share the floor may be wrong, so a higher level is tried
_FIRST_FLOOR, _HIGHEST_FLOOR = 0.3, 0.6
LIMIT_SECONDS = 8.0  # the processor's limit acts on moving averages, so it takes so long until it holds
LIMIT_FAILS = 1.06  # a limit has failed if the mean of the readings is above it by this factor

# A second in which fewer cores were busy says nothing about the power of the work. At slow settings, which allow less
# than that, a share of what they allow is enough.
_BUSY_CORES, _BUSY_SHARE = 0.5, 0.3


@dataclass
class WattsLoop:
    """Holds the level that keeps a budget of watts. `note` takes each reading, and `allow` returns the level."""

    budget: float  # watts
    allowed: float = 1.0  # the level, 1 = all cores at full frequency
    _floor: float = field(default=-1.0, init=False)  # watts that no level takes away; below 0 while it is unknown
    _changed_at: float = field(default=-math.inf, init=False)
    _settled_at: float = field(default=-math.inf, init=False)  # readings from then on show the last change
    _readings: list[tuple[float, float]] = field(default_factory=list, init=False)  # (watts, busy cores)
    _before: tuple[float, float] | None = field(default=None, init=False)  # (level, watts) at the last decision
    _busy_before: float = field(default=0.0, init=False)
    _now: float = field(default=-math.inf, init=False)
    _rose_from: float | None = field(default=None, init=False)  # the level before it, if the last change was a rise
    _highest: float = field(default=1.0, init=False)  # the highest level allowed until _no_rise_until
    _no_rise_until: float = field(default=-math.inf, init=False)
    _tried_at: float = field(default=-math.inf, init=False)
    _patience_seconds: float = field(default=_PATIENCE_SECONDS, init=False)

    def changed(self, at: float, settle_seconds: float = _SETTLE_SECONDS) -> None:
        """Says that the setting has changed at this time. Older readings are dropped."""
        self._changed_at, self._settled_at = at, at + settle_seconds
        self._readings.clear()

    def note(self, seen: Seen, busy_enough: float) -> None:
        """Takes a reading, unless it may be from before the last change or the machine was nearly idle."""
        self._now = seen.at
        busy = 1.0 if seen.busy_cores is None else seen.busy_cores
        steady, self._busy_before = min(busy, self._busy_before), busy
        if seen.watts is None or seen.at < self._settled_at:
            return
        if seen.watts > self.budget or steady >= busy_enough:
            self._readings = [*self._readings, (seen.watts, steady)][-_MOST_READINGS:]

    def mean_share(self) -> float:
        """Returns the mean of the readings as a share of the budget, or 0 while there are too few readings."""
        if len(self._readings) < _ENOUGH_READINGS:
            return 0.0
        return self._mean() / self.budget

    def allow(self, level: float, level_above: float) -> float:
        """Returns the highest level that the budget allows.

        `level` is the level that holds now, and `level_above` that of the next faster setting.
        """
        if not self._readings:
            return self.allowed
        enough = len(self._readings) >= _ENOUGH_READINGS
        share = self._mean() / self.budget
        if share > _FAR_TOO_HIGH or (enough and share > _TOO_HIGH):
            self.allowed = level * max(_LARGEST_FALL, self._change(level))
            if share > _FAR_TOO_HIGH:
                self._note_failed_rise()
            self._rose_from = None
        elif enough and share < _TOO_LOW and self.allowed <= level * (1.0 + SMALLEST_CHANGE):
            self._rise(level, level_above, share)
        return self.allowed

    def _rise(self, level: float, level_above: float, share: float) -> None:
        highest = 1.0 if self._now >= self._no_rise_until else self._highest
        if level >= highest:
            return
        aim = level * self._change(level)
        if share < _TRY_BELOW and level_above > aim and self._may_try():
            self._floor = _HIGHEST_FLOOR * self.budget
            aim = level * self._change(level)
        # Where settings are far apart, a small rise would reach none of them. So a rise may reach the next setting, if
        # the model says that it keeps the budget.
        largest = level * (_LARGEST_CLIMB if share < _FAR_TOO_LOW else _LARGEST_RISE)
        step = max(largest, level_above if level_above <= aim else 0.0)
        self.allowed, self._rose_from = min(highest, aim, step), level

    def _may_try(self) -> bool:
        """Returns True if a higher level may be tried although the floor says that none keeps the budget.

        The floor may have been learned from another program's watts. So it is forgotten from time to time.
        """
        if self._now < max(self._changed_at + _PROVEN_SECONDS, self._tried_at + _MOST_PATIENCE_SECONDS):
            return False
        self._tried_at = self._now
        return True

    def _note_failed_rise(self) -> None:
        if self._rose_from is None or self._now > self._changed_at + _PROVEN_SECONDS:
            return
        if self._now > self._no_rise_until + _FORGET_SECONDS:
            self._patience_seconds = _PATIENCE_SECONDS
        # After a long climb that was only too large, the reduced level is the highest one: going back to where it
        # began could halve the speed.
        was_climb = self.allowed > _LARGEST_RISE * self._rose_from
        self._highest = self.allowed if was_climb else self._rose_from
        self._no_rise_until = self._now + self._patience_seconds
        self._patience_seconds = min(2 * self._patience_seconds, _MOST_PATIENCE_SECONDS)

    def _mean(self) -> float:
        """Returns the mean watts of the busiest readings: a second that was half idle says little about the level."""
        most = max(busy for _, busy in self._readings)
        watts = [watts for watts, busy in self._readings if busy >= 0.9 * most or watts > self.budget]
        return sum(watts) / len(watts)

    def _change(self, level: float) -> float:
        """Returns the factor by which the level must change to reach the aim, if watts = floor + level × a constant."""
        watts, aim = self._mean(), _AIM * self.budget
        self._learn_floor(level, watts)
        factor = max(aim - self._floor, 0.0) / max(watts - self._floor, 1e-3)
        self._before = (level, watts)
        return factor

    def _learn_floor(self, level: float, watts: float) -> None:
        """Learns the floor from the line through two levels that are far apart.

        The floor is bounded, since with a high floor a small error of a reading becomes a large step.
        """
        floor = _FIRST_FLOOR * self.budget if self._floor < 0 else self._floor
        if self._before is not None and abs(level - self._before[0]) > 0.2 * max(level, self._before[0]):
            slope = (watts - self._before[1]) / (level - self._before[0])
            floor = watts - slope * level
        self._floor = max(0.0, min(_HIGHEST_FLOOR * self.budget, floor))


def busy_enough(setting: Setting) -> float:
    """Returns how many busy cores make a reading count. At the slowest setting the work may take a tenth of a core."""
    return min(_BUSY_CORES, _BUSY_SHARE * setting.threads * (1.0 - setting.rest_share))
