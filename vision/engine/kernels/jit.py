"""Compiles a function with numba and keeps the machine code on disk. It does not know what is computed.

The disk cache is a convenience and never a condition: no writable folder, a full disk or a damaged file cost the seconds
of compiling again, nothing else. numba by itself refuses to define the function in the first case and raises at its
first call in the others.
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
_entries: list[Any] = []  # machine code lives as long as the object that made it


def compiled(function: Function) -> Function:
    """The function as machine code, made at its first call with new argument types. It lets go of Python's lock.

    Floating-point operations are done as they are written: none is reordered or fused.
    """
    dispatcher: Any = njit(nogil=True)(function)
    try:
        dispatcher._cache = _DiskCache(function)  # what njit(cache=True) does, with our cache
    except (RuntimeError, OSError) as problem:  # RuntimeError: numba found no folder that it may write
        _tell_once(str(problem))
    return dispatcher  # type: ignore[no-any-return]  # numba is typed only in part


def entry_point(function: Callable[..., None], arguments: int, label: str) -> int:
    """The address of a function of int64 arguments as machine code of its own. `label` tells its variants apart.

    numba compiles whatever a function calls into it again, level after level (26 s for these kernels); a call through an
    address ends that, and lets machine code call a variant that was chosen at run time.
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


def _call7_define(context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:
    return _call_define(7)


def _call8_define(context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> Any:
    return _call_define(8)


def _call10_define(
    context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any
) -> Any:
    return _call_define(10)


call3: Any = intrinsic(_call3_define)
call5: Any = intrinsic(_call5_define)
call7: Any = intrinsic(_call7_define)
call8: Any = intrinsic(_call8_define)
call10: Any = intrinsic(_call10_define)
"""In machine code: call the entry point at an address with so many arguments."""


@contextmanager
def telling(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell`, once, if something has to be compiled meanwhile: that takes seconds."""
    _tell.append(tell)
    try:
        yield
    finally:
        _tell.clear()


def target_features() -> str:
    """What numba compiles for, "+avx2,-avx512f,…": the processor's own, or NUMBA_CPU_FEATURES."""
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
        """Empty a damaged index, or every start would stumble over it again."""
        try:
            self.flush()
        except OSError:
            self.disable()

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        # numba looks for changes in a function's own file only, but what it calls from other files is compiled into it:
        # compiled functions may call their own file and this package. And numba looks at the values of a closure, which
        # for an intrinsic are other ones in every process.
        return sig, codegen.magic_tuple(), self._label, _package_digest()


def _tell_once(problem: str) -> None:
    if not _told:
        _told.append(problem)
        _log.warning("machine code is not kept, so every start takes some seconds longer: %s", problem)


@cache
def _package_digest() -> str:
    """Of the files of this package: a change in any of them compiles all anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_package_digest()  # now: what is in the files later is not what this process compiles
