"""Finds the `Tuning` of this processor by a short measurement, and keeps it in a file beside the packed weights.

The measurement takes about a second, so it is made once: by `seesay fetch`, or at the first start. A file of another
processor, another number of threads or other kernels does not count. Where it cannot be kept, the usual choices are
taken, because a second at each start is worth more than what they lose.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vision.engine.host import processor_name
from vision.engine.kernels import layout
from vision.engine.kernels.isa import Isa
from vision.engine.kernels.jit import kernels_digest
from vision.engine.kernels.linear import Multiplier
from vision.engine.kernels.packed_matrix import PackedMatrix
from vision.engine.kernels.thread_pool import Pool
from vision.engine.kernels.tuning import Tuning, usual_tuning

FILE_NAME = "tuning.json"
ROUNDS = 7  # in which the choices take turns; the shortest time of each counts
GAIN = 0.97  # another choice than the usual one has to take less than this share of its time: the rest is noise
PREFETCH_BYTES = (1024, 2048, 3072, 4096, 6144, 8192)
GEMV_LIMITS = {Isa.AVX2: (6, 24, 48), Isa.AVX512: (12, 24, 48)}
VECTORS_TOGETHER = (48, 96, layout.MOST_TOGETHER)
WORTH_BYTES = 500_000_000  # of packed weights
QUESTIONS = (18, 36)  # tokens of questions, for the limit
PICTURE = 408  # vectors, for `VECTORS_TOGETHER`
DECODE_SHAPE = (16_384, 2048)  # 50 MB, more than a small PC's caches hold
SHAPE = (2048, 2048)
_log = logging.getLogger(__name__)


def tuning_folder(packed_path: Path, packed_bytes: int) -> Path | None:
    """Where the choices for a model are kept; None for a small model, whose answers take less than the measurement."""
    return packed_path.parent if packed_bytes >= WORTH_BYTES else None


def tuning_for(folder: Path, threads: int, isa: Isa) -> Tuning:
    """The choices that are kept in `folder`, or else measured ones, which are then kept there."""
    usual = usual_tuning(isa)
    if isa not in GEMV_LIMITS:
        return usual
    path, made_for = folder / FILE_NAME, [processor_name(), threads, isa.name, kernels_digest()]
    if (kept := _kept(path, made_for, isa)) is not None:
        return kept
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as inside:  # before the measurement, which would be in vain
            found = measure(threads, isa)
            _keep(Path(inside) / FILE_NAME, path, made_for, found)
    except OSError as problem:
        _log.info("this processor is not measured, because nothing can be kept in %s: %s", folder, problem)
        return usual
    _log.info("measured for this processor: %s", found)
    return found


def measure(threads: int, isa: Isa) -> Tuning:
    """Try each choice in turn, a few milliseconds each, and return the best ones."""
    pool = Pool(threads)
    try:
        multiplier = Multiplier(pool, isa)
        usual = usual_tuning(isa)

        def best(name: str, values: Sequence[int], counts: Sequence[int], matrix: PackedMatrix, now: Tuning) -> Tuning:
            inputs = [np.ones((count, matrix.columns), np.float32) for count in counts]

            def seconds(value: int) -> float:
                multiplier.tune(with_choice(now, name, value))
                began = time.perf_counter()
                for x in inputs:
                    multiplier.multiply(matrix, x)
                return time.perf_counter() - began

            return with_choice(now, name, quickest(values, getattr(usual, name), seconds))

        found = best("prefetch_bytes", PREFETCH_BYTES, (1,), made_up(*DECODE_SHAPE), usual)
        matrix = made_up(*SHAPE)
        found = best("gemv_limit", GEMV_LIMITS[isa], QUESTIONS, matrix, found)
        return best("vectors_together", VECTORS_TOGETHER, (PICTURE,), matrix, found)
    finally:
        pool.close()


def with_choice(tuning: Tuning, name: str, value: int) -> Tuning:
    changes: dict[str, Any] = {name: value}
    return dataclasses.replace(tuning, **changes)


def quickest(values: Sequence[int], usual: int, seconds: Callable[[int], float]) -> int:
    """The value with the shortest time; the usual one unless another gains more than noise does."""
    shortest = {value: min(times) for value, times in _in_turns(values, seconds).items()}
    best = min(values, key=lambda value: shortest[value])
    return best if shortest[best] < GAIN * shortest[usual] else usual


def made_up(rows: int, columns: int) -> PackedMatrix:
    """A packed matrix of made-up weights. Speed does not depend on their values."""
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, (rows // 16, columns * 24), np.uint8)
    tables = np.tile(np.frombuffer(bytes(range(0x38, 0x40)) + bytes(range(0xB8, 0xC0)), np.uint8), (rows // 16, 1))
    return PackedMatrix("q12", rows, columns, data, tables, np.zeros(rows // 16 + 1, np.uint32))


def _in_turns(values: Sequence[int], seconds: Callable[[int], float]) -> dict[int, list[float]]:
    times: dict[int, list[float]] = {value: [] for value in values}
    for _ in range(ROUNDS):
        for value in values:
            times[value].append(seconds(value))
    return times


def _kept(path: Path, made_for: list[Any], isa: Isa) -> Tuning | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["for"] != made_for:
            return None
        return Tuning(isa, *(int(told[name]) for name in _NAMES))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(part: Path, path: Path, made_for: list[Any], tuning: Tuning) -> None:
    part.write_text(json.dumps({"for": made_for, **{name: getattr(tuning, name) for name in _NAMES}}), encoding="utf-8")
    part.replace(path)


_NAMES = ("gemv_limit", "prefetch_bytes", "vectors_together")
