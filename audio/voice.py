"""A sentence in, sound out: the synthesizer and the speaker as one thing that a turn can talk with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from audio.errors import DeviceLost
from audio.pcm import AudioChunk
from audio.playback import Speaker


class Synthesizer(Protocol):
    """Renders one sentence to sound."""

    def synthesize(self, text: str) -> AudioChunk: ...
    def set_rate(self, rate_wpm: int) -> None: ...
    def set_volume(self, volume: float) -> None: ...


class SpokenVoice:
    """Speaks through a `Speaker` (a loudspeaker, or a WAV file), and opens it again when it was lost."""

    def __init__(self, synthesizer: Synthesizer, open_speaker: Callable[[], Speaker]) -> None:
        self._synthesizer = synthesizer
        self._open_speaker = open_speaker
        self._speaker = open_speaker()
        self._lost = False

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        """Speaks; returns the monotonic time of the first sample, None when cancelled before it.

        Comes back while the last of it still sounds, so that the next sentence follows without a gap.
        """
        return self.play(self._synthesizer.synthesize(sentence), cancelled)

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        """The same for a sound that is there already: an earcon, a recording.

        A device that was lost is opened again, once: raises `AudioError` when it is still away.
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
        """From the next sentence on."""
        self._synthesizer.set_rate(rate_wpm)
        self._synthesizer.set_volume(volume)

    def drain(self, cancelled: threading.Event) -> None:
        """Returns when everything has been heard, or at once when cancelled."""
        self._speaker.drain(cancelled)

    def mute_device(self) -> None:
        """From any thread: what is queued is gone within one audio block."""
        self._speaker.mute_device()

    def close(self) -> None:
        self._speaker.close()

    @property
    def speaking(self) -> bool:
        return self._speaker.speaking


class NoVoice:
    """Says nothing: the answer is only printed."""

    speaking = False

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        return None

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        return None

    def drain(self, cancelled: threading.Event) -> None:
        pass

    def mute_device(self) -> None:
        pass
