"""A store in memory with three limits: how many entries, how many bytes together, and the time since an entry's last
use.

The entry that was unused for the longest time is dropped first. Nothing is written to a disk. The store does not know
what its values are.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class KeptLimits:
    """The limits of a store."""

    count: int
    size_bytes: int
    age_seconds: float  # since the last use


@dataclass
class _Entry(Generic[T]):
    value: T
    size_bytes: int
    used_at: float


class Kept(Generic[T]):
    """Values under keys, dropped when they are old or too many. Any thread may call it."""

    def __init__(self, limits: KeptLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()  # the entry that was used last is the last one
        self._size_bytes = 0

    def put(self, key: str, value: T, size_bytes: int) -> None:
        """Stores a value. When it is larger alone than all may be together, it is dropped at once."""
        with self._lock:
            self._drop(key)
            self._entries[key] = _Entry(value, size_bytes, self._clock())
            self._size_bytes += size_bytes
            while len(self._entries) > self._limits.count or self._size_bytes > self._limits.size_bytes:
                self._drop(next(iter(self._entries)))
        self.sweep()

    def get(self, key: str) -> T | None:
        """The value, or None. This counts as a use: the entry's age starts again."""
        self.sweep()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            entry.used_at = self._clock()
            self._entries.move_to_end(key)
            return entry.value

    def sweep(self) -> None:
        """Drops the entries that are too old.

        The server calls it every second or so, else they would stay until the next use.
        """
        oldest = self._clock() - self._limits.age_seconds
        with self._lock:
            while self._entries and next(iter(self._entries.values())).used_at < oldest:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry.size_bytes
