"""Changes a waveform before its features are computed: speed, timbre, room, microphone, and silence around it.

All are pure functions of samples and a random generator. `augment` has the changes that are drawn anew in every epoch
(noise, loudness).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy import fft
from numpy.typing import NDArray

from audio.demo_model.sounds.features import RATE_HZ
from audio.demo_model.synthesis.speech import Samples, Speech

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


def room_response(rt60_s: float, echo_level: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The answer of a made-up room to a click: the direct sound, a few early echoes, and noise that dies away.

    `rt60_s` is the time in which the noise falls by 60 dB; above about 2 kHz it falls up to twice as fast, since air
    and curtains swallow high notes. `echo_level` is the amplitude of all echoes, where the direct sound has 1.
    """
    times = np.arange(int(RATE_HZ * rt60_s)) / RATE_HZ
    first_s = rng.uniform(0.001, 0.012)
    low, high = rng.standard_normal((2, len(times)))
    low = np.convolve(low, np.ones(5) / 5, "same") * 5**0.5
    tail = low * np.exp(-6.9 * times / rt60_s) + high * np.exp(-6.9 * times * rng.uniform(1, 2) / rt60_s)
    tail *= times > first_s
    for _ in range(int(rng.integers(0, 7))):  # walls, floor, table
        tail[int(rng.uniform(first_s, min(0.04, rt60_s)) * RATE_HZ) - 1] += rng.uniform(-3, 3)
    tail *= echo_level / (np.sqrt((tail**2).sum()) + 1e-9)
    tail[0] += 1.0
    return np.asarray(tail, np.float64)


def filtered(samples: Samples, response: NDArray[np.float64]) -> Samples:
    """The samples behind something that answers a click with `response`, cut to their own length."""
    size = fast_length(len(samples) + len(response))
    mixed = fft.irfft(fft.rfft(samples, size) * fft.rfft(response, size), size)
    return mixed[: len(samples)].astype(np.float32)


def reverberate(samples: Samples, rng: np.random.Generator) -> Samples:
    """The samples in a made-up room with an RT60 of 0.1 to 0.7 s, near to the speaker or far away."""
    return filtered(samples, room_response(rng.uniform(0.1, 0.7), rng.uniform(0.15, 1.6), rng))


def band_limited(samples: Samples, low_hz: float, high_hz: float) -> Samples:
    """The samples between two frequencies only. The edges are steep: 100 Hz below, 300 Hz above."""
    size = fast_length(len(samples))
    frequency_hz = fft.rfftfreq(size, 1 / RATE_HZ)
    gain = np.clip((frequency_hz - low_hz) / 100 + 0.5, 0, 1) * np.clip((high_hz - frequency_hz) / 300 + 0.5, 0, 1)
    return fft.irfft(fft.rfft(samples, size) * gain, size)[: len(samples)].astype(np.float32)


def telephone(samples: Samples) -> Samples:
    """The samples over a telephone: 300 to 3400 Hz, and 8 bits by the mu-law."""
    narrow = band_limited(samples, 300, 3400)
    peak = np.abs(narrow).max() + 1e-9
    coded = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256) * 127) / 127
    return np.asarray(np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255 * peak, np.float32)


def headset_coded(samples: Samples, bits: int) -> Samples:
    """The samples as a Bluetooth headset sends them, nearly: blocks of 7.5 ms in bands, with few bits for each value.

    The codec (mSBC) has 8 bands as well; here they are the bins of a plain transform, which is quick and errs alike.
    """
    block, bands = 120, 8
    count = -(-len(samples) // block)
    spectrum = fft.rfft(np.pad(samples, (0, count * block - len(samples))).reshape(count, block), axis=1)
    edges = np.linspace(0, spectrum.shape[1], bands + 1).astype(int)
    levels = 2 ** (bits - 1)
    for low, high in itertools.pairwise(edges):
        part = spectrum[:, low:high]
        scale = np.maximum(np.abs(part.real), np.abs(part.imag)).max(1, keepdims=True) / levels + 1e-9
        spectrum[:, low:high] = (np.round(part.real / scale) + 1j * np.round(part.imag / scale)) * scale
    return fft.irfft(spectrum, block, axis=1).reshape(-1)[: len(samples)].astype(np.float32)


def _mains(count: int, rng: np.random.Generator) -> Samples:
    """The hum of the mains in a bad cable, with a peak of one. (A constant offset needs no part: Vosk removes it.)"""
    times = np.arange(count) / RATE_HZ
    note_hz = rng.choice([50, 60]) * 2 * np.pi
    parts = [rng.uniform(0, 1) / k * np.sin(k * note_hz * times + rng.uniform(0, 6)) for k in range(1, 8)]
    hum = np.sum(parts, axis=0)
    return np.asarray(hum / (np.abs(hum).max() + 1e-9), np.float32)


def _sent(samples: Samples, rng: np.random.Generator) -> Samples:
    """The samples on their way to the recogniser: a telephone, a cheap 8 kHz microphone, a headset, a bad cable, or none."""
    draw = rng.random()
    if draw < 0.07:
        return telephone(samples)
    if draw < 0.14:
        return band_limited(samples, rng.uniform(0, 250), rng.uniform(3300, 4000))
    if draw < 0.22:
        return headset_coded(samples, int(rng.integers(3, 6)))
    if draw < 0.30:
        level = np.abs(samples).max() * rng.uniform(0.02, 0.25)
        return np.asarray(samples + level * _mains(len(samples), rng), np.float32)
    return samples


def place(
    speech: Speech,
    rng: np.random.Generator | None,
    lead_s: float = 0.3,
    tail_s: float = 0.4,
    stretch: tuple[float, float] = (0.84, 1.2),
) -> Placed:
    """The speech at 16 kHz with silence around it, scaled to PEAK.

    With `rng` it is also changed in speed, timbre, room and microphone. `stretch` is how many times as long it may
    become; it becomes lower by as much, as a record that runs slower.
    """
    ratio, gains = RATE_HZ / speech.rate_hz, None
    if rng is not None:
        lead_s, tail_s = rng.uniform(0.02, 0.6), rng.uniform(0.05, 0.6)
        if rng.random() < 0.8:
            ratio *= rng.uniform(*stretch)
        if rng.random() < 0.75:
            cut = rng.uniform(0.42, 0.95) if rng.random() < 0.2 else 2.0
            gains = (rng.uniform(-7, 7, 8), rng.uniform(-10, 7), cut)
    samples, exact = resample(speech.samples, ratio, gains)
    lead, tail = int(RATE_HZ * lead_s), int(RATE_HZ * tail_s)
    samples = np.concatenate([np.zeros(lead, np.float32), samples, np.zeros(tail, np.float32)])
    if rng is not None:
        if rng.random() < 0.5:
            samples = reverberate(samples, rng)
        samples = _sent(samples, rng)
    samples *= PEAK / (np.abs(samples).max() + 1)
    return Placed(samples, ((0.0, "SIL"), *((lead + at * exact, name) for at, name in speech.phones)))
