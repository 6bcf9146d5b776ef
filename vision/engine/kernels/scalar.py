"""The inner loops as plain numba, for any processor. The vector code is compared with them, bit for bit, in the tests.

Also here: reading single numbers from memory, and fused multiply-adds, for all compiled functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from .isa import has_fused_multiply_add
from .layout import PANEL_STEPS, STREAMS


def emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Write LLVM code of `fma` for a float32 or a vector of them."""
    if not has_fused_multiply_add():
        return builder.fadd(builder.fmul(a, b), c)
    name = f"llvm.fma.v{a.type.count}f32" if isinstance(a.type, ir.VectorType) else "llvm.fma.f32"
    known = builder.module.globals.get(name)
    return builder.call(known or ir.Function(builder.module, ir.FunctionType(a.type, [a.type] * 3), name), [a, b, c])


def _fma_define(context: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        return emit_fma(builder, *values)

    return types.float32(types.float32, types.float32, types.float32), generate


def _pointer_to(kind: Any) -> Any:
    def define(context: Any, address: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
            return builder.inttoptr(values[0], ir.PointerType())

        return types.CPointer(kind)(types.int64), generate

    return intrinsic(define)


def _widened_define(context: Any, bits: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        word = builder.shl(builder.trunc(values[0], ir.IntType(32)), ir.Constant(ir.IntType(32), 16))
        return builder.bitcast(word, ir.FloatType())

    return types.float32(types.int64), generate


def _prefetch_define(context: Any, address: Any) -> Any:
    def generate(target: Any, builder: Any, _: Any, values: list[Any]) -> Any:
        word, pointer = ir.IntType(32), ir.PointerType()
        name = "llvm.prefetch.p0"
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        hints = [ir.Constant(word, hint) for hint in (0, 3, 1)]  # to read, into all levels, data
        builder.call(function, [builder.inttoptr(values[0], pointer), *hints])
        return target.get_dummy_value()

    return types.void(types.int64), generate


fma: Any = intrinsic(_fma_define)
"""a · b + c, rounded once; rounded twice on a processor that has no fused multiply-add."""
prefetch: Any = intrinsic(_prefetch_define)
"""Fetch the cache line at an address ahead of its use. The address need not be readable."""
widened: Any = intrinsic(_widened_define)
"""The float32 with the value of a bfloat16, which is given by its bits."""
bytes_at = _pointer_to(types.uint8)
halves_at = _pointer_to(types.uint16)
words_at = _pointer_to(types.uint32)
longs_at = _pointer_to(types.uint64)
integers_at = _pointer_to(types.int64)
floats_at = _pointer_to(types.float32)
doubles_at = _pointer_to(types.float64)
"""…_at(address): a pointer to that memory, for `numba.carray`."""


def gemv(vectors: int, data: int, table: int, blocks: int, x: int, y: int, ldy: int, add: int, ahead: int) -> None:
    """Never called: the plain loops multiply one vector at a time, through the panel."""


def widen(groups: int, data: int, table: int, blocks: int, panel: int) -> None:
    """Unpack blocks of one group into panel (4 streams, steps, 16), column 4·step + stream at [stream, step]."""
    stored = carray(bytes_at(data), (blocks, 3, 64))
    entries = carray(bytes_at(table), 16)
    bits = carray(words_at(panel), (STREAMS, PANEL_STEPS, 16))
    for block in range(blocks):
        for half in range(2):
            for byte in range(64):
                row = byte // 16 * 4 + byte % 8 // 2
                column = byte % 16 // 8 * 2 + byte % 2
                high = np.uint32(entries[stored[block, 0, byte] >> (4 * half) & 15])
                low = np.uint32(stored[block, 1 + half, byte])
                bits[column, 2 * block + half, row] = high << 24 | low << 16


def gemm(
    which: int,
    panel: int,
    steps: int,
    blocks: int,
    x: int,
    x_block: int,
    y: int,
    ldy: int,
    add: int,
    ahead: int,
    ahead_group: int,
) -> None:
    """y (blocks, ldy)[:, :16] = one stream of the panel (steps, 16) times x, or y plus that.

    A block of x is one vector, of which every fourth value is used; the next one is x_block bytes further.
    """
    weights = carray(floats_at(panel), (steps, 16))
    sums = np.empty(16, np.float32)
    for block in range(blocks):
        inputs = carray(floats_at(x + block * x_block), STREAMS * steps)
        out = carray(floats_at(y + 4 * block * ldy), 16)
        sums[:] = 0
        for step in range(steps):
            for row in range(16):
                sums[row] = fma(weights[step, row], inputs[STREAMS * step], sums[row])
        for row in range(16):
            out[row] = out[row] + sums[row] if add else sums[row]


def tile(
    which: int,
    w: int,
    w_step: int,
    w_group: int,
    x: int,
    x_vector: int,
    steps: int,
    y: int,
    y_vector: int,
    add: int,
) -> None:
    """y[:16] = Σₛ w[s] · x[s], or y plus that: one group and one vector, one sum in the order of s."""
    inputs = carray(floats_at(x), steps)
    out = carray(floats_at(y), 16)
    sums = np.zeros(16, np.float32)
    for step in range(steps):
        weights = carray(floats_at(w + step * w_step), 16)
        for lane in range(16):
            sums[lane] = fma(weights[lane], inputs[step], sums[lane])
    for lane in range(16):
        out[lane] = out[lane] + sums[lane] if add else sums[lane]
