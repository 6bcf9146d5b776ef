"""What this machine tells of its energy and its temperature, as the benchmark wants it: two numbers, or nothing.

A figure that no sensor gave is None and is printed as "not measurable here": watts are never computed from anything else.
"""

from __future__ import annotations

import threading
from typing import Protocol

from assistant.power import EnergyCounter, Sysfs
from assistant.power.readings import cpu_celsius

NOT_MEASURABLE = "not measurable here"
_OF_WHAT = "the processor packages (RAPL), without memory modules, disk, screen and fan"


class Sensors(Protocol):
    """Safe from any thread; both take well under a millisecond."""

    @property
    def energy_source(self) -> str:
        """What the joules are of, or why there are none."""

    def joules(self) -> float | None:
        """Since some moment, never less than before. None: not measurable here."""

    def celsius(self) -> float | None:
        """Of the processor. None: not measurable here."""


class MachineSensors:
    """Linux's own files."""

    def __init__(self, sysfs: Sysfs | None = None) -> None:
        self._sysfs = sysfs or Sysfs()
        self._energy = EnergyCounter(self._sysfs)
        self._reading = threading.Lock()  # the recorder's thread and the one that measures both ask
        first, self._breaks = self._energy.read_with_breaks()
        known = first.value is not None
        self.energy_source = f"of {_OF_WHAT}" if known else f"{NOT_MEASURABLE}: {first.why}"

    def joules(self) -> float | None:
        with self._reading:
            joules, breaks = self._energy.read_with_breaks()
        return joules.value if breaks == self._breaks else None  # some were lost: no figure rather than a smaller one

    def celsius(self) -> float | None:
        return cpu_celsius(self._sysfs).value


def this_machine() -> Sensors:
    return MachineSensors()
