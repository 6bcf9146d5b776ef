"""Tests the arrays that the kernels work in."""

import numpy as np
import pytest

from vision.engine.arrays import zeros


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (1000, 1000)])
def test_an_array_begins_at_a_cache_line(shape: tuple[int, ...]) -> None:
    """Several arrays, because a memory block may begin at a cache line by chance."""
    arrays = [zeros(*shape) for _ in range(8)]
    assert {array.ctypes.data % 64 for array in arrays} == {0}
    assert all(array.shape == shape and array.dtype == np.float32 and not array.any() for array in arrays)
    assert all(array.flags.c_contiguous and array.flags.writeable for array in arrays)
