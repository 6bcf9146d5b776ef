"""Decides when an utterance begins and when it has ended, from the yes/no decisions of a VAD.

It is pure and knows neither a clock nor samples. Time is the sum of the chunks' lengths, so that a WAV file that is
read in a millisecond is heard exactly like a live microphone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audio.pcm import AudioChunk, Samples
from audio.settings import EndpointSettings


@dataclass(frozen=True)
class Onset:
    lead_seconds: float  # from the beginning of the speech to the end of this chunk


@dataclass(frozen=True)
class End:
    reason: Literal["silence", "too_long", "end_of_stream"]
    voiced_seconds: float  # all speech, without the pauses
    silence_seconds: float  # from the end of the last speech to the end of this chunk

    def enough(self, settings: EndpointSettings) -> bool:
        return self.voiced_seconds >= settings.min_speech_seconds


class Endpointer:
    """Takes one decision for each chunk. Returns an Onset, later an End, and None in between."""

    def __init__(self, settings: EndpointSettings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        self.in_utterance = False
        self._evidence = 0.0  # speech minus silence since the onset seemed to begin
        self._candidate = 0.0  # time since then
        self._voiced = 0.0
        self._elapsed = 0.0
        self._silence = 0.0
        self._run = 0.0  # length of the present unbroken stretch of speech

    @property
    def silence_seconds(self) -> float:
        """Seconds since the last speech of the utterance under way; 0 while the speech goes on."""
        return self._silence

    @property
    def maybe_ended(self) -> bool:
        """True while a pause may be the end: it is longer than a gap within a word, and it has not lasted long yet."""
        settings = self.settings
        return (
            self.in_utterance
            and self._run == 0.0
            and settings.pause_seconds - 1e-9 <= self._silence <= settings.pause_tries_seconds + 1e-9
            and self._voiced >= settings.pause_min_speech_seconds - 1e-9
        )

    def push(self, is_speech: bool, seconds: float) -> Onset | End | None:
        if self.in_utterance:
            return self._push_inside(is_speech, seconds)
        return self._push_outside(is_speech, seconds)

    def finish(self) -> End | None:
        """Ends an utterance under way, because the stream has ended."""
        return self._end("end_of_stream") if self.in_utterance else None

    def _push_outside(self, is_speech: bool, seconds: float) -> Onset | None:
        # The evidence leaks: a gap of one chunk in a word costs as much as the gap lasts, and a lone click decays.
        self._evidence += seconds if is_speech else -seconds
        if self._evidence <= 0.0:
            self._evidence = self._candidate = self._voiced = 0.0
            return None
        self._candidate += seconds
        self._voiced += seconds if is_speech else 0.0
        if self._evidence < self.settings.onset_seconds - 1e-9:
            return None
        self.in_utterance = True
        self._elapsed = self._candidate
        self._silence = self._run = 0.0
        return Onset(lead_seconds=self._candidate)

    def _push_inside(self, is_speech: bool, seconds: float) -> End | None:
        self._elapsed += seconds
        self._silence += seconds  # taken back below if this turns out to be speech again
        if is_speech:
            self._voiced += seconds
            self._run += seconds
            if self._run >= self.settings.resume_seconds - 1e-9:
                self._silence = 0.0
        else:
            self._run = 0.0
        if self._silence >= self.settings.end_silence_seconds - 1e-9:
            return self._end("silence")
        if self._elapsed >= self.settings.max_utterance_seconds - 1e-9:
            return self._end("too_long")
        return None

    def _end(self, reason: Literal["silence", "too_long", "end_of_stream"]) -> End:
        end = End(reason, self._voiced, self._silence)
        self.reset()
        return end


class PreRoll:
    """Keeps the newest chunks, about `seconds` of them: they hold what was said before the onset was noticed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held = 0.0
        self._chunks: deque[AudioChunk] = deque()

    def push(self, chunk: AudioChunk) -> None:
        self._chunks.append(chunk)
        self._held += chunk.duration_seconds
        while self._held > self._seconds + 1e-9 and len(self._chunks) > 1:
            self._held -= self._chunks.popleft().duration_seconds

    def take(self) -> list[AudioChunk]:
        """All chunks, oldest first. The buffer is empty afterwards."""
        taken = list(self._chunks)
        self.clear()
        return taken

    def samples(self) -> Samples:
        """All samples in one array. The buffer keeps them."""
        return np.concatenate([chunk.samples for chunk in self._chunks])

    def clear(self) -> None:
        self._chunks.clear()
        self._held = 0.0
