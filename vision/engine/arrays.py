"""Arrays of float32 for the kernels. It does not know what is in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_LINE_FLOATS = 16


def zeros(*shape: int) -> NDArray[np.float32]:
    """Zeros that begin at a cache line (64 bytes). numpy begins at 16 bytes, so that every vector would cross two lines.

    With AVX-512, unpacking into an array that begins elsewhere takes up to twice as long.
    """
    count = math.prod(shape)
    memory = np.zeros(count + _LINE_FLOATS, np.float32)
    skipped = -memory.ctypes.data // memory.itemsize % _LINE_FLOATS
    return memory[skipped : skipped + count].reshape(shape)
