"""Counts the joules of the processor packages, from the counters of Linux's powercap tree.

Intel's RAPL counters are there, and AMD's are in the same place. A counter rises in microjoules and wraps to 0 at
`max_energy_range_uj`. Most counters wrap after an hour or more; the shortest (65 kJ) wraps after 11 minutes at 100 W.
At most one wrap between two readings can be noticed, so the counter must be read often; the power thread reads it once
a second. There is no figure if a second wrap may have passed unseen. There is none either if the counter jumps by more
than any processor can take, because some counters begin at 0 after a suspension.

Only packages are counted. Their parts (core, uncore) are contained in them. The zone "psys" and the second path to the
same counters (intel-rapl-mmio) would count the joules twice. The joules of memory modules, disk, screen and fan are not
included.
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
# No package of a PC takes more watts. So a counter wraps at most once within its range divided by this power, and a
# larger rise is not a real one.
_MOST_WATTS = 400.0
_SLACK_SECONDS = 0.1  # by how much the time of a reading may be wrong
_SAFE_SECONDS = 600.0  # where the machine does not state the counter's range; a wrap is then noticed but not counted
_STANDSTILL_SECONDS = 0.1  # real counters move every millisecond, even in an idle machine
_PACKAGE_ZONE = re.compile(r"intel-rapl:\d+")
_HISTORY_READINGS = 900  # one a second for a quarter of an hour, which is longer than any answer
NOTHING = "this machine has no energy counter (RAPL); virtual machines and old processors have none"
HOW_TO = "only root may read the energy counters (docs/power.md says how to permit it)"


@dataclass(frozen=True)
class Package:
    """One processor package."""

    folder: str  # below the root of Sysfs
    name: str  # "package-0"


def packages(sysfs: Sysfs) -> tuple[Package, ...]:
    """Returns the processor packages that have an energy counter."""
    found = []
    for zone in sysfs.names(POWERCAP):
        name = sysfs.text(f"{POWERCAP}/{zone}/name").value or ""
        if _PACKAGE_ZONE.fullmatch(zone) and name.startswith("package"):
            found.append(Package(f"{POWERCAP}/{zone}", name))
    return tuple(found)


class EnergyCounter:
    """Counts the joules of all packages from its first reading on. Any thread may read it."""

    def __init__(self, sysfs: Sysfs, clock: Callable[[], float] = time.monotonic) -> None:
        self._sysfs = sysfs
        self._clock = clock
        self._packages = packages(sysfs)
        self._ranges_uj = [sysfs.number(f"{each.folder}/max_energy_range_uj").value or 0 for each in self._packages]
        known = [each for each in self._ranges_uj if each]
        self._safe_seconds = min(known) / 1e6 / _MOST_WATTS if known else _SAFE_SECONDS
        self._lock = threading.Lock()  # guards all fields below
        self._last_uj: list[int] = []
        self._last_at = 0.0
        self._joules = 0.0
        self._breaks = 0

    def read(self) -> SensorValue[float]:
        """Returns the joules since the first reading, which gives 0, or why they are not known."""
        return self.read_with_breaks()[0]

    def read_with_breaks(self) -> tuple[SensorValue[float], int]:
        """Returns the joules, and how many readings have failed so far.

        Joules from before and after a failed reading must not be subtracted from each other.
        """
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
            if risen_uj > most_uj:  # after a suspension some counters begin at 0 again, which is not a wrap
                return SensorValue(None, "the energy counter has jumped, as after a suspension of the machine")
            passed_uj += risen_uj
        if passed_uj == 0 and seconds > _STANDSTILL_SECONDS:
            return SensorValue(None, "the energy counter stands still: this machine only pretends to have one")
        self._joules += passed_uj / 1e6
        return SensorValue(self._joules)


class EnergyMeter:
    """Measures joules from lap to lap. All programs' joules count. Only one thread may use it at a time."""

    def __init__(self, counter: EnergyCounter) -> None:
        self._counter = counter
        self._began, self._breaks = SensorValue[float](None, "the meter was not started"), 0

    def start(self) -> None:
        self._began, self._breaks = self._counter.read_with_breaks()

    def lap(self) -> SensorValue[float]:
        """Returns the joules since the lap before or `start`.

        There is a reason instead of a figure where the counter cannot be read, or could not at some time in between.
        """
        began, breaks_then = self._began, self._breaks
        self._began, self._breaks = ended, breaks = self._counter.read_with_breaks()
        if began.value is None or ended.value is None:
            return began if ended.value is not None else ended
        if breaks != breaks_then:
            return SensorValue(None, "the energy counter could not be read all the time")
        return SensorValue(ended.value - began.value)


class EnergyHistory:
    """Tells the joules from any moment of the last quarter of an hour until now.

    It serves work whose beginning is known only afterwards. `note` must be called once a second. Between two readings a
    straight line is assumed, so a figure may be wrong by the joules of half a second.
    """

    def __init__(self, counter: EnergyCounter, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._clock = clock
        self._lock = threading.Lock()
        self._readings: deque[tuple[float, float]] = deque(maxlen=_HISTORY_READINGS)  # at, joules; none failed between
        self._breaks = 0

    def note(self) -> SensorValue[float]:
        """Reads the counter and keeps the reading. Returns it."""
        with self._lock:
            return self._note()

    def since(self, moment: float) -> SensorValue[float]:
        """Returns the joules from a moment (monotonic seconds) until now, or why they are not known."""
        with self._lock:  # held over both: after a failed reading another thread's `note` clears the list
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
