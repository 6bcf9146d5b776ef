"""Noise of many kinds, made from random numbers, for training and for testing.

It is pure: a kind, a length and a generator give samples of unit power at 16 kHz. Babble needs voices, so the caller
brings the speech, and `babble` mixes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.features import RATE_HZ

Noise = NDArray[np.float64]


def _unit(samples: Noise) -> Noise:
    return np.asarray(samples / (samples.std() + 1e-9))


def coloured(count: int, rng: np.random.Generator, slope: float | None = None) -> Noise:
    """Noise whose power falls with frequency to the power `slope`: 0 white, 1 pink, 2 brown. None draws the slope."""
    slope = rng.uniform(0, 2.2) if slope is None else slope
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency_hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 30)
    return _unit(np.fft.irfft(spectrum * frequency_hz ** (-slope / 2), count))


def shaped(count: int, rng: np.random.Generator) -> Noise:
    """Steady noise with a random smooth spectrum: fans, roads, rooms."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    decibels = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 9) ** 1.5, rng.uniform(-25, 0, 9))
    return _unit(np.fft.irfft(spectrum * 10 ** (decibels / 20), count))


def hum(count: int, rng: np.random.Generator) -> Noise:
    """The hum of a motor or the mains: a low note with its harmonics, and some hiss."""
    times = np.arange(count) / RATE_HZ
    note_hz, fall = rng.uniform(45, 240), rng.uniform(0.3, 1.5)
    parts = (
        rng.uniform(0, 1) / k**fall * np.sin(2 * np.pi * note_hz * k * times + rng.uniform(0, 6)) for k in range(1, 25)
    )
    return _unit(_unit(np.sum(list(parts), axis=0)) + 0.3 * shaped(count, rng))


def modulated(count: int, rng: np.random.Generator) -> Noise:
    """Shaped noise that swells and falls: passing cars, wind."""
    points = max(4, int(count / RATE_HZ * rng.uniform(0.5, 8)))
    swell = np.interp(np.arange(count), np.linspace(0, count, points), rng.uniform(0.03, 1, points))
    return _unit(shaped(count, rng) * swell)


def clicks(count: int, rng: np.random.Generator) -> Noise:
    """Knocks, keys and cutlery: short decaying bursts over faint hiss."""
    samples = np.zeros(count)
    for _ in range(max(1, int(count / RATE_HZ * rng.uniform(1, 6)))):
        length = min(count - 1, int(RATE_HZ * rng.uniform(0.01, 0.2)))
        start = rng.integers(0, count - length)
        tone = np.sin(2 * np.pi * rng.uniform(200, 5000) * np.arange(length) / RATE_HZ)
        burst = rng.standard_normal(length) + 2 * tone
        samples[start : start + length] += rng.uniform(0.3, 1) * np.exp(-np.arange(length) / (length / 6)) * burst
    return _unit(_unit(samples) + 0.03 * shaped(count, rng))


def tones(count: int, rng: np.random.Generator) -> Noise:
    """Something like music: decaying chords, one after the other."""
    samples = np.zeros(count)
    start = 0
    while start < count:
        times = np.arange(min(int(RATE_HZ * rng.uniform(0.1, 0.6)), count - start)) / RATE_HZ
        note_hz = 110 * 2 ** (rng.integers(0, 36) / 12)
        for interval in (1, 1.26, 1.5):
            for harmonic in range(1, 7):
                loudness = rng.uniform(0, 1) / harmonic
                wave = np.sin(2 * np.pi * note_hz * interval * harmonic * times)
                samples[start : start + len(times)] += loudness * wave * np.exp(-times * 3)
        start += len(times)
    return _unit(_unit(samples) + 0.02 * shaped(count, rng))


def babble(count: int, speech: Iterator[NDArray[np.float32]], talkers: int) -> Noise:
    """Several talkers at once. Each of them says what `speech` gives next."""
    mixed = np.zeros(count)
    for _ in range(talkers):
        start = 0
        while start < count:
            said = next(speech)[: count - start]
            mixed[start : start + len(said)] += _unit(said.astype(np.float64))
            start += len(said)
    return _unit(mixed)


def white(count: int, rng: np.random.Generator) -> Noise:
    return coloured(count, rng, 0.0)


def pink(count: int, rng: np.random.Generator) -> Noise:
    return coloured(count, rng, 1.0)


# For each kind its maker, and how many pieces of it go into the training bank.
BANK: dict[str, tuple[Callable[[int, np.random.Generator], Noise], int]] = {
    "coloured": (coloured, 24),
    "shaped": (shaped, 30),
    "hum": (hum, 12),
    "modulated": (modulated, 24),
    "clicks": (clicks, 12),
    "tones": (tones, 12),
}
BABBLE_IN_BANK = 24
