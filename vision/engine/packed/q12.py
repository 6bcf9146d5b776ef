"""Q12-R16: a bfloat16 matrix in 12 bits a weight, without loss. Packs and unpacks a matrix; knows no file and no model.

A trained matrix uses few exponents, so the high bytes of its bfloat16 numbers (sign and 7 exponent bits) take few
values. The low byte (the last bit of the exponent and 7 mantissa bits) is noise and is stored as it is.

    group    16 rows with a table of their 15 commonest high bytes; a high byte becomes its 4-bit place in the table
    block    8 columns of a group, 192 bytes: 64 of codes (low nibble: columns 0-3, high nibble: columns 4-7),
             64 of low bytes of columns 0-3, 64 of low bytes of columns 4-7; blocks follow each other along the row
    byte b   of 64 stands for row 4·(b//16) + (b%8)//2 and column 2·(b%16//8) + b%2 (of the four)
    escape   code 0, whose table entry and low byte are 0, so that it decodes to +0.0; a zero is stored so; any other
             weight with a rare high byte (an outlier) is stored so too, and stands in the group's list of outliers

To unpack a vector takes an and, a shift, a byte shuffle and an interleave, for vectors of 128, 256 and 512 bits alike,
from one stream of whole cache lines. An entry of the outliers is `column | row in the group << 16 | bfloat16 << 32`;
the entries of each row are in the order of its columns. With 5 outliers in 10,000 weights, a weight takes 12.04 bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vision.engine.kernels.jit import compiled
from vision.engine.kernels.packed_matrix import (
    GROUP_BYTES_PER_COLUMN,
    GROUP_ROWS,
    TABLE_BYTES,
    PackedMatrix,
    unsuitable,
)

MAX_OUTLIER_SHARE = 0.01  # at it, 12.6 bits a weight and a sixth more time; beyond it, plain bfloat16 is better


def survey(bits: NDArray[np.uint16]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """The table of each group (groups, 16), and how many outliers each group would have (groups,)."""
    tables = np.zeros((bits.shape[0] // GROUP_ROWS, TABLE_BYTES), np.uint8)
    counts = np.zeros(tables.shape[0], np.uint32)
    _survey(bits, tables, counts)
    return tables, counts


def pack(bits: NDArray[np.uint16]) -> PackedMatrix:
    """Pack the bit patterns of a bfloat16 matrix (rows, columns). Raises ValueError for an unsuitable shape."""
    rows, columns = bits.shape
    if why := unsuitable(rows, columns):
        raise ValueError(why)
    bits = np.ascontiguousarray(bits)
    tables, counts = survey(bits)
    starts = np.zeros(counts.size + 1, np.uint32)
    np.cumsum(counts, out=starts[1:])
    outliers = np.empty(int(starts[-1]), np.uint64)
    data = np.empty((counts.size, columns * GROUP_BYTES_PER_COLUMN), np.uint8)
    _pack(bits, tables, starts, data, outliers)
    return PackedMatrix("q12", rows, columns, data, tables, starts, outliers)


def unpack(matrix: PackedMatrix) -> NDArray[np.uint16]:
    """The bit patterns (rows, columns) that were packed."""
    bits = np.empty((matrix.rows, matrix.columns), np.uint16)
    _unpack(matrix.data, matrix.tables, matrix.starts, matrix.outliers, bits)
    return bits


@compiled
def _survey(bits: NDArray[np.uint16], tables: NDArray[np.uint8], counts: NDArray[np.uint32]) -> None:
    seen = np.empty(256, np.int64)
    for group in range(counts.shape[0]):
        seen[:] = 0
        zeros = 0
        for row in range(group * 16, group * 16 + 16):
            for column in range(bits.shape[1]):
                value = bits[row, column]
                seen[value >> 8] += 1
                zeros += value == 0
        seen[0] -= zeros  # a zero needs no place in the table: the escape code decodes to it
        left = bits.shape[1] * 16 - zeros
        for place in range(1, 16):
            commonest = np.argmax(seen)  # of equally common ones the smallest, so that the table is the same every time
            if seen[commonest] <= 0:
                break
            tables[group, place] = commonest
            left -= seen[commonest]
            seen[commonest] = -1
        counts[group] = left


@compiled
def _pack(
    bits: NDArray[np.uint16],
    tables: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    data: NDArray[np.uint8],
    outliers: NDArray[np.uint64],
) -> None:
    code_of = np.empty(256, np.uint8)
    for group in range(tables.shape[0]):
        code_of[:] = 0
        # Downwards, so that the first place with a high byte wins: unused places at the end hold 0, which may also be a
        # high byte that has a place.
        for place in range(15, 0, -1):
            code_of[tables[group, place]] = place
        listed = np.int64(starts[group])
        for block in range(bits.shape[1] // 8):
            base = block * 192
            for row in range(16):
                for column in range(8):
                    value = bits[group * 16 + row, block * 8 + column]
                    code = code_of[value >> 8]
                    low = value & 255
                    if value == 0:
                        code = np.uint8(0)
                    elif code == 0:
                        low = 0
                        outliers[listed] = (block * 8 + column) | (row << 16) | (np.int64(value) << 32)
                        listed += 1
                    at = base + row // 4 * 16 + column % 4 // 2 * 8 + row % 4 * 2 + column % 2
                    if column < 4:
                        data[group, at] = code
                        data[group, at + 64] = low
                    else:
                        data[group, at] |= code << 4
                        data[group, at + 128] = low


@compiled
def _unpack(
    data: NDArray[np.uint8],
    tables: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    outliers: NDArray[np.uint64],
    bits: NDArray[np.uint16],
) -> None:
    for group in range(tables.shape[0]):
        for row in range(16):
            for column in range(bits.shape[1]):
                half = column % 8 // 4
                at = column // 8 * 192 + row // 4 * 16 + column % 4 // 2 * 8 + row % 4 * 2 + column % 2
                code = data[group, at] >> (4 * half) & 15
                bits[group * 16 + row, column] = tables[group, code] << 8 | data[group, at + 64 + 64 * half]
        for index in range(starts[group], starts[group + 1]):
            entry = np.int64(outliers[index])
            bits[group * 16 + (entry >> 16 & 15), entry & 0xFFFF] = entry >> 32
