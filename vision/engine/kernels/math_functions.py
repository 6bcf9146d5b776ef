"""Functions of one float32 that LLVM can vectorise: they select instead of branching, and call no C library.

A loop over them gives the same bits whether or not it becomes vector code, because every operation is the processor's
own. `emit_exponential` writes the same operations for a whole vector, for `llvm`. This file knows nothing of arrays and
models.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from .jit import compiled
from .scalar import emit_fma, floats_at, fma

# exp(x) = 2ⁿ · exp(r), where n is x / log 2 rounded, and r = x − n · log 2 in two steps. exp(r) is the polynomial of
# Cephes' expf.
_LOG2_E = 1.4426950408889634
_ROUNDING = 1.5 * 2.0**23  # a number that is added to it loses its fraction; n then stands in the lowest bits
_LOG_2 = (0.693359375, -2.12194440e-4)  # log 2 as a sum; the first part has so few bits that n times it is exact
_EXPONENTIAL = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_SMALLEST, _LARGEST = -87.33, 88.72283  # below, the result is 0 (it would be subnormal); above, infinity


def emit_exponential(builder: Any, x: Any) -> Any:
    """LLVM code of exp(x) for a float32 or a vector of them: within 2 units in the last place, 0 below −87.33."""
    lanes = x.type.count if isinstance(x.type, ir.VectorType) else 0
    words = ir.VectorType(ir.IntType(32), lanes) if lanes else ir.IntType(32)

    def constant(value: float) -> ir.Constant:
        exact = float(np.float32(value))
        return ir.Constant(x.type, [exact] * lanes if lanes else exact)

    shift = ir.Constant(words, [23] * lanes if lanes else 23)
    rounded = emit_fma(builder, x, constant(_LOG2_E), constant(_ROUNDING))
    n = builder.fsub(rounded, constant(_ROUNDING))
    r = x
    for part in _LOG_2:
        r = emit_fma(builder, n, constant(-part), r)
    power = constant(_EXPONENTIAL[0])
    for coefficient in (*_EXPONENTIAL[1:], 1.0, 1.0):
        power = emit_fma(builder, power, r, constant(coefficient))
    exponent = builder.shl(builder.bitcast(rounded, words), shift)
    value = builder.bitcast(builder.add(builder.bitcast(power, words), exponent), x.type)
    value = builder.select(builder.fcmp_ordered("<", x, constant(_SMALLEST)), constant(0.0), value)
    value = builder.select(builder.fcmp_ordered(">", x, constant(_LARGEST)), constant(float("inf")), value)
    return builder.select(builder.fcmp_unordered("uno", x, x), x, value)


def _exponential_define(context: Any, x: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        return emit_exponential(builder, values[0])

    return types.float32(types.float32), generate


def _divided_define(context: Any, a: Any, b: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: list[Any]) -> Any:
        return builder.fdiv(*values)

    return types.float32(types.float32, types.float32), generate


exponential: Any = intrinsic(_exponential_define)
"""exp(x) within 2 units in the last place; 0 below −87.33, infinity above 88.72, NaN for NaN."""
divided: Any = intrinsic(_divided_define)
"""a / b as the processor computes it. Python's error for b = 0 would be a branch, which prevents vectorisation."""


@compiled
def sigmoid_product(g: np.float32, u: np.float32) -> np.float32:
    """SiLU(g) · u = g / (1 + exp(−g)) · u: the gated activation (SwiGLU) of a decoder layer's MLP."""
    return divided(g, np.float32(1) + exponential(-g)) * u  # type: ignore[no-any-return]


@compiled
def gelu_tanh(x: np.float32) -> np.float32:
    """x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), PyTorch's "tanh" GELU.

    It is computed as (1 + tanh v) / 2 = 1 / (1 + exp(−2v)), in which nothing cancels, so that the relative error is
    small for a negative x too.
    """
    linear, cubic = np.float32(-1.5957691216057308), np.float32(-0.07135481282553256)  # −2 √(2/π), and that · 0.044715
    return divided(x, np.float32(1) + exponential(x * fma(cubic, x * x, linear)))  # type: ignore[no-any-return]


@compiled
def gelu(x: np.float32) -> np.float32:
    """x/2 · (1 + erf(x / √2)), the exact GELU. The polynomials are those of Cephes' erff and erfcf (ndtrf.c).

    With z = x / √2: below |z| = 1 the polynomial of erf(z) / z; above, one of two of erfc(z) · z · exp(z²) in 1 / z².
    All three are computed and one is selected.
    """
    one, half = np.float32(1), np.float32(0.5)
    z = abs(x) * np.float32(0.7071067811865476)
    square = half * x * x

    inner = np.float32(7.853861353153693e-5)
    inner = fma(inner, square, np.float32(-8.010193625184903e-4))
    inner = fma(inner, square, np.float32(5.188327685732524e-3))
    inner = fma(inner, square, np.float32(-2.685381193529856e-2))
    inner = fma(inner, square, np.float32(1.128358514861418e-1))
    inner = fma(inner, square, np.float32(-3.761262582423300e-1))
    inner = fma(inner, square, np.float32(1.128379165726710e0))

    inverse = divided(one, z)
    y = inverse * inverse
    middle = np.float32(2.326819970068386e-2)
    middle = fma(middle, y, np.float32(-1.387039388740657e-1))
    middle = fma(middle, y, np.float32(3.687424674597105e-1))
    middle = fma(middle, y, np.float32(-5.824733027278666e-1))
    middle = fma(middle, y, np.float32(6.210004621745983e-1))
    middle = fma(middle, y, np.float32(-4.944515323274145e-1))
    middle = fma(middle, y, np.float32(3.404879937665872e-1))
    middle = fma(middle, y, np.float32(-2.741127028184656e-1))
    middle = fma(middle, y, np.float32(5.638259427386472e-1))

    outer = np.float32(-1.047766399936249e1)
    outer = fma(outer, y, np.float32(1.297719955372516e1))
    outer = fma(outer, y, np.float32(-7.495518717768503e0))
    outer = fma(outer, y, np.float32(2.921019019210786e0))
    outer = fma(outer, y, np.float32(-1.015265279202700e0))
    outer = fma(outer, y, np.float32(4.218463358204948e-1))
    outer = fma(outer, y, np.float32(-2.820767439740514e-1))
    outer = fma(outer, y, np.float32(5.641895067754075e-1))

    tail = exponential(-square) * inverse * (middle if z < np.float32(2) else outer)
    beyond = tail if z >= one else one - z * inner  # erfc(|z|)
    share = half * beyond if x < np.float32(0) else one - half * beyond
    return x * share  # type: ignore[no-any-return]


def softmax(row: int, blocks: int, total: int) -> None:
    """Entry point: row (16 · blocks) becomes exp(row − its largest), and their sum is stored at `total`.

    The sum is computed as 16 sums of every 16th value, which are folded: s[l] + s[l + 8], then l + 4, l + 2, l + 1.
    `simd` has the same function for each instruction set.
    """
    values = carray(floats_at(row), (blocks, 16))
    sums = np.zeros(16, np.float32)
    largest = np.float32(-np.inf)
    for block in range(blocks):
        for lane in range(16):
            if values[block, lane] > largest:
                largest = values[block, lane]
    for block in range(blocks):
        for lane in range(16):
            values[block, lane] = exponential(values[block, lane] - largest)
            sums[lane] += values[block, lane]
    for distance in (8, 4, 2, 1):
        for lane in range(distance):
            sums[lane] += sums[lane + distance]
    carray(floats_at(total), 1)[0] = sums[0]
