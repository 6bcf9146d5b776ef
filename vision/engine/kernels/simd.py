"""The inner loops in vector instructions, AVX2 and AVX-512, written as LLVM code through numba: no compiler, no binary.

Three loops work on a group of 16 rows of a packed matrix, and two are for attention; all take raw addresses. Each adds
up in the order that `matmul` or `attention` defines, so it gives the same bits as `scalar`. Where the bytes of a packed
matrix are is said in `vision.engine.packed.q12`.

    gemv     unpack a k block and multiply it by 1 to 6 vectors at once, all in registers: decode
    widen    unpack a k block into a small float32 panel
    gemm     multiply the panel by up to 12 vectors at once: prefill, vision encoder
    tile     a few groups of 16 plain floats times a few vectors: attention's scores and results
    softmax  raise e to a row of scores, and add the results up
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from numba import types
from numba.extending import intrinsic

from .isa import Isa
from .layout import K_BLOCK, PANEL_STEPS, STREAMS
from .llvm import Code, Emitter, number

GEMV = {Isa.AVX2: 3, Isa.AVX512: 6}  # vectors at once in `gemv`: the four sums of each must stay in registers
GEMM = {Isa.AVX2: 6, Isa.AVX512: 12}  # vectors at once in `gemm`: each has one sum for every part of the rows
TILE_VECTORS = {Isa.AVX2: 6, Isa.AVX512: 8}  # vectors at once in `tile`
# Vectors × groups in `tile`. With AVX2 that is twice what the registers hold. It is faster nevertheless (94 against 131
# microseconds) where one or two vectors meet values from memory, because whole rows are then read as one stream.
TILE_SUMS = {Isa.AVX2: 16, Isa.AVX512: 24}
PANEL_GROUPS = {Isa.AVX2: 1, Isa.AVX512: 2}  # groups at once in `gemm`


def _gemv(
    e: Emitter,
    data: Code,
    table: Code,
    blocks: Code,
    x: Code,
    y: Code,
    ldy: Code,
    add: Code,
    ahead: Code,
    *,
    vectors: int,
) -> None:
    """y = W·x, one k block after the other. x is (8 · blocks, vectors) float32, y is (vectors, ldy).

    The weights are fetched into the L1 cache `ahead` bytes before they are used.
    """
    entries = e.table(table)
    in_k_block = number(K_BLOCK // 8)

    def k_block(index: Code, _: list[Code]) -> list[Code]:
        start = e.b.mul(index, in_k_block)
        left = e.b.sub(blocks, start)
        length = e.b.select(e.b.icmp_signed("<", left, in_k_block), left, in_k_block)
        here, inputs = e.at(data, e.scaled(start, 192)), e.at(x, e.scaled(start, 8 * 4 * vectors))
        _gemv_in_k_block(e, here, entries, length, inputs, y, ldy, e.b.or_(add, index), ahead, vectors=vectors)
        return []

    k_blocks = e.b.udiv(e.b.add(blocks, number(K_BLOCK // 8 - 1)), in_k_block)
    e.loop(k_blocks, [], k_block)


def _gemv_in_k_block(
    e: Emitter,
    data: Code,
    entries: Code,
    blocks: Code,
    x: Code,
    y: Code,
    ldy: Code,
    add: Code,
    ahead: Code,
    *,
    vectors: int,
) -> None:
    # One vector: all rows at once. More vectors: one part after the other, because else the sums would not fit into
    # registers.
    passes = [list(range(e.parts))] if vectors == 1 else [[part] for part in range(e.parts)]
    for parts in passes:
        sums = [(part, n, s) for part in parts for n in range(vectors) for s in range(STREAMS)]

        def body(
            index: Code, values: list[Code], parts: list[int] = parts, sums: list[tuple[int, int, int]] = sums
        ) -> list[Code]:
            now = dict(zip(sums, values, strict=True))
            block = e.at(data, e.scaled(index, 192))
            if 0 in parts:
                e.prefetch(e.at(block, ahead))
            weights = {part: e.weights(block, part, entries) for part in parts}
            inputs = e.at(x, e.scaled(index, 8 * 4 * vectors))
            for column in range(8):
                for n in range(vectors):
                    spread = e.spread(e.at(inputs, 4 * (column * vectors + n)))
                    for part in parts:
                        key = (part, n, column % STREAMS)
                        now[key] = e.fma(weights[part][column], spread, now[key])
            return list(now.values())

        done = dict(zip(sums, e.loop(blocks, [e.zero] * len(sums), body), strict=True))
        for part in parts:
            for n in range(vectors):
                target = e.at(y, e.scaled(ldy, 4 * n), part * e.bytes)
                e.add_to(target, [done[part, n, s] for s in range(STREAMS)], add)


def _widen(e: Emitter, data: Code, table: Code, blocks: Code, panel: Code, *, groups: int) -> None:
    """Unpack a group into its 16 rows of panel (4 streams, PANEL_STEPS, 16 · groups), column 4·step + stream."""
    entries = e.table(table)
    row_bytes = 64 * groups

    def body(index: Code, values: list[Code]) -> list[Code]:
        block = e.at(data, e.scaled(index, 192))
        first = e.at(panel, e.scaled(index, 2 * row_bytes))
        for part in range(e.parts):
            for column, weight in enumerate(e.weights(block, part, entries)):
                step, stream = divmod(column, STREAMS)
                e.store(weight, e.at(first, (stream * PANEL_STEPS + step) * row_bytes + part * e.bytes))
        return values

    e.loop(blocks, [], body)


def _gemm(
    e: Emitter,
    panel: Code,
    steps: Code,
    blocks: Code,
    x: Code,
    x_block: Code,
    y: Code,
    ldy: Code,
    add: Code,
    ahead: Code,
    ahead_group: Code,
    *,
    vectors: int,
    groups: int,
) -> None:
    """y = panel · x for one stream and some blocks of vectors.

    panel is (steps, 16 · groups) with an even number of steps. A block of x is (steps, vectors), and the next one is
    x_block bytes further. y is (blocks · vectors, ldy).

    While a block is multiplied, the next one's inputs are fetched into the L1 cache. The first block also fetches what
    is unpacked next into the L2 cache: of each group a quarter of a k block, from the address `ahead`, where the next
    group is ahead_group bytes further. Fetched all at once by `widen`, 12 KiB would keep it waiting for memory.
    """
    parts = e.parts * groups
    sums = [(part, n) for part in range(parts) for n in range(vectors)]
    half = e.b.lshr(steps, number(1))
    y_block = e.b.mul(ldy, number(4 * vectors))

    def one_block(block: Code, _: list[Code]) -> list[Code]:
        inputs = e.at(x, e.b.mul(block, x_block))
        next_inputs = e.at(inputs, x_block)
        is_first = e.b.icmp_signed("==", block, number(0))
        fetched = e.b.select(is_first, ahead, next_inputs)
        fetched_group = e.b.select(is_first, ahead_group, number(0))

        def two_steps(index: Code, values: list[Code]) -> list[Code]:
            now = dict(zip(sums, values, strict=True))
            e.prefetch_line(e.at(next_inputs, e.scaled(index, 2 * 4 * vectors)))
            for group in range(groups):  # two steps are 8 columns, of which this stream fetches a quarter
                weights_ahead = e.at(fetched, e.b.mul(fetched_group, number(group)), e.scaled(index, 192 // STREAMS))
                e.prefetch_line(weights_ahead, level=2)
            for step in range(2):
                row = e.at(panel, e.scaled(index, 2 * parts * e.bytes), step * parts * e.bytes)
                weights = [e.load(e.at(row, part * e.bytes), e.floats, 4) for part in range(parts)]
                here = e.at(inputs, e.scaled(index, 2 * 4 * vectors), step * 4 * vectors)
                for n in range(vectors):  # one input at a time: all of them at once would not fit into the registers
                    spread = e.spread(e.at(here, 4 * n))
                    for part in range(parts):
                        now[part, n] = e.fma(weights[part], spread, now[part, n])
            return list(now.values())

        done = e.loop(half, [e.zero] * len(sums), two_steps)
        into = e.at(y, e.b.mul(block, y_block))
        targets = [e.at(into, e.scaled(ldy, 4 * n), part * e.bytes) for part, n in sums]
        with e.b.if_else(e.b.icmp_signed("!=", add, number(0))) as (more, first):
            with more:
                for target, value in zip(targets, done, strict=True):
                    e.store(e.b.fadd(e.load(target, e.floats, 4), value), target)
            with first:
                for target, value in zip(targets, done, strict=True):
                    e.store(value, target)
        return []

    e.loop(blocks, [], one_block)


def _tile(
    e: Emitter,
    w: Code,
    w_step: Code,
    w_group: Code,
    x: Code,
    x_vector: Code,
    steps: Code,
    y: Code,
    y_vector: Code,
    add: Code,
    *,
    vectors: int,
    groups: int,
) -> None:
    """y[n, g] = Σₛ w[s, g] · x[n, s], 16 floats each, one sum in the order of s. All strides are in bytes."""
    sums = [(group, part, n) for group in range(groups) for part in range(e.parts) for n in range(vectors)]
    inputs = [e.at(x, e.b.mul(x_vector, number(n))) for n in range(vectors)]
    rows = [e.at(w, e.b.mul(w_group, number(group))) for group in range(groups)]

    def one_step(index: Code, values: list[Code]) -> list[Code]:
        now = dict(zip(sums, values, strict=True))
        here = e.b.mul(index, w_step)
        spread = [e.spread(e.at(vector, e.scaled(index, 4))) for vector in inputs]
        for group in range(groups):
            for part in range(e.parts):
                weights = e.load(e.at(rows[group], here, part * e.bytes), e.floats, 4)
                for n in range(vectors):
                    now[group, part, n] = e.fma(weights, spread[n], now[group, part, n])
        return list(now.values())

    for (group, part, n), value in zip(sums, e.loop(steps, [e.zero] * len(sums), one_step), strict=True):
        e.add_to(e.at(y, e.b.mul(y_vector, number(n)), 64 * group + part * e.bytes), [value], add)


def _softmax(e: Emitter, row: Code, blocks: Code, total: Code) -> None:
    """row (16 · blocks) becomes exp(row − its largest); `total` gets their sum, folded from 16 sums side by side."""
    every = range(e.parts)

    def place(index: Code, part: int) -> Code:
        return e.at(row, e.scaled(index, 64), part * e.bytes)

    def compare(index: Code, values: list[Code]) -> list[Code]:
        return [e.larger(e.load(place(index, part), e.floats, 4), values[part]) for part in every]

    largest = e.folded(e.loop(blocks, [e.least] * e.parts, compare), e.larger)

    def raise_(index: Code, values: list[Code]) -> list[Code]:
        sums = []
        for part in every:
            power = e.exponential(e.b.fsub(e.load(place(index, part), e.floats, 4), largest))
            e.store(power, place(index, part))
            sums.append(e.b.fadd(values[part], power))
        return sums

    e.store_one(e.folded(e.loop(blocks, [e.zero] * e.parts, raise_), e.b.fadd), total)


def _one_of(variants: Mapping[int, Callable[..., None]], isa: Isa, arguments: int) -> Any:
    """Signature and code of an intrinsic of int64 arguments, of which the first one chooses the variant."""

    def generate(target: Any, builder: Code, _: Any, values: list[Code]) -> Code:
        after = builder.append_basic_block("done")
        switch = builder.switch(values[0], after)  # a number without a variant does nothing
        for which, emit in variants.items():
            case = builder.append_basic_block("variant")
            switch.add_case(number(which), case)
            builder.position_at_end(case)
            emit(Emitter(builder, isa), *values[1:])
            builder.branch(after)
        builder.position_at_end(after)
        return target.get_dummy_value()

    return types.void(*[types.int64] * arguments), generate


def _always(emit: Callable[..., None], isa: Isa, arguments: int) -> Any:
    """Signature and code of an intrinsic of int64 arguments that has one variant."""

    def generate(target: Any, builder: Code, _: Any, values: list[Code]) -> Code:
        emit(Emitter(builder, isa), *values)
        return target.get_dummy_value()

    return types.void(*[types.int64] * arguments), generate


def gemv(isa: Isa) -> Any:
    """An intrinsic of (vectors, data, table, blocks, x, y, ldy, add, ahead)."""
    variants = {n: partial(_gemv, vectors=n) for n in range(1, GEMV[isa] + 1)}

    def define(
        context: Any, vectors: Any, data: Any, table: Any, blocks: Any, x: Any, y: Any, ldy: Any, add: Any, ahead: Any
    ) -> Any:
        return _one_of(variants, isa, 9)

    return intrinsic(define)


def widen(isa: Isa) -> Any:
    """An intrinsic of (groups, data, table, blocks, panel); `groups` says how wide the panel is."""
    variants = {groups: partial(_widen, groups=groups) for groups in range(1, PANEL_GROUPS[isa] + 1)}

    def define(context: Any, groups: Any, data: Any, table: Any, blocks: Any, panel: Any) -> Any:
        return _one_of(variants, isa, 5)

    return intrinsic(define)


def gemm(isa: Isa) -> Any:
    """An intrinsic of (64 · groups + vectors, panel, steps, blocks, x, x_block, y, ldy, add, ahead, ahead_group)."""
    # The widths that occur when more vectors than GEMM, as each `Tuning` has it, are cut into nearly equal blocks.
    widths = range((GEMM[isa] + 1) // 2, GEMM[isa] + 1)
    variants = {
        64 * groups + n: partial(_gemm, vectors=n, groups=groups)
        for n in widths
        for groups in range(1, PANEL_GROUPS[isa] + 1)
    }

    def define(
        context: Any,
        which: Any,
        panel: Any,
        steps: Any,
        blocks: Any,
        x: Any,
        x_block: Any,
        y: Any,
        ldy: Any,
        add: Any,
        ahead: Any,
        ahead_group: Any,
    ) -> Any:
        return _one_of(variants, isa, 11)

    return intrinsic(define)


def tile(isa: Isa) -> Any:
    """An intrinsic of (64 · groups + vectors, w, w_step, w_group, x, x_vector, steps, y, y_vector, add)."""
    variants = {
        64 * groups + n: partial(_tile, vectors=n, groups=groups)
        for n in range(1, TILE_VECTORS[isa] + 1)
        for groups in (1, 2, 4, 8)
        if groups == 1 or n * groups <= TILE_SUMS[isa]
    }

    def define(
        context: Any,
        which: Any,
        w: Any,
        w_step: Any,
        w_group: Any,
        x: Any,
        x_vector: Any,
        steps: Any,
        y: Any,
        y_vector: Any,
        add: Any,
    ) -> Any:
        return _one_of(variants, isa, 10)

    return intrinsic(define)


def softmax(isa: Isa) -> Any:
    """An intrinsic of (row, blocks, total)."""

    def define(context: Any, row: Any, blocks: Any, total: Any) -> Any:
        return _always(_softmax, isa, 3)

    return intrinsic(define)
