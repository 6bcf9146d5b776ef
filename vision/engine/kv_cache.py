"""The keys and values of the tokens that a View has read: plain float32 arrays that grow in blocks and can be wound back.

One picture, one cache. Winding back is a change of one number, so a cancelled question costs nothing and no copy of the
picture's part is ever kept. It knows shapes only: not which token, picture or arithmetic its rows came from.

A token takes `2 · layers · kv_heads · head_dim · 4` bytes: 229,376 B for Qwen3-VL-2B (28 layers, 8 heads of 128), so a
View of one picture (200 tokens) is 46 MB there, and a full context of 2,048 tokens is 470 MB.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_TOKENS = 64  # growth step: an answer of 128 tokens copies the cache twice, not 128 times


@dataclass(frozen=True)
class CacheShape:
    """What one token leaves behind in a model."""

    layers: int
    kv_heads: int
    head_dim: int

    @property
    def bytes_per_token(self) -> int:
        return 2 * self.layers * self.kv_heads * self.head_dim * np.dtype(np.float32).itemsize


class KVCache:
    """Keys and values per layer, each (kv_heads, capacity, head_dim) float32, of which the first `length` rows count.

    A model first reserves room, writes its rows behind `length` layer by layer, and commits them at the end. Whatever
    stops it half-way therefore leaves the cache as it was.
    """

    def __init__(self, shape: CacheShape) -> None:
        self.shape = shape
        self.length = 0
        empty = (shape.kv_heads, 0, shape.head_dim)
        self.keys: list[NDArray[np.float32]] = [np.empty(empty, np.float32) for _ in range(shape.layers)]
        self.values: list[NDArray[np.float32]] = [np.empty(empty, np.float32) for _ in range(shape.layers)]

    @property
    def capacity(self) -> int:
        return int(self.keys[0].shape[1])

    @property
    def nbytes(self) -> int:
        return self.capacity * self.shape.bytes_per_token

    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` rows behind `length`."""
        needed = self.length + tokens
        if needed <= self.capacity:
            return
        capacity = -(-needed // BLOCK_TOKENS) * BLOCK_TOKENS
        for arrays in (self.keys, self.values):
            for layer, old in enumerate(arrays):  # one layer at a time: never two whole caches in memory
                grown = np.empty((self.shape.kv_heads, capacity, self.shape.head_dim), np.float32)
                grown[:, : self.length] = old[:, : self.length]
                arrays[layer] = grown

    def commit(self, tokens: int) -> None:
        """Count `tokens` more rows, which every layer has written."""
        if self.length + tokens > self.capacity:
            raise ValueError(f"{tokens} rows behind row {self.length} do not fit into {self.capacity}")
        self.length += tokens

    def rewind(self, length: int) -> None:
        """Forget every row from `length` on."""
        if not 0 <= length <= self.length:
            raise ValueError(f"a cache of {self.length} rows cannot be wound back to {length}")
        self.length = length
