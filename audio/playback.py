"""Sound to the loudspeaker, silent again within one block.

About 200 ms stay queued; the callback takes from there and does nothing else. Each sound
carries the `cancelled` Event of its turn, and the callback looks at it for every block: setting
the Event is enough to be silent. With nothing to play for some seconds the device is stopped: a hundred silent blocks a second
cost more than all the rest of a program that waits. Knows nothing of sentences or turns.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from audio.devices import close_stream, open_stream, portaudio, resolve
from audio.errors import DeviceLost
from audio.pcm import AudioChunk, Samples, resample

_BLOCK_SECONDS = 0.01
_QUEUE_SECONDS = 0.2
_PIECE_SECONDS = 0.02
_FADE_SECONDS = 0.004  # of a sound cut off: long enough not to click
_LOST_SECONDS = 2.0
_REST_SECONDS = 5.0  # longer than between two cues, or an answer and what the user says to it
_POLL_SECONDS = 0.01
# What the device holds beyond our queue. Less starves while a model keeps every core busy.
_DEVICE_SECONDS = 0.05
# Sound servers hold a little more than the latency they state (measured: 5 to 15 ms).
_MARGIN_SECONDS = 0.04


class Speaker(Protocol):
    """Where sound goes: a loudspeaker, or a file that stands in for one."""

    @property
    def speaking(self) -> bool:
        """Something audible is queued or playing."""

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        """Queue a sound; blocks only until all but about 200 ms of it has been taken.

        Returns the time.monotonic() at which its first sample went to the device; None if
        cancelled before that.
        """

    def drain(self, cancelled: threading.Event) -> None:
        """Until everything queued has been heard."""

    def mute_device(self) -> None:
        """From any thread: what is queued is gone within one block."""

    def close(self) -> None: ...


@dataclass(eq=False)
class _Sound:
    """One play() call: what its pieces share."""

    cancelled: threading.Event
    started_at: float | None = None
    silenced: bool = False
    complete: bool = False  # all of its pieces have been queued

    @property
    def dropped(self) -> bool:
        return self.silenced or self.cancelled.is_set()


@dataclass(eq=False)
class _Piece:
    sound: _Sound
    samples: Samples
    taken: int = 0


@dataclass(eq=False)
class PlayQueue:
    """What is to be played: filled by play(), emptied by the device's callback.

    Bounded by play(), which waits while 200 ms are queued. No lock: deque's append and
    popleft are atomic, and only the callback removes.
    """

    rate_hz: int
    starved: int = 0  # blocks that had to be silent in the middle of a sound
    _pieces: deque[_Piece] = field(default_factory=deque)
    _current: _Sound | None = None

    @property
    def queued_seconds(self) -> float:
        # A snapshot: the callback may take a piece meanwhile.
        return sum(len(piece.samples) - piece.taken for piece in tuple(self._pieces)) / self.rate_hz

    @property
    def empty(self) -> bool:
        return not self._pieces

    def put(self, sound: _Sound, samples: Samples) -> None:
        self._pieces.append(_Piece(sound, samples))

    def mute_device(self) -> None:
        for piece in tuple(self._pieces):
            piece.sound.silenced = True

    def fill(self, out: Samples, now: float) -> bool:
        """The next block. True if anything of it is sound."""
        out[:] = 0
        filled = 0
        while filled < len(out) and self._pieces:
            piece = self._pieces[0]
            if piece.sound.dropped:
                filled += self._fade(piece, out[filled:])
                self._pieces.popleft()
                continue
            if piece.sound.started_at is None:
                piece.sound.started_at = now
            self._current = piece.sound
            filled += self._copy(piece, out[filled:])
            if piece.taken == len(piece.samples):
                self._pieces.popleft()
        self._count_starved(filled < len(out))
        return filled > 0

    def _copy(self, piece: _Piece, out: Samples) -> int:
        count = min(len(out), len(piece.samples) - piece.taken)
        out[:count] = piece.samples[piece.taken : piece.taken + count]
        piece.taken += count
        return count

    def _fade(self, piece: _Piece, out: Samples) -> int:
        """The few next samples of a sound that was being heard, down to nothing."""
        if piece.sound is not self._current:
            return 0
        self._current = None
        count = self._copy(piece, out[: round(_FADE_SECONDS * self.rate_hz)])
        out[:count] = (out[:count] * np.linspace(1.0, 0.0, count)).astype(np.int16)
        return count

    def _count_starved(self, short: bool) -> None:
        if not short or self._current is None:
            return
        if self._current.complete or self._current.dropped:
            self._current = None
        else:
            self.starved += 1


class Loudspeaker:
    """A Speaker. `device`: index, part of a name, or None for the system's default.

    `underruns` counts blocks that came too late, ours or the device's. Raises DeviceMissing
    here, DeviceLost from play() and drain().
    """

    def __init__(self, device: str | int | None = None) -> None:
        self.device = resolve(device, "output")
        self._device_underruns = 0
        self._closed = False
        self._turn = threading.Lock()
        self._resting = False  # set by the callback, the last that it does
        self._waking = threading.Lock()
        self._quiet_since = time.monotonic()
        self._called_at = time.monotonic()
        self._audible_until = 0.0
        self._latency_seconds = 0.0
        self._queue = PlayQueue(0)  # its rate is known only when the device has agreed to one
        self._stream = open_stream(self.device, "output", self._build)
        self._latency_seconds = float(self._stream.latency)

    @property
    def underruns(self) -> int:
        return self._device_underruns + self._queue.starved

    @property
    def latency_seconds(self) -> float:
        """From our callback to the ear, as the device states it."""
        return self._latency_seconds

    @property
    def speaking(self) -> bool:
        return not self._queue.empty or time.monotonic() < self._audible_until

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        sound = _Sound(cancelled)
        samples = resample(chunk.samples, chunk.sample_rate_hz, self._queue.rate_hz)
        with self._my_turn(sound) as granted:
            if granted:
                self._enqueue(sound, samples)
        return sound.started_at

    def drain(self, cancelled: threading.Event) -> None:
        self._wait(_Sound(cancelled), lambda: not self.speaking)

    def mute_device(self) -> None:
        self._queue.mute_device()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.mute_device()
            close_stream(self._stream, "loudspeaker")

    def __enter__(self) -> Loudspeaker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _my_turn(self, sound: _Sound) -> Iterator[bool]:
        """One play() at a time: the pieces of two would be shuffled. False if dropped meanwhile."""
        granted = False

        def take() -> bool:
            nonlocal granted
            granted = self._turn.acquire(blocking=False)
            return granted

        self._wait(sound, take)
        try:
            yield granted
        finally:
            if granted:
                self._turn.release()

    def _enqueue(self, sound: _Sound, samples: Samples) -> None:
        size = round(_PIECE_SECONDS * self._queue.rate_hz)
        for begin in range(0, len(samples), size):
            self._wait(sound, lambda: self._queue.queued_seconds < _QUEUE_SECONDS)
            if sound.dropped or self._closed:
                return
            self._queue.put(sound, samples[begin : begin + size])
        sound.complete = True
        if len(samples):
            self._wait(sound, lambda: sound.started_at is not None)

    def _wait(self, sound: _Sound, until: Callable[[], bool]) -> None:
        """Until `until()`, or the sound is dropped, or we are closed. Raises DeviceLost."""
        while not (sound.dropped or self._closed or until()):
            self._check_alive()
            sound.cancelled.wait(_POLL_SECONDS)

    def _check_alive(self) -> None:
        if self._resting:
            self._wake()
        quiet_seconds = time.monotonic() - self._called_at
        if self._stream.active and quiet_seconds <= _LOST_SECONDS:
            return
        raise self._lost()

    def _wake(self) -> None:
        with self._waking:
            if self._resting and not self._closed:
                self._resting = False
                self._called_at = self._quiet_since = time.monotonic()
                try:
                    self._stream.stop()
                    self._stream.start()
                except portaudio().PortAudioError as reason:
                    raise self._lost() from reason

    def _lost(self) -> DeviceLost:
        return DeviceLost(
            f"the loudspeaker {self.device.name!r} no longer takes sound: check its plug, or choose another"
        )

    def _build(self, rate_hz: int, channels: int) -> Any:
        self._queue = PlayQueue(rate_hz)
        return portaudio().OutputStream(
            device=self.device.index,
            samplerate=rate_hz,
            channels=channels,
            dtype="int16",
            blocksize=round(rate_hz * _BLOCK_SECONDS),
            latency=_DEVICE_SECONDS,
            callback=self._on_block,
        )

    def _on_block(self, block: Any, frames: int, moment: Any, status: Any) -> None:
        now = time.monotonic()
        self._called_at = now
        if status.output_underflow:
            self._device_underruns += 1
        if self._queue.fill(block[:, 0], now):
            self._quiet_since = now
            self._audible_until = now + _BLOCK_SECONDS + self._latency_seconds + _MARGIN_SECONDS
        block[:, 1:] = block[:, :1]
        if now > self._quiet_since + _REST_SECONDS and self._queue.empty:
            self._resting = True
            raise portaudio().CallbackStop
