"""The policy that keeps a box within its watts and its temperature: readings go in, one setting comes out.

It has no file, no thread and no clock of its own. It is called about once a second with the newest readings, and
returns the setting that should hold from then on. Four things can be set. As far as the machine permits, they are used
in this order: the processor's own power limit, the frequency, the number of threads, rests between pieces of work. The
processor keeps its own limit within milliseconds, and better than anybody who looks once a second. So the other three
are used only if that limit does not hold, or against heat.

The last three are one quantity here, the level: the power of the work relative to all cores at full frequency.
`PowerKnobs.setting` finds the fastest setting for a level. Two loops each say the highest level that they allow, and
the lower one counts:

- `watts_loop`: what the work takes, as measured.
- `heat_loop`: the temperature.

Neither loop acts inside a band around its aim. The low power of an idle machine is no reason to rise, because the next
question would begin far above the budget. The level is kept from one answer to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.machine.power.heat_loop import HeatLoop
from assistant.machine.power.power_knobs import SMALLEST_CHANGE, PowerKnobs, Seen, Setting
from assistant.machine.power.watts_loop import LIMIT_FAILS, LIMIT_SECONDS, WattsLoop, busy_enough

_HEAT_MARGIN_CELSIUS = 1.8
# The budget cannot be held if the watts are above this share of it for so long at the lowest setting. A limit of the
# processor that holds keeps them near the budget, so they stay below this share.
_IN_VAIN_SHARE, _IN_VAIN_SECONDS = 1.02, 30.0


@dataclass(frozen=True)
class Goal:
    """The watts and the temperature that the governor has to keep."""

    package_watts: float | None  # None: nobody asked for a limit, or nothing tells the watts
    max_celsius: float


class Governor:
    """Turns readings into settings. `setting` is the one that should hold now."""

    def __init__(self, goal: Goal, box: PowerKnobs) -> None:
        self._box = box
        self._limit = goal.package_watts if box.has_limit else None
        self._watts = WattsLoop(goal.package_watts) if goal.package_watts is not None else None
        self._heat = HeatLoop(goal.max_celsius - _HEAT_MARGIN_CELSIUS)
        self._limit_fails = False
        self._has_begun = False
        self._goal = goal
        self._in_vain_since: float | None = None
        self._in_vain_watts: float | None = None
        self._level = self._level_above = 1.0
        self.setting = box.setting(1.0, self._limit)

    @property
    def limit_fails(self) -> bool:
        """The processor takes clearly more than the limit that was set: something else sets it, or it cannot go lower."""
        return self._limit_fails

    @property
    def package_watts(self) -> float | None:
        """The goal's watts for the processor, or None without such a goal."""
        return self._goal.package_watts

    @property
    def in_vain_watts(self) -> float | None:
        """The processor's watts, if they were above the budget for half a minute at the lowest setting, else None."""
        return self._in_vain_watts

    def lose_frequency(self) -> None:
        """Says that the frequency cannot be set after all. From the next decision on threads and rests replace it."""
        self._box = replace(self._box, frequency_shares=(1.0,))
        self.setting = replace(self.setting, frequency_share=1.0)
        self._hold_level(self._box.level_of(self.setting))

    def decide(self, seen: Seen) -> Setting:
        """Takes the newest readings and returns the setting that should hold from now on."""
        allowed = self._heat.allow(seen, self._level, self._level_above)
        if self._watts is not None:
            if self._limit is not None and not self._has_begun:
                self._watts.changed(seen.at, LIMIT_SECONDS)
            self._has_begun = True
            self._watts.note(seen, busy_enough(self.setting))
            if self._limit is not None:
                self._limit_fails = self._limit_fails or self._watts.mean_share() > LIMIT_FAILS
            if self._limit is None or self._limit_fails:
                allowed = min(allowed, self._watts.allow(self._level, self._level_above))
        self._apply(allowed, seen.at)
        if self._watts is not None and self._watts.allowed <= allowed:
            # Settings come in steps, so the level may be lower than the one that was asked for. The loop must know the
            # level that it got, or it would wait for a level that never comes.
            self._watts.allowed = min(self._watts.allowed, self._level)
        self._note_in_vain(seen)
        return self.setting

    def _note_in_vain(self, seen: Seen) -> None:
        goal, self._in_vain_watts = self._goal.package_watts, None
        is_above = goal is not None and seen.watts is not None and seen.watts > _IN_VAIN_SHARE * goal
        if not is_above or self.setting != self._box.setting(0.0, self._limit):
            self._in_vain_since = None
            return
        if self._in_vain_since is None:
            self._in_vain_since = seen.at
        if seen.at >= self._in_vain_since + _IN_VAIN_SECONDS:
            self._in_vain_watts = seen.watts

    def _apply(self, allowed: float, at: float) -> None:
        if abs(allowed - self._level) < SMALLEST_CHANGE * self._level and allowed < 1.0:
            return
        setting = self._box.setting(allowed, self._limit)
        if setting == self.setting:
            return
        self.setting = setting
        # Frequencies come in steps, and the readings belong to the step. So the level is that of the setting, not the
        # one that was asked for.
        self._hold_level(self._box.level_of(setting))
        if self._watts is not None:
            self._watts.changed(at)

    def _hold_level(self, level: float) -> None:
        self._level, self._level_above = level, self._box.level_above(level)
