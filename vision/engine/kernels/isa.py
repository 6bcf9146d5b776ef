"""Which vector instructions the kernels may use. It knows names of processor features, nothing of the arithmetic."""

from __future__ import annotations

from enum import IntEnum

from .jit import target_features


class Isa(IntEnum):
    """An instruction set that has kernels of its own; the larger, the faster."""

    PLAIN = 0  # what numba makes of plain loops; runs on any processor
    AVX2 = 1  # with FMA: every x86 processor since 2013 (Haswell) and 2017 (Zen)
    AVX512 = 2  # F and BW


_NEEDS = {
    Isa.PLAIN: frozenset[str](),
    Isa.AVX2: frozenset({"+avx2", "+fma"}),
    Isa.AVX512: frozenset({"+avx2", "+fma", "+avx512f", "+avx512bw"}),
}


def available(features: str | None = None) -> tuple[Isa, ...]:
    """The sets that this processor has, slowest first. LLVM ends the process when it has to compile for another one."""
    have = frozenset((target_features() if features is None else features).split(","))
    return tuple(isa for isa, needed in _NEEDS.items() if needed <= have)


def fastest() -> Isa:
    """The fastest set that this processor has."""
    return available()[-1]


def has_fused_multiply_add(features: str | None = None) -> bool:
    """Whether the processor has one. Without it, LLVM calls a library function per product, some 50 times slower."""
    have = (target_features() if features is None else features).split(",")
    return "+fma" in have or "+neon" in have
