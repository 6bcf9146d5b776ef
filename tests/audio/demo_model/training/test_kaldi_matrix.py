"""Kaldi's compressed matrices, written and read back."""

from __future__ import annotations

import numpy as np
import pytest

from audio.demo_model.training import kaldi_matrix


@pytest.mark.parametrize(
    ("shape", "mark", "most"),
    [((30, 20), kaldi_matrix.SIXTEEN_BITS, 3e-4), ((400, 300), kaldi_matrix.EIGHT_BITS, 0.02)],
)
def test_a_matrix_comes_back_nearly_the_same(shape: tuple[int, int], mark: bytes, most: float) -> None:
    """A small one in 16 bits, a large one in 8, each with errors far below the values' own spread of 1."""
    values = np.random.default_rng(1).normal(0.3, 1, shape)
    data = b"before" + kaldi_matrix.encoded(values) + b"behind"
    assert data[6:].startswith(mark)
    again, end = kaldi_matrix.decoded(data, 6)
    assert data[end:] == b"behind"
    assert np.sqrt(((again - values) ** 2).mean()) < most


def test_columns_of_one_value_and_of_outliers_come_back() -> None:
    """A column without any spread, and one with a single large value, spoil neither themselves nor the others."""
    values = np.random.default_rng(2).normal(0, 1, (500, 300))
    values[:, 0], values[7, 1], values[:, 2] = 0.25, 40.0, -2.0
    again, _ = kaldi_matrix.decoded(kaldi_matrix.encoded(values), 0)
    np.testing.assert_allclose(again[:, [0, 2]], values[:, [0, 2]], atol=2e-3)
    assert again[7, 1] == pytest.approx(40.0, abs=1e-3)
    assert np.abs(again - values)[:, 3:].max() < 0.06


def test_another_kind_is_refused() -> None:
    """Plain floats are not what this program writes."""
    with pytest.raises(ValueError, match="neither 8 nor 16 bits"):
        kaldi_matrix.decoded(b"FM \4....", 0)
