"""Speaks sentences: joins a synthesizer and a speaker into one voice for a turn.

It does not know what is said, or which synthesizer and which device are behind it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from audio.errors import DeviceLost, DeviceMissing
from audio.pcm import AudioChunk
from audio.speaking.playback import Speaker


class Synthesizer(Protocol):
    """Renders one sentence to sound, at a rate (words a minute) and a volume that can be set."""

    def synthesize(self, text: str, cancelled: threading.Event | None = None) -> AudioChunk: ...
    def prepare(self, text: str, cancelled: threading.Event) -> None: ...
    def set_rate(self, rate_wpm: int) -> None: ...
    def set_volume(self, volume: float) -> None: ...


RETRY_SECONDS = 0.5  # between two attempts to open a lost loudspeaker for a sentence that waits for it


class SpokenVoice:
    """Speaks through a `Speaker` (a loudspeaker or a WAV file), and opens it again after it was lost.

    A sentence whose loudspeaker is lost waits `patience_seconds` for its return and is then said from its beginning.
    `on_lost` gets a sentence once for each loss that opening it again does not end, and `on_back` follows it. Both are
    called on the thread that has noticed.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        open_speaker: Callable[[], Speaker],
        *,
        patience_seconds: float = 0.0,
        on_lost: Callable[[str], None] = lambda sentence: None,
        on_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._synthesizer = synthesizer
        self._open_speaker = open_speaker
        self._patience_seconds = patience_seconds
        self._on_lost = on_lost
        self._on_back = on_back
        self._replacing = threading.Lock()  # whoever closes or opens the loudspeaker holds it
        self._speaker = open_speaker()
        self._lost = False
        self._closed = False
        self._told = False  # that it is lost
        self._last: AudioChunk | None = None  # the last sound: its end is still in the device when play() returns

    @property
    def lost(self) -> bool:
        return self._lost

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        """Speaks a sentence. Returns the monotonic time of its first sample, or None if it was cancelled before that.

        It returns while the end of the sentence still sounds, so that the next one follows without a gap. Raises
        AudioError as `play` does.
        """
        return self.play(self._synthesizer.synthesize(sentence, cancelled), cancelled)

    def prepare(self, sentence: str, cancelled: threading.Event) -> None:
        """Tells that a sentence will be said soon. A slow synthesizer renders it while another one sounds."""
        self._synthesizer.prepare(sentence, cancelled)

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        """Plays a sound that exists already, an earcon or a recording. Returns what `say` returns.

        A device that was lost is opened again, at once and then every half second as long as the patience lasts.
        Raises AudioError if it is still away.
        """
        if cancelled.is_set():
            return None
        self._last = chunk
        speaker = self._speaker
        if not self._lost:
            try:
                return speaker.play(chunk, cancelled)
            except DeviceLost:
                self._lose(speaker)
        give_up_at = time.monotonic() + self._patience_seconds
        while True:
            try:
                return self._opened_again().play(chunk, cancelled)
            except (DeviceLost, DeviceMissing) as error:
                self._lose(self._speaker)
                self._tell_lost(str(error))
                if time.monotonic() >= give_up_at or self._closed:
                    raise
            if cancelled.wait(RETRY_SECONDS):
                return None

    def check(self) -> None:
        """Finds out whether the loudspeaker takes sound, and opens a lost one again. Any thread may call it."""
        speaker = self._speaker
        try:
            if not self._lost:
                speaker.check()
                return
        except DeviceLost:
            self._lose(speaker)
        try:
            self._opened_again()
        except (DeviceLost, DeviceMissing) as error:
            self._tell_lost(str(error))

    def lose(self) -> None:
        """Somebody knows that nobody hears what this loudspeaker takes. The next sound opens one again."""
        self._lose(self._speaker)

    def _lose(self, speaker: Speaker) -> None:
        """Closes this loudspeaker, unless another has taken its place meanwhile."""
        with self._replacing:
            if speaker is self._speaker and not self._lost:
                self._lost = True
                speaker.close()

    def _opened_again(self) -> Speaker:
        """The loudspeaker, which is opened if it is lost. Raises DeviceMissing."""
        with self._replacing:
            if self._lost and not self._closed:
                self._speaker = self._open_speaker()
                self._lost = False
            is_back, self._told = self._told and not self._lost, self._told and self._lost
        if is_back:
            self._on_back()
        return self._speaker

    def _tell_lost(self, sentence: str) -> None:
        with self._replacing:
            is_new, self._told = not self._told, True
        if is_new:
            self._on_lost(sentence)

    def sound_like(self, rate_wpm: int, volume: float) -> None:
        """Sets rate and volume. They count from the next sentence on."""
        self._synthesizer.set_rate(rate_wpm)
        self._synthesizer.set_volume(volume)

    def drain(self, cancelled: threading.Event) -> None:
        """Returns when all queued sound has been heard, or at once when cancelled. Raises DeviceLost.

        If the loudspeaker is lost meanwhile, the last sound is played again as `play` does, as its end was not heard.
        """
        speaker = self._speaker
        try:
            speaker.drain(cancelled)
        except DeviceLost:
            if not self._patience_seconds or self._last is None:
                raise
            self._lose(speaker)
            self.play(self._last, cancelled)
            self._speaker.drain(cancelled)

    def mute_device(self) -> None:
        """Drops all queued sound within one audio block. Any thread may call it."""
        self._speaker.mute_device()

    def close(self) -> None:
        self._closed = True
        self._speaker.close()

    @property
    def speaking(self) -> bool:
        return self._speaker.speaking


class NoVoice:
    """A voice that says nothing, for answers that are only printed."""

    speaking = False

    def say(self, sentence: str, cancelled: threading.Event) -> float | None:
        return None

    def prepare(self, sentence: str, cancelled: threading.Event) -> None:
        pass

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        return None

    def drain(self, cancelled: threading.Event) -> None:
        pass

    def mute_device(self) -> None:
        pass
