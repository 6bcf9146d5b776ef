"""Changes log-mel features for training: throats, pace, rooms, noise, loudness, timbre, narrow telephone bands.

The changes are drawn anew whenever an utterance is used. All are pure functions of features and a random generator.
Noise is added to log energies with logaddexp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from audio.demo_model.sounds.features import ENERGY_FLOOR, MELS

Mels = NDArray[np.float32]
_NATS_PER_DB = 0.2303
_FRAME_S = 0.01


def _band_centers_hz() -> NDArray[np.float64]:
    """The middle of each mel band between 20 and 7600 Hz."""

    def mel(hz: float) -> float:
        return 1127 * float(np.log(1 + hz / 700))

    edges = np.linspace(mel(20), mel(7600), MELS + 2)
    return np.asarray(700 * (np.exp(edges[1:-1] / 1127) - 1))


_CENTERS_HZ = _band_centers_hz()
_OCTAVES = np.log2(np.maximum(_CENTERS_HZ, 300) / 300).astype(np.float32)  # of each band above 300 Hz


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


def paced(
    mels: NDArray[np.float16], labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """The features and labels of the same words said faster here and slower there: no two people share a rhythm."""
    if rng.random() < 0.4:
        return mels, labels
    pieces = max(2, len(mels) // 25)
    shares = np.exp(rng.uniform(-0.25, 0.25) + rng.uniform(-0.3, 0.3, pieces))
    at = np.interp(np.arange(len(mels)), np.linspace(0, len(mels) - 1, pieces), shares)
    position = np.interp(np.arange(0, at.sum()), np.cumsum(at) - at[0], np.arange(len(mels)))
    lower = np.floor(position).astype(int)
    upper = np.minimum(lower + 1, len(mels) - 1)
    share = (position - lower).astype(np.float32)[:, None]
    changed = mels[lower] * (1 - share) + mels[upper] * share
    return changed.astype(np.float16), labels[np.rint(position).astype(int)]


def augmented(mels: NDArray[np.float16], bank: NoiseBank, rng: np.random.Generator) -> Mels:
    """Clean features (frames, 40) to those of another speaker in another place."""
    x = mels.astype(np.float32)
    loudness = np.log(np.exp(np.minimum(x, 30)).mean())
    if rng.random() < 0.7:
        x = _other_throat(x, rng)
    if rng.random() < 0.7:  # the voice itself: synthesisers are bright, many people and rooms are dull
        x = x + _timbre(rng, 1.0) + np.float32(rng.uniform(-1.2, 0.2)) * _OCTAVES
        x += loudness - np.log(np.exp(np.minimum(x, 30)).mean())
    if rng.random() < 0.35:
        x = _smeared(x, rng.uniform(0.15, 0.7), rng.uniform(0.02, 0.25))
    if rng.random() < 0.92:
        for _ in range(1 if rng.random() < 0.8 else 2):
            snr_db = rng.uniform(3, 36) if rng.random() < 0.6 else rng.uniform(-3, 16)
            x = np.logaddexp(x, bank.draw(len(x), rng) + np.float32(loudness - snr_db * _NATS_PER_DB))
    if rng.random() < 0.45:
        x = x + _timbre(rng, 1.6)
    if rng.random() < 0.2:
        x = x - _outside(rng.uniform(0, 350), rng.uniform(3200, 4200), rng.uniform(3, 12))
    x = np.maximum(x + np.float32(rng.uniform(-8.5, 3)), np.float32(ENERGY_FLOOR))
    if rng.random() < 0.35:
        width = int(rng.integers(1, 7))
        band = slice(start := int(rng.integers(0, MELS - width)), start + width)
        x[:, band] = ENERGY_FLOOR if rng.random() < 0.3 else x[:, band].mean()
    for _ in range(int(rng.integers(0, 3))):  # a knock, a lost packet: the words around it tell the phone
        start = int(rng.integers(0, len(x)))
        x[start : start + int(rng.integers(1, 8))] = x.mean(0)
    return np.asarray(x, np.float32)


def _timbre(rng: np.random.Generator, most_nats: float) -> Mels:
    """A smooth random curve over the mel bands, in nats."""
    curve = np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 6), rng.uniform(-most_nats, most_nats, 6))
    return np.asarray(curve, np.float32)


def _smeared(x: Mels, rt60_s: float, level: float) -> Mels:
    """The features in a room: in each frame some of the power of those before it, 60 dB less after `rt60_s`."""
    power = np.exp(np.minimum(x, 30.0)).astype(np.float64)
    keep = np.exp(-13.8 * _FRAME_S / (rt60_s * np.linspace(1, 0.6, MELS)))
    for band in range(MELS):
        power[:, band] += lfilter([0.0, level * keep[band]], [1.0, -keep[band]], power[:, band])
    return np.asarray(np.log(power + 1e-9), np.float32)


def _outside(low_hz: float, high_hz: float, depth_nats: float) -> Mels:
    """What a telephone takes away from each band, in nats: all but nothing between the two frequencies."""
    octaves = np.maximum(np.log2(np.maximum(low_hz, 1) / _CENTERS_HZ), np.log2(_CENTERS_HZ / high_hz))
    return np.asarray(np.clip(octaves * 12, 0, depth_nats), np.float32)


def _other_throat(x: Mels, rng: np.random.Generator) -> Mels:
    """The features with their mel bands stretched, as by a longer or shorter vocal tract.

    The stretch changes over the bands, since the parts of a throat differ as well.
    """
    knots = rng.uniform(0.87, 1.15) * np.exp(rng.uniform(-0.06, 0.06, 5))
    position = np.arange(MELS) * np.interp(np.arange(MELS), np.linspace(0, MELS - 1, 5), knots)
    position = np.clip(position, 0, MELS - 1)
    lower = np.floor(position).astype(int)
    share = (position - lower).astype(np.float32)
    return np.asarray(x[:, lower] * (1 - share) + x[:, np.minimum(lower + 1, MELS - 1)] * share)
