"""The kernels for numpy arrays: a `Multiplier` multiplies packed matrices by vectors and looks up single rows.

It checks shapes and makes the scratch arrays, because the machine code behind it checks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from vision.engine.arrays import zeros
from vision.engine.kernels.packed_matrix import Form, PackedMatrix

from . import layout, matmul
from .dispatch import matmul_loops
from .isa import Isa, fastest
from .jit import entry_point
from .thread_pool import Pool
from .tuning import Tuning, usual_tuning

_FORMS: dict[Form, int] = {"q12": layout.Q12, "bf16": layout.BF16, "f16": layout.F16, "f32": layout.F32}
_WORK_ITEMS_PER_THREAD = 8  # small enough that no thread waits long for the last one
_MOST_GEMV_GROUPS = 64  # in a work item: 80 microseconds of work


class Multiplier:
    """Multiplies by packed matrices in the threads of a pool. Calls must not overlap."""

    def __init__(self, pool: Pool, isa: Isa | None = None, tuning: Tuning | None = None) -> None:
        self.isa = fastest() if isa is None else isa
        self.loops = matmul_loops(self.isa).copy()
        self.tune(usual_tuning(self.isa) if tuning is None else tuning)
        self._pool = pool
        self._panels = zeros(pool.threads, layout.PANEL_FLOATS)
        self._work_item, self._arrange = entry_points()
        self._described: WeakKeyDictionary[PackedMatrix, NDArray[np.int64]] = WeakKeyDictionary()

    def tune(self, tuning: Tuning) -> None:
        """Use these choices from now on. Raises ValueError if they are for another instruction set."""
        if tuning.isa is not self.isa:
            raise ValueError(f"these choices are for {tuning.isa.name}, not for {self.isa.name}")
        self.loops[layout.GEMV_LIMIT] = tuning.gemv_limit
        self.loops[layout.PREFETCH_BYTES] = tuning.prefetch_bytes
        self.loops[layout.VECTORS_TOGETHER] = tuning.vectors_together

    def multiply(self, matrix: PackedMatrix, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """x (n, columns) → (n, rows), as torch's `F.linear` up to rounding. Raises ValueError for another shape."""
        if x.ndim != 2 or x.shape[1] != matrix.columns or x.dtype != np.float32:
            raise ValueError(f"x is (n, {matrix.columns}) float32, not {x.shape} {x.dtype}")
        y = np.empty((x.shape[0], matrix.rows), np.float32)
        if y.size:
            inputs = self._arranged(matrix, np.ascontiguousarray(x))
            arguments = self.arguments(matrix, inputs, y)
            work_items = -(-matrix.groups // int(arguments[layout.GROUPS]))
            self._pool.run(self._work_item, work_items, arguments.ctypes.data)
        return y

    def arguments(
        self, matrix: PackedMatrix, x: NDArray[np.float32], y: NDArray[np.float32], groups: int | None = None
    ) -> NDArray[np.int64]:
        """Arguments of the entry point `matmul.work_item`, for an arranged x and y (n, rows). Keep all arrays alive.

        `groups` of 16 rows make a work item, but never more than the scratch memory has room for.
        """
        arguments = np.zeros(layout.MATMUL_ARGUMENTS, np.int64)
        arguments[: layout.MATRIX_NUMBERS] = self.described(matrix)
        arguments[layout.MATRIX_NUMBERS : layout.MATRIX_NUMBERS + layout.MATMUL_LOOPS] = self.loops
        arguments[layout.X] = x.ctypes.data
        arguments[layout.COUNT] = x.shape[0]
        arguments[layout.Y] = y.ctypes.data
        arguments[layout.LDY] = y.shape[1]
        arguments[layout.GROUPS] = min(groups or self._groups(matrix, x.shape[0]), self._most_groups(x.shape[0]))
        arguments[layout.PANELS] = self._panels.ctypes.data
        return arguments

    def arranging(self, x: NDArray[np.float32], blocks: int, out: NDArray[np.float32]) -> NDArray[np.int64]:
        """Arguments of the entry point `matmul.arrange`, from x into out, both (n, columns). Keep them alive."""
        arguments = np.zeros(layout.ARRANGE_ARGUMENTS, np.int64)
        arguments[layout.ARRANGE_X] = x.ctypes.data
        arguments[layout.ARRANGE_COLUMNS] = x.shape[1]
        arguments[layout.ARRANGE_COUNT] = x.shape[0]
        arguments[layout.ARRANGE_BLOCKS] = blocks
        arguments[layout.ARRANGE_OUT] = out.ctypes.data
        arguments[layout.ARRANGE_FOR_GEMM] = x.shape[0] > self.loops[layout.GEMV_LIMIT]
        return arguments

    def look_up(self, matrix: PackedMatrix, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Single rows of a matrix as float32 (n, columns), for an embedding. Raises ValueError for a row outside it."""
        described = self.described(matrix)
        out = np.empty((len(rows), matrix.columns), np.float32)
        for into, row in zip(out, rows, strict=True):
            if not 0 <= row < matrix.rows:
                raise ValueError(f"there is no row {row} in {matrix.rows}")
            matmul.widen_row(described, int(row), into)
        return out

    def described(self, matrix: PackedMatrix) -> NDArray[np.int64]:
        """`describe`, computed once for each matrix, because it checks every outlier."""
        if (known := self._described.get(matrix)) is not None:
            return known
        return self._described.setdefault(matrix, describe(matrix))

    def blocks(self, matrix: PackedMatrix, count: int) -> int:
        """Into how many blocks the kernel wants `count` vectors arranged. If it is `count`, they stay as they are."""
        return int(matmul.blocks_of(self.loops, _FORMS[matrix.form], count))

    def _groups(self, matrix: PackedMatrix, count: int) -> int:
        """How many groups should make a work item: an even number, because some kernels take two groups at once."""
        return max(2, matrix.groups // (_WORK_ITEMS_PER_THREAD * self._pool.threads) // 2 * 2)

    def _most_groups(self, count: int) -> int:
        return layout.ITEM_GROUPS if count > self.loops[layout.GEMV_LIMIT] else _MOST_GEMV_GROUPS

    def _arranged(self, matrix: PackedMatrix, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """x (n, columns) in the order that the kernel wants: x itself, or an arranged copy."""
        count = x.shape[0]
        blocks = self.blocks(matrix, count)
        if blocks == count:
            return x
        out = np.zeros(x.size + layout.PADDING, np.float32)[: x.size].reshape(x.shape)
        arguments = self.arranging(x, blocks, out)
        self._pool.run(self._arrange, blocks, arguments.ctypes.data)
        return out


@cache
def entry_points() -> tuple[int, int]:
    """The addresses of the entry points `matmul.work_item` and `matmul.arrange`."""
    return entry_point(matmul.work_item, 3, "work_item"), entry_point(matmul.arrange, 3, "arrange")


def describe(matrix: PackedMatrix) -> NDArray[np.int64]:
    """The matrix as a block of `layout`, valid while it is alive. Raises ValueError if its arrays do not fit."""
    if problem := matrix.problem():
        raise ValueError(problem)
    arrays = (matrix.data, matrix.tables, matrix.starts, matrix.outliers)
    if not all(array.flags.c_contiguous for array in arrays):
        raise ValueError("the arrays of a packed matrix lie in one piece each")
    described = np.zeros(layout.MATRIX_NUMBERS, np.int64)
    described[layout.DATA], described[layout.TABLES] = matrix.data.ctypes.data, matrix.tables.ctypes.data
    described[layout.STARTS], described[layout.OUTLIERS] = matrix.starts.ctypes.data, matrix.outliers.ctypes.data
    described[layout.ROWS], described[layout.COLUMNS] = matrix.rows, matrix.columns
    described[layout.FORM] = _FORMS[matrix.form]
    return described
