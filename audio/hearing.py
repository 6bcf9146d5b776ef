"""From sound to words: one source, one VAD, one endpointer, one transcriber.

Yields SpeechStarted at the onset, then either the Utterance or, if it turned out to be no
words (a cough, a door, a fan), SpeechRejected. Silence yields nothing. While it is deaf, for
the assistant speaks, a listener of its own kind may hear a stop word: StopHeard. Knows nothing
of what the words are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from audio.endpointing import End, Endpointer, EndpointSettings, Onset, PreRoll
from audio.pcm import AudioChunk, Samples
from audio.transcriber import Transcriber


class AudioSource(Protocol):
    """Where sound comes from: a microphone, or a file that stands in for one."""

    @property
    def live(self) -> bool:
        """True: chunk times are time.monotonic(). False: seconds from the file's start."""

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono 16 bit, 16,000 Hz, 30 ms each; ends at the end of the file or after stop()."""

    def stop(self) -> None:
        """From any thread or signal handler: chunks() ends within 100 ms."""


class VoiceDetector(Protocol):
    def is_speech(self, samples: Samples) -> bool:
        """One chunk: 30 ms at 16,000 Hz."""


# Times are on the source's clock, and those of the speech itself, not of its recognition.
@dataclass(frozen=True)
class SpeechStarted:
    at: float


@dataclass(frozen=True)
class Utterance:
    text: str
    confidence: float  # 0..1
    started_at: float
    ended_at: float  # end of the last chunk with speech


@dataclass(frozen=True)
class StopHeard(Utterance):
    """A stop word, heard while deaf to everything else. No SpeechStarted comes before it."""


@dataclass(frozen=True)
class SpeechRejected:
    """The SpeechStarted before it was no words."""

    at: float


class StopEar(Protocol):
    def hear(self, chunk: AudioChunk) -> StopHeard | None:
        """The next chunk of those that Hearing drops."""

    def rest(self) -> None:
        """Hearing listens itself again: forget what was heard."""


class Hearing:
    def __init__(
        self,
        source: AudioSource,
        vad: VoiceDetector,
        endpointer_settings: EndpointSettings,
        transcriber: Transcriber,
        *,
        deaf: Callable[[], bool] = lambda: False,
        min_confidence: float = 0.5,
        stop_ear: StopEar | None = None,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        """While `deaf()`, sound is dropped: half-duplex, so as not to hear oneself.

        What is dropped goes to `stop_ear`, where there is one. While `held()`, a pause does not end an utterance: somebody
        keeps a button down to say when it ends.
        """
        self._source = source
        self._vad = vad
        self._settings = endpointer_settings
        self._endpointer = Endpointer(endpointer_settings)
        self._pre_roll = PreRoll(endpointer_settings.pre_roll_seconds)
        self._transcriber = transcriber
        self._deaf = deaf
        self._min_confidence = min_confidence
        self._stop_ear = stop_ear
        self._held = held
        self._was_deaf = False
        self._started_at = 0.0

    def events(self) -> Iterator[SpeechStarted | Utterance | SpeechRejected]:
        """Until the source ends. Raises what the source raises (DeviceLost)."""
        ended_at = 0.0
        for chunk in self._source.chunks():
            ended_at = chunk.ended_at
            if self._deaf():
                self._was_deaf = True
                yield from self._drop(chunk)
            else:
                if self._was_deaf and self._stop_ear is not None:
                    self._stop_ear.rest()
                self._was_deaf = False
                yield from self._hear(chunk)
        end = self._endpointer.finish()
        if end is not None:
            yield self._conclude(end, ended_at)

    def _hear(self, chunk: AudioChunk) -> Iterator[SpeechStarted | Utterance | SpeechRejected]:
        is_speech = self._vad.is_speech(chunk.samples)
        if self._endpointer.in_utterance:
            self._transcriber.accept(chunk.samples)
        else:
            self._pre_roll.push(chunk)
        kept_open = self._endpointer.in_utterance and self._held()
        change = self._endpointer.push(is_speech or kept_open, chunk.duration_seconds)
        if isinstance(change, Onset):
            self._started_at = chunk.ended_at - change.lead_seconds
            # Told first, transcribed second: the picture is taken at this very event.
            yield SpeechStarted(self._started_at)
            for kept in self._pre_roll.take():
                self._transcriber.accept(kept.samples)
        elif isinstance(change, End):
            yield self._conclude(change, chunk.ended_at)

    def _conclude(self, end: End, now: float) -> Utterance | SpeechRejected:
        if not end.enough(self._settings):
            self._transcriber.reset()
            return SpeechRejected(now)
        transcript = self._transcriber.finish()
        text = transcript.text.strip()
        if not text or transcript.confidence < self._min_confidence:
            return SpeechRejected(now)
        return Utterance(text, transcript.confidence, self._started_at, now - end.silence_seconds)

    def _drop(self, chunk: AudioChunk) -> Iterator[SpeechRejected | StopHeard]:
        self._pre_roll.clear()
        interrupted = self._endpointer.in_utterance
        self._endpointer.reset()
        if interrupted:
            self._transcriber.reset()
            yield SpeechRejected(chunk.ended_at)
        if self._stop_ear is not None and (stop := self._stop_ear.hear(chunk)) is not None:
            yield stop
