"""The inner loops of each instruction set as entry points, compiled when they are first needed.

It knows which functions an instruction set has and how many vectors they take at once, not what they compute.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import layout, math_functions, scalar, simd
from .isa import Isa, available
from .jit import entry_point


@cache
def matmul_loops(isa: Isa) -> NDArray[np.int64]:
    """The inner loops of a product, as the block of `layout`, without what `tuning` adds.

    Raises ValueError if this machine lacks the set.
    """
    if isa not in available():
        raise ValueError(f"this processor has no {isa.name}")
    if isa is Isa.PLAIN:
        functions, at_once = (scalar.gemv, scalar.widen, scalar.gemm), (1, 1, 1)
    else:
        functions = _wrapped(simd.gemv(isa), simd.widen(isa), simd.gemm(isa))
        at_once = (simd.GEMV[isa], simd.GEMM[isa], simd.PANEL_GROUPS[isa])
    gemv, widen, gemm = functions
    label = isa.name
    loops = np.zeros(layout.MATMUL_LOOPS, np.int64)
    loops[layout.GEMV_AT] = entry_point(gemv, 9, label)
    loops[layout.WIDEN_AT] = entry_point(widen, 5, label)
    loops[layout.GEMM_AT] = entry_point(gemm, 11, label)
    loops[[layout.GEMV_VECTORS, layout.GEMM_VECTORS, layout.PANEL_GROUPS]] = at_once
    loops.flags.writeable = False
    return loops


@cache
def attention_loops(isa: Isa) -> NDArray[np.int64]:
    """The inner loops of attention, as the block of `layout`. Raises ValueError if this machine lacks the set."""
    if isa not in available():
        raise ValueError(f"this processor has no {isa.name}")
    if isa is Isa.PLAIN:
        tile, softmax, limits = scalar.tile, math_functions.softmax, (1, 1)
    else:
        tile, softmax = _wrapped_tiles(simd.tile(isa), simd.softmax(isa))
        limits = (simd.TILE_VECTORS[isa], simd.TILE_SUMS[isa])
    loops = np.zeros(layout.ATTENTION_LOOPS, np.int64)
    loops[layout.TILE_AT] = entry_point(tile, 10, isa.name)
    loops[layout.SOFTMAX_AT] = entry_point(softmax, 3, isa.name)
    loops[[layout.TILE_VECTORS, layout.TILE_SUMS]] = limits
    loops.flags.writeable = False
    return loops


def _wrapped_tiles(tile_of: Any, softmax_of: Any) -> Any:
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
        tile_of(which, w, w_step, w_group, x, x_vector, steps, y, y_vector, add)

    def softmax(row: int, blocks: int, total: int) -> None:
        softmax_of(row, blocks, total)

    return tile, softmax


def _wrapped(gemv_of: Any, widen_of: Any, gemm_of: Any) -> Any:
    def gemv(vectors: int, data: int, table: int, blocks: int, x: int, y: int, ldy: int, add: int, ahead: int) -> None:
        gemv_of(vectors, data, table, blocks, x, y, ldy, add, ahead)

    def widen(groups: int, data: int, table: int, blocks: int, panel: int) -> None:
        widen_of(groups, data, table, blocks, panel)

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
        gemm_of(which, panel, steps, blocks, x, x_block, y, ldy, add, ahead, ahead_group)

    return gemv, widen, gemm
