"""What suits one processor better than another in the products: how far ahead to fetch, and how much to do at a time.

Every choice gives the same bits; only the time differs. This file does not know how the best choice is found, nor
where it is kept: `vision.engine.models.tuned` does both.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import layout, simd
from .isa import Isa


@dataclass(frozen=True)
class Tuning:
    """The choices for an instruction set. Raises ValueError for one that its kernels cannot take."""

    isa: Isa
    gemv_limit: int  # vectors up to which several passes of `gemv` are taken to be faster than `gemm`
    prefetch_bytes: int  # `gemv` fetches the weights so far ahead
    vectors_together: int  # vectors that pass all groups of a work item at once

    def __post_init__(self) -> None:
        # Fewer vectors than one block of `gemm` would need a variant of it that does not exist.
        if self.gemv_limit < simd.GEMM.get(self.isa, 0):
            raise ValueError(f"`gemv` has to take up to {simd.GEMM[self.isa]} vectors, not {self.gemv_limit}")
        if not 0 <= self.prefetch_bytes <= 1 << 20:
            raise ValueError(f"{self.prefetch_bytes} bytes are no distance to fetch ahead")
        if not simd.GEMM.get(self.isa, 1) <= self.vectors_together <= layout.MOST_TOGETHER:
            raise ValueError(f"there is scratch memory for {layout.MOST_TOGETHER} vectors, not {self.vectors_together}")


def usual_tuning(isa: Isa) -> Tuning:
    """What was best on an AMD processor of the Zen 4 generation."""
    return Tuning(isa, {Isa.PLAIN: 0, Isa.AVX2: 6, Isa.AVX512: 48}[isa], 4096, layout.MOST_TOGETHER)
