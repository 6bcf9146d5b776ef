"""The threads of the arithmetic: one pool for everything, which machine code can use without coming back to Python.

A job is cut into many small work items, and whichever thread is free takes the next one, so a core that is busy with
other programs takes fewer of them. The calling thread works too. A worker without work spins for some 30 microseconds,
because the next job of a token comes that soon, and then sleeps in the kernel until it is woken: between answers the
pool costs nothing. Jobs come one at a time. This file does not know what a work item computes.
"""

from __future__ import annotations

import platform
import sys
import threading
from types import TracebackType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .jit import call3, compiled

_JOIN_SECONDS = 5.0
_SPINS = 1000  # pauses before a worker sleeps, some 30 microseconds

# The shared state: int64 values, each in a cache line of its own, so that cores do not contend for neighbouring values.
_LINE = 64
_LEFT, _FINISHED, _GENERATION, _SLEEPERS, _STOPPING, _ENTRY, _ARGUMENTS, _WORK_ITEMS, _WIDTH = (
    _LINE * line for line in range(9)
)
_STATE_LINES = 9


class Pool:
    """`threads` workers, of which the caller of `run` is number 0. Use it in a `with`, or `close` it."""

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"at least one thread computes, not {threads}")
        self.threads = threads
        self._memory = np.zeros((_STATE_LINES + 1) * _LINE // 8, np.int64)
        self.state = -(-self._memory.ctypes.data // _LINE) * _LINE
        """For machine code: the first argument of `run_job`."""
        self.use(threads)
        self._one_at_a_time = threading.Lock()
        self._workers = [
            threading.Thread(target=_work, args=(self.state, number), name=f"arithmetic-{number}", daemon=True)
            for number in range(1, threads)
        ]
        if self._workers:
            _work(0, 0)  # compiles it here, because several threads that compile at once wait for each other
        for worker in self._workers:
            worker.start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, entry: int, work_items: int, arguments: int) -> None:
        """Call the entry point with (index, worker, arguments) for every index below `work_items`, and wait for all."""
        with self._one_at_a_time:
            run_job(self.state, entry, work_items, arguments)

    def run_all(self, jobs: NDArray[np.int64]) -> None:
        """Run jobs one after another. A row of `jobs` (n, 3) is entry point, work items, address of arguments."""
        with self._one_at_a_time:
            run_jobs(self.state, jobs)

    def use(self, threads: int) -> None:
        """Let only so many threads work from now on, also while a job runs. Results are the same for any number.

        The other threads finish the work item that they are at, and sleep until more threads are allowed again.
        """
        _set_width(self.state, max(1, min(threads, self.threads)))

    @property
    def sleepers(self) -> int:
        """How many workers are asleep now."""
        return int(self._memory[(self.state - self._memory.ctypes.data + _SLEEPERS) // 8])

    def close(self) -> None:
        """End the workers. Raises RuntimeError with the name of one that does not end."""
        with self._one_at_a_time:
            _stop(self.state)
        for worker in self._workers:
            worker.join(_JOIN_SECONDS)
            if worker.is_alive():
                raise RuntimeError(f"the thread {worker.name} does not end")


@compiled
def run_job(state: int, entry: int, work_items: int, arguments: int) -> None:
    """`Pool.run` for machine code."""
    _put(state + _ENTRY, entry)
    _put(state + _ARGUMENTS, arguments)
    _put(state + _WORK_ITEMS, work_items)
    _put(state + _FINISHED, 0)
    _put(state + _LEFT, work_items)  # from here on, late workers of the last job may take from this one
    _add(state + _GENERATION, 1)
    if _get(state + _SLEEPERS) > 0:
        _wake(state + _GENERATION)
    _take_work_items(state, 0)
    spins = 0
    while _get(state + _FINISHED) < work_items:
        spins += 1
        if spins < _SPINS:
            _pause()
        else:
            _yield_core()  # a worker has lost its core in the middle of a work item, perhaps to this very loop


@compiled
def run_jobs(state: int, jobs: NDArray[np.int64]) -> None:
    """`Pool.run_all` for machine code. A job of one work item wakes nobody."""
    for index in range(jobs.shape[0]):
        entry, work_items, arguments = jobs[index, 0], jobs[index, 1], jobs[index, 2]
        if work_items == 1:
            call3(entry, 0, 0, arguments)
        elif work_items > 1:
            run_job(state, entry, work_items, arguments)


@compiled
def _take_work_items(state: int, worker: int) -> None:
    while worker < _get(state + _WIDTH):
        left = _add(state + _LEFT, -1)
        if left <= 0:
            return
        index = _get(state + _WORK_ITEMS) - left
        call3(_get(state + _ENTRY), index, worker, _get(state + _ARGUMENTS))
        _add(state + _FINISHED, 1)


@compiled
def _work(state: int, worker: int) -> None:
    while state != 0:
        width, generation = _get(state + _WIDTH), _get(state + _GENERATION)
        if _get(state + _STOPPING):
            return
        if worker >= width:
            _sleep_while(state + _WIDTH, width)
            continue
        _take_work_items(state, worker)
        spins = 0
        while _get(state + _GENERATION) == generation:
            spins += 1
            if spins < _SPINS:
                _pause()
                continue
            _add(state + _SLEEPERS, 1)
            _sleep_while(state + _GENERATION, generation)
            _add(state + _SLEEPERS, -1)


@compiled
def _stop(state: int) -> None:
    _put(state + _STOPPING, 1)
    _add(state + _GENERATION, 1)
    _wake(state + _GENERATION)
    _set_width(state, _EVERYONE)


@compiled
def _set_width(state: int, threads: int) -> None:
    _put(state + _WIDTH, threads)
    _wake(state + _WIDTH)


# Memory that several threads read and write.

_INT64_AT = ir.IntType(64).as_pointer()


def _get_define(context: Any, address: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        return builder.load_atomic(builder.inttoptr(values[0], _INT64_AT), "seq_cst", 8)

    return types.int64(types.int64), generate


def _put_define(context: Any, address: Any, value: Any) -> Any:
    def generate(target: Any, builder: Any, _: Any, values: list[Any]) -> Any:
        builder.store_atomic(values[1], builder.inttoptr(values[0], _INT64_AT), "seq_cst", 8)
        return target.get_dummy_value()

    return types.void(types.int64, types.int64), generate


def _add_define(context: Any, address: Any, value: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(values[0], _INT64_AT), values[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


def _pause_define(context: Any) -> Any:
    def generate(target: Any, builder: Any, _: Any, __: Any) -> Any:
        if platform.machine() in ("x86_64", "AMD64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            known = builder.module.globals.get("llvm.x86.sse2.pause")
            builder.call(known or ir.Function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return target.get_dummy_value()

    return types.void(), generate


_get: Any = intrinsic(_get_define)
_put: Any = intrinsic(_put_define)
_add: Any = intrinsic(_add_define)  # returns the value from before
_pause: Any = intrinsic(_pause_define)

# Sleeping and waking by futex(2): the number of the system call, and its two operations on memory of one process.
_FUTEX = {"x86_64": 202, "aarch64": 98}.get(platform.machine(), 0) if sys.platform == "linux" else 0
_WAIT, _WAKE = 128, 129
_EVERYONE = 1 << 30
_NAP_MICROSECONDS = 200  # where there is no futex
_syscall: Any = types.ExternalFunction("syscall", types.int64(*[types.int64] * 7))
_usleep: Any = types.ExternalFunction("usleep", types.int32(types.uint32))
_sched_yield: Any = types.ExternalFunction("sched_yield", types.int32())


@compiled
def _sleep_while(address: int, value: int) -> None:
    """Sleep until woken. Returns at once if the lower half of the value at the address is no longer that of `value`."""
    if _FUTEX:
        _syscall(_FUTEX, address, _WAIT, value & 0xFFFFFFFF, 0, 0, 0)
    else:
        _usleep(_NAP_MICROSECONDS)


@compiled
def _wake(address: int) -> None:
    if _FUTEX:
        _syscall(_FUTEX, address, _WAKE, _EVERYONE, 0, 0, 0)


@compiled
def _yield_core() -> None:
    _sched_yield()
