"""Builds what looks at the picture before a question, for `seeing.ahead = "still"`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.answering.watching.idle_looker import IdleLooker
    from assistant.answering.watching.look_allowance import AheadLimits, PowerNow
    from assistant.answering.watching.seen_pictures import SeenPictures
    from assistant.machine.power.keeper import PowerKeeper
    from assistant.wiring.assembly import Assembly


def idle_looker(
    assembly: Assembly, seen: SeenPictures, in_use: Callable[[], bool], say: Callable[[str], None]
) -> IdleLooker:
    """The thread that looks at the still picture. `in_use` tells whether a user does anything."""
    from assistant.answering.watching.idle_looker import IdleLooker
    from assistant.answering.watching.look_allowance import LookAllowance

    power = assembly.power
    allowance = LookAllowance(
        limits_of(assembly.config),
        lambda: _power_now(power, assembly.config.power.other_watts),
        lambda began_at: power.energy.since(began_at).value,
        time.monotonic,
    )
    return IdleLooker(seen, assembly.frames, assembly.best_shot, allowance, in_use=in_use, say=say)


def limits_of(config: Config) -> AheadLimits:
    """What looks ahead may cost. Where the machine tells no joules, a look is taken to need the whole budget."""
    from assistant.answering.watching.look_allowance import AheadLimits

    seeing, power = config.seeing, config.power
    governs = power.govern == "on"
    return AheadLimits(
        every_seconds=seeing.ahead_every_seconds,
        joules_per_minute=seeing.ahead_joules_per_minute,
        battery_percent=seeing.ahead_battery_percent,
        budget_watts=power.budget_watts if governs else None,
        max_celsius=power.max_temperature_c if governs else None,
        watts_of_a_look=power.budget_watts,
    )


def _power_now(power: PowerKeeper, other_watts: float) -> PowerNow:
    from assistant.answering.watching.look_allowance import PowerNow
    from assistant.machine.power.readings import battery_percent, box_watts
    from assistant.machine.power.sysfs import Sysfs

    sample = power.latest
    return PowerNow(battery_percent(Sysfs()).value, box_watts(sample, other_watts).value, sample.celsius.value)
