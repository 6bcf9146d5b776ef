"""Makes up for bad microphones before anything listens: takes out offset and hum, and lifts sound that is too soft.

It works on chunks of 16,000 Hz. It does not know what is speech, nor what the sound is for.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from audio.pcm import SPEECH_FORMAT, Samples

# Men's voices begin at about 80 Hz, the mains hum at 50 or 60 Hz.
CORNER_HZ = 70.0
_ORDER = 4  # 24 dB an octave: -12 dB at 50 Hz, -0.2 dB at 100 Hz
_TAPS = 960  # 60 ms; all that comes later adds up to less than two steps of a sample of 16 bits

# Both are the root mean square of a chunk. The loudest chunk of ordinary speech has 1,500 and more.
WANTED_LEVEL = 600.0
_HIGHEST_GAIN = 16.0  # 24 dB; softer speech is lost in the noise of most microphones
_STEP = 2.0  # 6 dB


class HighPass:
    """A Butterworth high-pass at 70 Hz for a stream of chunks. It delays nothing above the corner noticeably.

    The filter is recursive, which numpy does not compute. So its impulse response is cut where it has died out, and
    convolved with the sound; 25 µs for a chunk of 30 ms.
    """

    def __init__(self) -> None:
        self._filter = impulse_response(_TAPS).astype(np.float32)
        self._before: npt.NDArray[np.float32] | None = None

    def push(self, samples: Samples) -> Samples:
        """Filters the next samples of the stream. As many come out."""
        sound = samples.astype(np.float32)
        if self._before is None:
            # As if the first sample had lasted for ever: else an offset would begin with a loud thump.
            first = sound[0] if len(sound) else np.float32(0)
            self._before = np.full(_TAPS - 1, first, np.float32)
        whole = np.concatenate([self._before, sound])
        self._before = whole[len(sound) :]
        return _as_samples(np.convolve(whole, self._filter, "valid"))


class Gain:
    """Lifts all sound of a microphone that is too quiet. A loud one passes as it is.

    How loud the user is shows in what was heard as speech, so the gain changes between utterances: up by at most 6 dB
    after each, and down at once. It never changes within one, because the words would change their sound with it.
    """

    def __init__(self) -> None:
        self.factor = 1.0
        self._loudest = 0.0  # of the utterance under way, before the gain

    def lifted(self, samples: Samples) -> Samples:
        """The samples at the present gain."""
        return samples if self.factor == 1.0 else _as_samples(samples.astype(np.float32) * np.float32(self.factor))

    def measure(self, lifted: Samples) -> None:
        """Notes how loud a chunk of the utterance is, from what `lifted` made of it."""
        self._loudest = max(self._loudest, level(lifted) / self.factor)

    def conclude(self, *, was_speech: bool) -> None:
        """Sets the gain for the next utterance. A cough or a door does not count."""
        if was_speech and self._loudest > 0.0:
            wanted = min(_HIGHEST_GAIN, max(1.0, WANTED_LEVEL / self._loudest))
            self.factor = min(wanted, self.factor * _STEP)
        self._loudest = 0.0


def level(samples: Samples) -> float:
    """The root mean square. 0 for no samples."""
    wide = samples.astype(np.float64)
    return math.sqrt(float(wide @ wide) / len(wide)) if len(wide) else 0.0


@functools.cache
def impulse_response(taps: int) -> npt.NDArray[np.float64]:
    """The first samples of what the Butterworth high-pass makes of a single 1.

    It is made of sections of second order by the bilinear transform, as in Robert Bristow-Johnson's "Audio EQ
    Cookbook", with the quality factors of the Butterworth polynomial.
    """
    omega = 2 * math.pi * CORNER_HZ / SPEECH_FORMAT.sample_rate_hz
    sound = np.zeros(taps)
    sound[0] = 1.0
    for section in range(_ORDER // 2):
        quality = 1 / (2 * math.cos(math.pi * (2 * section + 1) / (2 * _ORDER)))
        alpha, cosine = math.sin(omega) / (2 * quality), math.cos(omega)
        b0, b1, b2 = ((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2)
        a0, a1, a2 = (1 + alpha, -2 * cosine, 1 - alpha)
        passed = np.zeros(taps)
        late = later = 0.0  # the state of the section
        for index in range(taps):
            passed[index] = b0 / a0 * sound[index] + late
            late = b1 / a0 * sound[index] - a1 / a0 * passed[index] + later
            later = b2 / a0 * sound[index] - a2 / a0 * passed[index]
        sound = passed
    return sound


def _as_samples(sound: npt.NDArray[np.float32]) -> Samples:
    samples: Samples = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
    return samples
