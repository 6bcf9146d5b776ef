"""Speakers of the neural voices that are mixed from others."""

from __future__ import annotations

import numpy as np

from audio.demo_model.synthesis import neural

KNOWN = np.random.default_rng(1).normal(size=(3, 20, 1, 256)).astype(np.float32)


def test_a_mixed_speaker_is_another_one_each_time_and_the_same_for_the_same_seed() -> None:
    """Two seeds give two styles in the shape of the known ones."""
    one, again, other = (neural.mixture(KNOWN, np.random.default_rng(seed)) for seed in (2, 2, 3))
    assert one.shape == KNOWN[0].shape
    assert np.array_equal(one, again)
    assert np.abs(one - other).max() > 0.1


def test_speakers_who_are_all_the_same_give_that_one() -> None:
    """The shares make one, and the random step is measured by how far the speakers are apart."""
    same = np.repeat(KNOWN[:1], 3, 0)
    assert np.allclose(neural.mixture(same, np.random.default_rng(4)), KNOWN[0], atol=1e-5)


def test_sound_and_movement_are_mixed_apart() -> None:
    """One speaker may lend more to the first half of a style than to the second."""
    known = np.zeros((3, 20, 1, 256), np.float32)
    known[0] = 1.0  # how much of the first speaker a value holds
    mixed = neural.mixture(known, np.random.default_rng(5))
    assert abs(mixed[..., :128].mean() - mixed[..., 128:].mean()) > 0.1
