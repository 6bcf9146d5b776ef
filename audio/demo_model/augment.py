"""Changes log-mel features for training: noise, loudness, timbre.

The changes are drawn anew whenever an utterance is used. All are pure functions of features and a random generator.
Noise is added to log energies with logaddexp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.features import ENERGY_FLOOR, MELS

Mels = NDArray[np.float32]
_NATS_PER_DB = 0.2303


class NoiseBank:
    """Holds the features of pieces of noise, and their loudness."""

    def __init__(self, stretches: NDArray[np.float16]) -> None:
        self._stretches = stretches  # (stretches, frames, 40)
        self._loudness = [float(np.log(np.exp(stretch.astype(np.float32)).mean())) for stretch in stretches]

    def draw(self, frames: int, rng: np.random.Generator) -> Mels:
        """A piece of noise of `frames` frames, with a mean energy of 0 nats."""
        which = int(rng.integers(len(self._stretches)))
        stretch = self._stretches[which]
        start = int(rng.integers(0, max(1, len(stretch) - frames)))
        piece = stretch[start : start + frames].astype(np.float32)
        if len(piece) < frames:
            piece = np.pad(piece, ((0, frames - len(piece)), (0, 0)), mode="wrap")
        return np.asarray(piece - self._loudness[which], np.float32)


def augmented(mels: NDArray[np.float16], bank: NoiseBank, rng: np.random.Generator) -> Mels:
    """Clean features (frames, 40) to those of the same utterance in another place."""
    x = mels.astype(np.float32)
    loudness = np.log(np.exp(np.minimum(x, 30)).mean())
    if rng.random() < 0.4:
        x = _warped(x, rng.uniform(0.88, 1.12))
    if rng.random() < 0.9:
        for _ in range(1 if rng.random() < 0.8 else 2):
            snr_db = rng.uniform(3, 36) if rng.random() < 0.65 else rng.uniform(-3, 13)
            x = np.logaddexp(x, bank.draw(len(x), rng) + np.float32(loudness - snr_db * _NATS_PER_DB))
    x = x + np.float32(rng.uniform(-7, 3))
    if rng.random() < 0.3:
        x = x + np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 5), rng.uniform(-1.2, 1.2, 5)).astype(np.float32)
    x = np.maximum(x, np.float32(ENERGY_FLOOR))
    if rng.random() < 0.25:
        width = int(rng.integers(1, 6))
        band = slice(start := int(rng.integers(0, MELS - width)), start + width)
        x[:, band] = ENERGY_FLOOR if rng.random() < 0.3 else x[:, band].mean()
    return x


def _warped(x: Mels, factor: float) -> Mels:
    """The features with their mel bands stretched by `factor`, as by a longer or shorter vocal tract."""
    position = np.clip(np.arange(MELS) * factor, 0, MELS - 1)
    lower = np.floor(position).astype(int)
    share = (position - lower).astype(np.float32)
    return np.asarray(x[:, lower] * (1 - share) + x[:, np.minimum(lower + 1, MELS - 1)] * share)
