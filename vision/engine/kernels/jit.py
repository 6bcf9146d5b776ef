"""Compiles a function with numba and keeps the machine code on disk. It does not know what is computed.

The disk cache only saves time. An unwritable folder, a full disk or a damaged file cost the seconds of compiling again,
nothing else. numba on its own refuses to define a function without a writable folder, and raises at the function's
first call for a full disk or a damaged file.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from llvmlite import ir
from numba import njit, types
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.registry import cpu_target
from numba.core.sigutils import normalize_signature
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
_log = logging.getLogger(__name__)
_told: list[str] = []
_tell: list[Callable[[], None]] = []
_entries: list[Any] = []  # kept here, because machine code lives only as long as the object that made it


def compiled(function: Function) -> Function:
    """The function as machine code, compiled at its first call with new argument types. It releases Python's lock.

    Floating-point operations are computed as written: none is reordered or fused.
    """
    dispatcher: Any = njit(nogil=True)(function)
    try:
        dispatcher._cache = _DiskCache(function)  # what njit(cache=True) does, with our cache
    except (RuntimeError, OSError) as problem:  # RuntimeError: numba found no folder that it may write
        _tell_once(str(problem))
    return dispatcher  # type: ignore[no-any-return]  # numba is typed only in part


def entry_point(function: Callable[..., None], arguments: int, label: str) -> int:
    """The address of a function of int64 arguments as machine code of its own. `label` tells its variants apart.

    numba compiles everything that a function calls into it once more, level after level, which takes 26 s for these
    kernels. A call through an address avoids that, and lets machine code call a variant that is chosen at run time.
    """
    kind = normalize_signature(types.void(*[types.int64] * arguments))
    entry: Any = CFunc(function, kind, {}, {})
    try:
        entry._cache = _DiskCache(function, label)
    except (RuntimeError, OSError) as problem:
        _tell_once(str(problem))
    entry.compile()
    _entries.append(entry)
    return int(entry.address)


def _call_define(arguments: int) -> Any:
    def generate(target: Any, builder: Any, _: Any, values: list[Any]) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * arguments)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return target.get_dummy_value()

    return types.void(*[types.int64] * (1 + arguments)), generate


def _call3_define(context: Any, address: Any, a: Any, b: Any, c: Any) -> Any:
    return _call_define(3)


def _call5_define(context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return _call_define(5)


def _call9_define(
    context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any
) -> Any:
    return _call_define(9)


def _call10_define(
    context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any
) -> Any:
    return _call_define(10)


def _call11_define(
    context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any, k: Any
) -> Any:
    return _call_define(11)


call3: Any = intrinsic(_call3_define)
call5: Any = intrinsic(_call5_define)
call9: Any = intrinsic(_call9_define)
call10: Any = intrinsic(_call10_define)
call11: Any = intrinsic(_call11_define)
"""callN(address, …), in machine code: call the entry point at an address with N arguments."""


@contextmanager
def telling(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell`, once, if something has to be compiled within the `with`, because that takes seconds."""
    _tell.append(tell)
    try:
        yield
    finally:
        _tell.clear()


def target_features() -> str:
    """The features that numba compiles for, "+avx2,-avx512f,…": the processor's own, or NUMBA_CPU_FEATURES."""
    return str(cpu_target.target_context.codegen().magic_tuple()[2])


class _DiskCache(FunctionCache):  # type: ignore[misc]  # numba is typed only in part
    def __init__(self, function: Callable[..., Any], label: str = "") -> None:
        super().__init__(function)
        self._label = label

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            kept = super().load_overload(sig, target_context)
        except Exception as problem:  # noqa: BLE001  # a cut-off pickle raises anything at all
            _log.info("kept machine code of %s is not usable, compiling anew: %r", self._name, problem)
            kept = None
        if kept is None and _tell:
            _tell.pop()()
        return kept

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception as problem:  # noqa: BLE001  # a damaged index is read again before it is written
            _log.info("machine code of %s could not be kept: %r", self._name, problem)
            self._start_afresh()

    def _start_afresh(self) -> None:
        """Empty a damaged index, because otherwise every start would fail on it again."""
        try:
            self.flush()
        except OSError:
            self.disable()

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        # numba looks for changes only in a function's own file, but what it calls in other files is compiled into it
        # too. Compiled functions may call their own file and this package, so the whole package is part of the key. The
        # values of a closure are not, although numba would take them: those of an intrinsic differ in every process.
        return sig, codegen.magic_tuple(), self._label, kernels_digest()


def _tell_once(problem: str) -> None:
    if not _told:
        _told.append(problem)
        _log.warning("machine code is not kept, so every start takes some seconds longer: %s", problem)


@cache
def kernels_digest() -> str:
    """A digest of the files of this package: a change in any of them compiles everything anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


kernels_digest()  # at import time: a file that changes later is not what this process has compiled
