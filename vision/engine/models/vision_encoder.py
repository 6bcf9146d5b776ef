"""The vision encoder on packed weights: the patches of a picture become one vector for each image token.

A camera's pictures all have one shape, so the graph is built for the first picture and kept until one of another shape
comes. This file knows blocks and weights, not where the patches come from nor what becomes of the vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vision.engine.arrays import zeros
from vision.engine.checkpoint.shapes import VisionShape
from vision.engine.kernels import layout
from vision.engine.kernels.graph import Floats, Graph, GraphRuntime
from vision.engine.kernels.packed_matrix import PackedMatrix
from vision.engine.packed.file import Contents

_PREFIX = "model.visual"
_EPSILON = 1e-6  # of every norm here; no config names it


class VisionEncoder:
    """The encoder. Make one call at a time."""

    def __init__(self, runtime: GraphRuntime, contents: Contents, shape: VisionShape) -> None:
        self._runtime = runtime
        self._contents = contents
        self._shape = shape
        self._graph: _EncoderGraph | None = None

    def encode(
        self, patches: Floats, rows_of_patches: int, columns_of_patches: int, check: Callable[[], None]
    ) -> tuple[Floats, tuple[Floats, ...]]:
        """Patches (rows · columns, values) → the image tokens and the deepstack levels.

        The patches of an image token stand side by side. Tokens and levels are (rows · columns / merge², out_hidden)
        each.
        """
        grid = (rows_of_patches, columns_of_patches)
        if self._graph is None or self._graph.grid != grid:
            self._graph = None  # frees the old one first
            self._graph = _EncoderGraph(self._runtime, self._contents, self._shape, grid)
        return self._graph.run(patches, check)


@dataclass(frozen=True, eq=False)
class _Linear:
    matrix: PackedMatrix
    bias: Floats

    @staticmethod
    def of(contents: Contents, name: str) -> _Linear:
        return _Linear(contents.matrices[f"{name}.weight"], contents.arrays[f"{name}.bias"])


class _EncoderGraph:
    """All jobs for pictures of one size, and the arrays between them."""

    def __init__(self, runtime: GraphRuntime, contents: Contents, shape: VisionShape, grid: tuple[int, int]) -> None:
        self.grid = grid
        self._contents = contents
        self._shape = shape
        count = grid[0] * grid[1]
        tokens = count // shape.merge_patches**2
        self._patches = zeros(count, shape.patch_values)
        self._hidden = zeros(count, shape.hidden)
        self._normed = zeros(count, shape.hidden)
        self._split = zeros(count, 3 * shape.hidden)
        self._attended = self._normed  # the norm is no longer needed when attention writes its result
        self._change = zeros(count, shape.hidden)
        self._inner = zeros(count, shape.intermediate)
        self._merged = zeros(tokens, shape.merged)
        capacity = -(-count // 16) * 16
        padded = -(-shape.head_dim // 16) * 16
        self._keys = zeros(shape.heads, capacity // 16, shape.head_dim, 16)
        self._values = zeros(shape.heads, capacity, padded)
        widest = max(shape.patch_values, shape.hidden, shape.intermediate)
        self._arranged = zeros(count * widest + layout.PADDING)
        row, column = patch_positions(*grid, shape.merge_patches)
        self._positions = position_embeddings(contents.arrays[f"{_PREFIX}.pos_embed.weight"], row, column, grid)
        angles = _angles(row, column, shape)
        self._cosines, self._sines = np.cos(angles), np.sin(angles)
        self._tokens = zeros(tokens, shape.out_hidden)
        self._levels = [zeros(tokens, shape.out_hidden) for _ in shape.deepstack]
        self.graph = Graph(runtime, count)
        self._splits = np.zeros((shape.depth, layout.SPLIT_ARGUMENTS), np.int64)
        self._attentions = np.zeros((shape.depth, layout.ATTENTION_ARGUMENTS), np.int64)
        self._stops = [0]  # places in the graph where a cancel is noticed
        self._write()
        where = np.array([[self._keys.ctypes.data, self._values.ctypes.data]], np.int64)
        self.graph.place_splits(self._splits, where, capacity, 0)
        self.graph.place_attentions(self._attentions, where, capacity, 0)

    def run(self, patches: Floats, check: Callable[[], None]) -> tuple[Floats, tuple[Floats, ...]]:
        self._patches[:] = patches
        for first, last in pairwise(self._stops):
            check()
            self.graph.run(first, last)
        return self._tokens.copy(), tuple(level.copy() for level in self._levels)

    def _write(self) -> None:
        graph, hidden = self.graph, self._hidden
        embed = _Linear.of(self._contents, f"{_PREFIX}.patch_embed.proj")
        graph.matmul(embed.matrix, self._patches, hidden, self._arranged)
        graph.bias(hidden, embed.bias)
        graph.add(hidden, self._positions)
        for block in range(self._shape.depth):
            self._write_block(block)
            if block in self._shape.deepstack:
                level = self._shape.deepstack.index(block)
                self._write_merger(f"{_PREFIX}.deepstack_merger_list.{level}", self._levels[level], norm_merged=True)
        self._write_merger(f"{_PREFIX}.merger", self._tokens, norm_merged=False)

    def _write_block(self, block: int) -> None:
        prefix = f"{_PREFIX}.blocks.{block}"
        graph, hidden, normed = self.graph, self._hidden, self._normed
        qkv, out = (_Linear.of(self._contents, f"{prefix}.attn.{name}") for name in ("qkv", "proj"))
        widen, narrow = (_Linear.of(self._contents, f"{prefix}.mlp.linear_fc{number}") for number in (1, 2))
        sizes = (self._shape.heads, self._shape.heads, self._shape.head_dim)
        self._write_norm(f"{prefix}.norm1", hidden, normed)
        graph.matmul(qkv.matrix, normed, self._split, self._arranged)
        graph.split_qkv_rope(
            self._split, sizes, qkv.bias, None, self._cosines, self._sines, _EPSILON, self._splits[block]
        )
        self._stop()
        graph.attend(self._split, self._attended, sizes, self._attentions[block], causal=False)
        graph.matmul(out.matrix, self._attended, self._change, self._arranged)
        graph.add(hidden, self._change, out.bias)
        self._stop()
        self._write_norm(f"{prefix}.norm2", hidden, normed)
        graph.matmul(widen.matrix, normed, self._inner, self._arranged)
        graph.gelu(self._inner, widen.bias, by_tanh=True)
        self._stop()
        graph.matmul(narrow.matrix, self._inner, self._change, self._arranged)
        graph.add(hidden, self._change, narrow.bias)
        self._stop()

    def _write_merger(self, prefix: str, out: Floats, *, norm_merged: bool) -> None:
        """Make one vector of the patches of an image token; the norm is over all of them, or over each alone."""
        first, second = (_Linear.of(self._contents, f"{prefix}.linear_fc{number}") for number in (1, 2))
        shape = self._merged.shape
        hidden, normed = (a.reshape(shape) if norm_merged else a for a in (self._hidden, self._normed))
        self._write_norm(f"{prefix}.norm", hidden, normed)
        self.graph.matmul(first.matrix, normed.reshape(shape), self._merged, self._arranged)
        self.graph.gelu(self._merged, first.bias, by_tanh=False)
        self._stop()
        self.graph.matmul(second.matrix, self._merged, out, self._arranged)
        self.graph.bias(out, second.bias)
        self._stop()

    def _write_norm(self, name: str, x: Floats, out: Floats) -> None:
        arrays = self._contents.arrays
        self.graph.layer_norm(x, arrays[f"{name}.weight"], arrays[f"{name}.bias"], out, _EPSILON)

    def _stop(self) -> None:
        self._stops.append(len(self.graph))


def patch_positions(rows: int, columns: int, merge: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each patch, in the order of the patches: token by token, and line by line within a token."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    blocks = (rows // merge, merge, columns // merge, merge)
    return tuple(place.reshape(blocks).transpose(0, 2, 1, 3).ravel() for place in (row, column))  # type: ignore[return-value]


def position_embeddings(
    table: Floats, row: NDArray[np.int64], column: NDArray[np.int64], grid: tuple[int, int]
) -> Floats:
    """A square table of position embeddings (side², hidden), interpolated linearly to the patches of a grid.

    The table's corners are the grid's corners. Returns (patches, hidden). The order of the sums is that of
    `get_vision_interpolation_indices_and_weights` in transformers.
    """
    side = round(len(table) ** 0.5)
    taps, weights = [], []
    for place, size in ((row, grid[0]), (column, grid[1])):
        source = place.astype(np.float32) * np.float32(side - 1) / np.float32(max(size - 1, 1))
        low = np.floor(source)
        distance = np.abs(source[:, None] - low[:, None] - np.arange(2, dtype=np.float32))
        taps.append(np.clip(low.astype(np.int64)[:, None] + np.arange(2), 0, side - 1))
        weights.append(np.maximum(np.float32(1) - distance, np.float32(0)))
    total = np.zeros((len(row), table.shape[1]), np.float32)
    for i in range(2):
        for j in range(2):
            weight = weights[0][:, i] * weights[1][:, j]
            total += table[taps[0][:, i] * side + taps[1][:, j]] * weight[:, None]
    return total


def _angles(row: NDArray[np.int64], column: NDArray[np.int64], shape: VisionShape) -> Floats:
    """Angles by which a head's pairs are rotated (patches, head_dim / 2): half by the row, half by the column."""
    half = shape.head_dim // 2
    frequencies = 1 / np.float32(shape.rope_theta) ** (np.arange(0, half, 2, dtype=np.float32) / np.float32(half))
    return np.concatenate([place.astype(np.float32)[:, None] * frequencies for place in (row, column)], axis=1)
