"""Reads what the machine tells about its power: watts, temperature, frequencies and the battery.

All files are read below one root. Where there is no figure, there is a reason. There are two kinds of watts: those of
the processor packages (RAPL), and those of the whole box while a battery discharges. This module sets nothing and
decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.machine.power.energy import EnergyCounter
from assistant.machine.power.sysfs import SensorValue, Sysfs

CPUFREQ = "sys/devices/system/cpu/cpufreq"
_THERMAL = "sys/class/thermal"
_HWMON = "sys/class/hwmon"
_SUPPLIES = "sys/class/power_supply"
_SHORTEST_SECONDS = 0.05  # the least time between two readings; over a shorter one the error is too large

# (chip, start of the sensor's label) in the order of trust; "" means any label.
_CHIPS = (("coretemp", "Package id"), ("k10temp", "Tdie"), ("k10temp", "Tctl"), ("zenpower", "Tdie"), ("zenpower", ""))
_CPU_ZONES = ("cpu", "soc", "core", "acpitz")  # a thermal zone with such a name may be the processor's
_PLAUSIBLE_CELSIUS = (1.0, 125.0)  # dead sensors say 0, -273 or 255


@dataclass(frozen=True)
class Frequency:
    """The frequencies of one policy, which is a group of cores that change their frequency together."""

    policy: str
    now_khz: int | None
    low_khz: int | None  # the lowest that is allowed now
    high_khz: int | None
    hardware_low_khz: int | None  # the lowest that the hardware can do
    hardware_high_khz: int | None


@dataclass(frozen=True)
class PowerSample:
    """All sensors at one moment."""

    at: float  # monotonic seconds
    package_watts: SensorValue[float]  # the processor packages; mean since the sample before
    battery_watts: SensorValue[float]  # the whole box, while it runs from a battery
    celsius: SensorValue[float]
    busy_cores: SensorValue[float]  # logical cores that worked; mean since the sample before


class PowerReader:
    """Reads samples. Only one thread may use it at a time.

    Watts need two readings of the joules. The constructor takes the first one.
    """

    def __init__(
        self, sysfs: Sysfs, energy: EnergyCounter | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.energy = energy or EnergyCounter(sysfs, clock)
        self._sysfs = sysfs
        self._clock = clock
        self._joules: tuple[float, float] | None = None  # at, joules
        self._busy: tuple[float, float] | None = None
        self.sample()

    def sample(self) -> PowerSample:
        """Reads all sensors now."""
        return PowerSample(
            at=self._clock(),
            package_watts=self._package_watts(),
            battery_watts=battery_watts(self._sysfs),
            celsius=cpu_celsius(self._sysfs),
            busy_cores=self._busy_cores(),
        )

    def _package_watts(self) -> SensorValue[float]:
        now, joules = self._clock(), self.energy.read()
        before, self._joules = self._joules, None if joules.value is None else (now, joules.value)
        return joules if joules.value is None else _rate(before, (now, joules.value))

    def _busy_cores(self) -> SensorValue[float]:
        now, busy = self._clock(), busy_core_seconds(self._sysfs)
        before, self._busy = self._busy, None if busy.value is None else (now, busy.value)
        return busy if busy.value is None else _rate(before, (now, busy.value))


def _rate(before: tuple[float, float] | None, now: tuple[float, float]) -> SensorValue[float]:
    if before is None or now[0] - before[0] < _SHORTEST_SECONDS:
        return SensorValue(None, "it takes two readings, some time apart")
    return SensorValue((now[1] - before[1]) / (now[0] - before[0]))


def busy_core_seconds(sysfs: Sysfs) -> SensorValue[float]:
    """Returns the seconds that all logical cores together have worked since the machine started."""
    text = sysfs.text("proc/stat")
    if text.value is None:
        return SensorValue(None, text.why, text.refused)
    fields = text.value.split("\n", 1)[0].split()
    if len(fields) < 8 or fields[0] != "cpu":
        return SensorValue(None, f"{sysfs.path('proc/stat')} has an unknown form")
    user, nice, system, _idle, _waiting, irq, soft_irq = (int(field) for field in fields[1:8])
    return SensorValue((user + nice + system + irq + soft_irq) / 100.0)  # USER_HZ is 100 in every Linux for a PC


def cpu_celsius(sysfs: Sysfs) -> SensorValue[float]:
    """Returns the processor's temperature, of the hottest package if there are several. `why` names the sensor."""
    found = _zones(sysfs, lambda kind: kind == "x86_pkg_temp")
    for chip, label in _CHIPS:
        found = found or _chip(sysfs, chip, label)
    found = found or _zones(sysfs, lambda kind: any(name in kind.lower() for name in _CPU_ZONES))
    if not found:
        return SensorValue(None, "this machine tells no temperature of its processor")
    celsius, name = max(found)
    return SensorValue(celsius, name)


def _zones(sysfs: Sysfs, wanted: Callable[[str], bool]) -> list[tuple[float, str]]:
    folders = [f"{_THERMAL}/{name}" for name in sysfs.names(_THERMAL) if name.startswith("thermal_zone")]
    kinds = [(folder, sysfs.text(f"{folder}/type").value or "") for folder in folders]
    return _plausible([(sysfs.number(f"{folder}/temp"), kind) for folder, kind in kinds if wanted(kind)])


def _chip(sysfs: Sysfs, chip: str, label: str) -> list[tuple[float, str]]:
    readings = []
    for folder in (f"{_HWMON}/{name}" for name in sysfs.names(_HWMON)):
        if sysfs.text(f"{folder}/name").value != chip:
            continue
        for name in sysfs.names(folder):
            if name.startswith("temp") and name.endswith("_input"):
                said = sysfs.text(f"{folder}/{name.removesuffix('_input')}_label").value or ""
                if said.startswith(label):
                    readings.append((sysfs.number(f"{folder}/{name}"), f"{chip} {said}".strip()))
    return _plausible(readings)


def _plausible(readings: list[tuple[SensorValue[int], str]]) -> list[tuple[float, str]]:
    low, high = _PLAUSIBLE_CELSIUS
    known = [(reading.value / 1000.0, name) for reading, name in readings if reading.value is not None]
    return [(celsius, name) for celsius, name in known if low <= celsius <= high]


def battery_watts(sysfs: Sysfs) -> SensorValue[float]:
    """Returns the watts of the whole box, which are known only while it runs from its batteries."""
    watts, batteries = 0.0, 0
    for folder in (f"{_SUPPLIES}/{name}" for name in sysfs.names(_SUPPLIES)):
        # A mouse or a headset has a battery too, whose scope is "Device". It is left out.
        if sysfs.text(f"{folder}/type").value != "Battery" or sysfs.text(f"{folder}/scope").value == "Device":
            continue
        batteries += 1
        if sysfs.text(f"{folder}/status").value == "Discharging":
            power = _discharge_watts(sysfs, folder)
            if power.value is None:
                return power
            watts += power.value
    if not batteries:
        return SensorValue(None, "this machine has no battery")
    return (
        SensorValue(watts)
        if watts > 0
        else SensorValue(None, "the battery does not discharge: the box runs from the mains")
    )


def battery_percent(sysfs: Sysfs) -> SensorValue[float]:
    """Returns the charge of the box's batteries, which counts only while it runs from them.

    Of several it is the mean.
    """
    charges, discharges = [], False
    for folder in (f"{_SUPPLIES}/{name}" for name in sysfs.names(_SUPPLIES)):
        if sysfs.text(f"{folder}/type").value != "Battery" or sysfs.text(f"{folder}/scope").value == "Device":
            continue
        charge = sysfs.number(f"{folder}/capacity")
        if charge.value is not None:
            charges.append(float(charge.value))
        discharges = discharges or sysfs.text(f"{folder}/status").value == "Discharging"
    if not discharges:
        return SensorValue(None, "the box runs from the mains")
    if not charges:
        return SensorValue(None, "the battery does not tell its charge")
    return SensorValue(sum(charges) / len(charges))


def _discharge_watts(sysfs: Sysfs, folder: str) -> SensorValue[float]:
    power = sysfs.number(f"{folder}/power_now")
    if power.value is not None:
        return SensorValue(abs(power.value) / 1e6)  # some drivers give a negative value while the battery discharges
    current, voltage = sysfs.number(f"{folder}/current_now"), sysfs.number(f"{folder}/voltage_now")
    if current.value is None or voltage.value is None:
        return SensorValue(None, "the battery does not say how fast it discharges")
    return SensorValue(abs(current.value) / 1e6 * voltage.value / 1e6)


def frequencies(sysfs: Sysfs) -> tuple[Frequency, ...]:
    """Returns the frequencies of every policy. There is none where the machine has no cpufreq."""
    found = []
    for policy in sysfs.names(CPUFREQ):
        if policy.startswith("policy"):
            names = ("scaling_cur_freq", "scaling_min_freq", "scaling_max_freq", "cpuinfo_min_freq", "cpuinfo_max_freq")
            found.append(Frequency(policy, *(sysfs.number(f"{CPUFREQ}/{policy}/{name}").value for name in names)))
    return tuple(found)


def box_watts(sample: PowerSample, other_watts: float) -> SensorValue[float]:
    """Returns the watts of the whole box, or of the processor alone where the rest is not known. `why` says which.

    They are measured at the battery if it tells them. Else they are the watts of the packages plus `other_watts`, which
    is the config's figure for the rest of the box.
    """
    if sample.battery_watts.value is not None:
        return SensorValue(sample.battery_watts.value, "whole box, measured at the battery")
    if sample.package_watts.value is None:
        return sample.package_watts
    if other_watts > 0:
        said = f"processor measured, {other_watts:g} W for the rest of the box as stated in power.other_watts"
        return SensorValue(sample.package_watts.value + other_watts, said)
    return SensorValue(sample.package_watts.value, "processor only: what the rest of the box takes is not known")
