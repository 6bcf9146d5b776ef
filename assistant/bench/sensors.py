"""Reads this machine's energy and temperature for the benchmark: numbers, or nothing.

A figure that no sensor gave is None and is printed as "not measurable here". Watts are never computed from anything
else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from assistant.machine.power import EnergyCounter, EnergyMeter, Sysfs
from assistant.machine.power.readings import cpu_celsius

NOT_MEASURABLE = "not measurable here"
_OF_WHAT = "the processor packages (RAPL), without memory modules, disk, screen and fan"


Lap = Callable[[], "float | None"]
"""Joules since the call before; None: not measurable here, or not all the time since then. For one thread."""


class Sensors(Protocol):
    """Sensors may be read from any thread. A reading takes well under a millisecond."""

    @property
    def energy_source(self) -> str:
        """What the joules belong to, or why there are none."""

    def meter(self) -> Lap:
        """A new energy meter that starts now. Whoever measures takes one of its own."""

    def celsius(self) -> float | None:
        """The processor's temperature in degrees Celsius. None: not measurable here."""


class MachineSensors:
    """Sensors that read Linux's own files."""

    def __init__(self, sysfs: Sysfs | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._sysfs = sysfs or Sysfs()
        self._energy = EnergyCounter(self._sysfs, clock)
        first = self._energy.read()
        known = first.value is not None
        self.energy_source = f"of {_OF_WHAT}" if known else f"{NOT_MEASURABLE}: {first.why}"

    def meter(self) -> Lap:
        meter = EnergyMeter(self._energy)
        meter.start()
        return lambda: meter.lap().value

    def celsius(self) -> float | None:
        return cpu_celsius(self._sysfs).value


def this_machine() -> Sensors:
    return MachineSensors()
