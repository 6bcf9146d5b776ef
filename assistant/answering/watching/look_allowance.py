"""Decides whether a picture may be looked at before anybody asks: how often, with what energy, in which state of power.

It is pure logic on figures that it is given. It reads no sensor, starts no thread and knows no picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

COOLER_BY_C = 5.0  # the processor must be cooler than its highest temperature by this much
RECHECK_SECONDS = 5.0  # sensors are asked again after this time
_HOUR_SECONDS = 3600.0
_MOST_LOOKS_AN_HOUR = 3600


@dataclass(frozen=True)
class AheadLimits:
    """What looks ahead may cost: keys of [seeing] and [power] of config.toml."""

    every_seconds: float  # from the beginning of one look ahead to that of the next, at least
    joules_per_minute: float  # of all looks ahead, in the long run
    battery_percent: float  # on battery below this charge there is none
    budget_watts: float | None  # of the whole box; None: no budget is held
    max_celsius: float | None  # of the processor; None: no temperature is held
    watts_of_a_look: float  # counted for a look where the machine does not tell its joules


@dataclass(frozen=True)
class PowerNow:
    """The machine's state. None stands for what it does not tell."""

    battery_percent: float | None = None  # None also while it runs from the mains
    box_watts: float | None = None
    celsius: float | None = None


@dataclass(frozen=True)
class Refusal:
    """Why there is no look ahead now, and after how many seconds to ask again."""

    seconds: float
    why: str  # "" if it is only that the last look was a moment ago, which is no news


@dataclass(frozen=True)
class Cost:
    """What a look ahead has cost."""

    seconds: float
    joules: float
    is_measured: bool  # False: seconds times `watts_of_a_look`


class LookAllowance:
    """Keeps account of looks ahead. Only one thread may use it, but for `looks_in_last_hour`."""

    def __init__(
        self,
        limits: AheadLimits,
        power: Callable[[], PowerNow],
        joules_since: Callable[[float], float | None],  # gets clock seconds; None where the machine does not tell
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._power = power
        self._joules_since = joules_since
        self._clock = clock
        # A look is permitted if the account covers one like the last, or is full. It may be overdrawn by the rest of
        # that look, and then fills again. So the mean never exceeds the allowance.
        self._joules_left = limits.joules_per_minute
        self._filled_at = clock()
        self._last_joules = 0.0
        self._next_at = float("-inf")
        self._looks: deque[float] = deque(maxlen=_MOST_LOOKS_AN_HOUR)  # when each ended that was not interrupted

    def refusal(self) -> Refusal | None:
        """Why no look ahead may begin now; None if one may."""
        now, limits = self._clock(), self._limits
        if now < self._next_at:
            return Refusal(self._next_at - now, "")
        self._fill(now)
        wanted = min(self._last_joules, limits.joules_per_minute)
        if self._joules_left < wanted or limits.joules_per_minute <= 0.0:
            seconds = 60.0 * (wanted - self._joules_left) / max(limits.joules_per_minute, 1e-9)
            return Refusal(seconds, f"the {limits.joules_per_minute:g} J a minute are used up")
        power = self._power()
        if power.battery_percent is not None and power.battery_percent < limits.battery_percent:
            return Refusal(RECHECK_SECONDS, f"the battery is at {power.battery_percent:.0f} %")
        if limits.budget_watts is not None and (power.box_watts or 0.0) > limits.budget_watts:
            return Refusal(RECHECK_SECONDS, f"the box already takes {power.box_watts:.1f} W")
        if limits.max_celsius is not None and (power.celsius or 0.0) > limits.max_celsius - COOLER_BY_C:
            return Refusal(RECHECK_SECONDS, f"the processor is at {power.celsius:.0f} degrees")
        return None

    def wait(self) -> None:
        """No look may begin for `every_seconds`: the picture was bad, or one begins now."""
        self._next_at = self._clock() + self._limits.every_seconds

    def charge(self, began_at: float, *, was_finished: bool) -> Cost:
        """Takes the cost of a look that began at `began_at` and has ended now from the account."""
        now = self._clock()
        self._fill(now)
        measured = self._joules_since(began_at)
        joules = (now - began_at) * self._limits.watts_of_a_look if measured is None else measured
        self._joules_left -= joules
        if was_finished:
            self._last_joules = joules
            self._looks.append(now)
        return Cost(now - began_at, joules, measured is not None)

    @property
    def looks_in_last_hour(self) -> int:
        """How many looks ahead were finished in the last hour. Any thread may ask."""
        since = self._clock() - _HOUR_SECONDS
        return sum(at >= since for at in tuple(self._looks))

    def _fill(self, now: float) -> None:
        most = self._limits.joules_per_minute
        self._joules_left = min(most, self._joules_left + (now - self._filled_at) * most / 60.0)
        self._filled_at = now
