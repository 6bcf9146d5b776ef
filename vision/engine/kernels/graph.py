"""The arithmetic of a whole model part as a list of jobs, which machine code runs without coming back to Python.

A `Graph` is built once for a number of rows and run as often as wanted. What changes between two runs (the inputs,
where the cache lies, how many tokens it holds) is changed in the arrays that its jobs read. It knows which kernels
there are and which arguments they take, not what a layer is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vision.engine.arrays import zeros
from vision.engine.kernels.packed_matrix import PackedMatrix

from . import attention, layout, matmul, rowwise
from .jit import entry_point
from .linear import Multiplier
from .thread_pool import Pool

Floats = NDArray[np.float32]
EntryFunction = Callable[[int, int, int], None]  # (index, worker, arguments)

_WORK_ITEMS_PER_THREAD = 4
_SMALL = 1 << 14  # floats; a job on fewer takes a few microseconds and ends before a sleeping worker is awake


class GraphRuntime:
    """What graphs run with: the compiled kernels and the threads. An engine has one."""

    def __init__(self, pool: Pool, multiplier: Multiplier) -> None:
        self.pool = pool
        self.multiplier = multiplier
        self.attention = attention.Attention(pool, multiplier.isa)
        functions: tuple[EntryFunction, ...] = (
            rowwise.rms_norm,
            rowwise.layer_norm,
            rowwise.split_qkv_rope,
            rowwise.swiglu,
            rowwise.gelu_tanh,
            rowwise.gelu,
            rowwise.add,
            rowwise.add_bias,
        )
        self.entries = {function: entry_point(function, 3, function.__name__) for function in functions}
        self.summarise = entry_point(rowwise.summarise, 3, "summarise")
        self.work_item = entry_point(matmul.work_item, 3, "work_item")
        self.arrange = entry_point(matmul.arrange, 3, "arrange")
        self._scratch = zeros(pool.threads, 0)
        Graph(self, 0).run()  # compiles the function that runs jobs

    def scratch(self, head_dim: int, capacity: int) -> Floats:
        """Scratch for attention over so many keys: a row for every thread. Keep it alive as long as it is used."""
        size = int(attention.scratch_floats(head_dim, capacity))
        if self._scratch.shape[1] < size:
            self._scratch = zeros(self.pool.threads, size)
        return self._scratch


class Graph:
    """Jobs for `count` rows at a time. The arrays that its methods get must keep their memory as long as it is used."""

    def __init__(self, runtime: GraphRuntime, count: int) -> None:
        self.count = count
        self._runtime = runtime
        self._jobs: list[tuple[int, int, int]] = []
        self._kept: list[object] = []
        self._table = np.zeros((0, 3), np.int64)
        self._scratch: Floats | None = None  # used by attention, and kept alive here

    def __len__(self) -> int:
        return len(self._jobs)

    def run(self, first: int = 0, last: int | None = None) -> None:
        """Run the jobs from `first` up to `last`, which is not run."""
        if len(self._table) != len(self._jobs):
            self._table = np.array(self._jobs, np.int64).reshape(-1, 3)
        self._runtime.pool.run_all(self._table[first:last])

    def matmul(self, matrix: PackedMatrix, x: Floats, y: Floats, arranged: Floats) -> None:
        """y = x·Wᵀ, where x is (n, columns) and y is (n, rows). `arranged` has room for x and layout.PADDING floats."""
        multiplier, n = self._runtime.multiplier, len(x)
        blocks = multiplier.blocks(matrix, n)
        if blocks != n:
            target = arranged[: x.size].reshape(x.shape)
            self._add(self._runtime.arrange, blocks, multiplier.arranging(x, blocks, target), x, arranged)
            x = target
        arguments = multiplier.arguments(matrix, x, y)
        work_items = -(-matrix.groups // int(arguments[layout.GROUPS]))
        self._add(self._runtime.work_item, work_items, arguments, matrix, x, y)

    def rms_norm(self, x: Floats, weight: Floats, out: Floats, epsilon: float) -> None:
        """out = x / rms(x) · weight, for every row."""
        self._add_rows(rowwise.rms_norm, x, out.shape[1], weight=weight, out=out, epsilon=epsilon)

    def layer_norm(self, x: Floats, weight: Floats, bias: Floats, out: Floats, epsilon: float) -> None:
        """out = (x - mean) / deviation · weight + bias, for every row."""
        self._add_rows(rowwise.layer_norm, x, out.shape[1], weight=weight, bias=bias, out=out, epsilon=epsilon)

    def swiglu(self, x: Floats, out: Floats) -> None:
        """out = SiLU(first half of x) · second half of x, for every row."""
        self._add_rows(rowwise.swiglu, x, out.shape[1], out=out)

    def gelu(self, x: Floats, bias: Floats, *, by_tanh: bool) -> None:
        """x = gelu(x + bias), exactly or approximated with tanh."""
        self._add_rows(rowwise.gelu_tanh if by_tanh else rowwise.gelu, x, x.shape[1], bias=bias)

    def add(self, x: Floats, y: Floats, bias: Floats | None = None) -> None:
        """x = x + (y + bias); y is overwritten if there is a bias."""
        self._add_rows(rowwise.add, x, x.shape[1], y=y, bias=bias)

    def bias(self, x: Floats, bias: Floats) -> None:
        """x = x + bias, the same bias for all rows."""
        self._add_rows(rowwise.add_bias, x, x.shape[1], bias=bias)

    def split_qkv_rope(
        self,
        x: Floats,
        sizes: tuple[int, int, int],
        bias: Floats | None,
        norms: tuple[Floats, Floats] | None,
        cosines: Floats,
        sines: Floats,
        epsilon: float,
        arguments: NDArray[np.int64],
    ) -> None:
        """Split x into queries, keys and values, see `rowwise.split_qkv_rope`.

        `sizes` are heads, kv_heads and head_dim; `norms` are the weights for queries and keys. `arguments`, an array of
        layout.SPLIT_ARGUMENTS, is filled except for the place of the cache, which `place_splits` sets.
        """
        heads, kv_heads, head_dim = sizes
        work_items = self._work_items(x)
        arguments[[layout.ROW_COUNT, layout.ROW_WORK_ITEMS]] = len(x), work_items
        arguments[layout.SPLIT_X] = _at(x)
        arguments[[layout.SPLIT_HEADS, layout.SPLIT_KV_HEADS, layout.SPLIT_HEAD_DIM]] = heads, kv_heads, head_dim
        arguments[layout.SPLIT_BIAS] = _at(bias)
        arguments[[layout.SPLIT_QUERY_NORM, layout.SPLIT_KEY_NORM]] = [_at(norm) for norm in norms or (None, None)]
        arguments[[layout.SPLIT_COSINES, layout.SPLIT_SINES]] = _at(cosines), _at(sines)
        arguments[layout.SPLIT_EPSILON] = _bits(epsilon)
        entry = self._runtime.entries[rowwise.split_qkv_rope]
        self._add(entry, work_items, arguments, x, bias, norms, cosines, sines)

    def attend(
        self, x: Floats, out: Floats, sizes: tuple[int, int, int], arguments: NDArray[np.int64], *, causal: bool
    ) -> None:
        """Attention of the queries that `split_qkv_rope` leaves in x, see `attention.work_item`.

        If causal, a row sees the keys up to its own; otherwise it sees all keys of this graph's rows. `arguments`, an
        array of layout.ATTENTION_ARGUMENTS, is filled except for the place of the cache, which `place_attentions` sets.
        """
        heads, kv_heads, head_dim = sizes
        arguments[: layout.ATTENTION_LOOPS] = self._runtime.attention.loops
        arguments[[layout.QUERIES, layout.QUERY_STRIDE]] = _at(x), x.shape[1]
        arguments[[layout.ATTENDED, layout.ATTENDED_STRIDE]] = _at(out), out.shape[1]
        arguments[[layout.TOKENS, layout.HEADS, layout.KV_HEADS, layout.HEAD_DIM]] = len(x), heads, kv_heads, head_dim
        arguments[layout.PAST] = 0 if causal else layout.EVERY_KEY
        work_items = int(attention.work_items_of(arguments))
        self._add(self._runtime.attention.entry, work_items, arguments, x, out)

    def place_attentions(
        self, arguments: NDArray[np.int64], where: NDArray[np.int64], capacity: int, past: int
    ) -> None:
        """Set for several attentions where the cache is, and how many of its tokens are from earlier runs.

        `where` (attentions, 2) holds the addresses of keys and of values.
        """
        self._scratch = self._runtime.scratch(int(arguments[0, layout.HEAD_DIM]), capacity)
        arguments[:, layout.KEYS : layout.VALUES + 1] = where
        arguments[:, layout.CAPACITY] = capacity
        arguments[:, layout.LENGTH] = past + arguments[0, layout.TOKENS]
        if arguments[0, layout.PAST] != layout.EVERY_KEY:
            arguments[:, layout.PAST] = past
        arguments[:, layout.SCRATCH] = _at(self._scratch)
        arguments[:, layout.SCRATCH_BYTES] = self._scratch.strides[0]

    @staticmethod
    def place_splits(arguments: NDArray[np.int64], where: NDArray[np.int64], capacity: int, past: int) -> None:
        """Set the same for several `split_qkv_rope`, which fill the cache."""
        arguments[:, layout.SPLIT_KEYS : layout.SPLIT_VALUES + 1] = where
        arguments[:, layout.SPLIT_CAPACITY] = capacity
        arguments[:, layout.SPLIT_PAST] = past

    def summarise(self, logits: Floats) -> NDArray[np.float64]:
        """Summarise logits, see `rowwise.summarise`. Returns the array (work items, 3) that will hold the results."""
        work_items = max(1, min(64, logits.size // 4096))
        out = np.zeros((work_items, 3), np.float64)
        arguments = np.zeros(layout.SUMMARY_ARGUMENTS, np.int64)
        arguments[[layout.ROW_COUNT, layout.ROW_WORK_ITEMS]] = logits.size, work_items
        arguments[[layout.SUMMARY_LOGITS, layout.SUMMARY_OUT]] = _at(logits), _at(out)
        self._add(self._runtime.summarise, work_items, arguments, logits, out)
        return out

    def _add_rows(
        self,
        function: EntryFunction,
        x: Floats,
        columns: int,
        *,
        y: Floats | None = None,
        out: Floats | None = None,
        weight: Floats | None = None,
        bias: Floats | None = None,
        epsilon: float = 0.0,
    ) -> None:
        """Add a job of `rowwise` on the rows of x."""
        work_items = self._work_items(x)
        arguments = np.zeros(layout.ROW_ARGUMENTS, np.int64)
        arguments[[layout.ROW_COUNT, layout.ROW_WORK_ITEMS, layout.ROW_COLUMNS]] = len(x), work_items, columns
        arguments[[layout.ROW_X, layout.ROW_Y, layout.ROW_OUT]] = _at(x), _at(y), _at(out)
        arguments[[layout.ROW_WEIGHT, layout.ROW_BIAS]] = _at(weight), _at(bias)
        arguments[layout.ROW_EPSILON] = _bits(epsilon)
        self._add(self._runtime.entries[function], work_items, arguments, x, y, out, weight, bias)

    def _work_items(self, x: Floats) -> int:
        """Into how many work items a job on the rows of x is cut."""
        most = 1 if x.size < _SMALL else _WORK_ITEMS_PER_THREAD * self._runtime.pool.threads
        return min(len(x), most)

    def _add(self, entry: int, work_items: int, arguments: NDArray[np.int64], *kept: object) -> None:
        """Add a job. What its arguments have addresses of must stay alive, so it is kept here."""
        self._jobs.append((entry, work_items, _at(arguments)))
        self._kept += [arguments, *kept]


def _at(array: NDArray[np.generic] | None) -> int:
    """The address of an array's first value, 0 for none."""
    return 0 if array is None else int(array.ctypes.data)


def _bits(value: float) -> int:
    return int(np.float32(value).view(np.uint32))
