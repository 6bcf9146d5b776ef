"""Sentences as sound. Each is synthesized once and kept as WAV for some minutes, under a name that nobody can guess."""

from __future__ import annotations

import io
import logging
import secrets
import time
import wave
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.web.answers.expiring_store import Kept, KeptLimits
from audio.errors import AudioError

if TYPE_CHECKING:
    from audio.pcm import AudioChunk

_LIMITS = KeptLimits(count=64, size_bytes=32_000_000, age_seconds=300.0)  # a sentence of 5 s has 220 kB

_log = logging.getLogger(__name__)


class Speech:
    """Makes and keeps the sound. Without `synthesize` this machine has no voice, and no sentence has a sound."""

    def __init__(
        self, synthesize: Callable[[str], AudioChunk] | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._synthesize = synthesize
        self._kept: Kept[bytes] = Kept(_LIMITS, clock)

    def speak(self, sentence: str) -> str | None:
        """Makes the sound; returns the name under which it is kept, or None if there is none: the answer can still be
        read.
        """
        if self._synthesize is None:
            return None
        try:
            sound = wav_bytes(self._synthesize(sentence))
        except AudioError as error:
            _log.warning("a sentence is not spoken: %s", error)
            return None
        name = secrets.token_urlsafe(16)
        self._kept.put(name, sound, len(sound))
        return name

    def sound(self, name: str) -> bytes | None:
        return self._kept.get(name)

    def sweep(self) -> None:
        self._kept.sweep()


def wav_bytes(chunk: AudioChunk) -> bytes:
    """A WAV file of 16-bit mono PCM."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(chunk.sample_rate_hz)
        writer.writeframes(chunk.samples.tobytes())
    return file.getvalue()
