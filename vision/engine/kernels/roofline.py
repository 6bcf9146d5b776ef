"""What this machine can do at most: how fast its cores read memory, and how many float32 operations they do.

The benchmark compares the engine with these two figures. They are measured in the threads of a pool, like all
arithmetic here. Reading is one sequential stream for each core, and nothing is done to what was read; multiplying is a
chain of fused multiply-adds in registers, and nothing is read. The best of several tries counts, because anything else
that runs on the machine can only make a try slower.

The unit of computing is FLOP: one multiplication or one addition of float32 numbers. A fused multiply-add is 2 FLOP.
"""

from __future__ import annotations

import time
from functools import cache, partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .isa import Isa, fastest
from .jit import entry_point
from .layout import MULTIPLY_STEPS, MULTIPLY_SUMS, READ_MEMORY, READ_SUMS, ROOFLINE_ARGUMENTS
from .llvm import Code, Emitter, number
from .scalar import floats_at, fma, longs_at
from .thread_pool import Pool

WORK_ITEM_BYTES = 3 << 20  # a work item of reading; it goes to whichever thread is free
_STEP_BYTES = 384  # read in one step: twice what `Emitter.prefetch` fetches, with a sum in a register for each vector
_PREFETCH_BYTES = 4096  # read so far ahead
_CHAINS = {Isa.PLAIN: 64, Isa.AVX2: 12, Isa.AVX512: 24}  # sums side by side: they hide the latency
_MULTIPLY_WORK_ITEMS = 64
_MULTIPLY_STEPS = 100_000


def read_bytes_per_second(pool: Pool, memory: NDArray[np.uint8], tries: int = 5, isa: Isa | None = None) -> float:
    """How many bytes a second the pool's threads together read of `memory`; it should be far larger than any cache.

    Its size is a multiple of WORK_ITEM_BYTES. Raises ValueError for another size.
    """
    if memory.nbytes % WORK_ITEM_BYTES or not memory.nbytes:
        raise ValueError(f"the memory to read is a multiple of {WORK_ITEM_BYTES} bytes, not {memory.nbytes}")
    work_items = memory.nbytes // WORK_ITEM_BYTES
    sums = np.zeros((pool.threads, 64), np.int64)  # because what is never used would not be read
    entry = _entry("read", fastest() if isa is None else isa)
    arguments = np.zeros(ROOFLINE_ARGUMENTS, np.int64)
    arguments[READ_MEMORY], arguments[READ_SUMS] = memory.ctypes.data, sums.ctypes.data
    return memory.nbytes / _least_seconds(pool, entry, work_items, arguments, tries)


def flop_per_second(pool: Pool, tries: int = 5, isa: Isa | None = None) -> float:
    """How many FLOP of float32 a second the pool's threads together do. A fused multiply-add counts as 2 FLOP."""
    isa = fastest() if isa is None else isa
    sums = np.zeros((pool.threads, 1024), np.float32)
    lanes = {Isa.PLAIN: 1, Isa.AVX2: 8, Isa.AVX512: 16}[isa]
    flop = 2 * _MULTIPLY_WORK_ITEMS * _MULTIPLY_STEPS * _CHAINS[isa] * lanes
    arguments = np.zeros(ROOFLINE_ARGUMENTS, np.int64)
    arguments[MULTIPLY_STEPS], arguments[MULTIPLY_SUMS] = _MULTIPLY_STEPS, sums.ctypes.data
    return flop / _least_seconds(pool, _entry("multiply", isa), _MULTIPLY_WORK_ITEMS, arguments, tries)


def _least_seconds(pool: Pool, entry: int, work_items: int, arguments: NDArray[np.int64], tries: int) -> float:
    pool.run(entry, min(work_items, pool.threads), arguments.ctypes.data)  # wakes the threads and the cores
    seconds = []
    for _ in range(tries):
        started = time.perf_counter()
        pool.run(entry, work_items, arguments.ctypes.data)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _read(e: Emitter, address: Code, out: Code) -> None:
    """Read a work item by adding it up as integers."""
    kind = ir.VectorType(ir.IntType(64), e.bytes // 8)
    zero = ir.Constant(kind, [0] * (e.bytes // 8))
    count = _STEP_BYTES // e.bytes

    def body(index: Code, values: list[Code]) -> list[Code]:
        here = e.at(address, e.scaled(index, _STEP_BYTES))
        e.prefetch(e.at(here, _PREFETCH_BYTES))
        e.prefetch(e.at(here, _PREFETCH_BYTES + _STEP_BYTES // 2))
        return [e.b.add(value, e.load(e.at(here, n * e.bytes), kind)) for n, value in enumerate(values)]

    total, *others = e.loop(number(WORK_ITEM_BYTES // _STEP_BYTES), [zero] * count, body)
    for value in others:
        total = e.b.add(total, value)
    e.store(total, out)


def _multiply(e: Emitter, steps: Code, out: Code, *, chains: int) -> None:
    """Compute chains of `steps` multiply-adds each, as many side by side as there are registers."""
    half = ir.Constant(e.floats, [0.5] * e.lanes)
    one = ir.Constant(e.floats, [1.0] * e.lanes)
    sums = e.loop(steps, [e.zero] * chains, lambda _, values: [e.fma(value, half, one) for value in values])
    for n, value in enumerate(sums):
        e.store(value, e.at(out, n * e.bytes))


def _intrinsic(emit: Any, isa: Isa) -> Any:
    def define(context: Any, first: Any, out: Any) -> Any:
        def generate(target: Any, builder: Code, _: Any, values: list[Code]) -> Code:
            emit(Emitter(builder, isa), *values)
            return target.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return intrinsic(define)


@cache
def _entry(what: str, isa: Isa) -> int:
    """The address of the entry point of a measurement for an instruction set."""
    if isa is Isa.PLAIN:
        work_item = {"read": _scalar_read_work_item, "multiply": _scalar_multiply_work_item}[what]
    elif what == "read":
        work_item = _read_work_item(_intrinsic(_read, isa))
    else:
        work_item = _multiply_work_item(_intrinsic(partial(_multiply, chains=_CHAINS[isa]), isa))
    return entry_point(work_item, 3, f"{what} {isa.name}")


def _read_work_item(read: Any) -> Any:
    def work_item(index: int, worker: int, arguments: int) -> None:
        given = carray(longs_at(arguments), ROOFLINE_ARGUMENTS)
        read(np.int64(given[READ_MEMORY]) + index * WORK_ITEM_BYTES, np.int64(given[READ_SUMS]) + worker * 512)

    return work_item


def _multiply_work_item(multiply: Any) -> Any:
    def work_item(index: int, worker: int, arguments: int) -> None:
        given = carray(longs_at(arguments), ROOFLINE_ARGUMENTS)
        multiply(np.int64(given[MULTIPLY_STEPS]), np.int64(given[MULTIPLY_SUMS]) + worker * 4096)

    return work_item


def _scalar_read_work_item(index: int, worker: int, arguments: int) -> None:
    given = carray(longs_at(arguments), ROOFLINE_ARGUMENTS)
    words = carray(longs_at(np.int64(given[READ_MEMORY]) + index * WORK_ITEM_BYTES), WORK_ITEM_BYTES // 8)
    total = np.uint64(0)
    for word in words:
        total += word
    carray(longs_at(np.int64(given[READ_SUMS]) + worker * 512), 64)[0] = total


def _scalar_multiply_work_item(index: int, worker: int, arguments: int) -> None:
    given = carray(longs_at(arguments), ROOFLINE_ARGUMENTS)
    sums = carray(floats_at(np.int64(given[MULTIPLY_SUMS]) + worker * 4096), 64)
    for _ in range(np.int64(given[MULTIPLY_STEPS])):
        for lane in range(64):
            sums[lane] = fma(sums[lane], np.float32(0.5), np.float32(1.0))
