"""Voice activity detection: says whether a chunk is speech.

It is WebRTC's detector and two gates that noise does not pass. WebRTC's detector alone takes fans, knocks and hiss
for speech now and then, and a small recogniser makes words of anything. So a chunk must also be louder than the
background, which is measured over the quieter chunks of the last seconds, and a vowel must have been heard a moment
ago. The consonants before the first vowel are not lost, because the pre-roll has them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from audio.listening.voicing import VowelDetector
from audio.pcm import SPEECH_FORMAT, Samples
from audio.settings import VAD_AGGRESSIVENESS

_BACKGROUND_CHUNKS = 100  # 3 s
_BACKGROUND_KNOWN = 33  # with fewer chunks, one second, all that was heard may be speech
_BACKGROUND_QUANTILE = 0.15
_FLOOR = 8.0  # root mean square; softer sound is silence on any microphone (-72 dB of full scale)
_VOWEL_HOLD_CHUNKS = 12  # 0.36 s: consonants follow a vowel for no longer than this


class VoiceActivity:
    """`aggressiveness` 0..3 is WebRTC's; `above_background_db` is the first gate's.

    `needs_vowel` is asked for each chunk. While it is False the second gate is open, for short words of a breathy voice
    that noise covers; whoever opens it must tell noise from words in another way.
    """

    def __init__(
        self,
        aggressiveness: int = VAD_AGGRESSIVENESS,
        above_background_db: float = 4.0,
        needs_vowel: Callable[[], bool] = lambda: True,
    ) -> None:
        import webrtcvad

        self._vad = webrtcvad.Vad(aggressiveness)
        self._ratio = 10 ** (above_background_db / 20)
        self._recent: deque[float] = deque(maxlen=_BACKGROUND_CHUNKS)
        self._needs_vowel = needs_vowel
        self._vowels = VowelDetector()
        self._last_was_vowel = False
        self._since_vowel = _VOWEL_HOLD_CHUNKS

    def is_speech(self, samples: Samples) -> bool:
        """True if `samples`, 30 ms at 16,000 Hz, are speech. Call it for every chunk, in order."""
        wide = samples.astype(np.float64)
        loudness = float(np.sqrt(np.mean(wide * wide)))
        self._recent.append(loudness)
        loud = loudness >= self._threshold()
        voiced = bool(self._vad.is_speech(samples.tobytes(), SPEECH_FORMAT.sample_rate_hz))
        near_vowel = self._near_vowel(samples, loud and voiced)
        return loud and voiced and (near_vowel or not self._needs_vowel())

    def _near_vowel(self, samples: Samples, candidate: bool) -> bool:
        vowel = False
        if candidate:
            vowel = self._vowels.is_vowel(samples)
        else:
            self._vowels.skip(samples)
        self._since_vowel += 1
        if vowel and self._last_was_vowel:  # a single window may look like a vowel by chance
            self._since_vowel = 0
        self._last_was_vowel = vowel
        return self._since_vowel < _VOWEL_HOLD_CHUNKS

    def _threshold(self) -> float:
        quiet = sorted(self._recent)[int(len(self._recent) * _BACKGROUND_QUANTILE)]
        background = quiet if len(self._recent) >= _BACKGROUND_KNOWN else 0.0
        return max(_FLOOR, background * self._ratio)
