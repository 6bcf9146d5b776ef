"""Noise of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from audio.demo_model.sounds import noise


@pytest.mark.parametrize("kind", [*noise.BANK])
def test_noise_has_unit_power(kind: str) -> None:
    """Every kind of noise comes at the same power, so that a signal-to-noise ratio means something."""
    made = noise.BANK[kind][0](16_000, np.random.default_rng(2))
    assert made.shape == (16_000,)
    assert made.std() == pytest.approx(1, rel=0.05)
