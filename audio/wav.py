"""A WAV file as microphone (WavSource) or as loudspeaker (WavSpeaker).

`soundfile` (libsndfile) reads the files, because the standard `wave` module knows neither float samples nor, before
Python 3.12, the extensible header that 24-bit recorders write. `wave` writes them, on a file that is opened here, so
that a full disk is an OSError and never a silent loss.
"""

from __future__ import annotations

import os
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from audio.errors import WavError, WavWriteError
from audio.pcm import CHUNK_SECONDS, SPEECH_FORMAT, AudioChunk, ChunkCutter, Samples, resample

MAX_SECONDS = 600.0
_BLOCK_FRAMES = 16_384
_CONTAINERS = {"WAV", "WAVEX", "RF64"}
_ENCODINGS = {"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"}


class WavSource:
    """A WAV file in place of a microphone. It is read as fast as its chunks are taken.

    It takes PCM of 8 to 32 bits or float, mono or stereo (which is mixed), at any rate. It raises WavError at once
    for anything else. The header alone decides that, so that a file of three hours is not read only to be refused.
    """

    live = False

    def __init__(self, path: Path, *, max_seconds: float = MAX_SECONDS) -> None:
        self._path = Path(path)
        self._max_seconds = max_seconds
        self._stopping = False
        _open_checked(self._path, max_seconds).close()

    def chunks(self) -> Iterator[AudioChunk]:
        for count, samples in enumerate(self._speech_samples()):
            if self._stopping:
                return
            yield AudioChunk(samples, SPEECH_FORMAT.sample_rate_hz, count * CHUNK_SECONDS)

    def stop(self) -> None:
        self._stopping = True  # a plain assignment is safe in a signal handler

    def _speech_samples(self) -> Iterator[Samples]:
        with _open_checked(self._path, self._max_seconds) as file:
            cutter = ChunkCutter(file.samplerate)
            for block in _mono_blocks(file, self._path):
                yield from cutter.push(block)
            yield from cutter.finish()


class WavSpeaker:
    """A Speaker that writes what a loudspeaker would play, one sound after the other.

    The file has the rate of the first chunk. Until close() it is a hidden file beside its place. close() gives it its
    name, so that it is there as a whole or not at all.
    """

    def __init__(self, path: Path, sample_rate_hz: int | None = None) -> None:
        self._writer = _WavWriter(Path(path))
        self._rate_hz = sample_rate_hz
        self._lock = threading.Lock()  # one sound at a time, whichever threads play

    @property
    def speaking(self) -> bool:
        return False  # nobody hears a file, so it never makes the listener deaf

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        if cancelled.is_set():
            return None
        began_at = time.monotonic()
        with self._lock:
            if self._rate_hz is None:
                self._rate_hz = chunk.sample_rate_hz
            samples = resample(chunk.samples, chunk.sample_rate_hz, self._rate_hz)
            self._writer.write(samples, self._rate_hz)
        return began_at

    def drain(self, cancelled: threading.Event) -> None:
        pass  # nothing is ever queued

    def mute_device(self) -> None:
        pass

    def check(self) -> None:
        pass  # a file takes sound until it is closed

    def close(self) -> None:
        with self._lock:
            self._writer.finish()

    def __enter__(self) -> WavSpeaker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_wav(path: Path, *, max_seconds: float = MAX_SECONDS) -> AudioChunk:
    """A whole WAV file, mixed to mono, at its own rate. Raises WavError."""
    with _open_checked(Path(path), max_seconds) as file:
        blocks = list(_mono_blocks(file, Path(path)))
        return AudioChunk(np.concatenate(blocks), file.samplerate)


def write_wav(path: Path, chunk: AudioChunk) -> None:
    """Writes a WAV file. Raises WavWriteError, and then leaves no half file behind."""
    writer = _WavWriter(Path(path))
    writer.write(chunk.samples, chunk.sample_rate_hz)
    writer.finish()


def _open_checked(path: Path, max_seconds: float) -> Any:
    """A soundfile.SoundFile that WavSource can read. Only its header has been read. Raises WavError."""
    if not path.exists():
        raise WavError(f"no WAV file at {path}: check the path")
    if not path.is_file():  # opening a pipe would block here for ever
        raise WavError(f"{path} is not a file: give the path of a WAV file")
    import soundfile

    try:
        file = soundfile.SoundFile(os.fspath(path))
    except (soundfile.SoundFileError, OSError, TypeError) as reason:
        if not os.access(path, os.R_OK):
            raise WavError(f"{path} cannot be read: you lack the permission") from reason
        raise WavError(f"{path} is not a WAV file, or a damaged one: record it again") from reason
    problem = _problem(file, max_seconds)
    if problem:
        file.close()
        raise WavError(f"{path} {problem}")
    return file


def _problem(file: Any, max_seconds: float) -> str | None:
    if file.format not in _CONTAINERS:
        return f"is a {file.format} file: convert it to WAV"
    if file.subtype not in _ENCODINGS:
        return f"is WAV with {file.subtype} samples: convert it to 16-bit PCM"
    if file.channels > 2:
        return f"has {file.channels} channels: convert it to mono or stereo"
    if file.frames == 0:
        return "is a WAV file with no sound in it: record it again"
    if file.samplerate < 1000:
        return f"claims {file.samplerate} samples a second: it is damaged, record it again"
    seconds = file.frames / file.samplerate
    if seconds > max_seconds:
        return f"lasts {seconds:.0f} s, but at most {max_seconds:.0f} s are heard: cut it shorter"
    return None


def _mono_blocks(file: Any, path: Path) -> Iterator[Samples]:
    import soundfile

    try:
        for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
            yield _to_mono(block)
    except (soundfile.SoundFileError, OSError) as reason:
        raise WavError(f"{path} cannot be read to its end: record it again") from reason


def _to_mono(block: npt.NDArray[np.float32]) -> Samples:
    """(n, channels) in ±1 → (n,) 16 bit. A float file may hold anything, NaN included."""
    mixed = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0).mean(axis=1)
    samples: Samples = np.round(mixed * 32768).clip(-32768, 32767).astype(np.int16)
    return samples


class _WavWriter:
    """A WAV file with a hidden name until finish() puts it in its place in one step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        if path.exists() and not path.is_file():
            raise WavWriteError(f"{path} is not a file: give the path of a WAV file to write")
        try:
            self._file: BinaryIO | None = open(self._part, "wb")  # noqa: SIM115 - finish() closes
        except OSError as reason:
            raise self._failed(reason) from reason
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115 - finish() closes
        self._wave.setnchannels(1)
        self._wave.setsampwidth(2)
        self._wave.setframerate(22_050)  # the rate of a file to which nothing is ever written
        self._empty = True

    def write(self, samples: Samples, rate_hz: int) -> None:
        if self._file is None:
            raise WavWriteError(f"{self._path} is already closed: open another")
        try:
            if self._empty:
                self._wave.setframerate(rate_hz)
                self._empty = False
            self._wave.writeframes(samples.tobytes())
            self._file.flush()  # a full disk is noticed here, not at a later write
        except OSError as reason:
            self._discard()
            raise self._failed(reason) from reason

    def finish(self) -> None:
        if self._file is None:
            return
        try:
            self._wave.close()
            self._file.close()
            os.replace(self._part, self._path)
        except OSError as reason:
            self._discard()
            raise self._failed(reason) from reason
        self._file = None

    def _discard(self) -> None:
        # Both closes try to write what is still in memory, which is lost anyway.
        for closing in (self._wave, self._file):
            try:
                if closing is not None:
                    closing.close()
            except OSError:
                continue
        self._file = None
        self._part.unlink(missing_ok=True)

    def _failed(self, reason: OSError) -> WavWriteError:
        why = (reason.strerror or str(reason)).lower()
        return WavWriteError(f"cannot write {self._path}: {why}; free some space or choose another")
