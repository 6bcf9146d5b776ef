"""Finds vowels in sound. Speech has them; steady noise and knocks do not.

A vowel repeats itself 60 to 400 times a second, with its power spread over several harmonics. Noise does not repeat
itself, and a whistle or a beep has all its power in one spectral line. Measured with espeak-ng's voices, 75 to 90 %
of the louder chunks of speech hold a vowel, and 67 to 83 % at 10 dB above noise. Of white, pink and brown noise, hum
and tones at most 1 % do. It does not know words. A whisper has no vowels in this sense.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audio.pcm import SPEECH_FORMAT, Samples

_RATE_HZ = SPEECH_FORMAT.sample_rate_hz
_WINDOW_SAMPLES = 720  # 45 ms: within a longer window a falling pitch no longer repeats itself
_FFT = 1024  # at least a window and the longest lag, else the autocorrelation would wrap around
_BAND_HZ = (80.0, 1500.0)  # vowels have their power here, and little else has
_LAGS = slice(_RATE_HZ // 400, _RATE_HZ // 66)
_MIN_PERIODICITY = 0.6  # 1: the sound repeats itself exactly
_MAX_TONALITY = 0.92  # the share of the power in one spectral line


class VowelDetector:
    """Looks at each 30 ms chunk together with the one before it."""

    def __init__(self) -> None:
        self._before: Samples = np.zeros(0, np.int16)
        self._window = np.hanning(_WINDOW_SAMPLES)
        # The autocorrelation of a windowed sound fades with the window's own. Dividing by that undoes it (Boersma
        # 1993, "Accurate short-term analysis of the fundamental frequency").
        self._window_fade = _autocorrelation(np.abs(np.fft.rfft(self._window, _FFT)) ** 2)
        frequencies = np.fft.rfftfreq(_FFT, 1 / _RATE_HZ)
        self._band = (frequencies >= _BAND_HZ[0]) & (frequencies <= _BAND_HZ[1])

    def skip(self, samples: Samples) -> None:
        """Keeps a chunk for the next one without looking for a vowel, which takes some 100 µs."""
        self._before = samples

    def is_vowel(self, samples: Samples) -> bool:
        sound = np.zeros(_WINDOW_SAMPLES)
        heard = np.concatenate([self._before, samples])[-_WINDOW_SAMPLES:]
        sound[_WINDOW_SAMPLES - len(heard) :] = heard
        self._before = samples
        # The difference flattens the spectrum of rumble and wind, whose power lies low, so that they look like noise.
        spectrum = np.fft.rfft(np.diff(sound, prepend=sound[0]) * self._window, _FFT)
        power = np.where(self._band, np.abs(spectrum) ** 2, 0.0)
        total = float(power.sum())
        if total <= 0.0:
            return False
        peak = int(power.argmax())
        tonality = float(power[max(0, peak - 3) : peak + 4].sum()) / total
        periodicity = (_autocorrelation(power) / self._window_fade)[_LAGS].max()
        return bool(periodicity >= _MIN_PERIODICITY and tonality <= _MAX_TONALITY)


class VowelWatch:
    """Tells whether a vowel was heard since the last reset(). It takes two chunks in a row, as one may be by chance."""

    def __init__(self) -> None:
        self._detector = VowelDetector()
        self._last_was_vowel = False
        self.has_heard = False

    def accept(self, samples: Samples) -> None:
        """Takes the next samples, 16,000 a second; a multiple of 30 ms, as a microphone's chunks are."""
        for start in range(0, len(samples), SPEECH_FORMAT.samples_in(0.03)):
            is_vowel = self._detector.is_vowel(samples[start : start + SPEECH_FORMAT.samples_in(0.03)])
            self.has_heard = self.has_heard or (is_vowel and self._last_was_vowel)
            self._last_was_vowel = is_vowel

    def reset(self) -> None:
        self._last_was_vowel = self.has_heard = False


def _autocorrelation(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The autocorrelation from a power spectrum: 1 at lag 0, for lags up to half a window, in samples."""
    correlation = np.fft.irfft(power)[: _WINDOW_SAMPLES // 2]
    normalised: npt.NDArray[np.float64] = correlation / correlation[0]
    return normalised
