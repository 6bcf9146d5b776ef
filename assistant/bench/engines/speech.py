"""A stand-in for the loudspeaker: it takes every sound at once, and notes when an answer's first sound came.

So the real synthesizer renders an answer that nobody hears, in the time that computing takes and not in the time that
speaking takes. It stands in the place of `audio.speaking.playback.Loudspeaker`, and knows nothing of sentences.
"""

from __future__ import annotations

import threading
import time

from audio.pcm import AudioChunk


class NullSpeaker:
    """An `audio.speaking.playback.Speaker` that plays nothing."""

    speaking = False  # because nobody hears it

    def __init__(self) -> None:
        self.seconds = 0.0  # of sound that was played so far
        self.began = threading.Event()
        self.began_at: float | None = None  # monotonic seconds of the first sample since `expect`

    def expect(self) -> None:
        """Says that the next sound is the first one of an answer."""
        self.began_at = None
        self.began.clear()

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        if cancelled.is_set():
            return None
        now = time.monotonic()
        self.seconds += chunk.samples.size / chunk.sample_rate_hz
        if self.began_at is None and chunk.samples.size:
            self.began_at = now
            self.began.set()
        return now

    def drain(self, cancelled: threading.Event) -> None:
        pass  # nothing is ever queued

    def mute_device(self) -> None:
        pass

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass
