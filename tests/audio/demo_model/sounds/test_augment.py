"""Changes of features."""

from __future__ import annotations

import numpy as np

from audio.demo_model.sounds.augment import NoiseBank, augmented, paced
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


def test_another_pace_keeps_each_label_with_its_sound() -> None:
    """A frame whose features tell its label still tells it when the words are said faster and slower."""
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(8), 15).astype(np.int64)
    mels = np.repeat(labels[:, None], MELS, 1).astype(np.float16)
    lengths = set()
    for _ in range(30):
        frames, said = paced(mels, labels, rng)
        assert frames.shape == (len(said), MELS)
        assert np.abs(frames[:, 0] - said).max() <= 0.51
        assert list(np.unique(said)) == list(range(8))
        lengths.add(len(said))
    assert len(labels) in lengths
    assert min(lengths) < 0.9 * len(labels) < 1.1 * len(labels) < max(lengths)
