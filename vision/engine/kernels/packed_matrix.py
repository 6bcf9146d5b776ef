"""A matrix of weights as the kernels read it: packed in 12 bits, or plain. It does not know how to pack one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Form = Literal["q12", "bf16", "f16", "f32"]

GROUP_ROWS = 16
BLOCK_COLUMNS = 8
BLOCK_BYTES = 192
GROUP_BYTES_PER_COLUMN = BLOCK_BYTES // BLOCK_COLUMNS
TABLE_BYTES = 16
MAX_COLUMNS = 65_535  # an entry of the outliers has 16 bits for its column

STORED: dict[Form, np.dtype[Any]] = {
    "q12": np.dtype(np.uint8),
    "bf16": np.dtype("<u2"),
    "f16": np.dtype("<f2"),
    "f32": np.dtype("<f4"),
}

_NO_TABLES = np.empty((0, TABLE_BYTES), np.uint8)
_NO_STARTS = np.zeros(0, np.uint32)
_NO_OUTLIERS = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class PackedMatrix:
    """A matrix of weights (rows, columns) in one of the forms; y = W·x has `rows` values.

    For "q12", `data` is (groups, columns · 24) uint8. For every other form it is the plain (rows, columns) array in the
    source's own width, and the matrix has no tables and no outliers.
    """

    form: Form
    rows: int
    columns: int
    data: NDArray[Any]
    tables: NDArray[np.uint8] = field(default_factory=lambda: _NO_TABLES)  # (groups, 16)
    starts: NDArray[np.uint32] = field(default_factory=lambda: _NO_STARTS)  # (groups + 1,), of each group's outliers
    outliers: NDArray[np.uint64] = field(default_factory=lambda: _NO_OUTLIERS)

    @property
    def groups(self) -> int:
        """Groups of 16 rows; in the plain forms the last one may be smaller."""
        return -(-self.rows // GROUP_ROWS)

    @property
    def nbytes(self) -> int:
        return self.data.nbytes + self.tables.nbytes + self.starts.nbytes + self.outliers.nbytes

    def problem(self) -> str | None:
        """Why a kernel could read outside these arrays, or None. No value in `data` and `tables` can make it do so."""
        expected = (
            (self.groups, self.columns * GROUP_BYTES_PER_COLUMN) if self.form == "q12" else (self.rows, self.columns)
        )
        if self.data.shape != expected or self.data.dtype != STORED[self.form]:
            return f"its weights are {self.data.shape} {self.data.dtype}, not {expected} {STORED[self.form]}"
        if self.form != "q12":
            return None
        if why := unsuitable(self.rows, self.columns):
            return why
        if self.tables.shape != (self.groups, TABLE_BYTES) or self.starts.shape != (self.groups + 1,):
            return "its tables do not fit its rows"
        if (
            self.starts[0] != 0
            or self.starts[-1] != self.outliers.size
            or (np.diff(self.starts.astype(np.int64)) < 0).any()
        ):
            return "its side list is out of order"
        if self.outliers.size:
            column, row = self.outliers & np.uint64(0xFFFF), self.outliers >> np.uint64(16) & np.uint64(0xFFFF)
            if column.max() >= self.columns or row.max() >= GROUP_ROWS:
                return "its side list names weights that it does not have"
        return None


def unsuitable(rows: int, columns: int) -> str | None:
    """Why a matrix of this shape cannot be packed, or None if it can."""
    if rows % GROUP_ROWS or columns % GROUP_ROWS or not rows or not columns:
        return f"{rows}×{columns} are not multiples of {GROUP_ROWS}"
    if columns > MAX_COLUMNS:
        return f"{columns} columns are more than {MAX_COLUMNS}"
    return None
