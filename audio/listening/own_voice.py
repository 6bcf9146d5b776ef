"""Takes the assistant's own voice out of what the microphone heard, since it is known what the loudspeaker played.

Between the two lie a delay, the loudspeaker, the room and the microphone, which together are a linear filter, nearly.
The filter that explains best what was heard while the assistant spoke alone is found by least squares, and what it
makes of the played sound is subtracted. Pure: arrays in, arrays out. It knows no device, no clock and no words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audio.pcm import SPEECH_FORMAT, Samples

_RATE_HZ = SPEECH_FORMAT.sample_rate_hz
DELAY_SAMPLES = _RATE_HZ // 2  # the longest way of a sound from the program to the microphone and back
_BEFORE = _RATE_HZ // 100  # the filter begins 10 ms before its loudest echo
_AFTER = _RATE_HZ // 4  # and lasts 250 ms after it
_STEPS = 20  # of the conjugate gradients
_ROUNDS = 4  # each takes what the filter does not explain yet; what the ends of the sound falsify vanishes by that
_RIDGE = 1e-3  # of the played sound's power
_EMPHASIS = 0.9  # speech has little power in its high notes, and they tell "stop" from other words
LEAST_GAIN = 0.8  # of the root mean square: a filter that leaves more than this explains nothing

Sound = npt.NDArray[np.float32]


def without_own_voice(heard: Samples, played: Samples, learnt: int) -> Samples:
    """`heard[learnt:]` less what can be explained by the played sound.

    `heard` is (n,) at 16,000 Hz; in its first `learnt` samples nobody but the assistant spoke. `played` is
    (DELAY_SAMPLES + n,): what went to the loudspeaker from DELAY_SAMPLES before the first of `heard` on. Where the
    played sound explains nothing (silence, another loudspeaker, a device that lost some sound) the samples come back as
    they are.
    """
    rest: Samples = heard[learnt:]
    y, x = _emphasised(heard), _emphasised(played)
    own = x[: DELAY_SAMPLES + learnt]
    size = 1 << (len(own) + _AFTER).bit_length()
    own_spectrum = np.fft.rfft(own, size)
    power = (np.abs(own_spectrum) ** 2).astype(np.float32)
    if learnt <= 2 * _AFTER or power.max() == 0.0:
        return rest
    # The delay is where the two resemble each other most. Only phases count, so that a vowel does not resemble itself
    # one period later.
    cross = np.conj(own_spectrum) * _spectrum_at(y[:learnt], DELAY_SAMPLES, size)
    alike = np.fft.irfft(cross / (np.abs(cross) + 1e-6 * np.abs(cross).max()), size)[:DELAY_SAMPLES]
    first = int(np.abs(alike).argmax()) - _BEFORE
    likeness = np.fft.irfft(power, size)[: _BEFORE + _AFTER]
    lags = np.arange(first, first + len(likeness))  # a negative place is a negative lag
    filter_ = np.zeros(len(likeness))
    unexplained = y[:learnt].astype(np.float64)
    for _ in range(_ROUNDS):
        wanted = np.fft.irfft(np.conj(own_spectrum) * _spectrum_at(unexplained, DELAY_SAMPLES, size), size)[lags]
        filter_ += _solved(likeness, wanted)
        unexplained = y[:learnt] - _convolved(x, filter_, first)[DELAY_SAMPLES : DELAY_SAMPLES + learnt]
    explained = _convolved(played.astype(np.float32), filter_, first)[DELAY_SAMPLES : DELAY_SAMPLES + len(heard)]
    left = heard - explained
    if _level(left[:learnt]) > LEAST_GAIN * _level(heard[:learnt]) or _level(left[learnt:]) > _level(rest):
        return rest  # the last is so where the sound was interrupted, and the delay is not what it was
    cleaned: Samples = np.clip(np.rint(left[learnt:]), -32768, 32767).astype(np.int16)
    return cleaned


def _level(samples: npt.NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def _spectrum_at(samples: npt.NDArray[Any], place: int, size: int) -> npt.NDArray[Any]:
    """The spectrum of `size` samples that are zero but for these, which begin at `place`."""
    padded = np.zeros(size)
    padded[place : place + len(samples)] = samples
    return np.fft.rfft(padded)


def _emphasised(samples: Samples) -> Sound:
    wide = samples.astype(np.float32)
    return np.asarray(np.diff(wide, prepend=wide[:1]) + (1 - _EMPHASIS) * wide, np.float32)


def _solved(likeness: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The filter h with R h = `wanted`, where R is the symmetric Toeplitz matrix whose first row is `likeness`.

    By conjugate gradients: R is never written down, and its product with a vector is a convolution.
    """
    length = len(wanted)
    size = 1 << (2 * length).bit_length()
    ring = np.zeros(size)
    ring[:length] = likeness
    ring[0] *= 1 + _RIDGE
    ring[size - length + 1 :] = likeness[:0:-1]
    spectrum = np.fft.rfft(ring)

    def product(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.fft.irfft(spectrum * np.fft.rfft(vector, size), size)[:length]

    found = np.zeros(length)
    rest = wanted.copy()
    direction, left = rest.copy(), float(rest @ rest)
    for _ in range(_STEPS):
        if left <= 0.0:
            break
        turned = product(direction)
        step = left / float(direction @ turned)
        found += step * direction
        rest -= step * turned
        before, left = left, float(rest @ rest)
        direction = rest + left / before * direction
    return found


def _convolved(samples: Sound, filter_: npt.NDArray[np.float64], first: int) -> npt.NDArray[np.float64]:
    """The samples through a filter whose first value counts for a delay of `first` samples."""
    size = 1 << (len(samples) + len(filter_)).bit_length()
    mixed = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(filter_, size), size)
    return np.roll(mixed, first)[: len(samples)]
