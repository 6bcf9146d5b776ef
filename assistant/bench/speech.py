"""A loudspeaker that is not there: it takes every sound at once, and notes when an answer's first one came.

So an answer is rendered by the real synthesizer and heard by nobody, in the time that computing takes and not in the time
that speaking takes. It stands where `audio.playback.Loudspeaker` would, and knows nothing of sentences.
"""

from __future__ import annotations

import threading
import time

from audio.pcm import AudioChunk


class NullSpeaker:
    """An `audio.playback.Speaker`."""

    speaking = False  # nobody hears it

    def __init__(self) -> None:
        self.seconds = 0.0  # of sound, so far
        self.began = threading.Event()
        self.began_at: float | None = None  # monotonic seconds: the first sample since `expect`

    def expect(self) -> None:
        """The next sound is the first one of an answer."""
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

    def close(self) -> None:
        pass
