"""Products of packed matrices with one or many vectors: y = W·x in float32.

Everything is added up in one order, so that a result has the same bits for any number of vectors and threads, and any
instruction set with a fused multiply-add:

    k block   512 columns: four sums of fused multiply-adds, of every fourth column each; then ((s0 + s1) + s2) + s3
    row       the sums of its k blocks, one after another; then the sum of its outliers, if its group has any

So several tokens that are verified at once, or a prefill cut anywhere, give what single steps give. Short sums also
have smaller rounding errors. There are two ways to compute a product: `gemv` unpacks weights in registers and
multiplies them by a few vectors; `gemm` unpacks them into a small panel and multiplies the panel by many. This file
knows addresses and counts: no files, no model, no threads.
"""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from . import scalar
from .jit import call5, call7, call8, compiled
from .layout import (
    ARRANGE_ARGUMENTS,
    ARRANGE_BLOCKS,
    ARRANGE_COLUMNS,
    ARRANGE_COUNT,
    ARRANGE_FOR_GEMM,
    ARRANGE_OUT,
    ARRANGE_X,
    BF16,
    BLOCKS_TOGETHER,
    COLUMNS,
    COUNT,
    DATA,
    F16,
    F32,
    FORM,
    GEMM_AT,
    GEMM_VECTORS,
    GEMV_AT,
    GEMV_LIMIT,
    GEMV_VECTORS,
    GROUPS,
    K_BLOCK,
    LDY,
    MATMUL_ARGUMENTS,
    MATMUL_LOOPS,
    MATRIX_NUMBERS,
    OUTLIERS,
    PANEL_FLOATS,
    PANEL_GROUPS,
    PANELS,
    Q12,
    ROWS,
    STARTS,
    STREAMS,
    TABLES,
    WIDEN_AT,
    X,
    Y,
)

_GROUP_BYTES = 24  # of a column of a group


def work_item(index: int, worker: int, arguments: int) -> None:
    """Entry point: one work item of a product. The arguments are the MATMUL_ARGUMENTS of `layout`."""
    given = carray(scalar.integers_at(arguments), MATMUL_ARGUMENTS)
    matrix, loops = given[:MATRIX_NUMBERS], given[MATRIX_NUMBERS : MATRIX_NUMBERS + MATMUL_LOOPS]
    first = index * given[GROUPS]
    last = min(first + given[GROUPS], (matrix[ROWS] + 15) // 16)
    panel = given[PANELS] + worker * PANEL_FLOATS * 4
    multiply_groups(loops, matrix, first, last, given[X], given[COUNT], given[Y], given[LDY], panel)


def arrange(block: int, worker: int, arguments: int) -> None:
    """Entry point: copy a block of the vectors x (count, columns) into out, in the order in which the kernels read it.

    For `gemv` the order is (columns, vectors of the block). For `gemm` it is (4 streams, steps, vectors) for each k
    block, so that values which are multiplied together lie together. The arguments are the ARRANGE_ARGUMENTS of
    `layout`.
    """
    given = carray(scalar.integers_at(arguments), ARRANGE_ARGUMENTS)
    columns, count, blocks = given[ARRANGE_COLUMNS], given[ARRANGE_COUNT], given[ARRANGE_BLOCKS]
    first, last = count * block // blocks, count * (block + 1) // blocks
    width = last - first
    source = carray(scalar.floats_at(given[ARRANGE_X] + 4 * first * columns), (width, columns))
    target = carray(scalar.floats_at(given[ARRANGE_OUT] + 4 * first * columns), (columns, width))
    for column in range(columns):
        place = place_of(column, columns) if given[ARRANGE_FOR_GEMM] else column
        for n in range(width):
            target[place, n] = source[n, column]


@compiled
def place_of(column: int, columns: int) -> int:
    """Where a column of an input stands after it was arranged for `gemm`."""
    start = column // K_BLOCK * K_BLOCK
    steps = min(K_BLOCK, columns - start) // STREAMS
    return start + (column - start) % STREAMS * steps + (column - start) // STREAMS


@compiled
def blocks_of(loops: NDArray[np.int64], form: int, count: int) -> int:
    """Into how many nearly equal blocks `count` vectors are cut; block i of n has count·i//n to count·(i + 1)//n."""
    if form != Q12:
        return count
    return int(-(-count // (loops[GEMV_VECTORS] if count <= loops[GEMV_LIMIT] else loops[GEMM_VECTORS])))


@compiled
def multiply_groups(
    loops: NDArray[np.int64],
    matrix: NDArray[np.int64],
    first: int,
    last: int,
    x: int,
    count: int,
    y: int,
    ldy: int,
    panel: int,
) -> None:
    """y[:, 16·first : 16·last] = x times the groups first to last (without last) of a matrix.

    x is (count, columns). It is arranged in blocks if there are fewer blocks than vectors, and then up to PADDING
    floats behind it are read. y is (count, ldy). x, y and panel are addresses; `loops` and `matrix` are blocks of
    `layout`.
    """
    if matrix[FORM] != Q12:
        _multiply_rows(matrix, first * 16, min(last * 16, matrix[ROWS]), x, count, y, ldy)
        return
    if count <= loops[GEMV_LIMIT]:
        _by_gemv(loops, matrix, first, last, x, count, y, ldy)
    else:
        _by_gemm(loops, matrix, first, last, x, count, y, ldy, panel)
    _add_outliers(loops, matrix, first, last, x, count, y, ldy)


@compiled
def _by_gemv(
    loops: NDArray[np.int64], matrix: NDArray[np.int64], first: int, last: int, x: int, count: int, y: int, ldy: int
) -> None:
    columns = matrix[COLUMNS]
    blocks = blocks_of(loops, Q12, count)
    tables, starts = matrix[TABLES], carray(scalar.words_at(matrix[STARTS]), matrix[ROWS] // 16 + 1)
    for group in range(first, last):
        table = tables + 16 * group
        data = matrix[DATA] + group * columns * _GROUP_BYTES
        # The next group's table and the outliers are far from the weights in memory, so they are fetched ahead.
        scalar.prefetch(table + 128)
        for line in range(matrix[OUTLIERS] + 8 * starts[group], matrix[OUTLIERS] + 8 * starts[group + 1], 64):
            scalar.prefetch(line)
        if blocks == 1:
            call8(loops[GEMV_AT], count, data, table, columns // 8, x, y + 64 * group, ldy, 0)
            continue
        # A few passes over a k block, all but the first from the L1 cache, cost less than the way through a panel.
        for start in range(0, columns, K_BLOCK):
            length = min(K_BLOCK, columns - start)
            for block in range(blocks):
                begin = count * block // blocks
                width = count * (block + 1) // blocks - begin
                inputs = x + 4 * (begin * columns + start * width)
                into = y + 4 * (begin * ldy + 16 * group)
                call8(loops[GEMV_AT], width, data + start * _GROUP_BYTES, table, length // 8, inputs, into, ldy, start)


@compiled
def _by_gemm(
    loops: NDArray[np.int64],
    matrix: NDArray[np.int64],
    first: int,
    last: int,
    x: int,
    count: int,
    y: int,
    ldy: int,
    panel: int,
) -> None:
    # A k block of some blocks of inputs stays in the L2 cache while group after group is unpacked and multiplied by it.
    columns = matrix[COLUMNS]
    blocks = blocks_of(loops, Q12, count)
    for first_block in range(0, blocks, BLOCKS_TOGETHER):
        last_block = min(first_block + BLOCKS_TOGETHER, blocks)
        for start in range(0, columns, K_BLOCK):
            length = min(K_BLOCK, columns - start)
            group = np.int64(first)
            while group < last:
                together = min(loops[PANEL_GROUPS], last - group)
                for place in range(together):
                    data = matrix[DATA] + ((group + place) * columns + start) * _GROUP_BYTES
                    table = matrix[TABLES] + 16 * (group + place)
                    call5(loops[WIDEN_AT], together, data, table, length // 8, panel + 64 * place)
                for block in range(first_block, last_block):
                    begin = count * block // blocks
                    width = count * (block + 1) // blocks - begin
                    inputs = x + 4 * (begin * columns + start * width)
                    into = y + 4 * (begin * ldy + 16 * group)
                    call7(loops[GEMM_AT], 64 * together + width, panel, length // 4, inputs, into, ldy, start)
                group += together


@compiled
def _add_outliers(
    loops: NDArray[np.int64], matrix: NDArray[np.int64], first: int, last: int, x: int, count: int, y: int, ldy: int
) -> None:
    columns = matrix[COLUMNS]
    starts = carray(scalar.words_at(matrix[STARTS]), matrix[ROWS] // 16 + 1)
    if starts[first] == starts[last]:
        return
    blocks = blocks_of(loops, Q12, count)
    if blocks == count:
        for n in range(count):
            _add_outliers_of_one(matrix, first, last, x + 4 * n * columns, y + 4 * n * ldy)
        return
    sums = np.empty((16, 16), np.float32)
    for_gemm = count > loops[GEMV_LIMIT]
    for block in range(blocks):  # outermost, so that its inputs stay in the L2 cache and their pages in the TLB
        begin = count * block // blocks
        width = count * (block + 1) // blocks - begin
        inputs = x + 4 * begin * columns
        for group in range(first, last):
            if starts[group] == starts[group + 1]:
                continue
            _sum_outliers(matrix, starts[group], starts[group + 1], inputs, width, for_gemm, sums)
            for n in range(width):
                out = carray(scalar.floats_at(y + 4 * ((begin + n) * ldy + 16 * group)), 16)
                for row in range(16):
                    out[row] += sums[row, n]


@compiled
def _add_outliers_of_one(matrix: NDArray[np.int64], first: int, last: int, x: int, y: int) -> None:
    starts = carray(scalar.words_at(matrix[STARTS]), matrix[ROWS] // 16 + 1)
    inputs = carray(scalar.floats_at(x), matrix[COLUMNS])
    entries = carray(scalar.longs_at(matrix[OUTLIERS]), starts[last])
    sums = np.empty(16, np.float32)
    for group in range(first, last):
        sums[:] = 0
        for index in range(starts[group], starts[group + 1]):
            entry = np.int64(entries[index])
            place = entry >> 16 & 15
            sums[place] = scalar.fma(scalar.widened(entry >> 32), inputs[entry & 0xFFFF], sums[place])
        out = carray(scalar.floats_at(y + 64 * group), 16)
        if starts[group] != starts[group + 1]:
            for row in range(16):
                out[row] += sums[row]


@compiled
def _sum_outliers(
    matrix: NDArray[np.int64], start: int, end: int, x: int, width: int, for_gemm: bool, sums: NDArray[np.float32]
) -> None:
    # Always 16 inputs at once, in one or two vector registers; those beyond the width are summed up and not used.
    entries = carray(scalar.longs_at(matrix[OUTLIERS]), end)
    sums[:] = 0
    for index in range(start, end):
        entry = np.int64(entries[index])
        value, column, into = scalar.widened(entry >> 32), int(entry & 0xFFFF), sums[entry >> 16 & 15]
        place = place_of(column, int(matrix[COLUMNS])) if for_gemm else column
        inputs = carray(scalar.floats_at(x + 4 * place * width), 16)  # reads up to PADDING floats behind the last input
        for n in range(16):
            into[n] = scalar.fma(value, inputs[n], into[n])


@compiled
def _multiply_rows(matrix: NDArray[np.int64], first: int, last: int, x: int, count: int, y: int, ldy: int) -> None:
    """Multiply a matrix that is not packed: each row is widened once, then multiplied by every vector."""
    columns = matrix[COLUMNS]
    row = np.empty(columns, np.float32)
    lanes = np.empty(16, np.float32)
    for index in range(first, last):
        widen_row(matrix, index, row)
        for n in range(count):
            inputs = carray(scalar.floats_at(x + 4 * n * columns), columns)
            out = carray(scalar.floats_at(y + 4 * n * ldy), ldy)
            out[index] = _dot(row, inputs, lanes)


@compiled
def _dot(row: NDArray[np.float32], x: NDArray[np.float32], lanes: NDArray[np.float32]) -> np.float32:
    """A dot product in 16 sums, of every 16th column each, which are added to the total after every k block."""
    total = np.float32(0)
    for start in range(0, row.shape[0], K_BLOCK):
        end = min(start + K_BLOCK, row.shape[0])
        lanes[:] = 0
        whole = start + (end - start) // 16 * 16
        for column in range(start, whole, 16):
            for lane in range(16):
                lanes[lane] = scalar.fma(row[column + lane], x[column + lane], lanes[lane])
        for column in range(whole, end):
            lanes[column - whole] = scalar.fma(row[column], x[column], lanes[column - whole])
        for lane in range(16):
            total += lanes[lane]
    return total


@compiled
def widen_row(matrix: NDArray[np.int64], row: int, out: NDArray[np.float32]) -> None:
    """One row of a matrix in any form as float32, exactly. An embedding looks it up."""
    columns, form = matrix[COLUMNS], matrix[FORM]
    bits = out.view(np.uint32)
    if form == F32:
        words = carray(scalar.words_at(matrix[DATA] + 4 * row * columns), columns)
        for column in range(columns):
            bits[column] = words[column]
    elif form == BF16:
        halves = carray(scalar.halves_at(matrix[DATA] + 2 * row * columns), columns)
        for column in range(columns):
            bits[column] = np.uint32(halves[column]) << 16
    elif form == F16:
        halves = carray(scalar.halves_at(matrix[DATA] + 2 * row * columns), columns)
        for column in range(columns):
            # Read as a float32, a float16 is 2^112 times too small, also a subnormal one. A packed file has no
            # infinities.
            bits[column] = np.uint32(halves[column] & 0x7FFF) << 13
            out[column] *= np.float32(2.0**112)
            bits[column] |= np.uint32(halves[column] >> 15) << 31
    else:
        _unpack_row(matrix, row, bits)


@compiled
def _unpack_row(matrix: NDArray[np.int64], row: int, bits: NDArray[np.uint32]) -> None:
    columns, group, inside = matrix[COLUMNS], row // 16, row % 16
    data = carray(scalar.bytes_at(matrix[DATA] + group * columns * _GROUP_BYTES), (columns // 8, 3, 64))
    table = carray(scalar.bytes_at(matrix[TABLES] + 16 * group), 16)
    for column in range(columns):
        block, half = column // 8, column % 8 // 4
        byte = inside // 4 * 16 + column % 4 // 2 * 8 + inside % 4 * 2 + column % 2
        high = np.uint32(table[data[block, 0, byte] >> (4 * half) & 15])
        bits[column] = high << 24 | np.uint32(data[block, 1 + half, byte]) << 16
    starts = carray(scalar.words_at(matrix[STARTS] + 4 * group), 2)
    entries = carray(scalar.longs_at(matrix[OUTLIERS]), starts[1])
    for index in range(starts[0], starts[1]):
        entry = np.int64(entries[index])
        if entry >> 16 & 15 == inside:
            bits[entry & 0xFFFF] = entry >> 32 << 16
