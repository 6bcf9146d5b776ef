"""The keys and values of the tokens that a View has read: plain float32 arrays that grow in blocks.

There is one cache for each picture. Winding it back changes one number, so a cancelled question costs nothing, and no
copy of the picture's part is kept. What stands before every picture is read once and copied. This file knows shapes
only, not which token, picture or arithmetic the rows came from.

A token takes `2 · layers · kv_heads · head_dim · 4` bytes. For Qwen3-VL-2B (28 layers, 8 heads of 128) that is 229,376
B, so a View of one picture (200 tokens) has 46 MB, and a full context of 2,048 tokens has 470 MB.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vision.engine.arrays import zeros

LANES = 16  # keys in a block; a row of values is padded to a multiple of it
BLOCK_TOKENS = 64  # growth step: an answer of 128 tokens then copies the cache twice, not 128 times


@dataclass(frozen=True)
class CacheShape:
    """What one token leaves behind in a model, and how it lies in memory.

    If not blocked, a layer's keys and values are (kv_heads, capacity, head_dim) each. The packed arithmetic reads them
    blocked: keys are then (kv_heads, capacity / 16, head_dim, 16), so that one vector register holds a dimension of 16
    keys, and values are (kv_heads, capacity, head_dim rounded up to a multiple of 16).
    """

    layers: int
    kv_heads: int
    head_dim: int
    blocked: bool = False

    def keys(self, capacity: int) -> tuple[int, ...]:
        if self.blocked:
            return (self.kv_heads, capacity // LANES, self.head_dim, LANES)
        return (self.kv_heads, capacity, self.head_dim)

    def values(self, capacity: int) -> tuple[int, ...]:
        return (self.kv_heads, capacity, -(-self.head_dim // LANES) * LANES if self.blocked else self.head_dim)

    @property
    def bytes_per_token(self) -> int:
        return 2 * self.layers * self.kv_heads * self.head_dim * np.dtype(np.float32).itemsize


class KVCache:
    """Keys and values of every layer, of which the first `length` tokens count.

    A model first reserves room, then writes its rows behind `length` layer by layer, and commits them at the end. So
    whatever stops it half-way leaves the cache as it was.
    """

    def __init__(self, shape: CacheShape) -> None:
        self.shape = shape
        self.length = 0
        self.keys = [zeros(*shape.keys(0)) for _ in range(shape.layers)]
        self.values = [zeros(*shape.values(0)) for _ in range(shape.layers)]
        self.addresses = np.zeros((shape.layers, 2), np.int64)
        """Addresses of each layer's keys and values (layers, 2), for machine code; growing changes them."""

    @property
    def capacity(self) -> int:
        return int(self.values[0].shape[1])

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (*self.keys, *self.values))

    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` rows behind `length`."""
        needed = self.length + tokens
        if needed <= self.capacity:
            return
        capacity = -(-needed // BLOCK_TOKENS) * BLOCK_TOKENS
        for arrays, grown_shape in ((self.keys, self.shape.keys(capacity)), (self.values, self.shape.values(capacity))):
            for layer, old in enumerate(arrays):  # one layer at a time, so that memory never holds two whole caches
                grown = zeros(*grown_shape)
                grown[:, : old.shape[1]] = old
                arrays[layer] = grown
        pairs = zip(self.keys, self.values, strict=True)
        self.addresses = np.array([[keys.ctypes.data, values.ctypes.data] for keys, values in pairs], np.int64)

    def copy(self, room: int) -> KVCache:
        """A new cache with the same rows, and with room for so many behind them."""
        other = KVCache(self.shape)
        other.reserve(self.length + room)
        pairs = zip((*self.keys, *self.values), (*other.keys, *other.values), strict=True)
        for mine, copied in pairs:  # (kv_heads, rows or blocks of them, …)
            both = min(mine.shape[1], copied.shape[1])
            copied[:, :both] = mine[:, :both]
        other.commit(self.length)
        return other

    def commit(self, tokens: int) -> None:
        """Count `tokens` more rows, which every layer has written. Raises ValueError if there is no room for them."""
        if self.length + tokens > self.capacity:
            raise ValueError(f"{tokens} rows behind row {self.length} do not fit into {self.capacity}")
        self.length += tokens

    def rewind(self, length: int) -> None:
        """Forget every row from `length` on. Raises ValueError if there are fewer rows."""
        if not 0 <= length <= self.length:
            raise ValueError(f"a cache of {self.length} rows cannot be wound back to {length}")
        self.length = length
