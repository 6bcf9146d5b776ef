"""Shows what a machine tells about its power and permits: as one value, as a table, and as a JSON object.

It makes no lasting change to the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.machine.power.energy import Package, packages
from assistant.machine.power.keeper import Budget
from assistant.machine.power.limits import frequency_shares, power_limits
from assistant.machine.power.readings import Frequency, PowerSample, box_watts, frequencies
from assistant.machine.power.sysfs import SensorValue, Sysfs

_WIDTH = 18


@dataclass(frozen=True)
class Overview:
    """The newest readings of a machine, and what this user may set on it."""

    sample: PowerSample
    box_watts: SensorValue[float]
    packages: tuple[Package, ...]
    frequencies: tuple[Frequency, ...]
    power_limit: SensorValue[float]  # watts in force; None if it may not be set
    frequency_steps: SensorValue[int]  # how many frequencies may be set

    @property
    def tells(self) -> bool:
        """True if the machine tells its watts or its temperature."""
        return self.box_watts.value is not None or self.sample.celsius.value is not None

    @property
    def can_cap(self) -> bool:
        """True if the watts can be limited, by the processor's own limit or by lowering the frequency."""
        return self.power_limit.value is not None or self.can_follow

    @property
    def can_follow(self) -> bool:
        """True if the watts of the processor can be read and its frequency can be lowered."""
        return self.frequency_steps.value is not None and self.sample.package_watts.value is not None


def overview(sysfs: Sysfs, sample: PowerSample, budget: Budget) -> Overview:
    """Adds to a sample what else the machine tells and permits."""
    return Overview(
        sample=sample,
        box_watts=box_watts(sample, budget.other_watts),
        packages=packages(sysfs),
        frequencies=frequencies(sysfs),
        power_limit=power_limits(sysfs),
        frequency_steps=frequency_shares(sysfs).map(len),
    )


def as_table(machine: Overview, budget: Budget, *, governs: bool) -> str:
    """Returns the table that people read. Each line has a figure, or the reason why there is none."""
    sample = machine.sample
    rows = [
        ("processor", _figure(sample.package_watts, "{:.1f} W")),
        ("whole box", _figure(machine.box_watts, "{:.1f} W", note=True)),
        ("battery", _figure(sample.battery_watts, "{:.1f} W")),
        ("temperature", _figure(sample.celsius, "{:.0f} °C", note=True)),
        ("frequency", _frequency_text(machine.frequencies)),
        ("power limit", _figure(machine.power_limit, "{:.1f} W, may be set")),
        ("frequency limit", _figure(machine.frequency_steps, "may be set, in {} steps")),
        ("budget", _budget_text(machine, budget, governs=governs)),
    ]
    return "\n".join(f"{name:<{_WIDTH}}{text}" for name, text in rows)


def as_json(machine: Overview, budget: Budget, *, governs: bool) -> dict[str, Any]:
    """Returns the documented object of `seesay power --json`. `why` holds the reason of each null."""
    sample = machine.sample
    readings: dict[str, SensorValue[Any]] = {
        "package_watts": sample.package_watts,
        "box_watts": machine.box_watts,
        "battery_watts": sample.battery_watts,
        "temperature_celsius": sample.celsius,
        "power_limit_watts": machine.power_limit,
        "frequency_steps": machine.frequency_steps,
    }
    return {
        **{name: _rounded(reading.value) for name, reading in readings.items()},
        "packages": [package.name for package in machine.packages],
        "frequencies": [vars(frequency) for frequency in machine.frequencies],
        "budget": {**vars(budget), "governs": governs},
        "can_cap": machine.can_cap,
        "why": {name: reading.why for name, reading in readings.items() if reading.why},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _figure(reading: SensorValue[Any], form: str, *, note: bool = False) -> str:
    if reading.value is None:
        return f"- ({reading.why})"
    return form.format(reading.value) + (f" ({reading.why})" if note and reading.why else "")


def _frequency_text(policies: tuple[Frequency, ...]) -> str:
    def ghz(values: list[int | None]) -> str:
        known = sorted({value for value in values if value is not None})
        if not known:
            return "?"
        low, high = known[0] / 1e6, known[-1] / 1e6
        return f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"

    if not policies:
        return "- (this machine does not tell its frequency)"
    now = ghz([policy.now_khz for policy in policies])
    allowed = ghz([*(policy.low_khz for policy in policies), *(policy.high_khz for policy in policies)])
    most = ghz([policy.hardware_high_khz for policy in policies])
    return f"{now} GHz now, {allowed} allowed, {most} possible"


def _budget_text(machine: Overview, budget: Budget, *, governs: bool) -> str:
    said = (
        f"{budget.watts:g} W for the box, {budget.package_watts:g} W of it for the processor; {budget.max_celsius:g} °C"
    )
    if not governs:
        return f'{said}; not held: power.govern is "off"'
    ways = []
    if machine.power_limit.value is not None:
        ways.append("the processor's power limit")
    if machine.frequency_steps.value is not None:
        ways.append("its frequency")
    ways.append("the engine's threads and rests")
    if machine.power_limit.value is None and machine.sample.package_watts.value is None:
        missing = "nothing measures or limits them here"
        if machine.sample.battery_watts.value is not None:
            missing = "the battery tells them too late and too seldom to hold anything by"
        said += f"; the watts cannot be held, since {missing}"
        if machine.sample.celsius.value is None:
            return said
        return f"{said}; `seesay run` holds the temperature by {' and '.join(ways)}"
    return f"{said}; `seesay run` holds it by {', then '.join(ways)}"
