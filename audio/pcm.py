"""Sound as arrays: mono, signed 16 bit, at a stated rate. Resamples it and cuts it into chunks.

It knows no device and no file. Resampling is soxr's work: it is band-limited, keeps its state between blocks (a
resampler that starts afresh for each block clicks at every seam) and comes in a 250 kB wheel. But soxr holds back 20
to 40 ms of a stream, and this would delay the end of every word. So from 48,000 Hz, the rate of most microphones, a
filter of our own takes every third sample.
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


# The format that the VAD and the Vosk models take. 30 ms is the longest frame that webrtcvad accepts.
SPEECH_FORMAT = AudioFormat(16_000)
CHUNK_SECONDS = 0.03


@dataclass(frozen=True, eq=False)
class AudioChunk:
    """A piece of sound. `started_at` is in seconds on its source's own clock."""

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
    """Resamples a whole sound at once. For a stream, use StreamResampler."""
    if from_hz == to_hz:
        return samples
    if len(samples) == 0:
        return samples
    import soxr

    resampled: Samples = soxr.resample(samples, from_hz, to_hz)
    return resampled


class StreamResampler:
    """Resamples a stream block by block, without clicks at the seams.

    Some sound stays inside the filter until the next push: 2 ms if `from_hz` is three times `to_hz`, else about 40 ms.
    `last=True` lets it out.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import soxr

        self._same = from_hz == to_hz  # then the sound is passed on untouched, because soxr would dither the last bit
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
    """Applies a low-pass filter of linear phase and keeps every third sample. The filter's delay is removed."""

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
        # Every sample is filtered and two of three are thrown away. This takes a quarter of the time of filtering
        # only every third one, because those windows are not contiguous in memory.
        filtered = np.convolve(sound, self._filter, "valid")[::3]
        kept: Samples = np.clip(np.round(filtered), -32768, 32767).astype(np.int16)
        return kept


class ChunkCutter:
    """Takes blocks of any length and gives speech chunks of exactly 30 ms at 16,000 Hz."""

    def __init__(self, from_hz: int) -> None:
        self._resampler = StreamResampler(from_hz, SPEECH_FORMAT.sample_rate_hz)
        self._pending: Samples = np.empty(0, np.int16)
        self._size = SPEECH_FORMAT.samples_in(CHUNK_SECONDS)

    def push(self, samples: Samples) -> Iterator[Samples]:
        yield from self._cut(self._resampler.push(samples))

    def finish(self) -> Iterator[Samples]:
        """The sound that was held back. The last chunk is filled up with silence."""
        yield from self._cut(self._resampler.push(np.empty(0, np.int16), last=True))
        if len(self._pending):
            missing = self._size - len(self._pending)
            yield from self._cut(np.zeros(missing, np.int16))

    def _cut(self, resampled: Samples) -> Iterator[Samples]:
        # Stored in the object before the first yield, so that a generator that is left half-way loses nothing.
        self._pending = np.concatenate([self._pending, resampled])
        while len(self._pending) >= self._size:
            chunk, self._pending = self._pending[: self._size], self._pending[self._size :]
            yield chunk
