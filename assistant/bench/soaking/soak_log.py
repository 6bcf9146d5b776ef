"""The log of a soak: what it records of every turn, and the spreads, slopes and failures that follow from it.

Figures are kept as plain numbers, 80 bytes for each turn, so that the log itself is no leak. It asks and prints
nothing.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isnan, nan
from pathlib import Path
from statistics import fmean, median
from typing import Any

from assistant.bench.sensors import Sensors
from assistant.bench.soaking.slope import Slope, after_warm_up, climbs, slope_of, spread_of
from assistant.bench.task import numbers_in

COLUMNS = (
    "seconds",  # from the beginning of the soak to the turn's end
    "total_seconds",
    "first_sound_seconds",
    "resident_bytes",
    "anonymous_bytes",
    "peak_bytes",  # of the process since it was started
    "threads",
    "open_files",
    "celsius",
    "joules",  # for the turn and the pause before it
)
_LEAST_ROUNDS, _WIDER = 10, 3.0  # needed before growth may end a soak
# Memory may grow by this much between beginning and end, besides what the limit allows: a cache that fills late, or
# an arena of the allocator. More is a jump.
_JUMP_SHARE, _JUMP_BYTES = 0.05, 32e6
PROMISED_BYTES = 8e9
MEMORY = {"resident_bytes": "resident memory", "anonymous_bytes": "memory of its own"}
COUNTS = {"threads": "threads", "open_files": "open files"}


@dataclass(frozen=True)
class Asked:
    """How one turn went."""

    total_seconds: float | None
    first_sound_seconds: float | None
    error: str = ""


class Log:
    """Holds a column of numbers for every figure that is read; NaN where a figure is not known."""

    def __init__(self, cycle: int, every_seconds: float = 60.0) -> None:
        self.columns = {name: array("d") for name in COLUMNS}
        self.cycle = cycle  # turns until the same question comes up again
        self.is_compressed = every_seconds < 60
        self.errors: list[str] = []  # at most one, because the first ends the soak
        self.late = 0  # turns that could not begin in time, because the last one took too long

    def add(self, figures: Mapping[str, float | None]) -> None:
        for name, column in self.columns.items():
            value = figures.get(name)
            column.append(nan if value is None else value)

    @property
    def turns(self) -> int:
        return len(self.columns["seconds"])

    def settled(self, name: str) -> list[float]:
        """The known figures of a column after the warm-up."""
        column = self.columns[name]
        return [value for value in column[after_warm_up(len(column), self.cycle) :] if not isnan(value)]

    def slope(self, name: str) -> Slope | None:
        """The slope of a column in bytes, as megabytes per hour. None if there are too few figures."""
        first = after_warm_up(self.turns, self.cycle)
        pairs = zip(self.hours()[first:], self.columns[name][first:], strict=True)
        known = [(hour, value / 1e6) for hour, value in pairs if not isnan(value)]
        return slope_of([hour for hour, _ in known], [value for _, value in known], self.cycle)

    def growth(self, name: str) -> float | None:
        """The difference from the first quarter's level to the last quarter's, or to the last round's if higher.

        Both quarters consist of whole rounds.
        """
        values = self.settled(name)
        quarter = len(values) // 4 // self.cycle * self.cycle
        if not quarter:
            return None
        return max(median(values[-quarter:]), median(values[-self.cycle :])) - median(values[:quarter])

    @property
    def peak_bytes(self) -> float | None:
        """The most memory that the process ever had, loading included."""
        return max((value for value in self.columns["peak_bytes"] if not isnan(value)), default=None)

    def hours(self) -> list[float]:
        """The hour of every turn's end. If turns come faster than one a minute, 60 of them count as an hour.

        Otherwise memory that grows with every turn would look the worse, the faster the machine is.
        """
        return [turn / 60 if self.is_compressed else at / 3600 for turn, at in enumerate(self.columns["seconds"])]

    def last(self, name: str) -> float | None:
        column = self.columns[name]
        return None if not column or isnan(column[-1]) else column[-1]


@dataclass(frozen=True)
class Process:
    """The memory, threads and open files of this process now."""

    resident_bytes: int | None
    anonymous_bytes: int | None
    threads: int | None
    open_files: int | None
    peak_bytes: int | None = None

    @staticmethod
    def now() -> Process:
        status = numbers_in(Path("/proc/self/status"))
        try:
            files: int | None = len(os.listdir("/proc/self/fd")) - 1  # without the one of the folder that is being read
        except OSError:
            files = None
        return Process(status.get("VmRSS"), status.get("RssAnon"), status.get("Threads"), files, status.get("VmHWM"))


def failures(log: Log, limit_mb_per_hour: float) -> list[str]:
    """A sentence for each failure; none if nothing failed."""
    found = list(log.errors)
    for name, title in MEMORY.items():
        slope = log.slope(name)
        if slope is not None and slope.low > limit_mb_per_hour:
            found.append(
                f"{title} grows by {slope.value:.1f} MB an hour, by {slope.low:.1f} at least, and {limit_mb_per_hour:g} is the limit"
            )
        elif jump := _jump(log, name, limit_mb_per_hour):
            found.append(f"{title} {jump}")
    if log.peak_bytes is not None and log.peak_bytes > PROMISED_BYTES:
        found.append(f"{log.peak_bytes / 1e9:.2f} GB of memory were taken, and {PROMISED_BYTES / 1e9:g} are promised")
    for name, title in COUNTS.items():
        values = log.settled(name)
        if climbs(values):
            found.append(f"{title} grow: {values[0]:.0f} after the warm-up, {values[-1]:.0f} at the end")
    return found


def _jump(log: Log, name: str, limit_mb_per_hour: float) -> str:
    """Finds a single step by its height.

    A step may not bend the line, or may make its interval too wide to say anything.
    """
    growth, values = log.growth(name), log.settled(name)
    if growth is None:
        return ""
    allowed = limit_mb_per_hour * 1e6 * log.hours()[-1] + max(_JUMP_SHARE * values[0], _JUMP_BYTES)
    if growth <= allowed:
        return ""
    return f"is larger by {growth / 1e6:.0f} MB at the end than after the warm-up, and {allowed / 1e6:.0f} are allowed"


def unknowns(log: Log, limit_mb_per_hour: float) -> list[str]:
    """A sentence for each kind of memory of which it is not known whether it grows; none if all is known."""
    found = []
    for name, title in MEMORY.items():
        slope = log.slope(name)
        if slope is None:
            found.append(f"whether {title} grows is not known: too few turns")
        elif slope.low <= limit_mb_per_hour < slope.high:
            found.append(
                f"whether {title} grows is not known: by up to {slope.high:.1f} MB an hour, and {limit_mb_per_hour:g} is the limit; "
                "its figures are too few or too uneven, and a longer soak may tell"
            )
    return found


def surely_grows(log: Log, limit_mb_per_hour: float) -> bool:
    """True if memory grows so certainly that the soak may end before its time.

    Whoever looks again and again finds growth by chance. So an interval three times as wide must lie above the limit.
    Then less than 3 % of runs of twelve hours that grow exactly by the limit end for nothing, at a correlation of 0.8
    from one figure to the next. With the plain interval nearly half of them would.
    """
    slopes = [log.slope(name) for name in MEMORY]
    return any(
        slope.value - _WIDER * (slope.value - slope.low) > limit_mb_per_hour
        for slope in slopes
        if slope is not None and slope.count >= _LEAST_ROUNDS * log.cycle
    )


def report(log: Log, limit_mb_per_hour: float, sensors: Sensors) -> dict[str, Any]:
    """The measurement as `--json` prints it."""
    memory = {}
    for name in MEMORY:
        slope, values = log.slope(name), log.settled(name)
        memory[name] = {
            "first": fmean(values[: log.cycle]) if values else None,  # the mean of a whole round of questions
            "last": fmean(values[-log.cycle :]) if values else None,
            "most": max(values, default=None),
            "mb_per_hour": None if slope is None else asdict(slope),
        }
    joules = log.settled("joules")
    return {
        "turns": log.turns,
        "hour_is_60_turns": log.is_compressed,
        "left_out_turns": after_warm_up(log.turns, log.cycle),
        "late_turns": log.late,
        "seconds": log.last("seconds"),
        "total_seconds": spread_of(log.settled("total_seconds")),
        "first_sound_seconds": spread_of(log.settled("first_sound_seconds")),
        "memory": memory,
        "peak_bytes": log.peak_bytes,
        **{name: _ends(log.settled(name)) for name in (*COUNTS, "celsius")},
        "joules_per_turn": fmean(joules) if joules else None,
        "energy_source": sensors.energy_source,
        "limit_mb_per_hour": limit_mb_per_hour,
        "errors": log.errors,
        "failures": failures(log, limit_mb_per_hour),
        "unknown": unknowns(log, limit_mb_per_hour),
    }


def _ends(values: list[float]) -> dict[str, float] | None:
    return {"first": values[0], "last": values[-1], "most": max(values)} if values else None
