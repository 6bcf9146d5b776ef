"""Noise of many kinds, made from random numbers, for training and for testing.

It is pure: a kind, a length and a generator give samples of unit power at 16 kHz. Babble needs voices, so the caller
brings the speech, and `babble` mixes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.sounds.features import RATE_HZ

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


def _rings(
    samples: Noise, rng: np.random.Generator, a_second: float, low_hz: float, high_hz: float, ring_s: float
) -> None:
    """Adds about `a_second` blows to something that rings for up to `ring_s`: a few damped notes each."""
    for _ in range(rng.poisson(a_second * len(samples) / RATE_HZ)):
        start = int(rng.integers(0, len(samples)))
        length = min(len(samples) - start, int(RATE_HZ * ring_s))
        times = np.arange(length) / RATE_HZ
        loudness = rng.uniform(0.2, 1) ** 2
        for _ in range(int(rng.integers(2, 6))):
            note = np.sin(2 * np.pi * rng.uniform(low_hz, high_hz) * times + rng.uniform(0, 6))
            samples[start : start + length] += (
                loudness * rng.uniform(0.2, 1) * note * np.exp(-times * rng.uniform(3, 40) / ring_s)
            )
        burst = min(length, 80)
        samples[start : start + burst] += loudness * rng.standard_normal(burst)


def kitchen(count: int, rng: np.random.Generator) -> Noise:
    """Dishes and cutlery over a fridge, sometimes with running water or a frying pan."""
    samples = np.zeros(count)
    _rings(samples, rng, rng.uniform(0.5, 4), 900, 7000, rng.uniform(0.05, 0.5))
    samples = _unit(samples) * rng.uniform(0.5, 1.5) + 0.3 * hum(count, rng)
    if rng.random() < 0.5:  # water: bright noise that bubbles
        points = count // 800 + 2
        bubbles = 1 + 0.5 * np.interp(np.arange(count), 800 * np.arange(points), rng.standard_normal(points))
        samples += rng.uniform(0.2, 1) * coloured(count, rng, rng.uniform(-0.5, 0.8)) * bubbles
    if rng.random() < 0.4:  # frying: many tiny cracks
        cracks = rng.standard_normal(count) * (rng.random(count) < rng.uniform(0.002, 0.02))
        samples += rng.uniform(0.2, 0.8) * _unit(cracks)
    return _unit(samples)


def workshop(count: int, rng: np.random.Generator) -> Noise:
    """A motor under changing load with a grinder, hammer blows or hissing air."""
    points = max(4, int(count / RATE_HZ * rng.uniform(0.3, 2)))
    speed_hz = np.interp(
        np.arange(count), np.linspace(0, count, points), rng.uniform(0.85, 1.15, points)
    ) * rng.uniform(25, 200)
    turns = np.cumsum(speed_hz) / RATE_HZ
    fall = rng.uniform(0.2, 1.2)
    parts = (rng.uniform(0, 1) / k**fall * np.sin(2 * np.pi * k * turns + rng.uniform(0, 6)) for k in range(1, 20))
    samples = _unit(np.sum(list(parts), axis=0))
    if rng.random() < 0.5:  # a grinder: noise that follows the turns
        samples += (
            rng.uniform(0.3, 1.5) * coloured(count, rng, rng.uniform(-0.5, 0.5)) * (1 + np.sin(2 * np.pi * turns)) / 2
        )
    if rng.random() < 0.5:
        blows = np.zeros(count)
        _rings(blows, rng, rng.uniform(0.5, 3), 200, 4000, rng.uniform(0.05, 0.4))
        samples += rng.uniform(0.5, 2) * _unit(blows)
    if rng.random() < 0.3:
        samples += rng.uniform(0.3, 1) * modulated(count, rng)
    return _unit(samples)


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
    "kitchen": (kitchen, 24),
    "workshop": (workshop, 24),
    "tones": (tones, 12),
}
BABBLE_IN_BANK = 24
