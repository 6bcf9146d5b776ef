"""Plays sound on the loudspeaker, and is silent again within one block of sound.

About 200 ms of sound stay queued. The device's callback takes from that queue and does nothing else. Each sound
carries the `cancelled` Event of its turn, and the callback looks at that Event for every block: setting it is enough
to be silent.

The device rests when nothing has been played for some seconds, because a hundred silent blocks a second cost more than
all the rest of a program that waits. The next sound wakes it: the stream that rested is closed and a new one is
opened, which takes some 10 ms. The stream is not started again: the sound server may have died meanwhile, and starting
a stream of a dead server hangs for ever, while opening one fails at once.

A loudspeaker that was once lost stays lost and never counts as speaking. Whoever wants to go on opens another one.
This module knows nothing of sentences or turns.
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

from audio.devices import add_lender, close_stream, open_stream, portaudio, remove_lender, resolve
from audio.errors import DeviceLost, DeviceMissing
from audio.pcm import AudioChunk, Samples, resample
from audio.speaking.played import PlayedSound

_BLOCK_SECONDS = 0.01
_QUEUE_SECONDS = 0.2
_PIECE_SECONDS = 0.02
_FADE_SECONDS = 0.004  # a sound that is cut off fades for so long, so that it does not click
_LOST_SECONDS = 2.0  # a device that has taken no block for so long is lost
_REST_SECONDS = 5.0  # longer than the time between two cues, or between an answer and what the user says to it
_CLOSE_SECONDS = 0.4  # how long close() waits for a thread that opens the stream anew
_POLL_SECONDS = 0.01
# The device buffers so much sound beyond our queue. With less it starves while a model keeps every core busy.
_DEVICE_SECONDS = 0.05
# Sound servers hold a little more than the latency they state (measured: 5 to 15 ms).
_MARGIN_SECONDS = 0.04


class Speaker(Protocol):
    """Where sound goes: a loudspeaker, or a file that stands in for one."""

    @property
    def speaking(self) -> bool:
        """True while something audible is queued or playing. False for a device that was lost."""

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        """Queues a sound. Returns once all but about 200 ms of it has been taken by the device.

        The value is the time.monotonic() at which its first sample went to the device, or None when the sound was
        cancelled before that. Raises DeviceLost.
        """

    def drain(self, cancelled: threading.Event) -> None:
        """Returns when everything that is queued has been heard, or at once when cancelled. Raises DeviceLost."""

    def mute_device(self) -> None:
        """Drops all queued sound within one block. Any thread may call it."""

    def check(self) -> None:
        """Raises DeviceLost if no sound would be taken now. It wakes a device that rests."""

    def close(self) -> None: ...


@dataclass(eq=False)
class _Sound:
    """One call of play(): the state that the pieces of its sound share."""

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
    """The sound that waits to be played. play() fills the queue, and the device's callback empties it.

    It is bounded by play(), which waits while 200 ms are queued. It needs no lock: append and popleft of a deque are
    atomic, and only the callback removes.
    """

    rate_hz: int
    starved: int = 0  # blocks that had to be silent in the middle of a sound
    _pieces: deque[_Piece] = field(default_factory=deque)
    _current: _Sound | None = None

    @property
    def queued_seconds(self) -> float:
        # The tuple is a snapshot, because the callback may take a piece meanwhile.
        return sum(len(piece.samples) - piece.taken for piece in tuple(self._pieces)) / self.rate_hz

    @property
    def empty(self) -> bool:
        return not self._pieces

    @property
    def audible(self) -> bool:
        """True while a sound is queued that nobody has cancelled or silenced."""
        return any(not piece.sound.dropped for piece in tuple(self._pieces))

    def put(self, sound: _Sound, samples: Samples) -> None:
        self._pieces.append(_Piece(sound, samples))

    def mute_device(self) -> None:
        for piece in tuple(self._pieces):
            piece.sound.silenced = True

    def fill(self, out: Samples, now: float) -> bool:
        """Writes the next block into `out`. Returns True if a part of it is sound."""
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
        """Writes the next few samples of a sound that was being heard, growing softer until they are silent."""
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
    """A Speaker on a sound device. `device`: index, part of a name, or None for the system's default.

    `played` is told of each block that goes to the device. `underruns` counts blocks that came too late, because of us
    or of the device. The constructor raises DeviceMissing; play() and drain() raise DeviceLost.
    """

    def __init__(self, device: str | int | None = None, played: PlayedSound | None = None) -> None:
        self._played = played
        self._wanted = device
        self.device = resolve(device, "output")
        self._device_underruns = 0
        self._closed = False
        self._lost = False
        self._turn = threading.Lock()
        self._resting = False  # the callback sets it, as the last thing that it does
        self._is_lent = False  # the stream that rests was closed already, so that PortAudio can renew its list
        self._stream_lock = threading.Lock()  # whoever replaces, asks or closes the stream holds it
        self._quiet_since = time.monotonic()
        self._called_at = time.monotonic()
        self._audible_until = 0.0
        self._latency_seconds = 0.0
        self._queue = PlayQueue(0)  # its rate is known only when the device has agreed to one
        self._stream = open_stream(self.device, "output", self._build)
        self._called_at = time.monotonic()  # opening may have taken longer than a device may stay quiet
        self._latency_seconds = float(self._stream.latency)
        add_lender(self._lend)

    @property
    def underruns(self) -> int:
        return self._device_underruns + self._queue.starved

    @property
    def latency_seconds(self) -> float:
        """Seconds from our callback to the ear, as stated by the device."""
        return self._latency_seconds

    @property
    def speaking(self) -> bool:
        """True while something audible is queued or playing. False if the device has taken no block for two seconds."""
        if self._lost or self._closed:
            return False
        answers = self._resting or time.monotonic() - self._called_at <= _LOST_SECONDS
        return answers and self._sounding

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        sound = _Sound(cancelled)
        samples = resample(chunk.samples, chunk.sample_rate_hz, self._queue.rate_hz)
        with self._my_turn(sound) as granted:
            if granted:
                self._enqueue(sound, samples)
        return sound.started_at

    def drain(self, cancelled: threading.Event) -> None:
        self._wait(_Sound(cancelled), lambda: not self._sounding)

    def mute_device(self) -> None:
        self._queue.mute_device()

    def check(self) -> None:
        self._check_alive()

    def close(self) -> None:
        """Closes the device within 0.4 s, even if the sound server hangs. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        remove_lender(self._lend)
        self._queue.mute_device()
        # A thread that opens the stream anew just now holds the lock. It sees `_closed` afterwards and closes by
        # itself.
        if self._stream_lock.acquire(timeout=_CLOSE_SECONDS):
            try:
                if not self._is_lent:
                    close_stream(self._stream, "loudspeaker")
            finally:
                self._stream_lock.release()

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
        """Lets one play() in at a time, because the pieces of two would mix. Yields False if the sound was dropped."""
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

    @property
    def _sounding(self) -> bool:
        """True while something audible is queued or on its way to the ear, as far as the device's blocks tell."""
        return self._queue.audible or time.monotonic() < self._audible_until

    def _wait(self, sound: _Sound, until: Callable[[], bool]) -> None:
        """Returns when `until()` is true, the sound is dropped, or the loudspeaker is closed. Raises DeviceLost."""
        while not (sound.dropped or self._closed or until()):
            self._check_alive()
            sound.cancelled.wait(_POLL_SECONDS)

    def _check_alive(self) -> None:
        """Wakes a device that rests. Raises DeviceLost for one that takes no sound."""
        with self._stream_lock:
            if self._closed:
                return
            try:
                if self._lost:
                    raise self._device_lost()
                if self._resting:
                    self._wake()
                quiet_seconds = time.monotonic() - self._called_at
                if not self._stream.active or quiet_seconds > _LOST_SECONDS:
                    raise self._device_lost()
            except DeviceLost:
                self._lost = True
                self._queue.mute_device()  # a sound server that goes on later must not play old sound
                raise

    def _wake(self) -> None:
        """Closes the stream that rested and opens a new one in the same format. Raises DeviceLost."""
        self._resting = False
        self._called_at = self._quiet_since = time.monotonic()
        sound_format = (self._queue.rate_hz, int(self._stream.channels))
        if not self._is_lent and not close_stream(self._stream, "loudspeaker"):
            raise self._device_lost()
        self._is_lent = True  # until another stream is open
        try:
            self.device = resolve(self._wanted, "output")  # it has another index if the list was renewed
            self._stream = open_stream(self.device, "output", self._stream_of, formats=[sound_format])
        except DeviceMissing as reason:
            raise self._device_lost() from reason
        self._is_lent = False
        self._called_at = self._quiet_since = time.monotonic()
        if self._closed:
            close_stream(self._stream, "loudspeaker")

    def _lend(self) -> bool:
        """Closes the stream until the next sound. False if that cannot be done now, as while something sounds."""
        if self._lost or self._sounding or not self._stream_lock.acquire(blocking=False):
            return False
        try:
            self._is_lent = self._is_lent or close_stream(self._stream, "loudspeaker")
            self._resting = True
            return self._is_lent
        finally:
            self._stream_lock.release()

    def _device_lost(self) -> DeviceLost:
        return DeviceLost(
            f"the loudspeaker {self.device.name!r} no longer takes sound: check its plug, or choose another"
        )

    def _build(self, rate_hz: int, channels: int) -> Any:
        self._queue = PlayQueue(rate_hz)
        return self._stream_of(rate_hz, channels)

    def _stream_of(self, rate_hz: int, channels: int) -> Any:
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
        if self._played is not None:
            self._played.note(block[:, 0].copy(), now, self._queue.rate_hz)
        if now > self._quiet_since + _REST_SECONDS and self._queue.empty:
            self._resting = True
            raise portaudio().CallbackStop
