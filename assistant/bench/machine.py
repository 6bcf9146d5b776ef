"""The machine that is measured: its name, the most that it can do, and what is installed. It compares nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from assistant import __version__
from vision.engine.host import available_bytes, physical_cores, total_bytes

_LIBRARIES = ("numpy", "numba", "torch", "transformers")
_READ_PORTIONS = 512  # 1.5 GiB
_TRIES = 12  # tries, because another user of the machine's memory can halve one
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Limits:
    """The most that this many threads can do."""

    read_bytes_per_second: float
    products_per_second: float  # float32 multiply-adds

    @staticmethod
    def typical(rounds: Sequence[Limits]) -> Limits:
        """The medians of the limits, because they are compared with medians of the same rounds."""
        return Limits(
            median(one.read_bytes_per_second for one in rounds), median(one.products_per_second for one in rounds)
        )

    @staticmethod
    def best(measured: Sequence[Limits]) -> Limits:
        """The largest of each limit, because whatever else runs on the machine only makes a figure smaller."""
        return Limits(
            max(one.read_bytes_per_second for one in measured), max(one.products_per_second for one in measured)
        )


def limits(threads: int) -> Limits:
    """Measures the limits with every instruction set that the processor has.

    It takes some seconds and a process of its own.
    """
    import numpy as np

    from vision.engine.kernels.isa import available
    from vision.engine.kernels.roofline import WORK_ITEM_BYTES, products_per_second, read_bytes_per_second
    from vision.engine.kernels.thread_pool import Pool

    free = available_bytes()
    portions = _READ_PORTIONS if free is None else max(8, min(_READ_PORTIONS, free // 4 // WORK_ITEM_BYTES))
    memory = np.ones(portions * WORK_ITEM_BYTES, np.uint8)
    with Pool(threads) as pool:
        return Limits.best([
            Limits(read_bytes_per_second(pool, memory, _TRIES, isa), products_per_second(pool, _TRIES, isa))
            for isa in available()
        ])  # fmt: skip


class Others:
    """Measures how busy other programs have kept the processors since this was made.

    Our own finished processes do not count. Another virtual machine on the same processor counts as well. Such load
    spoils figures, so a table should show it.
    """

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        self._before = self._now()

    def share(self) -> float | None:
        """The share of all processors' time, 0 to 1; None where the system does not say."""
        before, now = self._before, self._now()
        if before is None or now is None or now[1] <= before[1]:
            return None
        ours = now[2] - before[2]
        return min(1.0, max(0.0, (now[0] - before[0] - ours) / (now[1] - before[1])))

    def _now(self) -> tuple[float, float, float] | None:
        """Seconds so far: busy ones, busy and idle ones, and those of our processes that have ended."""
        try:
            ticks = self._stat.read_text().splitlines()[0].split()[1:]
        except (OSError, IndexError):
            return None
        user, nice, system, idle, waiting, *others = (int(tick) / os.sysconf("SC_CLK_TCK") for tick in ticks[:8])
        busy = user + nice + system + sum(others)
        mine = os.times()
        return busy, busy + idle + waiting, mine.children_user + mine.children_system


def description() -> dict[str, Any]:
    """What a reader of the figures who has another machine wants to know."""
    return {
        "processor": processor_name(_CPUINFO),
        "cores": physical_cores(),
        "logical_processors": os.cpu_count(),
        "memory_bytes": total_bytes(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {"seesay": __version__, "python": platform.python_version()} | _versions(),
    }


def processor_name(cpuinfo: Path) -> str:
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


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
