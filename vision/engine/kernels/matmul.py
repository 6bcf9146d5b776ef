"""Products of packed matrices with one or many vectors: y = W·x in float32.

Everything is added up in one order, so that a result has the same bits for any number of vectors and threads, and any
instruction set with a fused multiply-add:

    k block   512 columns: four sums of fused multiply-adds, of every fourth column each (four streams)
    row       the four sums of its first k block, one after another, then those of the next k block, and so on;
              at last the sum of its outliers, if its group has any

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
from .jit import call5, call9, call11, compiled
from .layout import (
    ARRANGE_ARGUMENTS,
    ARRANGE_BLOCKS,
    ARRANGE_COLUMNS,
    ARRANGE_COUNT,
    ARRANGE_FOR_GEMM,
    ARRANGE_OUT,
    ARRANGE_X,
    BF16,
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
    PANEL_STEPS,
    PANELS,
    PREFETCH_BYTES,
    Q12,
    RESULTS_AT,
    RESULTS_STRIDE,
    ROWS,
    STARTS,
    STREAMS,
    TABLES,
    VECTORS_TOGETHER,
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
    first, last = block_start(count, blocks, block), block_start(count, blocks, block + 1)
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
    """Into how many nearly equal blocks `count` vectors are cut, see `block_start`."""
    if form != Q12:
        return count
    return int(-(-count // (loops[GEMV_VECTORS] if count <= loops[GEMV_LIMIT] else loops[GEMM_VECTORS])))


@compiled
def block_start(count: int, blocks: int, block: int) -> int:
    """The first vector of a block, and the end of the one before. The wider blocks, by one vector, come first."""
    return block * (count // blocks) + min(block, count % blocks)


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
        _add_outliers(loops, matrix, first, last, x, count, 0, blocks_of(loops, Q12, count), y, ldy)
    else:
        _by_gemm(loops, matrix, first, last, x, count, y, ldy, panel)


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
            call9(loops[GEMV_AT], count, data, table, columns // 8, x, y + 64 * group, ldy, 0, loops[PREFETCH_BYTES])
            continue
        # A few passes over a k block, all but the first from the L1 cache, cost less than the way through a panel.
        for start in range(0, columns, K_BLOCK):
            length = min(K_BLOCK, columns - start)
            for block in range(blocks):
                begin = block_start(count, blocks, block)
                width = block_start(count, blocks, block + 1) - begin
                inputs = x + 4 * (begin * columns + start * width)
                into = y + 4 * (begin * ldy + 16 * group)
                here = data + start * _GROUP_BYTES
                call9(loops[GEMV_AT], width, here, table, length // 8, inputs, into, ldy, start, loops[PREFETCH_BYTES])


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
    # The results of some blocks of vectors are added up in a tile behind the panel, because in y, whose rows are often
    # a multiple of 4 KiB apart, they would share few cache lines. A k block of the inputs stays in the L2 cache
    # meanwhile.
    columns = matrix[COLUMNS]
    blocks = blocks_of(loops, Q12, count)
    blocks_together = loops[VECTORS_TOGETHER] // loops[GEMM_VECTORS]
    for first_block in range(0, blocks, blocks_together):
        last_block = min(first_block + blocks_together, blocks)
        first_vector, last_vector = block_start(count, blocks, first_block), block_start(count, blocks, last_block)
        # Where vector 0 and group 0 would be in the tile.
        tile = panel + 4 * (RESULTS_AT - RESULTS_STRIDE * first_vector - 16 * first)
        for start in range(0, columns, K_BLOCK):
            for group in range(first, last, loops[PANEL_GROUPS]):
                groups = min(loops[PANEL_GROUPS], last - group)
                _widen_panel(loops, matrix, group, groups, start, panel)
                ahead = _unpacked_next(matrix, first, last, group + groups, start)
                # Stream after stream, so that a stream of the panel stays in the L1 cache while the blocks pass.
                for stream in range(STREAMS):
                    _multiply_panel(
                        loops,
                        panel,
                        groups,
                        x,
                        columns,
                        count,
                        first_block,
                        last_block,
                        start,
                        stream,
                        tile + 64 * group,
                        ahead,
                    )
        _add_outliers(loops, matrix, first, last, x, count, first_block, last_block, tile, RESULTS_STRIDE)
        for vector in range(first_vector, last_vector):
            width = 16 * (last - first)
            source = carray(scalar.floats_at(tile + 4 * (vector * RESULTS_STRIDE + 16 * first)), width)
            target = carray(scalar.floats_at(y + 4 * (vector * ldy + 16 * first)), width)
            for row in range(width):
                target[row] = source[row]


@compiled
def _widen_panel(
    loops: NDArray[np.int64], matrix: NDArray[np.int64], group: int, groups: int, start: int, panel: int
) -> None:
    """Unpack a k block of some groups side by side."""
    columns = matrix[COLUMNS]
    blocks = min(K_BLOCK, columns - start) // 8
    for place in range(groups):
        data = matrix[DATA] + ((group + place) * columns + start) * _GROUP_BYTES
        table = matrix[TABLES] + 16 * (group + place)
        call5(loops[WIDEN_AT], groups, data, table, blocks, panel + 64 * place)


@compiled
def _unpacked_next(matrix: NDArray[np.int64], first: int, last: int, group: int, start: int) -> int:
    """The address of the weights to unpack next: of the given group, or else of the next k block or work item."""
    if group == last:
        start += K_BLOCK
        group = first
        if start >= matrix[COLUMNS]:
            start, group = 0, last
    return matrix[DATA] + (group * matrix[COLUMNS] + start) * _GROUP_BYTES  # type: ignore[no-any-return]


@compiled
def _multiply_panel(
    loops: NDArray[np.int64],
    panel: int,
    groups: int,
    x: int,
    columns: int,
    count: int,
    first_block: int,
    last_block: int,
    start: int,
    stream: int,
    y: int,
    ahead: int,
) -> None:
    """Multiply one stream of a panel by blocks of vectors. y is the address of the results of vector 0 in a tile."""
    blocks = blocks_of(loops, Q12, count)
    steps = min(K_BLOCK, columns - start) // STREAMS
    rows = panel + 64 * groups * PANEL_STEPS * stream
    first_narrow = min(max(first_block, count % blocks), last_block)
    for first, last in ((first_block, first_narrow), (first_narrow, last_block)):  # blocks of one width at once
        if first == last:
            continue
        begin = block_start(count, blocks, first)
        width = block_start(count, blocks, first + 1) - begin
        # In vectors that are not arranged, the streams take turns.
        before = stream * steps * width if blocks < count else stream
        inputs = x + 4 * (begin * columns + start * width + before)
        call11(
            loops[GEMM_AT],
            64 * groups + width,
            rows,
            steps,
            last - first,
            inputs,
            4 * width * columns,
            y + 4 * RESULTS_STRIDE * begin,
            RESULTS_STRIDE,
            start + stream,
            ahead + stream * steps * _GROUP_BYTES,
            columns * _GROUP_BYTES,
        )


@compiled
def _add_outliers(
    loops: NDArray[np.int64],
    matrix: NDArray[np.int64],
    first: int,
    last: int,
    x: int,
    count: int,
    first_block: int,
    last_block: int,
    y: int,
    ldy: int,
) -> None:
    columns = matrix[COLUMNS]
    starts = carray(scalar.words_at(matrix[STARTS]), matrix[ROWS] // 16 + 1)
    if starts[first] == starts[last]:
        return
    blocks = blocks_of(loops, Q12, count)
    if blocks == count:
        for n in range(first_block, last_block):
            _add_outliers_of_one(matrix, first, last, x + 4 * n * columns, y + 4 * n * ldy)
        return
    sums = np.empty((16, 16), np.float32)
    for_gemm = count > loops[GEMV_LIMIT]
    # Blocks are outermost, so that a block's inputs stay in the L2 cache and their pages in the TLB.
    for block in range(first_block, last_block):
        begin = block_start(count, blocks, block)
        width = block_start(count, blocks, block + 1) - begin
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
