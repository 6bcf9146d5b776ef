"""The table of docs/power.md: how well the governor holds four simulated boxes, and three with more noise.

    python -m tests.assistant.machine.power.governor_table

Each figure of a line is the worst of 20 runs. The first 10 s of a run do not count.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assistant.machine.power.governor import Goal, Governor
from tests.assistant.machine.power.simulated_machine import Plant, SimulatedMachine, Trace, best_speed
from tests.assistant.machine.power.test_governor import (
    AMD,
    BUDGET_WATTS,
    FANLESS,
    MAX_CELSIUS,
    NUC,
    REFUSING,
    share_within,
)

RUNS = 20
LATE_SECOND = 1200  # for a box without a fan, which is warm by then


@dataclass(frozen=True)
class Held:
    """The figures of one run."""

    within: float
    of_best: float
    highest: float
    changes: int


def watts_held(plant: Plant, seed: int) -> Held:
    trace = SimulatedMachine(plant, seed).run(Governor(Goal(BUDGET_WATTS, 95.0), plant.box), 600.0)
    seconds = trace.seconds_of_watts()
    of_best = trace.mean_speed() / best_speed(plant, BUDGET_WATTS)
    return Held(share_within(seconds, BUDGET_WATTS), of_best, max(seconds), trace.changes())


def heat_held(plant: Plant, seed: int) -> Held:
    trace = SimulatedMachine(plant, seed).run(Governor(Goal(None, MAX_CELSIUS), plant.box), 1800.0)
    celsius = trace.celsius[100:]
    lasting_watts = (MAX_CELSIUS - plant.ambient_celsius) / plant.kelvin_per_watt
    of_best = trace.mean_speed() / best_speed(plant, lasting_watts)
    return Held(share_within(celsius, MAX_CELSIUS), of_best, max(celsius), trace.changes(LATE_SECOND))


def ungoverned(plant: Plant, seconds: float) -> Trace:
    full = Governor(Goal(None, math.inf), replace(plant.box, has_limit=False))
    return SimulatedMachine(plant).run(full, seconds)


def rows() -> Iterator[tuple[str, str, str, str, str, str]]:
    yield ("box", "without", "within the budget", "of the best", "highest", "new settings")
    yield ("---",) * 6
    noisy = {"power_noise": 0.05, "sensor_noise": 0.02}
    boxes = {
        "NUC: its own limits": NUC,
        "AMD mini PC: four frequencies": AMD,
        "only threads and rests": REFUSING,
        "NUC, more noise": replace(NUC, **noisy),  # type: ignore[arg-type]  # both are floats
        "AMD mini PC, more noise": replace(AMD, **noisy),  # type: ignore[arg-type]
        "only threads and rests, more noise": replace(REFUSING, **noisy),  # type: ignore[arg-type]
    }
    for name, plant in boxes.items():
        mean = sum(ungoverned(plant, 60.0).watts) / 600
        yield row(name, f"{mean:.1f} W", "W", [watts_held(plant, seed) for seed in range(RUNS)])
    hottest = max(ungoverned(FANLESS, 1800.0).celsius)
    held = [heat_held(FANLESS, seed) for seed in range(RUNS)]
    yield row(f"no fan, no watts told, {MAX_CELSIUS:g} °C", f"{hottest:.0f} °C", "°C", held)


def row(name: str, without: str, unit: str, held: list[Held]) -> tuple[str, str, str, str, str, str]:
    within = 100 * min(one.within for one in held)
    return (
        name,
        without,
        f"{math.floor(100 * within) / 100:g} %",
        f"{100 * min(one.of_best for one in held):.1f} %",
        f"{max(one.highest for one in held):.2f} {unit}",
        f"{max(one.changes for one in held)}",
    )


if __name__ == "__main__":
    for cells in rows():
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
