"""Joules of the processor packages, from the counters of Linux's powercap tree (Intel's RAPL, AMD's in the same place).

A counter rises in microjoules and begins again at `max_energy_range_uj`: after an hour or more for most, after 11
minutes at 100 W for the shortest (65 kJ). Between two readings at most one such turn can be told, so whoever wants
joules over a longer time reads in between (the power thread does each second). What could hide a second one is not told
at all, nor is a jump that no processor can take: some counters begin at 0 after a suspension.

It counts packages only. Their parts (core, uncore) are contained in them; the zone "psys" and the second way to the
same counters (intel-rapl-mmio) would count twice. Memory modules, disk, screen and fan are not in these joules.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from assistant.machine.power.sysfs import SensorValue, Sysfs

POWERCAP = "sys/class/powercap"
# No package of a PC takes more: within (range / this) a counter goes round at most once, and a larger rise was none.
_MOST_WATTS = 400.0
_SLACK_SECONDS = 0.1  # of the moment of a reading
_SAFE_SECONDS = 600.0  # where the machine does not say its range: a fall is noticed, and nothing is made of it
_STANDSTILL_SECONDS = 0.1  # real counters move every millisecond, also in a machine that sleeps
_PACKAGE_ZONE = re.compile(r"intel-rapl:\d+")
_HISTORY_READINGS = 900  # a quarter of an hour, at one a second: longer than any answer
NOTHING = "this machine has no energy counter (RAPL); virtual machines and old processors have none"
HOW_TO = "only root may read the energy counters (docs/power.md says how to permit it)"


@dataclass(frozen=True)
class Package:
    """One processor package, as a folder below the root."""

    folder: str
    name: str  # "package-0"


def packages(sysfs: Sysfs) -> tuple[Package, ...]:
    found = []
    for zone in sysfs.names(POWERCAP):
        name = sysfs.text(f"{POWERCAP}/{zone}/name").value or ""
        if _PACKAGE_ZONE.fullmatch(zone) and name.startswith("package"):
            found.append(Package(f"{POWERCAP}/{zone}", name))
    return tuple(found)


class EnergyCounter:
    """The joules of all packages since it was made. Any thread may read it."""

    def __init__(self, sysfs: Sysfs, clock: Callable[[], float] = time.monotonic) -> None:
        self._sysfs = sysfs
        self._clock = clock
        self._packages = packages(sysfs)
        self._ranges_uj = [sysfs.number(f"{each.folder}/max_energy_range_uj").value or 0 for each in self._packages]
        known = [each for each in self._ranges_uj if each]
        self._safe_seconds = min(known) / 1e6 / _MOST_WATTS if known else _SAFE_SECONDS
        self._lock = threading.Lock()  # over all below
        self._last_uj: list[int] = []
        self._last_at = 0.0
        self._joules = 0.0
        self._breaks = 0

    def read(self) -> SensorValue[float]:
        """Joules since the first reading, which gives 0; None where it cannot be said."""
        return self.read_with_breaks()[0]

    def read_with_breaks(self) -> tuple[SensorValue[float], int]:
        """Also how often it could not be said before: across such a break, joules cannot be subtracted."""
        with self._lock:
            reading = self._read()
            if reading.value is None:
                self._breaks += 1
            return reading, self._breaks

    def _read(self) -> SensorValue[float]:
        if not self._packages:
            return SensorValue(None, NOTHING)
        now, before = self._clock(), self._last_uj
        seconds = now - self._last_at
        self._last_uj = []
        fresh: list[int] = []
        for package in self._packages:
            energy = self._sysfs.number(f"{package.folder}/energy_uj")
            if energy.value is None:
                return SensorValue(None, HOW_TO if energy.refused else energy.why, energy.refused)
            fresh.append(energy.value)
        self._last_uj, self._last_at = fresh, now
        if not before:
            return SensorValue(self._joules)
        if seconds > self._safe_seconds:
            return SensorValue(None, f"the energy counters were not read for {seconds:.0f} s and may have gone round")
        passed_uj, most_uj = 0, _MOST_WATTS * (seconds + _SLACK_SECONDS) * 1e6
        for old, new, range_uj in zip(before, fresh, self._ranges_uj, strict=True):
            if new < old and not range_uj:
                return SensorValue(None, "the energy counter went round, and the machine does not say where")
            risen_uj = new - old + (range_uj if new < old else 0)
            if risen_uj > most_uj:  # after a suspension counters begin at 0 again: that is no turn
                return SensorValue(None, "the energy counter has jumped, as after a suspension of the machine")
            passed_uj += risen_uj
        if passed_uj == 0 and seconds > _STANDSTILL_SECONDS:
            return SensorValue(None, "the energy counter stands still: this machine only pretends to have one")
        self._joules += passed_uj / 1e6
        return SensorValue(self._joules)


class EnergyMeter:
    """Joules from lap to lap: those of all the machine's packages, whoever used them. One thread at a time."""

    def __init__(self, counter: EnergyCounter) -> None:
        self._counter = counter
        self._began, self._breaks = SensorValue[float](None, "the meter was not started"), 0

    def start(self) -> None:
        self._began, self._breaks = self._counter.read_with_breaks()

    def lap(self) -> SensorValue[float]:
        """Since the lap before, or `start`; None and why where the machine does not tell, or did not at some time in
        between.
        """
        began, breaks_then = self._began, self._breaks
        self._began, self._breaks = ended, breaks = self._counter.read_with_breaks()
        if began.value is None or ended.value is None:
            return began if ended.value is not None else ended
        if breaks != breaks_then:
            return SensorValue(None, "the energy counter could not be read all the time")
        return SensorValue(ended.value - began.value)


class EnergyHistory:
    """Joules between any moment of the last minutes and now: for work whose beginning is known only when it has begun.

    Filled once a second; in between it is a straight line, so a figure is exact to what half a second may take.
    """

    def __init__(self, counter: EnergyCounter, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._clock = clock
        self._lock = threading.Lock()
        self._readings: deque[tuple[float, float]] = deque(maxlen=_HISTORY_READINGS)  # at, joules; without a break
        self._breaks = 0

    def note(self) -> SensorValue[float]:
        """Read the counter, and keep it. Returns the reading."""
        with self._lock:
            return self._note()

    def since(self, moment: float) -> SensorValue[float]:
        """Joules from a moment (monotonic seconds) until now."""
        with self._lock:  # from the reading on: another thread's may come after a break, and clear them
            now, readings = self._note(), list(self._readings)
        if now.value is None:
            return now
        later = next((place for place, (at, _) in enumerate(readings) if at >= moment), len(readings) - 1)
        if later == 0 and readings[0][0] > moment:
            return SensorValue(None, "the energy counter was not read before")
        (at_0, joules_0), (at_1, joules_1) = readings[max(0, later - 1)], readings[later]
        share = (moment - at_0) / (at_1 - at_0) if at_1 > at_0 else 1.0
        return SensorValue(now.value - (joules_0 + min(1.0, share) * (joules_1 - joules_0)))

    def _note(self) -> SensorValue[float]:
        reading, breaks = self._counter.read_with_breaks()
        if breaks != self._breaks:
            self._readings.clear()
            self._breaks = breaks
        if reading.value is not None:
            self._readings.append((self._clock(), reading.value))
        return reading
