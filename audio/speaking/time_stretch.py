"""Makes speech shorter at the same pitch: WSOLA, as in Verhelst and Roelands, ICASSP 1993.

Windows of the sound are laid over each other at a smaller distance than they had. Each is taken from near the place
where it should come from, where it continues the window before it best, so that voiced sounds keep their periods. It
knows no voice and no words.
"""

from __future__ import annotations

import numpy as np

from audio.pcm import Samples

_WINDOW_SECONDS = 0.025  # two periods of a low voice
_SEARCH_SECONDS = 0.006  # to each side: half a period of a low voice


def shortened(samples: Samples, rate_hz: int, factor: float) -> Samples:
    """The sound in 1/`factor` of its time. A factor of 1 or less leaves it as it is."""
    half = int(_WINDOW_SECONDS * rate_hz / 2)
    search = int(_SEARCH_SECONDS * rate_hz)
    if factor <= 1.0 or len(samples) < 4 * half:
        return samples
    window = np.hanning(2 * half + 1)[:-1].astype(np.float32)  # two of them, half a window apart, add up to 1
    wanted_count = int(len(samples) / factor)
    sound = np.concatenate(
        [np.zeros(search, np.float32), samples.astype(np.float32), np.zeros(4 * half + search, np.float32)]
    )
    out = np.zeros(wanted_count + 2 * half, np.float32)
    taken = search  # where in `sound` the last window began
    out[: 2 * half] = sound[taken : taken + 2 * half] * np.where(np.arange(2 * half) < half, 1.0, window)
    for begin in range(half, wanted_count, half):
        middle = search + int(begin * factor)
        continuation = sound[taken + half : taken + 3 * half]
        around = sound[middle - search : middle + search + 2 * half]
        taken = middle - search + int(np.argmax(np.correlate(around, continuation, "valid")))
        out[begin : begin + 2 * half] += sound[taken : taken + 2 * half] * window
    return np.clip(np.round(out[:wanted_count]), -32_768, 32_767).astype(np.int16)
