"""Kaldi's compressed matrices, as its `CompressedMatrix` writes and reads them: bytes out, numbers back.

"CM2 " has 16 bits a value over the range of the matrix: half the size of floats, the same results. "CM " has 8 bits a
value over a range of its own for each column, with the finest steps where most of the values are (between the
column's quartiles). That is enough for the large matrices in the middle of a network.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import ArrayLike, NDArray

EIGHT_BITS, SIXTEEN_BITS = b"CM ", b"CM2 "
_HEADER = struct.Struct("<ffii")  # least value, span, rows, columns
_LARGE = 100_000  # values from which 8 bits are used
_TOP = 65535.0
# Where the quartiles of a column lie among the 256 codes.
_LOWER, _UPPER, _HIGHEST = 64, 192, 255


def encoded(values: ArrayLike) -> bytes:
    """A matrix with its mark and header, in 8 bits if it is large, else in 16."""
    floats = np.asarray(values, np.float64)
    low, span = float(floats.min()), float(floats.max() - floats.min()) or 1.0
    header = _HEADER.pack(low, span, *floats.shape)
    scaled = (floats - low) / span * _TOP
    if floats.size < _LARGE:
        return SIXTEEN_BITS + header + np.round(scaled).astype("<u2").tobytes()
    points = _points(scaled)
    return EIGHT_BITS + header + points.T.astype("<u2").tobytes() + _codes(scaled, points).T.tobytes()


def decoded(data: bytes, at: int) -> tuple[NDArray[np.float64], int]:
    """The matrix (rows, columns) that begins at byte `at`, and where it ends. Raises ValueError for another kind."""
    mark = SIXTEEN_BITS if data.startswith(SIXTEEN_BITS, at) else EIGHT_BITS
    if not data.startswith(mark, at):
        raise ValueError("the weights are in neither 8 nor 16 bits, so another program made this model")
    low, span, rows, columns = _HEADER.unpack_from(data, at + len(mark))
    at += len(mark) + _HEADER.size
    if mark == SIXTEEN_BITS:
        scaled = np.frombuffer(data, "<u2", rows * columns, at).reshape(rows, columns).astype(np.float64)
        return low + scaled / _TOP * span, at + 2 * rows * columns
    points = np.frombuffer(data, "<u2", 4 * columns, at).reshape(columns, 4).T.astype(np.float64)
    codes = np.frombuffer(data, np.uint8, rows * columns, at + 8 * columns).reshape(columns, rows).T
    known = np.array([0, _LOWER, _UPPER, _HIGHEST])
    scaled = np.stack([np.interp(codes[:, column], known, points[:, column]) for column in range(columns)], 1)
    return low + scaled / _TOP * span, at + 8 * columns + rows * columns


def _points(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least value, the quartiles and the largest one of each column, (4, columns), each larger than the last."""
    rows = len(scaled)
    points = np.round(np.sort(scaled, 0)[[0, rows // 4, 3 * (rows // 4), rows - 1]])
    for row in range(4):
        points[row] = np.minimum(points[row], _TOP - 3 + row)
        if row:
            points[row] = np.maximum(points[row], points[row - 1] + 1)
    return points


def _codes(scaled: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    known = np.array([0, _LOWER, _UPPER, _HIGHEST])
    columns = [np.interp(scaled[:, column], points[:, column], known) for column in range(scaled.shape[1])]
    return np.round(np.stack(columns, 1)).astype(np.uint8)
