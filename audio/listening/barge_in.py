"""Hears stop words while the assistant itself speaks, although the assistant's voice is in the microphone as well.

Two things distinguish the user's stop word from the assistant's own words. First, it is louder, because the user sits
nearer to the microphone than the loudspeaker does, or has turned the sound down. So only sound that rises clearly above
the level of the assistant's voice so far is decoded. Second, it is a stop word. The sound that Hearing would drop is
kept as a short sliding window, and the window is decoded anew many times a second by a recogniser whose grammar holds
the stop words and "[unk]". A streaming recogniser would cost less but answer late: it needs the 0.3 s and more of sound
after a word, whereas a window that is closed is answered at once. What the loudspeaker played is known, so the
assistant's voice is first taken out of the window (`own_voice`). A grammar with the assistant's own words was tried;
it took the user's "stop" for "top".

It does not know who speaks, what a turn is, or what a stop word brings about.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from audio.listening.hearing import StopHeard
from audio.listening.own_voice import DELAY_SAMPLES, without_own_voice
from audio.pcm import SPEECH_FORMAT, AudioChunk, Samples
from audio.recognition.transcriber import load_recognizer, warming_noise

_Window = Sequence[tuple[AudioChunk, float]]  # each chunk with its level
_GAP_SECONDS = 0.05  # chunks follow each other, but their times may jitter by less than this


@dataclass(frozen=True)
class SpottedWord:
    """A word in a window, or "[unk]"."""

    text: str
    confidence: float  # 0..1
    started_seconds: float  # counted from the window's begin, as is ended_seconds
    ended_seconds: float


# What the loudspeaker played from a time on (the chunks' clock), as so many samples; None for silence, or if unknown.
Played = Callable[[float, int], Samples | None]


class Spotter(Protocol):
    """Decodes one closed window after the other."""

    def spot(self, samples: Samples) -> list[SpottedWord]:
        """Returns the words in the samples (16,000 a second) in their order, "[unk]" included."""


@dataclass(frozen=True)
class StopSettings:
    """When a window is decoded, and what counts as a stop word. A chunk is 0.03 s of sound."""

    window_seconds: float = 1.2  # "please stop talking" fits; a longer window costs time and finds no more
    every_seconds: float = 0.06  # between two decodings
    max_share: float = 0.4  # of one core; a recogniser too slow for `every_seconds` is asked less often
    max_wall_share: float = 0.8  # of real time, so that it keeps up with the sound also on an overloaded machine
    min_confidence: float = 0.6  # of each word of a stop phrase
    min_word_seconds: float = 0.1  # a shorter stop phrase is a noise
    edge_seconds: float = 0.06  # a word that begins this close to the window's begin may have been cut
    confirmations: int = 2  # windows in a row that must hold the stop phrase,
    sure_confidence: float = 0.85  # unless a single one is at least this sure
    floor: float = 40.0  # root mean square, of 32,767; softer sound is not decoded
    margin_db: float = 7.0  # how much louder than the assistant's vowels the loudest part of the word must be
    lead_chunks: int = 6  # 0.18 s before the loud part, because the "s" of "stop" is no louder than the assistant
    tail_chunks: int = 4  # 0.12 s after it
    level_chunks: int = 200  # the last 6 s, from which the assistant's own level is read
    level_known_chunks: int = 50  # 1.5 s; before that the level is not known, and no stop word is heard
    learnt_seconds: float = 4.0  # before the window, from which it is learnt how its own voice gets into the microphone


class StopListener:
    """Takes the chunks that the microphone gives while the assistant speaks, and finds the user's stop words in them."""

    def __init__(
        self,
        spotter: Spotter,
        stop_phrases: Iterable[str],
        settings: StopSettings | None = None,
        *,
        played: Played = lambda started_at, count: None,
        clock: Callable[[], float] = time.perf_counter,
        processor_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._spotter = spotter
        self._phrases = shortest(stop_phrases)
        self._settings = settings or StopSettings()
        self._played = played
        self._clock = clock
        self._processor_clock = processor_clock
        # The levels of the chunks before the window: the assistant's voice, and now and then a moment of the user's.
        # They are kept from one answer to the next, since the loudspeaker stays where it is.
        self._own_levels: deque[float] = deque(maxlen=self._settings.level_chunks)
        self.rest()

    def rest(self) -> None:
        """Forgets the window. Call it when the assistant falls silent and Hearing itself listens again."""
        self._window: deque[tuple[AudioChunk, float]] = deque()  # each chunk with its level
        self._before: deque[AudioChunk] = deque()  # what came before the window without a gap
        self._held = 0.0  # seconds of sound in the window
        self._next_at = 0.0  # seconds on the source's clock, before which nothing is decoded
        self._found = 0  # windows in a row in which a stop phrase was found

    def hear(self, chunk: AudioChunk) -> StopHeard | None:
        """Takes the next chunk. Returns a StopHeard at most once for each stop word that is spoken."""
        self._push(chunk)
        threshold = self._threshold()
        if chunk.ended_at < self._next_at or max(level for _, level in self._window) < threshold:
            return None
        began, processor_began = self._clock(), self._processor_clock()
        window = self._without_own_voice()
        stop, enough = None, self._settings.sure_confidence
        if is_loud := max(level for _, level in window) >= threshold:
            stop = self._spot(window, 0, len(window), threshold)
        if is_loud and stop is None and (loud := self._loud_part(window, threshold)) is not None:
            # Amid the assistant's words, the user's word may be taken for a part of them, so its loud part is decoded
            # alone. Without its neighbours a word is more easily taken for another one ("quite" for "quiet"). So here
            # a single sure window is not enough, and `confirmations` are needed.
            stop, enough = self._spot(window, *loud, threshold, least=enough), float("inf")
        wait = max(
            self._settings.every_seconds,
            (self._processor_clock() - processor_began) / self._settings.max_share,
            (self._clock() - began) / self._settings.max_wall_share,
        )
        self._next_at = chunk.ended_at + wait
        self._found = self._found + 1 if stop is not None else 0
        if stop is None:
            return None
        confidence = min(word.confidence for word in stop)
        if self._found < self._settings.confirmations and confidence < enough:
            return None
        began_at = self._window[0][0].started_at
        self.rest()
        ended_at = min(chunk.ended_at, began_at + stop[-1].ended_seconds)
        return StopHeard(" ".join(w.text for w in stop), confidence, began_at + stop[0].started_seconds, ended_at)

    def _push(self, chunk: AudioChunk) -> None:
        self._window.append((chunk, level_of(chunk.samples)))
        self._held += chunk.duration_seconds
        while self._held > self._settings.window_seconds + 1e-9:
            oldest, level = self._window.popleft()
            self._held -= oldest.duration_seconds
            self._own_levels.append(level)
            if self._before and abs(oldest.started_at - self._before[-1].ended_at) > _GAP_SECONDS:
                self._before.clear()  # sound was lost in between, and the places of samples no longer tell their times
            self._before.append(oldest)
            if oldest.ended_at - self._before[0].started_at > self._settings.learnt_seconds:
                self._before.popleft()

    def _without_own_voice(self) -> _Window:
        """The window without the assistant's voice, as far as that can be taken out."""
        window = list(self._window)
        if not self._before or abs(window[0][0].started_at - self._before[-1].ended_at) > _GAP_SECONDS:
            return window
        before = [kept.samples for kept in self._before]
        heard = np.concatenate([*before, *(kept.samples for kept, _ in window)])
        began = self._before[0].started_at - DELAY_SAMPLES / SPEECH_FORMAT.sample_rate_hz
        played = self._played(began, DELAY_SAMPLES + len(heard))
        if played is None:
            return window
        rest = without_own_voice(heard, played, sum(map(len, before)))
        pieces = np.split(rest, np.cumsum([len(kept.samples) for kept, _ in window])[:-1])
        return [
            (replace(kept, samples=piece), level_of(piece)) for (kept, _), piece in zip(window, pieces, strict=True)
        ]

    def _threshold(self) -> float:
        """The level (root mean square) that the user's voice must reach.

        Infinite while the assistant's is not known.
        """
        if len(self._own_levels) < self._settings.level_known_chunks:
            return float("inf")
        # The level of the assistant's vowels: of the loud chunks, without the loudest, some of which may be the user's.
        own = float(np.quantile(list(self._own_levels), 0.8))
        return max(self._settings.floor, own * 10 ** (self._settings.margin_db / 20))

    def _spot(
        self, window: _Window, first: int, end: int, threshold: float, least: float = 0.0
    ) -> Sequence[SpottedWord] | None:
        """Finds a stop phrase in the window's chunks `first` to `end`, with words at least as sure as `least`.

        Its times count from the window's begin.
        """
        chunks = [kept for kept, _ in window]
        edge = self._settings.edge_seconds  # a word that is cut by the begin of these chunks may sound like any other
        heard = self._spotter.spot(np.concatenate([kept.samples for kept in chunks[first:end]]))
        shift = chunks[first].started_at - chunks[0].started_at
        words = [
            replace(word, started_seconds=word.started_seconds + shift, ended_seconds=word.ended_seconds + shift)
            for word in heard
            if word.confidence >= least and word.started_seconds >= edge
        ]
        for phrase in self._phrases:
            for found in occurrences(phrase, words):
                if plausible(found, self._settings) and _loudest(window, found) >= threshold:
                    return found
        return None

    def _loud_part(self, window: _Window, threshold: float) -> tuple[int, int] | None:
        """The chunks from the first loud one to the last, with the consonants around.

        None where that is all of them.
        """
        loud = [place for place, (_, level) in enumerate(window) if level >= threshold]
        lead, tail = self._settings.lead_chunks, self._settings.tail_chunks
        first, end = max(0, loud[0] - lead), min(len(window), loud[-1] + 1 + tail)
        return (first, end) if end - first < len(window) else None


def _loudest(window: _Window, found: Sequence[SpottedWord]) -> float:
    origin = window[0][0].started_at
    begin, end = found[0].started_seconds + origin, found[-1].ended_seconds + origin
    levels = [level for kept, level in window if kept.ended_at > begin and kept.started_at < end]
    return max(levels, default=0.0)


# Pure parts.


def level_of(samples: Samples) -> float:
    """The root mean square of the samples, 0 to 32,767."""
    wide = samples.astype(np.float64)
    return float(np.sqrt(np.mean(wide * wide))) if len(wide) else 0.0


def words_of(text: str) -> tuple[str, ...]:
    """The words in lower case, without punctuation."""
    return tuple(re.sub(r"[^\w\s']", " ", text.lower()).split())


def shortest(phrases: Iterable[str]) -> list[tuple[str, ...]]:
    """The phrases that contain no other one: after "stop" there is no need to wait for "stop talking"."""
    split = list(dict.fromkeys(words_of(phrase) for phrase in phrases))
    return [p for p in split if not any(other != p and contains(p, other) for other in split)]


def contains(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))


def occurrences(phrase: tuple[str, ...], words: Sequence[SpottedWord]) -> list[Sequence[SpottedWord]]:
    size = len(phrase)
    texts = tuple(word.text for word in words)
    return [words[i : i + size] for i in range(len(words) - size + 1) if texts[i : i + size] == phrase]


def plausible(found: Sequence[SpottedWord], settings: StopSettings) -> bool:
    """Whether every word is confident enough, and the phrase is long enough to have been spoken."""
    return (
        min(word.confidence for word in found) >= settings.min_confidence
        and found[-1].ended_seconds - found[0].started_seconds >= settings.min_word_seconds
    )


class VoskSpotter:
    """A Spotter over a Vosk model that takes a grammar. Raises SpeechModelError."""

    def __init__(self, model_path: Path, stop_phrases: Iterable[str] | None) -> None:
        """Hears only the stop phrases. With None it hears every word, and then the model need not take a grammar."""
        self._fed_seconds = 0.0  # since the recogniser was made
        grammar = None if stop_phrases is None else [" ".join(phrase) for phrase in shortest(stop_phrases)]
        self._recognizer = load_recognizer(model_path, grammar)
        self._recognizer.SetWords(True)

    def warm(self) -> None:
        """Decodes a moment of noise: with a large model the first window takes a second longer than the others."""
        self.spot(warming_noise())

    def spot(self, samples: Samples) -> list[SpottedWord]:
        began = self._fed_seconds  # Vosk's times run on from window to window
        self._fed_seconds += len(samples) / SPEECH_FORMAT.sample_rate_hz
        self._recognizer.Reset()
        pieces = []
        if self._recognizer.AcceptWaveform(samples.tobytes()) == 1:
            pieces.append(self._recognizer.Result())
        pieces.append(self._recognizer.FinalResult())
        return [_spotted(entry, began) for piece in pieces for entry in json.loads(piece).get("result", [])]


def _spotted(entry: dict[str, Any], began: float) -> SpottedWord:
    confidence = float(entry.get("conf", 1.0))
    return SpottedWord(entry["word"], confidence, float(entry["start"]) - began, float(entry["end"]) - began)
