"""How many threads the arithmetic gets. Knows the kernel's description of the processor, nothing of the model."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BY_DEFAULT = 4
_CPUS = Path("/sys/devices/system/cpu")


def arithmetic_threads(setting: int, cpus: Path = _CPUS) -> int:
    """The number of threads for a setting: itself, or for 0 the physical cores, at most 4.

    Two threads on one core share its arithmetic units: hyper-threads add heat, not speed.
    """
    if setting > 0:
        return setting
    return max(1, min(MOST_BY_DEFAULT, physical_cores(cpus)))


def let_idle_threads_sleep() -> None:
    """Call before torch is imported: OpenMP reads this once. What the user has set stays.

    By default its idle threads spin, which costs power, and time as soon as anything else wants the cores: on a busy
    two-core machine a token of an 8 M parameter model took 25 ms with spinning and 8 ms with sleeping threads.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def physical_cores(cpus: Path = _CPUS) -> int:
    """Physical cores that this process may use, from `cpu*/topology` in sysfs; half the logical ones where that is missing."""
    allowed = _allowed()
    cores = set()
    for topology in cpus.glob("cpu[0-9]*/topology"):
        number = int(topology.parent.name.removeprefix("cpu"))
        if allowed and number not in allowed:
            continue
        try:
            cores.add(tuple((topology / name).read_text().strip() for name in ("physical_package_id", "core_id")))
        except OSError:  # an offline processor has no core
            continue
    logical = len(allowed) or os.cpu_count() or 1
    return len(cores) or max(1, logical // 2)


def _allowed() -> set[int]:
    """Logical processors that this process may run on (a container or `taskset` may have fewer than the machine)."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    return os.sched_getaffinity(0)


def total_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """The machine's memory, None where nobody says."""
    return _kibibytes(meminfo, "MemTotal:")


def available_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that can be taken without swapping (Linux's own estimate), None where nobody says."""
    return _kibibytes(meminfo, "MemAvailable:")


def _kibibytes(meminfo: Path, key: str) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), None)
