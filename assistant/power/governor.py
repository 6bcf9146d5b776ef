"""Keeps a box within its watts and its temperature: values in, one setting out. No file, no thread, no clock of its own.

Called about once a second with what was seen, it answers with what should hold from now on. Four things can be set, and are
used in this order, as far as the machine permits: the processor's own power limit, the frequency, the number of threads,
rests between pieces of work. Where the limit is there, the processor keeps it by itself, within milliseconds and better
than anybody who looks once a second; the others come in only if it does not hold, or against heat.

The last three are one knob here, the level: the power of the work relative to all cores at full frequency. `Box.setting`
finds the fastest setting for a level. Two loops each say the highest level that they allow, and the lower one counts:

- Watts. What the work takes is taken as proportional to the level, on top of a floor that is found on the way. So one
  reading says where to go. Readings are late and noisy: after each change they are left out until they can know of it, and
  a rise needs some that agree. Work is of heavier and lighter kinds: a rise that turns out to be too much for the next
  kind is not tried again for a minute, then for two, and so on.
- Heat. A PI rule on the temperature, slow as a box warms.

Neither acts inside a band around its aim, and an idle machine's low power is no reason to rise: the next question would
begin far above the budget. The level is kept from one answer to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

POWER_EXPONENT = 2.5  # of a core's power by its frequency: the voltage rises with it
_THREADS_EXPONENT = 0.9  # of the speed by the number of threads
_LEAST_WORK = 0.1  # share of the time; with less an answer would never come

# Watts. In shares of the budget.
_AIM = 0.98
_TOO_LOW = 0.967  # from here on it rises, when enough readings agree
_TOO_HIGH = 0.992
_FAR_TOO_HIGH = 1.05  # one reading is enough
_ENOUGH_READINGS = 5
_MOST_READINGS = 12
_SETTLE_SECONDS = 2.0  # a sensor that is 1 s late, of a mean over 1 s
_PATIENCE_SECONDS = 60.0
_LARGEST_RISE, _LARGEST_FALL = 1.25, 0.25
_FIRST_FLOOR, _HIGHEST_FLOOR = 0.3, 0.6
_LIMIT_FAILS = 1.06  # this much over a limit that should hold, in the mean of all readings

_BUSY_CORES = 0.5  # fewer, and a second says nothing of what the work takes

# Heat.
_HEAT_MARGIN_CELSIUS = 1.8
_HEAT_PERIOD_SECONDS = 4.0
_HEAT_BAND_CELSIUS = 0.6
_SMOOTHING = 0.4
_NEAR_CELSIUS = 15.0
_HEAT_LEAD_SECONDS = 100.0  # how far ahead a rise is taken into account: the order of a box's own time constant
_HEAT_SLOWNESS = 30.0 * 40.0  # seconds x kelvin: an error of 40 K changes the level e-fold in 30 s
_LARGEST_HEAT_STEP = 0.2
_LEAST_LEVEL = 0.01
_SMALLEST_CHANGE = 0.015  # of the level: less is not worth a new setting


@dataclass(frozen=True)
class Goal:
    package_watts: float | None  # None: nobody asked, or nothing tells watts
    max_celsius: float


@dataclass(frozen=True)
class Seen:
    """What the machine told. None: it does not."""

    at: float  # monotonic seconds
    watts: float | None = None  # of the packages, mean of about the last second
    celsius: float | None = None
    busy_cores: float | None = None  # mean of about the last second


@dataclass(frozen=True)
class Setting:
    """What should hold. Threads and rests are the engine's, the other two the machine's."""

    limit_watts: float | None
    frequency_share: float  # of the highest frequency
    threads: int
    rest_share: float  # of the time of work


@dataclass(frozen=True)
class Box:
    """What may be set. With the defaults nothing."""

    has_limit: bool = False
    frequency_shares: tuple[float, ...] = (1.0,)  # rising, the last is 1
    threads: int = 1  # at most
    can_rest: bool = False

    def level_of(self, setting: Setting) -> float:
        work = setting.threads * math.pow(setting.frequency_share, POWER_EXPONENT) * (1.0 - setting.rest_share)
        return work / self.threads

    def setting(self, level: float, limit_watts: float | None = None) -> Setting:
        """The fastest one that does not exceed the level, or the lowest there is."""
        options = [
            Setting(limit_watts, share, threads, self._rest(level, share, threads))
            for share in self.frequency_shares
            for threads in range(1, self.threads + 1)
        ]
        allowed = [option for option in options if self.level_of(option) <= level + 1e-9]
        if not allowed:
            return min(options, key=self.level_of)
        # Of equally fast ones the one with the fewest rests: it answers evenly.
        return max(allowed, key=lambda option: (_speed(option), -option.rest_share))

    def _rest(self, level: float, share: float, threads: int) -> float:
        if not self.can_rest:
            return 0.0
        work = level * self.threads / (threads * math.pow(share, POWER_EXPONENT))
        return 1.0 - min(1.0, max(_LEAST_WORK, work))


def _speed(setting: Setting) -> float:
    speed = math.pow(setting.threads, _THREADS_EXPONENT) * setting.frequency_share * (1.0 - setting.rest_share)
    return round(speed, 9)


class Governor:
    def __init__(self, goal: Goal, box: Box) -> None:
        self._box = box
        self._limit = goal.package_watts if box.has_limit else None
        self._watts = _WattsLoop(goal.package_watts) if goal.package_watts is not None else None
        self._heat = _HeatLoop(goal.max_celsius - _HEAT_MARGIN_CELSIUS)
        self._limit_fails = False
        self._level = 1.0
        self.setting = box.setting(1.0, self._limit)

    @property
    def limit_fails(self) -> bool:
        """The processor takes clearly more than the limit that was set: something else sets it, or it cannot go lower."""
        return self._limit_fails

    def lose_frequency(self) -> None:
        """It turned out that it cannot be set: from the next decision on threads and rests do its part."""
        self._box = replace(self._box, frequency_shares=(1.0,))
        self.setting = replace(self.setting, frequency_share=1.0)
        self._level = self._box.level_of(self.setting)

    def decide(self, seen: Seen) -> Setting:
        allowed = self._heat.allow(seen, self._level)
        if self._watts is not None:
            self._watts.note(seen)
            if self._limit is not None:
                self._limit_fails = self._limit_fails or self._watts.mean_share() > _LIMIT_FAILS
            if self._limit is None or self._limit_fails:
                allowed = min(allowed, self._watts.allow(self._level))
        self._apply(allowed, seen.at)
        return self.setting

    def _apply(self, allowed: float, at: float) -> None:
        if abs(allowed - self._level) < _SMALLEST_CHANGE * self._level and allowed < 1.0:
            return
        setting = self._box.setting(allowed, self._limit)
        if setting == self.setting:
            return
        self.setting = setting
        # Of the setting, not the one asked for: frequencies come in steps, and the readings are those of the step.
        self._level = self._box.level_of(setting)
        if self._watts is not None:
            self._watts.changed(at)


@dataclass
class _WattsLoop:
    """The highest level that keeps the budget."""

    budget: float
    allowed: float = 1.0
    _floor: float = field(default=-1.0, init=False)  # watts that no level takes away; below 0: not found yet
    _changed_at: float = field(default=-math.inf, init=False)
    _readings: list[tuple[float, float]] = field(default_factory=list, init=False)  # watts, busy cores; settled ones
    _before: tuple[float, float] | None = field(default=None, init=False)  # level and watts before the last change
    _busy_before: float = field(default=0.0, init=False)
    _now: float = field(default=-math.inf, init=False)
    _rose: bool = field(default=False, init=False)  # the last change was a rise
    _no_rise_until: float = field(default=-math.inf, init=False)
    _patience_seconds: float = field(default=_PATIENCE_SECONDS, init=False)

    def changed(self, at: float) -> None:
        self._changed_at = at
        self._readings.clear()

    def note(self, seen: Seen) -> None:
        """Take a reading, unless it can be from before the last change, or of a machine that had nothing to do."""
        self._now = seen.at
        busy = 1.0 if seen.busy_cores is None else seen.busy_cores
        steady, self._busy_before = min(busy, self._busy_before), busy
        if seen.watts is None or seen.at < self._changed_at + _SETTLE_SECONDS:
            return
        if seen.watts > self.budget or steady >= _BUSY_CORES:
            self._readings = [*self._readings, (seen.watts, steady)][-_MOST_READINGS:]

    def mean_share(self) -> float:
        """Of the budget; 0 while too few readings agree."""
        if len(self._readings) < _ENOUGH_READINGS:
            return 0.0
        return self._mean() / self.budget

    def allow(self, level: float) -> float:
        if not self._readings:
            return self.allowed
        enough = len(self._readings) >= _ENOUGH_READINGS
        share = self._mean() / self.budget
        if share > _FAR_TOO_HIGH or (enough and share > _TOO_HIGH):
            if share > _FAR_TOO_HIGH and self._rose:
                self._no_rise_until = self._now + self._patience_seconds
                self._patience_seconds *= 2
            self.allowed, self._rose = level * self._change(level), False
        elif enough and share < _TOO_LOW and self._may_rise(level):
            self.allowed, self._rose = min(1.0, level * self._change(level)), True
        return self.allowed

    def _may_rise(self, level: float) -> bool:
        held_by_this = self.allowed <= level * (1.0 + _SMALLEST_CHANGE)
        return held_by_this and self._now >= self._no_rise_until

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
        return max(_LARGEST_FALL, min(_LARGEST_RISE, factor))

    def _learn_floor(self, level: float, watts: float) -> None:
        """Two levels far apart give the line through both. Never so high that a small error becomes a large step."""
        floor = _FIRST_FLOOR * self.budget if self._floor < 0 else self._floor
        if self._before is not None and abs(level - self._before[0]) > 0.2 * max(level, self._before[0]):
            slope = (watts - self._before[1]) / (level - self._before[0])
            floor = watts - slope * level
        self._floor = max(0.0, min(_HIGHEST_FLOOR * self.budget, floor))


@dataclass
class _HeatLoop:
    """The highest level that keeps the temperature."""

    aim_celsius: float
    allowed: float = 1.0
    _at: float = field(default=-math.inf, init=False)  # of the last step
    _then_celsius: float = field(default=0.0, init=False)  # at the last step
    _readings: list[float] = field(default_factory=list, init=False)  # since the last step

    def allow(self, seen: Seen, level: float) -> float:
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
                # Far below, a rise is only the die under a new load, not the box that grows warm.
                lead = _HEAT_LEAD_SECONDS if room < _NEAR_CELSIUS else 0.0
                step = (room * min(seconds, 10.0) - lead * risen) / _HEAT_SLOWNESS
                factor = math.exp(max(-_LARGEST_HEAT_STEP, min(_LARGEST_HEAT_STEP, step)))
                # From what holds, if the other loop holds it lower: what was never tried is no ground to stand on.
                self.allowed = max(_LEAST_LEVEL, min(1.0, min(self.allowed, 1.5 * level) * factor))
        self._at, self._then_celsius, self._readings = seen.at, now, []
        return self.allowed
