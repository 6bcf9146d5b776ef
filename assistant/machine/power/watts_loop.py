"""The highest level that keeps the budget of watts. Pure; it knows no temperature, and of the settings only how far
apart they are.

What the work takes is taken as proportional to the level, on top of a floor that is found on the way. So one reading
says where to go. Readings are late and noisy: after each change they are left out until they can know of it, and a rise
needs some that agree. Work is of heavier and lighter kinds, and other programs come and go: a rise that turns out to be
too much soon after is not tried again for a minute, then for two, four and eight; up to what held before it, or is left
of a long one, it may rise at once, and after ten minutes without such a rise the patience is a minute again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assistant.machine.power.power_knobs import SMALLEST_CHANGE, Seen, Setting

# In shares of the budget.
_AIM = 0.98
_TOO_LOW = 0.967  # from here on it rises, when enough readings agree
_TOO_HIGH = 0.992
_FAR_TOO_HIGH = 1.05  # one reading is enough
_ENOUGH_READINGS = 5
_MOST_READINGS = 12
_SETTLE_SECONDS = 2.0  # a sensor that is 1 s late, of a mean over 1 s
_PATIENCE_SECONDS, _MOST_PATIENCE_SECONDS = 60.0, 480.0
_FORGET_SECONDS = 600.0  # without a rise that was too much
_PROVEN_SECONDS = 120.0  # a rise that lasted so long was right: what comes later is something else's doing
_LARGEST_RISE, _LARGEST_FALL = 1.25, 0.25
_FAR_TOO_LOW, _LARGEST_CLIMB = 0.7, 2.0  # below the one, rises are up to the other: it is a long way back
_TRY_BELOW = 0.8  # from here on it is worth a trial
_FIRST_FLOOR, _HIGHEST_FLOOR = 0.3, 0.6
LIMIT_SECONDS = 8.0  # in which a limit takes hold: of moving averages
LIMIT_FAILS = 1.06  # this much over a limit that should hold, in the mean of all readings

# Fewer busy cores, and a second says nothing of what the work takes; of slow settings, a share of what they allow.
_BUSY_CORES, _BUSY_SHARE = 0.5, 0.3


@dataclass
class WattsLoop:
    """The highest level that keeps the budget."""

    budget: float
    allowed: float = 1.0
    _floor: float = field(default=-1.0, init=False)  # watts that no level takes away; below 0: not found yet
    _changed_at: float = field(default=-math.inf, init=False)
    _settled_at: float = field(default=-math.inf, init=False)  # readings from here on know of it
    _readings: list[tuple[float, float]] = field(default_factory=list, init=False)  # watts, busy cores; settled ones
    _before: tuple[float, float] | None = field(default=None, init=False)  # level and watts before the last change
    _busy_before: float = field(default=0.0, init=False)
    _now: float = field(default=-math.inf, init=False)
    _rose_from: float | None = field(default=None, init=False)  # if the last change was a rise
    _highest: float = field(default=1.0, init=False)  # may be tried, until the next
    _no_rise_until: float = field(default=-math.inf, init=False)
    _tried_at: float = field(default=-math.inf, init=False)
    _patience_seconds: float = field(default=_PATIENCE_SECONDS, init=False)

    def changed(self, at: float, settle_seconds: float = _SETTLE_SECONDS) -> None:
        self._changed_at, self._settled_at = at, at + settle_seconds
        self._readings.clear()

    def note(self, seen: Seen, busy_enough: float) -> None:
        """Take a reading, unless it can be from before the last change, or of a machine that had nothing to do."""
        self._now = seen.at
        busy = 1.0 if seen.busy_cores is None else seen.busy_cores
        steady, self._busy_before = min(busy, self._busy_before), busy
        if seen.watts is None or seen.at < self._settled_at:
            return
        if seen.watts > self.budget or steady >= busy_enough:
            self._readings = [*self._readings, (seen.watts, steady)][-_MOST_READINGS:]

    def mean_share(self) -> float:
        """Of the budget; 0 while too few readings agree."""
        if len(self._readings) < _ENOUGH_READINGS:
            return 0.0
        return self._mean() / self.budget

    def allow(self, level: float, level_above: float) -> float:
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
        # Where settings are far apart, a small rise would reach none: the next one it is, if it seems to hold.
        largest = level * (_LARGEST_CLIMB if share < _FAR_TOO_LOW else _LARGEST_RISE)
        step = max(largest, level_above if level_above <= aim else 0.0)
        self.allowed, self._rose_from = min(highest, aim, step), level

    def _may_try(self) -> bool:
        """The floor may have been learned from another program's watts, and says that there is no way up: forget it at
        times.
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
        # Of a climb that was right and only too large, what is left counts: back to its foot would be half the speed.
        was_climb = self.allowed > _LARGEST_RISE * self._rose_from
        self._highest = self.allowed if was_climb else self._rose_from
        self._no_rise_until = self._now + self._patience_seconds
        self._patience_seconds = min(2 * self._patience_seconds, _MOST_PATIENCE_SECONDS)

    def _mean(self) -> float:
        """Of the seconds that were as busy as the busiest: a half idle one says little of the level."""
        most = max(busy for _, busy in self._readings)
        watts = [watts for watts, busy in self._readings if busy >= 0.9 * most or watts > self.budget]
        return sum(watts) / len(watts)

    def _change(self, level: float) -> float:
        """The factor that leads to the aim, if power is floor + level x something."""
        watts, aim = self._mean(), _AIM * self.budget
        self._learn_floor(level, watts)
        factor = max(aim - self._floor, 0.0) / max(watts - self._floor, 1e-3)
        self._before = (level, watts)
        return factor

    def _learn_floor(self, level: float, watts: float) -> None:
        """Two levels far apart give the line through both. Never so high that a small error becomes a large step."""
        floor = _FIRST_FLOOR * self.budget if self._floor < 0 else self._floor
        if self._before is not None and abs(level - self._before[0]) > 0.2 * max(level, self._before[0]):
            slope = (watts - self._before[1]) / (level - self._before[0])
            floor = watts - slope * level
        self._floor = max(0.0, min(_HIGHEST_FLOOR * self.budget, floor))


def busy_enough(setting: Setting) -> float:
    """Cores. At the slowest setting a tenth of a core is all that the work may take."""
    return min(_BUSY_CORES, _BUSY_SHARE * setting.threads * (1.0 - setting.rest_share))
