"""Sets what keeps a machine's power down: the processor's own limit (RAPL) and the highest frequency (cpufreq).

Every value is read back, because firmware may have locked it and other services (thermald) set it too. What is reported
is the value that the machine holds, not the one that was asked for. A machine's own lower value is never raised.
This module decides nothing; the governor does. It does not put old values back; `RestoredSettings` does.
"""

from __future__ import annotations

from assistant.machine.power.energy import Package, packages
from assistant.machine.power.readings import CPUFREQ
from assistant.machine.power.restored_settings import RestoredSettings
from assistant.machine.power.sysfs import SensorValue, Sysfs

_LIMITS = ("long_term", "short_term")  # PL1 is a moving average, PL2 is for moments; both are set, or there are peaks
_CONSTRAINTS = 3
_NEAR_ENOUGH_WATTS = 0.5  # the hardware counts in steps of an eighth of a watt
_STEP_KHZ = 100_000
_NO_LIMITS = "this machine has no power limits that could be set (AMD processors and virtual machines have none)"
_NO_CPUFREQ = "this machine does not let its frequency be set (no cpufreq, as in virtual machines)"


def power_limits(sysfs: Sysfs) -> SensorValue[float]:
    """Returns the power limit in force (PL1, watts, all packages together), or why this user cannot change it."""
    files = [_constraint(sysfs, package, "long_term") for package in packages(sysfs)]
    known = [file for file in files if file is not None]
    if not known or len(known) < len(files):
        return SensorValue(None, _NO_LIMITS)
    watts = 0.0
    for file in known:
        limit = sysfs.number(file)
        if limit.value is None:
            return SensorValue(None, limit.why, limit.refused)
        if problem := sysfs.refusal(file):
            return SensorValue(None, problem, refused=True)
        watts += limit.value / 1e6
    return SensorValue(watts)


def frequency_shares(sysfs: Sysfs) -> SensorValue[tuple[float, ...]]:
    """Returns the shares of the highest frequency that can be set, rising to 1, or why this user cannot set them."""
    policies = _policies(sysfs)
    if not policies:
        return SensorValue(None, _NO_CPUFREQ)
    for policy in policies:
        high = sysfs.number(f"{policy}/scaling_max_freq")
        if high.value is None:
            return SensorValue(None, high.why, high.refused)
        if problem := sysfs.refusal(f"{policy}/scaling_max_freq"):
            return SensorValue(None, problem, refused=True)
    # The shares are those of the first policy. Where cores differ, each gets the same share of its own frequency.
    first = policies[0]
    low = sysfs.number(f"{first}/cpuinfo_min_freq").value or 0
    high_khz = sysfs.number(f"{first}/cpuinfo_max_freq").value or 0
    listed = (sysfs.text(f"{first}/scaling_available_frequencies").value or "").split()
    if not 0 < low < high_khz:
        return SensorValue(None, f"{sysfs.path(first)} does not say which frequencies there are")
    steps = {int(khz) for khz in listed if khz.isdecimal()} or set(range(low, high_khz, _STEP_KHZ))
    return SensorValue(tuple(sorted(khz / high_khz for khz in steps | {high_khz} if low <= khz <= high_khz)))


def anything_to_set(sysfs: Sysfs) -> bool:
    """Returns True if this user may set the power limit or the frequency."""
    return power_limits(sysfs).value is not None or frequency_shares(sysfs).value is not None


class PowerLimits:
    """Sets the power limit and the frequency. `borrowed` keeps the old values and puts them back."""

    def __init__(self, sysfs: Sysfs, borrowed: RestoredSettings) -> None:
        self._sysfs = sysfs
        self._borrowed = borrowed
        self._packages = packages(sysfs)
        self._wanted_khz: dict[str, int] = {}  # the frequency that was asked for, by file

    def cap(self, watts: float) -> SensorValue[float]:
        """Limits all packages together. Returns the watts that the machine holds now, or why it holds none.

        They are fewer than asked for where the machine's own limit was lower, because a lower limit stays.
        """
        held = 0.0
        for package in self._packages:
            share = self._cap_one(package, watts / len(self._packages))
            if share.value is None:
                return share
            held += share.value
        return SensorValue(held) if self._packages else SensorValue(None, _NO_LIMITS)

    def slow(self, share: float) -> str:
        """Asks that each core's highest frequency be this share of what its hardware can. Returns "" or why not.

        A frequency that was lower before is not raised. The kernel acts a moment later, so reading the value back at
        once says nothing. Call `not_slowed` later to find out.
        """
        for policy in _policies(self._sysfs):
            file = f"{policy}/scaling_max_freq"
            most = self._sysfs.number(f"{policy}/cpuinfo_max_freq").value
            before = self._borrowed.before(file).value
            least = self._sysfs.number(f"{policy}/cpuinfo_min_freq").value or 0
            if most is None or before is None:
                return f"{self._sysfs.path(policy)} does not say which frequencies there are"
            wanted = min(before, max(least, round(most * share)))
            if self._sysfs.number(file).value == wanted == self._wanted_khz.get(file, wanted):
                continue
            if problem := self._borrowed.set(file, wanted):
                return problem
            self._wanted_khz[file] = wanted
        return ""

    def not_slowed(self) -> str:
        """Returns a sentence that names a core which may still be faster than was asked for, or "" if there is none."""
        for file, wanted in self._wanted_khz.items():
            held = self._sysfs.number(file).value
            if held is None or held > wanted + _STEP_KHZ:
                return f"{self._sysfs.path(file)} was set to {wanted / 1e6:.1f} GHz and holds {(held or 0) / 1e6:.1f}"
        return ""

    def _cap_one(self, package: Package, watts: float) -> SensorValue[float]:
        enabled = f"{package.folder}/enabled"
        if self._sysfs.number(enabled).value == 0 and (problem := self._borrowed.set(enabled, 1)):
            return SensorValue(None, problem, refused=True)
        held = SensorValue[float](None, _NO_LIMITS)
        for name in reversed(_LIMITS):  # the short one first: on some machines it must not lie below the long one
            file = _constraint(self._sysfs, package, name)
            if file is None:
                continue
            before_uw = self._borrowed.before(file).value or round(watts * 1e6)  # 0 means that there is no limit
            wanted = min(before_uw, round(watts * 1e6)) / 1e6
            if problem := self._borrowed.set(file, round(wanted * 1e6)):
                return SensorValue(None, problem, refused=True)
            held = self._sysfs.number(file).map(lambda microwatts: microwatts / 1e6)
            if held.value is not None and abs(held.value - wanted) > _NEAR_ENOUGH_WATTS:
                return SensorValue(
                    None,
                    f"the power limit ({name}) was set to {wanted:.1f} W and holds {held.value:.1f} W: the firmware or another "
                    "service sets it as well (look in the BIOS; `systemctl status thermald`)",
                )
        return held


def _constraint(sysfs: Sysfs, package: Package, name: str) -> str | None:
    for number in range(_CONSTRAINTS):
        if sysfs.text(f"{package.folder}/constraint_{number}_name").value == name:
            return f"{package.folder}/constraint_{number}_power_limit_uw"
    return None


def _policies(sysfs: Sysfs) -> list[str]:
    return [f"{CPUFREQ}/{name}" for name in sysfs.names(CPUFREQ) if name.startswith("policy")]
