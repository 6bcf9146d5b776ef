"""Tells the people beside the device that somebody else looks through its camera.

Every look sounds a cue. A sentence says what the cue means, at most once a minute. It does not know who looks: the web
server calls it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from assistant.answering.speech_queue import EARCON_RATE_HZ
from audio.pcm import AudioChunk
from audio.speaking import earcons

SAY_AGAIN_SECONDS = 60.0


class Speaks(Protocol):
    """What it needs of `AnswerPipeline`."""

    @property
    def in_use(self) -> bool: ...
    def say_soon(self, text: str) -> None: ...
    def announce(self, text: str) -> None: ...
    def cue(self, earcon: AudioChunk) -> None: ...


class CameraWatch:
    """Call it for each look. It returns at once, and any thread may call it."""

    def __init__(self, pipeline: Speaks, sentence: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._pipeline = pipeline
        self._sentence = sentence
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at = float("-inf")

    def __call__(self) -> None:
        with self._lock:
            is_due = self._clock() - self._said_at >= SAY_AGAIN_SECONDS
            if is_due:
                self._said_at = self._clock()
        if is_due and not self._pipeline.in_use:
            self._pipeline.say_soon(self._sentence)
            return
        self._pipeline.cue(earcons.camera(EARCON_RATE_HZ))
        if is_due:  # a user speaks or listens now: the sentence must not cut that off, so it comes with the next answer
            self._pipeline.announce(self._sentence)
