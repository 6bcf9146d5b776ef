"""Sound as arrays: mono, signed 16 bit, at a stated rate. Resampling, and cutting into chunks.

Knows no device and no file. Resampling is soxr: band-limited, keeps its state between blocks
(a resampler started afresh for each block clicks at every seam) and comes in a 250 kB wheel. But
soxr holds back 20 to 40 ms of a stream, on its way to whoever waits for the end of a word: from
48,000 Hz, at which most microphones run, a filter of our own takes every third sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]  # (n,) mono


@dataclass(frozen=True)
class AudioFormat:
    """Mono, signed 16 bit; only the rate varies."""

    sample_rate_hz: int

    def samples_in(self, seconds: float) -> int:
        return round(seconds * self.sample_rate_hz)

    def seconds_of(self, sample_count: int) -> float:
        return sample_count / self.sample_rate_hz


# What the VAD and the Vosk models take. 30 ms is the longest frame that webrtcvad accepts.
SPEECH_FORMAT = AudioFormat(16_000)
CHUNK_SECONDS = 0.03


@dataclass(frozen=True, eq=False)
class AudioChunk:
    """A stretch of sound. `started_at` is in seconds on its source's own clock."""

    samples: Samples
    sample_rate_hz: int
    started_at: float = 0.0

    @property
    def duration_seconds(self) -> float:
        return len(self.samples) / self.sample_rate_hz

    @property
    def ended_at(self) -> float:
        return self.started_at + self.duration_seconds


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """All of a sound at once. For a stream, use StreamResampler."""
    if from_hz == to_hz:
        return samples
    if len(samples) == 0:
        return samples
    import soxr

    resampled: Samples = soxr.resample(samples, from_hz, to_hz)
    return resampled


class StreamResampler:
    """Blocks of a stream from one rate to another; the seams do not show.

    Some stays inside the filter until the next push, 2 ms from three times `to_hz`, else about 40; `last=True` lets it out.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import soxr

        self._same = from_hz == to_hz  # passed on untouched: soxr would dither the last bit
        self._thirds = _EveryThird() if from_hz == 3 * to_hz else None
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")

    def push(self, samples: Samples, last: bool = False) -> Samples:
        if self._same:
            return samples
        if self._thirds is not None:
            return self._thirds.push(samples, last)
        resampled: Samples = self._stream.resample_chunk(samples, last=last)
        return resampled


class _EveryThird:
    """A low-pass filter of linear phase and every third of its samples; its delay is taken off."""

    # A sinc under a Kaiser window: flat up to 0.92 of half the new rate, -80 dB from 1.08 on (Oppenheim and Schafer,
    # "Discrete-Time Signal Processing", 7.5.3).
    _TAPS = 193
    _BETA = 7.86

    def __init__(self) -> None:
        half = self._TAPS // 2
        filter_ = np.sinc(np.arange(-half, half + 1) / 3) * np.kaiser(self._TAPS, self._BETA)
        self._filter = (filter_ / filter_.sum()).astype(np.float32)
        self._pending = np.zeros(half, np.float32)

    def push(self, samples: Samples, last: bool) -> Samples:
        rest = np.zeros(self._TAPS // 2 if last else 0, np.float32)
        sound = np.concatenate([self._pending, samples.astype(np.float32), rest])
        count = max(0, (len(sound) - self._TAPS) // 3 + 1)
        self._pending = sound[3 * count :]
        if count == 0:
            return np.empty(0, np.int16)
        # Every sample is filtered and two of three are thrown away: a quarter of the time of windows that leave two out,
        # which are no contiguous memory.
        filtered = np.convolve(sound, self._filter, "valid")[::3]
        kept: Samples = np.clip(np.round(filtered), -32768, 32767).astype(np.int16)
        return kept


class ChunkCutter:
    """Blocks of any length in, speech chunks of exactly 30 ms at 16,000 Hz out."""

    def __init__(self, from_hz: int) -> None:
        self._resampler = StreamResampler(from_hz, SPEECH_FORMAT.sample_rate_hz)
        self._pending: Samples = np.empty(0, np.int16)
        self._size = SPEECH_FORMAT.samples_in(CHUNK_SECONDS)

    def push(self, samples: Samples) -> Iterator[Samples]:
        yield from self._cut(self._resampler.push(samples))

    def finish(self) -> Iterator[Samples]:
        """What was held back; the last chunk is filled up with silence."""
        yield from self._cut(self._resampler.push(np.empty(0, np.int16), last=True))
        if len(self._pending):
            missing = self._size - len(self._pending)
            yield from self._cut(np.zeros(missing, np.int16))

    def _cut(self, resampled: Samples) -> Iterator[Samples]:
        # Taken into the object before the first yield: a generator left half-way loses nothing.
        self._pending = np.concatenate([self._pending, resampled])
        while len(self._pending) >= self._size:
            chunk, self._pending = self._pending[: self._size], self._pending[self._size :]
            yield chunk
