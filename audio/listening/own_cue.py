"""Takes the assistant's own earcon out of the microphone's sound.

The user may be speaking while a cue sounds, so Hearing must not be deaf then. A cue consists of a few known pitches
and their second harmonics. In each 30 ms these pitches are fitted, with any loudness and phase, and subtracted. A
loudspeaker, a room and a microphone change only loudness and phase. Speech over the cue loses a narrow band and stays
speech. It does not know when a cue sounds.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audio.pcm import SPEECH_FORMAT, Samples

# The order of the polynomial that the cue's loudness follows within a chunk: the cue swells in 12 ms. With a straight
# line enough of the cue stays for the VAD to take it for speech. With a cubic more of the speech is lost than is won.
_DEGREE = 2
_HARMONICS = (1, 2)
# The rest of a chunk must have this share of the cue's power to count as sound. The remains of a cue that begins in
# mid-chunk have less. Speech over a cue that leaks in at -12 dB has sixteen times as much.
_MIN_REST = 0.5
_REST_OF_CUE = 0.1  # such a chunk is passed on this soft, because at full loudness a recogniser makes an "it" of it


@dataclass(frozen=True)
class WithoutCue:
    samples: Samples
    mostly_cue: bool  # the chunk held hardly anything else


def without_cue(samples: Samples, pitches_hz: tuple[float, ...]) -> WithoutCue:
    """One chunk at 16,000 Hz without these pitches."""
    basis, fit = _tones(pitches_hz, len(samples))
    whole = samples.astype(np.float64)
    cue = basis @ (fit @ whole)
    rest = whole - cue
    mostly_cue = bool(np.mean(rest**2) < _MIN_REST * np.mean(cue**2))
    if mostly_cue:
        rest *= _REST_OF_CUE
    return WithoutCue(np.clip(np.round(rest), -32768, 32767).astype(np.int16), mostly_cue)


@functools.lru_cache(maxsize=8)
def _tones(
    pitches_hz: tuple[float, ...], count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:  # (count, tones), (tones, count)
    """Sine and cosine of each pitch and its harmonics, times each power of time; and the matrix that fits them."""
    time = np.arange(count) / SPEECH_FORMAT.sample_rate_hz
    within = np.linspace(-1.0, 1.0, count)
    basis = np.stack(
        [
            within**power * wave(2 * np.pi * pitch_hz * harmonic * time)
            for pitch_hz in pitches_hz
            for harmonic in _HARMONICS
            for power in range(_DEGREE + 1)
            for wave in (np.sin, np.cos)
        ],
        axis=1,
    )
    fit = np.asarray(np.linalg.pinv(basis), np.float64)
    return basis, fit
