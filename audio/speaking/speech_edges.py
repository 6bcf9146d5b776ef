"""Cuts the silence off the ends of rendered speech, and lets the sound begin and end without a click.

It does not know the text, or which engine has rendered it.
"""

from __future__ import annotations

import numpy as np

from audio.pcm import Samples

LEAD_SECONDS = 0.01  # silence kept before the first sound
FADE_IN_SECONDS = 0.002
FADE_OUT_SECONDS = 0.005
_AUDIBLE = 60  # of 32,767: a louder sample is sound


def trimmed(samples: Samples, rate_hz: int, tail_seconds: float, volume: float = 1.0) -> Samples:
    """The speech at `volume` (0..1), with at most 10 ms before its first sound and `tail_seconds` after its last one.

    espeak-ng leaves 0.25 s of silence at its normal rate. At high rates it stops in the middle of the last sound, so
    the last 5 ms of what it rendered are faded out and the rest of the tail is silence. A sound that begins at once is
    faded in over 2 ms. Without any sound the result is empty.
    """
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > _AUDIBLE)
    if len(audible) == 0:
        return np.empty(0, np.int16)
    begin = max(0, int(audible[0]) - int(LEAD_SECONDS * rate_hz))
    end = int(audible[-1]) + 1 + int(tail_seconds * rate_hz)
    kept = samples[begin:end].astype(np.float32) * volume
    if abs(int(samples[begin])) > _AUDIBLE:
        _fade(kept, int(FADE_IN_SECONDS * rate_hz))
    _fade(kept[::-1], int(FADE_OUT_SECONDS * rate_hz))
    return np.concatenate([np.round(kept).astype(np.int16), np.zeros(end - begin - len(kept), np.int16)])


def _fade(sound: np.ndarray[tuple[int], np.dtype[np.float32]], count: int) -> None:
    """Raises the first `count` samples from silence to their full level, in place: half a cosine, which has no edge."""
    count = min(count, len(sound))
    sound[:count] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(count, dtype=np.float32) / max(1, count))
