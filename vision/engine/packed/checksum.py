"""A checksum as fast as memory. It finds damage, not malice: SHA-256 would take seconds at every start."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from vision.engine.kernels.jit import compiled

_LANES = 256
_BYTES = 4 * _LANES


class Checksum:
    """256 interleaved FNV-1a checksums of 32-bit words. One changed word always changes it, and order counts."""

    def __init__(self) -> None:
        self._state = np.full(_LANES, 2166136261, np.uint32)
        self._size = 0
        self._rest = np.empty(0, np.uint8)  # bytes that do not fill a row yet

    def add(self, octets: NDArray[np.uint8]) -> None:
        """Add the next bytes; the pieces may have any size."""
        self._size += octets.size
        if self._rest.size:
            missing = _BYTES - self._rest.size
            self._rest, octets = np.concatenate([self._rest, octets[:missing]]), octets[missing:]
            if self._rest.size < _BYTES:
                return
            _fold(self._rest, self._state)
        whole = octets.size // _BYTES * _BYTES
        _fold(octets[:whole], self._state)
        self._rest = octets[whole:].copy()

    def value(self) -> str:
        """The checksum of all bytes so far, 16 hexadecimal digits."""
        digest = hashlib.sha256(self._state.tobytes())
        digest.update(self._rest.tobytes())
        digest.update(self._size.to_bytes(8, "little"))
        return digest.hexdigest()[:16]


def _fold(octets: NDArray[np.uint8], state: NDArray[np.uint32]) -> None:
    _fold_words(np.frombuffer(octets, "<u4"), state)


@compiled
def _fold_words(words: NDArray[np.uint32], state: NDArray[np.uint32]) -> None:
    for start in range(0, words.shape[0], 256):
        # A row is indexed from 0, because numba checks a computed index for being negative, and then makes no vector
        # code.
        row = words[start : start + 256]
        for lane in range(256):
            state[lane] = (state[lane] ^ row[lane]) * np.uint32(16777619)
