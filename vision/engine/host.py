"""How many cores and how much memory this machine has, and how many threads the arithmetic gets.

It reads what the Linux kernel says about processor and memory, and knows nothing of the model.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

MOST_BY_DEFAULT = 4
_CPUS = Path("/sys/devices/system/cpu")


def arithmetic_threads(setting: int, cpus: Path = _CPUS) -> int:
    """The number of threads for a setting: the setting itself, or for 0 the physical cores, but at most 4.

    Two threads on one core share its arithmetic units, so hyper-threads add heat and no speed.
    """
    if setting > 0:
        return setting
    return max(1, min(MOST_BY_DEFAULT, physical_cores(cpus)))


def let_idle_threads_sleep() -> None:
    """Let OpenMP's idle threads sleep. Call it before torch is imported, which reads the setting once.

    A setting that the user has made stays. By default the idle threads spin. That costs power, and also time as soon as
    anything else wants the cores: on a busy two-core machine a token of a model with 8 million parameters took 25 ms
    with spinning and 8 ms with sleeping threads.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def physical_cores(cpus: Path = _CPUS) -> int:
    """Physical cores that this process may use, by `cpu*/topology` in sysfs; without that, half the logical ones."""
    allowed = _allowed()
    cores = set()
    for topology in cpus.glob("cpu[0-9]*/topology"):
        number = int(topology.parent.name.removeprefix("cpu"))
        if allowed and number not in allowed:
            continue
        try:
            cores.add(tuple((topology / name).read_text().strip() for name in ("physical_package_id", "core_id")))
        except OSError:  # an offline processor has no such files
            continue
    logical = len(allowed) or os.cpu_count() or 1
    return len(cores) or max(1, logical // 2)


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as the kernel has it, with the numbers that tell its generation."""
    try:
        first = cpuinfo.read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return platform.machine()
    facts = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in facts.items()}
    name = known.get("model name", platform.machine())
    if "cpu family" in known and "model" in known:
        name += f" (family {known['cpu family']}, model {known['model']})"
    return name


def _allowed() -> set[int]:
    """The logical processors that this process may run on; a container or `taskset` may allow fewer than there are."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    return os.sched_getaffinity(0)


def total_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """The machine's memory, or None where the system does not tell."""
    return _kibibytes(meminfo, "MemTotal:")


def available_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that can be taken without swapping, by Linux's own estimate, or None where the system does not tell."""
    return _kibibytes(meminfo, "MemAvailable:")


def _kibibytes(meminfo: Path, key: str) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), None)
