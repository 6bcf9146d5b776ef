"""The language model on packed weights: embeds tokens, runs them through the decoder layers, and computes logits.

Each number of rows has a graph of its own, built once: one row for a token of the answer, a chunk of the prompt
otherwise. Between two runs only the inputs, the angles and the place of the cache change. Of the last layer, a prompt
needs only keys and values; all that follows is computed for the one row that a token is chosen from. This file knows
layers and weights, not what a token means nor when to stop.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.engine.arrays import zeros
from vision.engine.checkpoint.shapes import EMBEDDING, HEAD, TextShape
from vision.engine.kernels import layout
from vision.engine.kernels.graph import Floats, Graph, GraphRuntime
from vision.engine.kernels.packed_matrix import PackedMatrix
from vision.engine.kv_cache import CacheShape, KVCache
from vision.engine.packed.file import Contents

_PREFIX = "model.language_model"
_PARTS = 3  # of a layer, between which a cancel is noticed: attention, the wide and the narrow half of the MLP
_MAX_GRAPHS = 6  # graphs kept, for so many numbers of rows; a graph takes some 100 KiB


class TextDecoder:
    """The decoder layers and the head, for one call at a time. A call that `check` stops leaves the cache as it was."""

    def __init__(self, runtime: GraphRuntime, contents: Contents, shape: TextShape) -> None:
        self.shape = shape
        self.cache_shape = CacheShape(shape.layers, shape.kv_heads, shape.head_dim, blocked=True)
        self._runtime = runtime
        self._contents = contents
        self._embedding = contents.matrices[EMBEDDING]
        self._head = contents.matrices[EMBEDDING if shape.tied else HEAD]
        steps = np.arange(0, shape.head_dim, 2, dtype=np.float32) / np.float32(shape.head_dim)
        self._frequencies = 1 / np.float32(shape.rope_theta) ** steps  # (head_dim / 2,)
        self._axes = np.array(shape.rotations, np.int64)
        self._graphs: OrderedDict[int, _LayerGraph] = OrderedDict()
        self._buffers = _Buffers(shape, 1)
        self._read_last: _LayerGraph | None = None
        self._head_graphs = {1: _HeadGraph(runtime, contents, self._head, shape, 1)}

    def embed(self, ids: NDArray[np.int64]) -> Floats:
        """The rows of the embedding for token ids (n,): (n, hidden)."""
        return self._runtime.multiplier.look_up(self._embedding, ids)

    def read(
        self,
        cache: KVCache,
        embedded: Floats,
        positions: NDArray[np.int64],
        deepstack: Sequence[Floats],
        check: Callable[[], None],
    ) -> None:
        """Read embedded tokens (n, hidden) at positions (3, n) into the cache.

        `deepstack` has a level (n, hidden) for each of the first layers; it is added to the layer's result.
        """
        count = len(embedded)
        layers = self._graph_for(count)
        cache.reserve(count)
        layers.place(cache)
        layers.hidden[:] = embedded
        angles = positions[self._axes].T.astype(np.float32) * self._frequencies  # (n, head_dim / 2)
        np.cos(angles, out=layers.cosines)
        np.sin(angles, out=layers.sines)
        if count == 1 and not deepstack:
            check()
            layers.graph.run()
        else:
            for part in range(layers.parts):
                check()
                layers.run_part(part)
                layer, place = divmod(part, _PARTS)
                if place == _PARTS - 1 and layer < len(deepstack):
                    layers.hidden += deepstack[layer]
        cache.commit(count)
        self._read_last = layers

    def scores(self, cache: KVCache, count: int) -> list[tuple[Floats, int, float]]:
        """The scores after each of the last `count` tokens, which the last `read` has read.

        Of each: logits (vocabulary,), the largest one's place, log Σ exp logits.
        """
        if count not in self._head_graphs:
            self._head_graphs[count] = _HeadGraph(self._runtime, self._contents, self._head, self.shape, count)
        assert self._read_last is not None  # nothing has a score before it was read
        return self._head_graphs[count].run(cache, self._read_last)

    def _graph_for(self, count: int) -> _LayerGraph:
        """The graph for so many rows: one that was kept, or a new one."""
        if count > self._buffers.most:
            self._graphs.clear()
            self._buffers = _Buffers(self.shape, -(-count // 16) * 16)
        if count not in self._graphs:
            while len(self._graphs) >= _MAX_GRAPHS:
                # The graph for one row stays, because decoding needs it all the time.
                oldest = next(known for known in self._graphs if known != 1)
                del self._graphs[oldest]
            self._graphs[count] = _LayerGraph(self._runtime, self._contents, self.shape, self._buffers, count)
        self._graphs.move_to_end(count)
        return self._graphs[count]


class _Buffers:
    """The arrays between the jobs, for at most so many rows."""

    def __init__(self, shape: TextShape, most: int) -> None:
        self.most = most
        queries = shape.heads * shape.head_dim
        widest = max(shape.hidden, queries, shape.intermediate)
        self.hidden = zeros(most, shape.hidden)
        self.normed = zeros(most, shape.hidden)
        self.split = zeros(most, queries + 2 * shape.kv_heads * shape.head_dim)
        self.attended = zeros(most, queries)
        self.change = zeros(most, shape.hidden)
        self.gates = zeros(most, 2 * shape.intermediate)
        self.gated = zeros(most, shape.intermediate)
        self.cosines = zeros(most, shape.head_dim // 2)
        self.sines = zeros(most, shape.head_dim // 2)
        self.arranged = zeros(most * widest + layout.PADDING)


class _LayerGraph:
    """All jobs for a number of rows, up to the last layer's keys and values, and the arguments that change."""

    def __init__(
        self, runtime: GraphRuntime, contents: Contents, shape: TextShape, buffers: _Buffers, count: int
    ) -> None:
        self.graph = Graph(runtime, count)
        self.hidden = buffers.hidden[:count]
        self.split = buffers.split[:count]
        self.cosines = buffers.cosines[:count]
        self.sines = buffers.sines[:count]
        self._splits = np.zeros((shape.layers, layout.SPLIT_ARGUMENTS), np.int64)
        self._attentions = np.zeros((shape.layers - 1, layout.ATTENTION_ARGUMENTS), np.int64)
        self._stops = [0]
        for index in range(shape.layers):
            layer = _Layer(contents, index, shape, buffers, self.graph)
            layer.split(self.cosines, self.sines, self._splits[index])
            if index < shape.layers - 1:
                layer.attend(self._attentions[index])
                self._stops.append(len(self.graph))
                layer.widen()
                self._stops.append(len(self.graph))
                layer.narrow()
            self._stops.append(len(self.graph))

    @property
    def parts(self) -> int:
        """How many parts of layers there are: _PARTS of each layer, but only the first one of the last layer."""
        return len(self._stops) - 1

    def place(self, cache: KVCache) -> None:
        """Let all jobs write behind the end of a cache, which must have room."""
        self.graph.place_splits(self._splits, cache.addresses, cache.capacity, cache.length)
        if len(self._attentions):
            self.graph.place_attentions(self._attentions, cache.addresses[:-1], cache.capacity, cache.length)

    def run_part(self, part: int) -> None:
        self.graph.run(self._stops[part], self._stops[part + 1])


class _HeadGraph:
    """The jobs for a few rows: the last layer from its attention on, the last norm, the head, summaries of logits."""

    def __init__(
        self, runtime: GraphRuntime, contents: Contents, head: PackedMatrix, shape: TextShape, count: int
    ) -> None:
        self._graph = Graph(runtime, count)
        self._logits = zeros(count, shape.vocabulary)
        self._buffers = buffers = _Buffers(shape, count)
        layer = _Layer(contents, shape.layers - 1, shape, buffers, self._graph)
        self._attention = np.zeros((1, layout.ATTENTION_ARGUMENTS), np.int64)
        layer.attend(self._attention[0])
        layer.widen()
        layer.narrow()
        norm = contents.arrays[f"{_PREFIX}.norm.weight"]
        self._graph.rms_norm(buffers.hidden, norm, buffers.normed, shape.norm_epsilon)
        self._graph.matmul(head, buffers.normed, self._logits, buffers.arranged)
        self._summaries = [self._graph.summarise(row) for row in self._logits]

    def run(self, cache: KVCache, layers: _LayerGraph) -> list[tuple[Floats, int, float]]:
        """Score what follows the last rows of the layers before, whose keys and values are in the cache."""
        count = self._graph.count
        self._buffers.hidden[:] = layers.hidden[-count:]
        self._buffers.split[:] = layers.split[-count:]
        self._graph.place_attentions(self._attention, cache.addresses[-1:], cache.capacity, cache.length - count)
        self._graph.run()
        return [
            (logits.copy(), *_summed_up(summary)) for logits, summary in zip(self._logits, self._summaries, strict=True)
        ]


def _summed_up(summary: NDArray[np.float64]) -> tuple[int, float]:
    """Of a row's summary (work items, 3): the place of the largest logit, and log Σ exp logits."""
    largest, places, sums = summary.T
    best = int(np.argmax(largest))  # the first NaN, if there is one
    with np.errstate(invalid="ignore", over="ignore"):
        total = float((sums * np.exp(largest - largest[best])).sum())
        return int(places[best]), float(largest[best]) + float(np.log(total))


class _Layer:
    """Adds the jobs of one layer to a graph, for the graph's number of rows."""

    def __init__(self, contents: Contents, index: int, shape: TextShape, buffers: _Buffers, graph: Graph) -> None:
        self._prefix = f"{_PREFIX}.layers.{index}"
        self._contents = contents
        self._shape = shape
        self._sizes = (shape.heads, shape.kv_heads, shape.head_dim)
        self._graph = graph
        self._b = buffers

    def split(self, cosines: Floats, sines: Floats, arguments: NDArray[np.int64]) -> None:
        """Compute queries, keys and values. The arguments still lack the place of the cache."""
        n, b = self._graph.count, self._b
        self._norm("input_layernorm", b.hidden[:n], b.normed[:n])
        self._matmul("self_attn.qkv_proj", b.normed[:n], b.split[:n])
        norms = (self._array("self_attn.q_norm"), self._array("self_attn.k_norm"))
        epsilon = self._shape.norm_epsilon
        self._graph.split_qkv_rope(b.split[:n], self._sizes, None, norms, cosines, sines, epsilon, arguments)

    def attend(self, arguments: NDArray[np.int64]) -> None:
        """Compute attention and add it to the hidden rows. The arguments still lack the place of the cache."""
        n, b = self._graph.count, self._b
        self._graph.attend(b.split[:n], b.attended[:n], self._sizes, arguments, causal=True)
        self._matmul("self_attn.o_proj", b.attended[:n], b.change[:n])
        self._graph.add(b.hidden[:n], b.change[:n])

    def widen(self) -> None:
        """Compute the first half of the gated MLP (SwiGLU), up to the gated values."""
        n, b = self._graph.count, self._b
        self._norm("post_attention_layernorm", b.hidden[:n], b.normed[:n])
        self._matmul("mlp.gate_up_proj", b.normed[:n], b.gates[:n])
        self._graph.swiglu(b.gates[:n], b.gated[:n])

    def narrow(self) -> None:
        """Compute the second half of the MLP and add it to the hidden rows."""
        n, b = self._graph.count, self._b
        self._matmul("mlp.down_proj", b.gated[:n], b.change[:n])
        self._graph.add(b.hidden[:n], b.change[:n])

    def _norm(self, name: str, x: Floats, out: Floats) -> None:
        self._graph.rms_norm(x, self._array(name), out, self._shape.norm_epsilon)

    def _matmul(self, name: str, x: Floats, y: Floats) -> None:
        self._graph.matmul(self._contents.matrices[f"{self._prefix}.{name}.weight"], x, y, self._b.arranged)

    def _array(self, name: str) -> Floats:
        return self._contents.arrays[f"{self._prefix}.{name}.weight"]
