"""Speaks sentences: joins a synthesizer and a speaker into one voice for a turn.

It does not know what is said, or which synthesizer and which device are behind it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from audio.errors import DeviceLost
from audio.pcm import AudioChunk
from audio.playback import Speaker


class Synthesizer(Protocol):
    """Renders one sentence to sound, at a rate (words a minute) and a volume that can be set."""

    def synthesize(self, text: str) -> AudioChunk: ...
    def set_rate(self, rate_wpm: int) -> None: ...
    def set_volume(self, volume: float) -> None: ...


class SpokenVoice:
    """Speaks through a `Speaker` (a loudspeaker or a WAV file), and opens it again after it was lost."""

    def __init__(self, synthesizer: Synthesizer, open_speaker: Callable[[], Speaker]) -> None:
        self._synthesizer = synthesizer
        self._open_speaker = open_speaker
        self._speaker = open_speaker()
        self._lost = False

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        """Speaks a sentence. Returns the monotonic time of its first sample, or None if it was cancelled before that.

        It returns while the end of the sentence still sounds, so that the next one follows without a gap. Raises
        AudioError as `play` does.
        """
        return self.play(self._synthesizer.synthesize(sentence), cancelled)

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        """Plays a sound that exists already, an earcon or a recording. Returns what `say` returns.

        A device that was lost is opened again once. Raises AudioError if it is still away.
        """
        if cancelled.is_set():
            return None
        if not self._lost:
            try:
                return self._speaker.play(chunk, cancelled)
            except DeviceLost:
                self._lost = True
                self._speaker.close()
        self._speaker = self._open_speaker()
        self._lost = False
        return self._speaker.play(chunk, cancelled)

    def sound_like(self, rate_wpm: int, volume: float) -> None:
        """Sets rate and volume. They count from the next sentence on."""
        self._synthesizer.set_rate(rate_wpm)
        self._synthesizer.set_volume(volume)

    def drain(self, cancelled: threading.Event) -> None:
        """Returns when all queued sound has been heard, or at once when cancelled. Raises DeviceLost."""
        self._speaker.drain(cancelled)

    def mute_device(self) -> None:
        """Drops all queued sound within one audio block. Any thread may call it."""
        self._speaker.mute_device()

    def close(self) -> None:
        self._speaker.close()

    @property
    def speaking(self) -> bool:
        return self._speaker.speaking


class NoVoice:
    """A voice that says nothing, for answers that are only printed."""

    speaking = False

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        return None

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        return None

    def drain(self, cancelled: threading.Event) -> None:
        pass

    def mute_device(self) -> None:
        pass
