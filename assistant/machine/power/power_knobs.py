"""What may be set to keep a box's power down, and which setting is the fastest for a level of power.

The level is the power of the work, relative to that of all cores at full frequency: 0 to 1. These are pure
calculations: this module reads no sensor and sets nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

POWER_EXPONENT = 2.5  # a core's power rises with this power of its frequency, since the voltage rises too
_THREADS_EXPONENT = 0.9  # the speed rises with this power of the number of threads
_LEAST_WORK = 0.1  # share of the time; with less work an answer would take for ever
_STEP_OF_LEVEL = 0.02
SMALLEST_CHANGE = 0.015  # share of the level; a smaller change is not worth a new setting


@dataclass(frozen=True)
class Seen:
    """The readings of one moment. None: the machine does not tell."""

    at: float  # monotonic seconds
    watts: float | None = None  # of the packages, mean of about the last second
    celsius: float | None = None
    busy_cores: float | None = None  # mean of about the last second


@dataclass(frozen=True)
class Setting:
    """One setting of everything. Threads and rests are set in the engine, limit and frequency in the machine."""

    limit_watts: float | None
    frequency_share: float  # of the highest frequency
    threads: int
    rest_share: float  # of the time of work


@dataclass(frozen=True)
class PowerKnobs:
    """What may be set on this machine. With the default values, nothing may."""

    has_limit: bool = False
    frequency_shares: tuple[float, ...] = (1.0,)  # rising, the last is 1
    threads: int = 1  # at most
    can_rest: bool = False

    def level_of(self, setting: Setting) -> float:
        work = setting.threads * math.pow(setting.frequency_share, POWER_EXPONENT) * (1.0 - setting.rest_share)
        return work / self.threads

    def level_above(self, level: float) -> float:
        """Roughly the lowest higher level that has another setting; `level` itself where there is none.

        Settings may lie far apart.
        """
        higher = level
        while higher < 1.0:
            higher = min(1.0, higher * (1.0 + _STEP_OF_LEVEL))
            if self.level_of(self.setting(higher)) > level * (1.0 + SMALLEST_CHANGE):
                return higher
        return level

    def setting(self, level: float, limit_watts: float | None = None) -> Setting:
        """The fastest setting that does not exceed the level, or the one with the lowest level if none is low enough."""
        options = [
            Setting(limit_watts, share, threads, self._rest(level, share, threads))
            for share in self.frequency_shares
            for threads in range(1, self.threads + 1)
        ]
        allowed = [option for option in options if self.level_of(option) <= level + 1e-9]
        if not allowed:
            return min(options, key=self.level_of)
        # Of equally fast settings it takes the one with the fewest rests, since that one answers evenly.
        return max(allowed, key=lambda option: (_speed(option), -option.rest_share))

    def _rest(self, level: float, share: float, threads: int) -> float:
        if not self.can_rest:
            return 0.0
        work = level * self.threads / (threads * math.pow(share, POWER_EXPONENT))
        return 1.0 - min(1.0, max(_LEAST_WORK, work))


def _speed(setting: Setting) -> float:
    speed = math.pow(setting.threads, _THREADS_EXPONENT) * setting.frequency_share * (1.0 - setting.rest_share)
    return round(speed, 9)
