"""Changes of features."""

from __future__ import annotations

import numpy as np

from audio.demo_model.sounds.augment import NoiseBank, augmented
from audio.demo_model.sounds.features import ENERGY_FLOOR, MELS


def test_augmentation_keeps_shape_and_floor() -> None:
    """Whatever is drawn, the features keep their shape and never fall below the energy floor."""
    rng = np.random.default_rng(1)
    bank = NoiseBank(rng.normal(8, 1, (3, 50, MELS)).astype(np.float16))
    for _ in range(20):
        changed = augmented(rng.normal(12, 3, (70, MELS)).astype(np.float16), bank, rng)
        assert changed.shape == (70, MELS)
        assert changed.min() >= ENERGY_FLOOR
        assert np.isfinite(changed).all()
