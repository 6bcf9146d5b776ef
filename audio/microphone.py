"""Records from the microphone: turns PortAudio's blocks into chunks of 30 ms at 16,000 Hz.

The device's callback copies each block into a queue and does nothing else. The thread that takes the chunks does the
resampling. A device that vanishes often reports no error but only stops calling back, so the age of the last block is
watched. This module knows nothing of speech.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from audio.devices import add_lender, close_stream, open_stream, portaudio, remove_lender, resolve
from audio.errors import DeviceLost, DeviceMissing
from audio.pcm import SPEECH_FORMAT, AudioChunk, ChunkCutter, Samples

# A block is as long as a chunk plus the 2 ms (at 48,000 Hz) that the filter holds back. Shorter blocks would wake all
# threads twice as often, for half a chunk each time, and would save only some 3 ms of delay.
_BLOCK_SECONDS = 0.032
_QUEUE_SECONDS = 5.0
_LOST_SECONDS = 2.0  # a device that has sent no block for so long is lost
_POLL_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class _Block:
    samples: Samples
    started_at: float  # time.monotonic() at its first sample


class BlockQueue:
    """Hands blocks from the callback to the reader. It holds about 5 s of sound.

    When it is full, the oldest block is dropped and counted in `overruns`. It is a SimpleQueue because its put() may
    interrupt itself, so a signal handler cannot deadlock on it.
    """

    def __init__(self, max_blocks: int) -> None:
        self._blocks: SimpleQueue[_Block] = SimpleQueue()
        self._max_blocks = max_blocks
        self.overruns = 0

    def put(self, samples: Samples, started_at: float) -> None:
        if self._blocks.qsize() >= self._max_blocks:
            try:
                self._blocks.get_nowait()
                self.overruns += 1
            except Empty:
                pass  # the reader has taken the last block meanwhile
        self._blocks.put(_Block(samples, started_at))

    def get(self, timeout_seconds: float) -> _Block | None:
        try:
            return self._blocks.get(timeout=timeout_seconds)
        except Empty:
            return None


class ChunkClock:
    """Computes smooth times for chunks from the times of blocks, which jitter and come in bursts.

    Each block gives an estimate of the time at which sample 0 was recorded. A block can arrive late but never early, so
    the earliest estimate of the last second is right. A jump of 0.5 s means that blocks were lost.
    """

    _LOST_SECONDS = 0.5
    _WINDOW_SECONDS = 1.0

    def __init__(self, block_rate_hz: int) -> None:
        self._block_rate_hz = block_rate_hz
        self._origins: deque[float] = deque(maxlen=round(self._WINDOW_SECONDS / _BLOCK_SECONDS))
        self._samples_in = 0
        self._samples_out = 0

    def block(self, started_at: float, sample_count: int) -> None:
        """Notes a block and the time at which it seems to have begun. It must be called for every block."""
        origin = started_at - self._samples_in / self._block_rate_hz  # when sample 0 was recorded
        if self._origins and origin > min(self._origins) + self._LOST_SECONDS:
            self._origins.clear()
        self._origins.append(origin)
        self._samples_in += sample_count

    def chunk(self, sample_count: int) -> float:
        """Returns the time at which the next `sample_count` samples (at 16,000 Hz) began."""
        began = self._samples_out / SPEECH_FORMAT.sample_rate_hz
        self._samples_out += sample_count
        return min(self._origins) + began


class Microphone:
    """An AudioSource. `device`: index, part of a name, or None for the system's default.

    It records from the moment it is made. `overruns` counts the blocks that were lost because nobody took them in time.
    The constructor raises DeviceMissing; chunks() raises DeviceLost. Only one thread may read at a time.
    """

    live = True

    def __init__(self, device: str | int | None = None) -> None:
        self._wanted = device
        self.device = resolve(device, "input")
        self._stopping = False
        self._closed = False
        self._lost_because = ""  # set from outside, by lose()
        self._stream_lock = threading.Lock()  # whoever replaces or closes the stream holds it
        self._is_lent = False  # its stream was closed, so that PortAudio can renew its list
        self._blocks = BlockQueue(int(_QUEUE_SECONDS / _BLOCK_SECONDS))
        self._heard_at = time.monotonic()
        self._stream = open_stream(self.device, "input", self._build)
        self._rate_hz = int(self._stream.samplerate)
        add_lender(self._lend)

    @property
    def overruns(self) -> int:
        return self._blocks.overruns

    def chunks(self) -> Iterator[AudioChunk]:
        cutter = ChunkCutter(self._rate_hz)
        clock = ChunkClock(self._rate_hz)
        while not self._stopping:
            block = self._blocks.get(_POLL_SECONDS)
            if self._lost_because:
                raise DeviceLost(self._lost_because)
            if block is None and self._is_lent:
                self._open_again()
                cutter, clock = ChunkCutter(self._rate_hz), ChunkClock(self._rate_hz)
                continue
            if block is None:
                self._check_alive()
                continue
            clock.block(block.started_at, len(block.samples))
            for samples in cutter.push(block.samples):
                started_at = clock.chunk(len(samples))
                yield AudioChunk(samples, SPEECH_FORMAT.sample_rate_hz, started_at)

    def lose(self, reason: str) -> None:
        """Makes chunks() raise DeviceLost with this sentence: somebody knows that what comes is not the user's voice.

        Any thread may call it.
        """
        self._lost_because = reason

    def stop(self) -> None:
        self._stopping = True  # a plain store is safe in a signal handler; chunks() sees it within 50 ms

    def close(self) -> None:
        self._stopping = True
        if not self._closed:
            self._closed = True
            remove_lender(self._lend)
            with self._stream_lock:
                if not self._is_lent:
                    close_stream(self._stream, "microphone")

    def __enter__(self) -> Microphone:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_alive(self) -> None:
        silent_seconds = time.monotonic() - self._heard_at
        if self._stopping or (self._stream.active and silent_seconds <= _LOST_SECONDS):
            return
        raise DeviceLost(
            f"the microphone {self.device.name!r} has stopped sending sound: check its plug, or choose another"
        )

    def _lend(self) -> bool:
        """Closes the stream until chunks() needs it, about 0.1 s later. False if that cannot be done now."""
        if not self._stream_lock.acquire(blocking=False):
            return False
        try:
            self._is_lent = self._is_lent or close_stream(self._stream, "microphone")
            return self._is_lent
        finally:
            self._stream_lock.release()

    def _open_again(self) -> None:
        """Opens the stream that was lent. Raises DeviceLost."""
        with self._stream_lock:
            if self._closed:
                return
            try:
                self.device = resolve(self._wanted, "input")
                self._stream = open_stream(self.device, "input", self._build)
            except DeviceMissing as reason:
                raise DeviceLost(str(reason)) from reason
            self._rate_hz = int(self._stream.samplerate)
            self._heard_at = time.monotonic()
            self._is_lent = False

    def _build(self, rate_hz: int, channels: int) -> Any:
        return portaudio().InputStream(
            device=self.device.index,
            samplerate=rate_hz,
            channels=channels,
            dtype="int16",
            blocksize=round(rate_hz * _BLOCK_SECONDS),
            callback=self._on_block,
        )

    def _on_block(self, block: Any, frames: int, moment: Any, status: Any) -> None:
        now = time.monotonic()
        self._heard_at = now
        if status.input_overflow:
            self._blocks.overruns += 1
        # Some drivers give no capture time (0). Then the block is taken to have just ended.
        age = moment.currentTime - moment.inputBufferAdcTime
        if not 0.0 < age < 1.0:
            age = _BLOCK_SECONDS
        self._blocks.put(_mixed(block), now - age)


def _mixed(block: npt.NDArray[np.int16]) -> Samples:
    """The mean of all channels of a block (frames, channels): the sound may be on one of them only."""
    if block.shape[1] == 1:
        return np.array(block[:, 0], np.int16)
    return np.asarray(np.rint(block.mean(axis=1)), np.int16)
