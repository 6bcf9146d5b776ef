"""Changes a waveform before its features are computed: speed, timbre, room, and silence around it.

All are pure functions of samples and a random generator. `augment` has the changes that are drawn anew in every epoch
(noise, loudness).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import fft
from numpy.typing import NDArray

from audio.demo_model.features import RATE_HZ
from audio.demo_model.speech import Samples, Speech

PEAK = 8000.0  # of 32767: the peak to which every utterance is scaled


@dataclass(frozen=True)
class Placed:
    """16 kHz samples and where each phone starts in them."""

    samples: Samples
    phones: tuple[tuple[float, str], ...]


def fast_length(least: int) -> int:
    """The smallest number from `least` on without a prime factor above 5. A transform of that length is quick."""
    length = least
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1


def resample(
    samples: Samples, ratio: float, gains: tuple[NDArray[np.float64], float, float] | None = None
) -> tuple[Samples, float]:
    """About `ratio` times as many samples, resampled through the spectrum, and the exact ratio.

    `gains` (dB points, tilt, cut) changes the timbre.
    """
    length = fast_length(len(samples) + 200)
    new_length = fast_length(int(length * ratio))
    spectrum = fft.rfft(samples, length)
    bins = new_length // 2 + 1
    new_spectrum = np.zeros(bins, complex)
    kept = min(bins, len(spectrum))
    new_spectrum[:kept] = spectrum[:kept]
    if gains is not None:
        points, tilt, cut = gains
        place = np.linspace(0, 1, bins)
        decibels = np.interp(place, np.linspace(0, 1, len(points)), points) + tilt * place
        new_spectrum *= 10 ** (decibels / 20) / (1 + (place / cut) ** 16)
    exact = new_length / length
    changed = fft.irfft(new_spectrum, new_length) * exact
    return changed[: int(len(samples) * exact)].astype(np.float32), exact


def reverberate(samples: Samples, rng: np.random.Generator) -> Samples:
    """The samples in a made-up room, which is noise that dies away over 0.12 to 0.6 s after the direct sound."""
    decay_s = rng.uniform(0.12, 0.6)
    times = np.arange(int(RATE_HZ * decay_s)) / RATE_HZ
    echo = rng.standard_normal(len(times)) * np.exp(-6.9 * times / decay_s) * (times > rng.uniform(0.001, 0.012))
    echo *= rng.uniform(0.15, 0.9) / (np.sqrt((echo**2).sum()) + 1e-9)
    echo[0] += 1.0
    size = fast_length(len(samples) + len(echo))
    mixed = fft.irfft(fft.rfft(samples, size) * fft.rfft(echo, size), size)
    return mixed[: len(samples)].astype(np.float32)


def place(speech: Speech, rng: np.random.Generator | None, lead_s: float = 0.3, tail_s: float = 0.4) -> Placed:
    """The speech at 16 kHz with silence around it, scaled to PEAK.

    With `rng` it is also changed in speed, timbre and room.
    """
    ratio, gains = RATE_HZ / speech.rate_hz, None
    if rng is not None:
        lead_s, tail_s = rng.uniform(0.02, 0.6), rng.uniform(0.05, 0.6)
        if rng.random() < 0.8:
            ratio *= rng.uniform(0.84, 1.2)
        if rng.random() < 0.7:
            cut = rng.uniform(0.42, 0.95) if rng.random() < 0.2 else 2.0
            gains = (rng.uniform(-6, 6, 6), rng.uniform(-8, 6), cut)
    samples, exact = resample(speech.samples, ratio, gains)
    lead, tail = int(RATE_HZ * lead_s), int(RATE_HZ * tail_s)
    samples = np.concatenate([np.zeros(lead, np.float32), samples, np.zeros(tail, np.float32)])
    if rng is not None and rng.random() < 0.35:
        samples = reverberate(samples, rng)
    samples *= PEAK / (np.abs(samples).max() + 1)
    return Placed(samples, ((0.0, "SIL"), *((lead + at * exact, name) for at, name in speech.phones)))
