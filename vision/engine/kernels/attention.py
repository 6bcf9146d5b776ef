"""Attention of many queries over the keys and values of a layer: softmax(q · kᵀ) · v in float32.

Everything is added up in one order, so that a query's result has the same bits alone (decode) and among many (prefill,
vision encoder), for any number of threads and any instruction set with a fused multiply-add:

    score   one sum of fused multiply-adds over the head's dimensions (the queries are already scaled by 1/√D)
    p       exp(score − the largest score of this query), see `math_functions`
    sum     16 sums of every 16th p, then folded: s[l] + s[l + 8], then l + 4, l + 2, l + 1
    result  for each dimension a sum of fused multiply-adds p · v over 512 keys, then over the next 512, …; these are
            added up one after another, and divided by the sum of p

A key that a query must not see has p = 0, which changes no sum. Two inner loops of `simd` (or `scalar`) compute
everything: their lanes are 16 keys for scores, and 16 dimensions for results. The functions here know addresses and
counts; the class `Attention` at the end checks the shapes of numpy arrays.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import carray
from numpy.typing import NDArray

from vision.engine.arrays import zeros

from . import scalar
from .dispatch import attention_loops
from .isa import Isa, fastest
from .jit import call3, call10, compiled, entry_point
from .layout import (
    ATTENDED,
    ATTENDED_STRIDE,
    ATTENTION_ARGUMENTS,
    ATTENTION_LOOPS,
    CAPACITY,
    EVERY_KEY,
    HEAD_DIM,
    HEADS,
    K_BLOCK,
    KEYS,
    KV_HEADS,
    LENGTH,
    PAST,
    QUERIES,
    QUERY_BLOCK,
    QUERY_STRIDE,
    SCRATCH,
    SCRATCH_BYTES,
    SOFTMAX_AT,
    TILE_AT,
    TILE_SUMS,
    TILE_VECTORS,
    TOKENS,
    VALUES,
)
from .math_functions import divided
from .thread_pool import Pool

_ROW_PADDING = 16  # floats; rows of a multiple of 4 KiB would share cache lines
_MOST_GROUPS = 8  # of 16 lanes at once: for a few queries, the values then come from memory as one stream


@compiled
def scratch_floats(head_dim: int, capacity: int) -> int:
    """Floats of scratch for a worker: queries, results and scores of QUERY_BLOCK queries, and the sums of p.

    Each part is a multiple of 16 floats, so that all of them begin at a cache line.
    """
    return QUERY_BLOCK * (2 * ((head_dim + 15) // 16 * 16) + capacity + _ROW_PADDING) + (QUERY_BLOCK + 15) // 16 * 16


@compiled
def work_items_of(given: NDArray[np.int64]) -> int:
    """How many work items the attention has that the ATTENTION_ARGUMENTS describe."""
    return given[KV_HEADS] * _query_blocks(given)  # type: ignore[no-any-return]


@compiled
def _query_blocks(given: NDArray[np.int64]) -> int:
    return (given[TOKENS] * (given[HEADS] // given[KV_HEADS]) + QUERY_BLOCK - 1) // QUERY_BLOCK  # type: ignore[no-any-return]


def work_item(index: int, worker: int, arguments: int) -> None:
    """Entry point: a work item of an attention, which is a block of the queries that share a head of keys and values.

    The arguments are the ATTENTION_ARGUMENTS of `layout`. A head has D dimensions, and all arrays are float32:

        queries    (tokens, QUERY_STRIDE), head h at [h·D : (h+1)·D], already rotated and scaled by 1/√D
        keys       (kv_heads, capacity/16, D, 16), key t at [:, t//16, :, t%16]
        values     (kv_heads, capacity, D rounded up to 16), with zeros in the added dimensions
        attended   (tokens, ATTENDED_STRIDE), laid out as the queries

    What keys and values hold beyond LENGTH is not used.
    """
    attend_work_item(carray(scalar.integers_at(arguments), ATTENTION_ARGUMENTS), index, worker)


@compiled
def attend_work_item(given: NDArray[np.int64], index: int, worker: int) -> None:
    blocks = _query_blocks(given)
    head, block = index // blocks, index % blocks
    queries = given[TOKENS] * (given[HEADS] // given[KV_HEADS])
    first, last = queries * block // blocks, queries * (block + 1) // blocks
    width = (given[HEAD_DIM] + 15) // 16 * 16
    row = (_limit(given, last - 1) + 15) // 16 * 16 + _ROW_PADDING
    panel = given[SCRATCH] + worker * given[SCRATCH_BYTES]
    results = panel + 4 * QUERY_BLOCK * width
    scores = results + 4 * QUERY_BLOCK * width
    sums = scores + 4 * QUERY_BLOCK * row

    _gather(given, head, first, last, panel)
    _score(given, head, first, last, panel, scores, row)
    _exponentiate(given, first, last, scores, row, sums)
    _weigh(given, head, first, last, scores, row, results)
    _write_results(given, head, first, last, results, sums)


@compiled
def _limit(given: NDArray[np.int64], query: int) -> int:
    """How many keys a query sees. Query t·R + r is the token t in the r-th of the R heads that share these keys."""
    if given[PAST] == EVERY_KEY:
        return given[LENGTH]  # type: ignore[no-any-return]
    token = query // (given[HEADS] // given[KV_HEADS])
    return min(given[LENGTH], given[PAST] + token + 1)  # type: ignore[no-any-return]


@compiled
def _place(given: NDArray[np.int64], head: int, query: int, base: int, stride: int) -> int:
    """The address of a query (or its result) in the rows of the tokens."""
    ratio = given[HEADS] // given[KV_HEADS]
    token, of_head = query // ratio, head * ratio + query % ratio
    return base + 4 * (token * stride + of_head * given[HEAD_DIM])  # type: ignore[no-any-return]


@compiled
def _gather(given: NDArray[np.int64], head: int, first: int, last: int, panel: int) -> None:
    """Copy this work item's queries side by side into the panel (queries, D)."""
    size = given[HEAD_DIM]
    for query in range(first, last):
        source = carray(scalar.floats_at(_place(given, head, query, given[QUERIES], given[QUERY_STRIDE])), size)
        target = carray(scalar.floats_at(panel + 4 * (query - first) * size), size)
        for dimension in range(size):
            target[dimension] = source[dimension]


@compiled
def _groups(given: NDArray[np.int64], vectors: int, left: int) -> int:
    """How many groups of 16 lanes are computed together: a power of two, limited by the registers for sums."""
    groups = _MOST_GROUPS
    while groups > 1 and (groups > left or groups * vectors > given[TILE_SUMS]):
        groups //= 2
    return groups


@compiled
def _score(given: NDArray[np.int64], head: int, first: int, last: int, panel: int, scores: int, row: int) -> None:
    """Compute scores (queries, row) for the keys up to the last one that a tile's queries see, rounded up to 16."""
    size, count = given[HEAD_DIM], last - first
    keys = given[KEYS] + 4 * head * given[CAPACITY] * size
    tiles = (count + given[TILE_VECTORS] - 1) // given[TILE_VECTORS]
    stop = (_limit(given, last - 1) + 15) // 16
    # For a few queries the keys come from memory, as one stream and not two. Else two blocks of keys stay in the L1
    # cache.
    together = 1 if tiles == 1 else 2
    for start in range(0, stop, together):
        for tile in range(tiles):
            begin, end = count * tile // tiles, count * (tile + 1) // tiles
            until = min(start + together, (_limit(given, first + end - 1) + 15) // 16)
            block = int(start)
            while block < until:
                groups = _groups(given, end - begin, until - block)
                inputs, into = panel + 4 * begin * size, scores + 4 * (begin * row + 16 * block)
                which = 64 * groups + end - begin
                address = keys + 64 * size * block
                call10(given[TILE_AT], which, address, 64, 64 * size, inputs, 4 * size, size, into, 4 * row, 0)
                block += groups


@compiled
def _exponentiate(given: NDArray[np.int64], first: int, last: int, scores: int, row: int, sums: int) -> None:
    """Turn each row of scores into p, which is 0 for keys that the query does not see."""
    count = last - first
    tiles = (count + given[TILE_VECTORS] - 1) // given[TILE_VECTORS]
    for tile in range(tiles):
        begin, end = count * tile // tiles, count * (tile + 1) // tiles
        until = (_limit(given, first + end - 1) + 15) // 16 * 16
        for place in range(begin, end):
            limit = _limit(given, first + place)
            blocks = (limit + 15) // 16
            address = scores + 4 * place * row
            values = carray(scalar.floats_at(address), until)
            for key in range(limit, 16 * blocks):
                values[key] = -np.inf
            call3(given[SOFTMAX_AT], address, blocks, sums + 4 * place)
            for key in range(16 * blocks, until):
                values[key] = 0


@compiled
def _weigh(given: NDArray[np.int64], head: int, first: int, last: int, scores: int, row: int, results: int) -> None:
    """Compute results (queries, D rounded up) = Σ p · v, a block of 512 keys after the other."""
    width, count = (given[HEAD_DIM] + 15) // 16 * 16, last - first
    values = given[VALUES] + 4 * head * given[CAPACITY] * width
    tiles = (count + given[TILE_VECTORS] - 1) // given[TILE_VECTORS]
    for start in range(0, _limit(given, last - 1), K_BLOCK):
        for tile in range(tiles):
            begin, end = count * tile // tiles, count * (tile + 1) // tiles
            length = min(K_BLOCK, _limit(given, first + end - 1) - start)
            if length <= 0:
                continue
            group = 0
            while group < width // 16:
                groups = _groups(given, end - begin, width // 16 - group)
                inputs, into = scores + 4 * (begin * row + start), results + 4 * (begin * width + 16 * group)
                which = 64 * groups + end - begin
                address = values + 4 * (start * width + 16 * group)
                call10(given[TILE_AT], which, address, 4 * width, 64, inputs, 4 * row, length, into, 4 * width, start)
                group += groups


@compiled
def _write_results(given: NDArray[np.int64], head: int, first: int, last: int, results: int, sums: int) -> None:
    """Divide each result by its sum of p and write it to its token's row."""
    size, width = given[HEAD_DIM], (given[HEAD_DIM] + 15) // 16 * 16
    totals = carray(scalar.floats_at(sums), QUERY_BLOCK)
    for query in range(first, last):
        source = carray(scalar.floats_at(results + 4 * (query - first) * width), size)
        address = _place(given, head, query, given[ATTENDED], given[ATTENDED_STRIDE])
        target = carray(scalar.floats_at(address), size)
        total = totals[query - first]
        for dimension in range(size):
            target[dimension] = divided(source[dimension], total)


@cache
def work_item_entry() -> int:
    """The address of the entry point `work_item`."""
    return entry_point(work_item, 3, "work_item")


class Attention:
    """Computes attention of numpy arrays in the threads of a pool. Calls must not overlap."""

    def __init__(self, pool: Pool, isa: Isa | None = None) -> None:
        self.isa = fastest() if isa is None else isa
        self.loops = attention_loops(self.isa)
        self.entry = work_item_entry()
        self._pool = pool
        self._scratch = zeros(pool.threads, 0)

    def attend(
        self,
        queries: NDArray[np.float32],
        keys: NDArray[np.float32],
        values: NDArray[np.float32],
        out: NDArray[np.float32],
        *,
        length: int,
        causal_past: int | None,
        heads: int,
        kv_heads: int,
        head_dim: int,
    ) -> None:
        """out[i] = the attention of token i's queries over keys 0 to causal_past + i, or over all `length` of them.

        The arrays are laid out as `work_item` says. Raises ValueError if a shape does not fit.
        """
        given = self.arguments(
            queries,
            keys,
            values,
            out,
            length=length,
            causal_past=causal_past,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
        )
        if queries.shape[0]:
            self._pool.run(self.entry, work_items_of(given), given.ctypes.data)

    def arguments(
        self,
        queries: NDArray[np.float32],
        keys: NDArray[np.float32],
        values: NDArray[np.float32],
        out: NDArray[np.float32],
        *,
        length: int,
        causal_past: int | None,
        heads: int,
        kv_heads: int,
        head_dim: int,
    ) -> NDArray[np.int64]:
        """The arguments of the entry point `work_item`. Keep all arrays alive; the scratch belongs to this object."""
        if heads % kv_heads or min(heads, kv_heads, head_dim) < 1:
            raise ValueError(f"{heads} heads do not share {kv_heads} heads of keys")
        capacity, width = values.shape[1] if values.ndim == 3 else 0, -(-head_dim // 16) * 16
        _check("keys", keys, (kv_heads, capacity // 16, head_dim, 16))
        _check("values", values, (kv_heads, capacity // 16 * 16, width))
        if not 1 <= length <= capacity:
            raise ValueError(f"{length} keys do not fit into {capacity}")
        tokens = queries.shape[0]
        for name, rows in (("queries", queries), ("out", out)):
            fits = rows.ndim == 2 and rows.shape[0] == tokens and rows.shape[1] >= heads * head_dim
            if not fits or rows.dtype != np.float32 or (tokens and rows.strides[1] != 4):
                raise ValueError(
                    f"{name} are {tokens} rows of {heads * head_dim} float32, not {rows.shape} {rows.dtype}"
                )
        if causal_past is not None and not 0 <= causal_past <= length - tokens:
            raise ValueError(f"{tokens} tokens after {causal_past} are more than {length} keys")
        floats = scratch_floats(head_dim, capacity)
        if self._scratch.shape[1] < floats:
            self._scratch = zeros(self._pool.threads, floats)
        given = np.zeros(ATTENTION_ARGUMENTS, np.int64)
        given[:ATTENTION_LOOPS] = self.loops
        given[QUERIES], given[QUERY_STRIDE] = queries.ctypes.data, queries.strides[0] // 4
        given[KEYS], given[VALUES] = keys.ctypes.data, values.ctypes.data
        given[ATTENDED], given[ATTENDED_STRIDE] = out.ctypes.data, out.strides[0] // 4
        given[TOKENS], given[HEADS], given[KV_HEADS], given[HEAD_DIM] = tokens, heads, kv_heads, head_dim
        given[CAPACITY], given[LENGTH] = capacity, length
        given[PAST] = EVERY_KEY if causal_past is None else causal_past
        given[SCRATCH], given[SCRATCH_BYTES] = self._scratch.ctypes.data, self._scratch.strides[0]
        return given


def _check(name: str, array: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32 or not array.flags.c_contiguous:
        raise ValueError(f"{name} are {shape} float32 in one piece, not {array.shape} {array.dtype}")
