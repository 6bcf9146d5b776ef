"""Checks whether this machine tells its watts and its temperature, and lets its power be limited."""

from __future__ import annotations

import threading

from assistant.machine.doctor.finding import Finding, ok, warning
from assistant.machine.power.keeper import budget_of
from assistant.machine.power.overview import Overview, overview
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.sysfs import Sysfs
from assistant.settings.config import Config

_CHECK = "power"
_BETWEEN_READINGS_SECONDS = 1.0  # watts are worked out from two energy readings


def judge_power(machine: Overview, *, governs: bool) -> Finding:
    watts, celsius = machine.box_watts.value, machine.sample.celsius.value
    figures = {
        "box_watts": None if watts is None else round(watts, 2),
        "celsius": None if celsius is None else round(celsius, 1),
    }
    told = [
        text for text in (watts is not None and f"{watts:.1f} W", celsius is not None and f"{celsius:.0f} °C") if text
    ]
    if watts is None and governs:
        why = machine.sample.package_watts.why or machine.box_watts.why
        also = f" (it tells {told[0]})" if told else ""
        return warning(
            _CHECK,
            f"no watts can be read, so power.budget_watts cannot be held{also}: {why}",
            "docs/power.md says how to permit it; on a virtual machine nothing can be done",
            **figures,
        )
    if not machine.can_cap and governs:
        return warning(
            _CHECK,
            f"{' and '.join(told)} now; no limit may be set, so only the engine's threads and rests hold the budget",
            "docs/power.md says how to permit it",
            **figures,
        )
    return ok(_CHECK, f"{' and '.join(told) or 'nothing is measured'} now", **figures)


def check_power(config: Config) -> list[Finding]:
    sysfs = Sysfs()
    reader = PowerReader(sysfs)
    threading.Event().wait(_BETWEEN_READINGS_SECONDS)
    machine = overview(sysfs, reader.sample(), budget_of(config.power))
    return [judge_power(machine, governs=config.power.govern == "on")]
