"""Turns sound into words: one source, one VAD, one endpointer, one transcriber.

It yields SpeechStarted at the onset, and later either the Utterance or SpeechRejected, when the sound held no words
(a cough, a door, a fan). In between it yields SpeechPaused as soon as the speech seems to be over, and SpeechResumed
when the speech goes on after all. Silence yields nothing. While the assistant speaks, Hearing is deaf, but a separate
listener may hear a stop word and yield StopHeard. A cue of the assistant's does not make it deaf, because the cue is
taken out of the sound. It does not know what the words are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from audio.listening.conditioning import Gain, HighPass
from audio.listening.endpointing import End, Endpointer, Onset, PreRoll
from audio.listening.own_cue import without_cue
from audio.pcm import AudioChunk, Samples
from audio.recognition.transcriber import Transcriber, Transcript
from audio.settings import LEAST_VOICED_SHARE, MIN_CONFIDENCE, SHORT_CONFIDENCE, SHORT_SECONDS, EndpointSettings


class AudioSource(Protocol):
    """A source of sound: a microphone, or a file that stands in for one."""

    @property
    def live(self) -> bool:
        """True if the times of the chunks are time.monotonic(). False if they are seconds from the start of a file."""

    def chunks(self) -> Iterator[AudioChunk]:
        """Chunks of 30 ms, mono, 16 bit, 16,000 Hz. They end at the end of the file or after stop()."""

    def stop(self) -> None:
        """Makes chunks() end within 100 ms. May be called from any thread or signal handler."""


class VoiceDetector(Protocol):
    def is_speech(self, samples: Samples) -> bool:
        """True if this chunk is speech. `samples` are 30 ms at 16,000 Hz."""


# All times are on the source's clock. They are the times of the speech itself, not of its recognition.
@dataclass(frozen=True)
class SpeechStarted:
    at: float


@dataclass(frozen=True)
class SpeechPaused:
    """The speech has probably ended. It comes once for each pause, about half a second before the end is certain."""

    at: float  # the end of the speech


@dataclass(frozen=True)
class SpeechResumed:
    """The last SpeechPaused was wrong: the same utterance goes on."""

    at: float


@dataclass(frozen=True)
class WakeSuspected:
    """The utterance may hold the wake phrase. This comes a second before that is certain, and is often wrong."""

    at: float


@dataclass(frozen=True)
class Utterance:
    text: str
    confidence: float  # 0..1
    started_at: float
    ended_at: float  # end of the last chunk with speech
    endpoint_seconds: float = field(default=0.0, compare=False)  # the silence after it, until it counted as the end


@dataclass(frozen=True)
class StopHeard(Utterance):
    """A stop word that was heard while Hearing was deaf to everything else. No SpeechStarted comes before it."""


@dataclass(frozen=True)
class SpeechRejected:
    """What began with the last SpeechStarted held no words."""

    at: float


class StopEar(Protocol):
    def hear(self, chunk: AudioChunk) -> StopHeard | None:
        """Takes the next chunk that Hearing drops. Returns a StopHeard when it completes a stop word."""

    def rest(self) -> None:
        """Forgets what was heard, because Hearing itself listens again."""


class PauseEar(Protocol):
    """Judges whether a pause is the end of a question. `audio.listening.pausing.WordsEnded` is one."""

    def has_ended(self, samples: Samples) -> bool:
        """True if the words in `samples`, the last second of an utterance before a pause, may have been all of it.

        It is asked for each chunk of the pause, and may answer later than it knows.
        """

    def forget(self) -> None:
        """The speech goes on, or another utterance begins: what was asked before is of no use any more."""


HearingEvent = SpeechStarted | SpeechPaused | SpeechResumed | WakeSuspected | SpeechRejected | Utterance
PAUSE_WINDOW_SECONDS = 1.2  # what a PauseEar looks at: a few words, because the last one needs context


@dataclass(frozen=True)
class Situation:
    """What Hearing asks the rest of the program for each chunk of sound."""

    # True while the assistant speaks. Sound is dropped then, so that it does not hear itself (half-duplex).
    deaf: Callable[[], bool] = lambda: False
    # True while the user keeps the button down. A pause does not end the utterance then; letting go does.
    held: Callable[[], bool] = lambda: False
    # The pitches in Hz of an earcon of the assistant's that may be in the sound; () when there is none.
    own_cue: Callable[[], tuple[float, ...]] = lambda: ()
    # True once for an utterance that may hold the wake phrase. It is asked after each chunk that was transcribed.
    wake_suspected: Callable[[], bool] = lambda: False


class Hearing:
    def __init__(
        self,
        source: AudioSource,
        vad: VoiceDetector,
        endpointer_settings: EndpointSettings,
        transcriber: Transcriber,
        situation: Situation = Situation(),
        *,
        min_confidence: float = MIN_CONFIDENCE,
        stop_ear: StopEar | None = None,
        pause_ear: PauseEar | None = None,
    ) -> None:
        """Words heard with less than `min_confidence` (0..1) count as noise, and so do others: see `made_of_noise`.

        Sound that is dropped while deaf goes to `stop_ear`, if there is one. Without a `pause_ear` no pauses are
        reported.
        """
        self._source = source
        self._vad = vad
        self._settings = endpointer_settings
        self._endpointer = Endpointer(endpointer_settings)
        self._pre_roll = PreRoll(endpointer_settings.pre_roll_seconds)
        self._transcriber = transcriber
        self._situation = situation
        self._min_confidence = min_confidence
        self._stop_ear = stop_ear
        self._pause_ear = pause_ear
        self._high_pass = HighPass()
        self._gain = Gain()
        self._recent = PreRoll(PAUSE_WINDOW_SECONDS)
        self._paused = False  # and SpeechPaused was yielded
        self._was_deaf = False
        self._started_at = 0.0
        self._ended_at = 0.0  # when the last chunk ended

    def events(self) -> Iterator[HearingEvent]:
        """The events until the source ends. Raises what the source raises (DeviceLost)."""
        for chunk in self.chunks():
            yield from self.hear(chunk)
        yield from self.finish()

    def chunks(self) -> Iterator[AudioChunk]:
        """The source's chunks, for a caller that has something to do between two of them.

        Raises what the source raises.
        """
        return self._source.chunks()

    def hear(self, chunk: AudioChunk) -> Iterator[HearingEvent]:
        """The events of the next chunk. The iterator must be used up before the next chunk is given."""
        self._ended_at = chunk.ended_at
        chunk = replace(chunk, samples=self._gain.lifted(self._high_pass.push(chunk.samples)))
        if self._situation.deaf():
            self._was_deaf = True
            yield from self._drop(chunk)
            return
        if self._was_deaf and self._stop_ear is not None:
            self._stop_ear.rest()
        self._was_deaf = False
        yield from self._hear(chunk)

    def finish(self) -> Iterator[HearingEvent]:
        """Ends an utterance under way, because the source has ended."""
        end = self._endpointer.finish()
        if end is not None:
            yield self._conclude(end, self._ended_at)

    def _hear(self, chunk: AudioChunk) -> Iterator[HearingEvent]:
        pitches_hz, mostly_cue = self._situation.own_cue(), False
        if pitches_hz:
            rest = without_cue(chunk.samples, pitches_hz)
            chunk, mostly_cue = replace(chunk, samples=rest.samples), rest.mostly_cue
        is_speech = self._vad.is_speech(chunk.samples) and not mostly_cue
        self._recent.push(chunk)
        if self._endpointer.in_utterance:
            self._gain.measure(chunk.samples)
            self._transcriber.accept(chunk.samples)
            if self._situation.wake_suspected():
                yield WakeSuspected(chunk.ended_at)
        else:
            self._pre_roll.push(chunk)
        kept_open = self._endpointer.in_utterance and self._situation.held()
        change = self._endpointer.push(is_speech or kept_open, chunk.duration_seconds)
        if isinstance(change, Onset):
            self._started_at = chunk.ended_at - change.lead_seconds
            # SpeechStarted is yielded before anything is transcribed, because the picture is taken at this event.
            yield SpeechStarted(self._started_at)
            for kept in self._pre_roll.take():
                self._gain.measure(kept.samples)
                self._transcriber.accept(kept.samples)
            if self._situation.wake_suspected():
                yield WakeSuspected(chunk.ended_at)
        elif isinstance(change, End):
            yield self._conclude(change, chunk.ended_at)
        elif self._pause_ear is not None and self._endpointer.in_utterance:
            yield from self._watch_pause(self._pause_ear, chunk.ended_at)

    def _watch_pause(self, ear: PauseEar, now: float) -> Iterator[SpeechPaused | SpeechResumed]:
        silence_seconds = self._endpointer.silence_seconds
        if self._paused:
            if silence_seconds == 0.0:
                self._paused = False
                yield SpeechResumed(now)
        elif not self._endpointer.maybe_ended:
            ear.forget()
        elif ear.has_ended(self._recent.samples()):
            self._paused = True
            yield SpeechPaused(now - silence_seconds)

    def _conclude(self, end: End, now: float) -> Utterance | SpeechRejected:
        self._forget_pause()
        if not end.enough(self._settings):
            self._gain.conclude(was_speech=False)
            self._transcriber.reset()
            return SpeechRejected(now)
        transcript = self._transcriber.finish()
        text = transcript.text.strip()
        was_speech = (
            bool(text)
            and transcript.confidence >= self._min_confidence
            and not made_of_noise(transcript, end.voiced_seconds)
        )
        self._gain.conclude(was_speech=was_speech)
        if not was_speech:
            return SpeechRejected(now)
        ended_at = now - end.silence_seconds
        return Utterance(text, transcript.confidence, self._started_at, ended_at, end.silence_seconds)

    def _forget_pause(self) -> None:
        self._recent.clear()
        self._paused = False
        if self._pause_ear is not None:
            self._pause_ear.forget()

    def _drop(self, chunk: AudioChunk) -> Iterator[SpeechRejected | StopHeard]:
        self._pre_roll.clear()
        self._forget_pause()
        interrupted = self._endpointer.in_utterance
        self._endpointer.reset()
        if interrupted:
            self._gain.conclude(was_speech=False)
            self._transcriber.reset()
            yield SpeechRejected(chunk.ended_at)
        if self._stop_ear is not None and (stop := self._stop_ear.hear(chunk)) is not None:
            yield stop


def made_of_noise(transcript: Transcript, voiced_seconds: float) -> bool:
    """True for words that a recogniser has made of a knock or a click, which held `voiced_seconds` of speech.

    Such words would take longer to say than there was speech, or there was so little that it has to be surer of them.
    """
    if voiced_seconds < LEAST_VOICED_SHARE * transcript.seconds:
        return True
    return voiced_seconds < SHORT_SECONDS - 1e-9 and transcript.confidence < SHORT_CONFIDENCE
