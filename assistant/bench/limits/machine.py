"""The machine that is measured: its name, the most that it can do, and what is installed. It compares nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from assistant import __version__
from vision.engine.host import available_bytes, physical_cores, processor_name, total_bytes

_LIBRARIES = ("numpy", "numba", "torch", "transformers")
_READ_PORTIONS = 512  # 1.5 GiB
_TRIES = 12  # tries, because another user of the machine's memory can halve one
_TURNS = 8  # of the chain of multiply-adds and the product of squares
_SIDE = 2048  # 17 GFLOP, a tenth of a second to half a second; three squares of 17 MB

Rate = Callable[[], float]
"""Measures once and returns FLOP a second."""


@dataclass(frozen=True)
class Limits:
    """The most that this many threads can do: bytes read a second, and FLOP of float32 a second.

    A FLOP is one multiplication or one addition; a fused multiply-add is 2 FLOP. The peak, `flop_per_second`, is the
    larger of two measurements that take turns. One is a chain of fused multiply-adds in registers. The other is torch's
    own `matmul` of a large square. So no engine that multiplies with torch's matrices can be above the peak.
    """

    read_bytes_per_second: float
    flop_per_second: float
    fma_flop_per_second: float | None = None
    matmul_flop_per_second: float | None = None  # None: torch is not installed

    @staticmethod
    def of(read_bytes_per_second: float, fma_flop_per_second: float, matmul_flop_per_second: float | None) -> Limits:
        """The limits of these measurements; the larger of the two figures of computing is the peak."""
        peak = max(fma_flop_per_second, matmul_flop_per_second or 0.0)
        return Limits(read_bytes_per_second, peak, fma_flop_per_second, matmul_flop_per_second)

    @staticmethod
    def of_rounds(rounds: Sequence[Mapping[str, float | None]]) -> Limits:
        """The limits that count, from what several processes measured.

        Of the processor the best counts, because other programs can only hide what it can do. Of the memory's speed the
        median counts, because it really changes where several machines share the memory.
        """
        reads = [one["read_bytes_per_second"] or 0.0 for one in rounds]
        fmas = [one["fma_flop_per_second"] or 0.0 for one in rounds]
        matmuls = [one["matmul_flop_per_second"] for one in rounds]
        return Limits.of(median(reads), max(fmas), max((one for one in matmuls if one is not None), default=None))


def limits(threads: int) -> Limits:
    """Measures the limits; it takes some seconds and a process of its own.

    Reading and the chain of multiply-adds are tried with every instruction set that the processor has, and the best
    counts. The chain and torch's `matmul` take turns, so that both are measured in the same second.
    """
    import numpy as np

    from vision.engine.kernels.isa import available
    from vision.engine.kernels.roofline import WORK_ITEM_BYTES, flop_per_second, read_bytes_per_second
    from vision.engine.kernels.thread_pool import Pool

    free = available_bytes()
    portions = _READ_PORTIONS if free is None else max(8, min(_READ_PORTIONS, free // 4 // WORK_ITEM_BYTES))
    memory = np.ones(portions * WORK_ITEM_BYTES, np.uint8)
    with Pool(threads) as pool:
        read = max(read_bytes_per_second(pool, memory, _TRIES, isa) for isa in available())
        del memory
        fma, matmul = best_in_turns(
            lambda: max(flop_per_second(pool, 1, isa) for isa in available()), matmul_of_torch(threads), _TURNS
        )
    return Limits.of(read, fma, matmul)


def best_in_turns(fma: Rate, matmul: Rate | None, turns: int) -> tuple[float, float | None]:
    """Measures both by turns and returns the best of each; None for one that there is not."""
    chains, products = [], []
    for _ in range(turns):
        chains.append(fma())
        if matmul is not None:
            products.append(matmul())
    return max(chains), max(products, default=None)


def matmul_of_torch(threads: int, side: int = _SIDE) -> Rate | None:
    """A function that measures the FLOP a second of torch's float32 `matmul` of two squares; None without torch.

    One product of squares of `side` has `side`³ multiply-adds, which are 2·`side`³ FLOP.
    """
    try:
        import torch
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(threads)
    left, right, out = (torch.full((side, side), 0.5) for _ in range(3))

    def once() -> float:
        started = time.perf_counter()
        torch.matmul(left, right, out=out)
        return 2.0 * side**3 / (time.perf_counter() - started)

    once()  # wakes the threads and chooses the kernel
    return once


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
        "processor": processor_name(),
        "cores": physical_cores(),
        "logical_processors": os.cpu_count(),
        "memory_bytes": total_bytes(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {"seesay": __version__, "python": platform.python_version()} | _versions(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
