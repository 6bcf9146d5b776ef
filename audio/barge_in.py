"""Stop words while the assistant itself speaks: its own voice is in the microphone, and must not stop it.

Two things tell the user's stop from the assistant's own words. It is louder: the user sits nearer to the microphone
than the loudspeaker does, or has turned the sound down; only what rises clearly above the level that the assistant's
voice has had so far is looked at. And it is a stop word: what Hearing would drop is kept as a short sliding window and
decoded anew many times a second, by a recogniser whose grammar holds the stop words and "[unk]". A streaming
recogniser would be cheaper but late: it answers only when the sound to the right of a word, 0.3 s and more, has come
in; a window that is closed answers at once. The assistant's own words in the grammar were tried and took the user's
"stop" for "top".

It does not know who speaks, what a turn is, or how a stop is obeyed.
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

from audio.hearing import StopHeard
from audio.pcm import SPEECH_FORMAT, AudioChunk, Samples
from audio.transcriber import load_recognizer


@dataclass(frozen=True)
class SpottedWord:
    text: str
    confidence: float  # 0..1
    started_seconds: float  # from the window's begin
    ended_seconds: float


class Spotter(Protocol):
    """Decodes one closed window."""

    def spot(self, samples: Samples) -> list[SpottedWord]:
        """The words in it, in order, "[unk]" included."""


@dataclass(frozen=True)
class StopSettings:
    window_seconds: float = 1.2  # "please stop talking" fits; longer costs time and sees no better
    every_seconds: float = 0.06
    max_share: float = 0.4  # of one core: a recogniser too slow for `every_seconds` is asked less often
    max_wall_share: float = 0.8  # on a machine with too much to do it must keep up with the sound all the same
    min_confidence: float = 0.6
    min_word_seconds: float = 0.1
    edge_seconds: float = 0.06
    confirmations: int = 2  # this many windows, one after the other, must hold the word,
    sure_confidence: float = 0.85  # or one that is as sure as this
    floor: float = 40.0  # root mean square of 32,767: nothing softer is decoded
    margin_db: float = 7.0  # how much louder than the assistant's vowels the loudest part of the word must be
    lead_chunks: int = 6  # 0.18 s: the "s" of "stop" is no louder than the assistant
    tail_chunks: int = 4
    level_chunks: int = 200  # 6 s: over these the assistant's own level is read
    level_known_chunks: int = 50  # 1.5 s: before that it is not known, and nothing is louder than it


class StopListener:
    """Feed it the chunks that are heard while the assistant speaks; it answers with a StopHeard."""

    def __init__(
        self,
        spotter: Spotter,
        stop_phrases: Iterable[str],
        settings: StopSettings | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
        processor_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._spotter = spotter
        self._phrases = shortest(stop_phrases)
        self._settings = settings or StopSettings()
        self._clock = clock
        self._processor_clock = processor_clock
        # Of what was heard before the window: the assistant's voice, and a moment of the user's now and then. Kept
        # from one answer to the next, since the loudspeaker stays where it is.
        self._own_levels: deque[float] = deque(maxlen=self._settings.level_chunks)
        self.rest()

    def rest(self) -> None:
        """The assistant is silent: Hearing itself listens now."""
        self._window: deque[tuple[AudioChunk, float]] = deque()  # with the level of each
        self._held = 0.0
        self._next_at = 0.0
        self._found = 0

    def hear(self, chunk: AudioChunk) -> StopHeard | None:
        """The next chunk. At most one StopHeard a stop word."""
        self._push(chunk)
        threshold = self._threshold()
        if chunk.ended_at < self._next_at or max(level for _, level in self._window) < threshold:
            return None
        began, processor_began = self._clock(), self._processor_clock()
        stop, enough = self._spot(0, len(self._window), threshold), self._settings.sure_confidence
        if stop is None and (loud := self._loud_part(threshold)) is not None:
            # In the midst of the assistant's words the user's may sound like a part of them. But out of them one word
            # is sooner taken for another ("quite" for "quiet"): there, being sure is not enough by itself.
            stop, enough = self._spot(*loud, threshold, least=enough), float("inf")
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

    def _threshold(self) -> float:
        """The level that the user's voice must reach."""
        if len(self._own_levels) < self._settings.level_known_chunks:
            return float("inf")
        # The assistant's vowels: the loud chunks, but not the very loudest, some of which may be the user's.
        own = float(np.quantile(list(self._own_levels), 0.8))
        return max(self._settings.floor, own * 10 ** (self._settings.margin_db / 20))

    def _spot(self, first: int, end: int, threshold: float, least: float = 0.0) -> Sequence[SpottedWord] | None:
        """A stop phrase in these chunks of the window, as sure as `least`; its times from the window's begin."""
        chunks = [kept for kept, _ in self._window]
        edge = self._settings.edge_seconds  # a word cut by the piece's begin may look like any other
        heard = self._spotter.spot(np.concatenate([kept.samples for kept in chunks[first:end]]))
        words = [word for word in heard if word.confidence >= least and word.started_seconds >= edge]
        shift = chunks[first].started_at - chunks[0].started_at
        return self._stop_in(
            [
                replace(w, started_seconds=w.started_seconds + shift, ended_seconds=w.ended_seconds + shift)
                for w in words
            ],
            threshold,
        )

    def _loud_part(self, threshold: float) -> tuple[int, int] | None:
        """From the user's first loud chunk to the last, and the consonants around; None where that is all."""
        loud = [place for place, (_, level) in enumerate(self._window) if level >= threshold]
        lead, tail = self._settings.lead_chunks, self._settings.tail_chunks
        first, end = max(0, loud[0] - lead), min(len(self._window), loud[-1] + 1 + tail)
        return (first, end) if end - first < len(self._window) else None

    def _stop_in(self, words: Sequence[SpottedWord], threshold: float) -> Sequence[SpottedWord] | None:
        for phrase in self._phrases:
            for found in occurrences(phrase, words):
                if plausible(found, self._settings) and self._loudest(found) >= threshold:
                    return found
        return None

    def _loudest(self, found: Sequence[SpottedWord]) -> float:
        origin = self._window[0][0].started_at
        begin, end = found[0].started_seconds + origin, found[-1].ended_seconds + origin
        levels = [level for kept, level in self._window if kept.ended_at > begin and kept.started_at < end]
        return max(levels, default=0.0)


# Pure parts.


def level_of(samples: Samples) -> float:
    """Root mean square."""
    wide = samples.astype(np.float64)
    return float(np.sqrt(np.mean(wide * wide))) if len(wide) else 0.0


def words_of(text: str) -> tuple[str, ...]:
    """Lower case, without punctuation."""
    return tuple(re.sub(r"[^\w\s']", " ", text.lower()).split())


def shortest(phrases: Iterable[str]) -> list[tuple[str, ...]]:
    """Without those that contain another: who hears "stop" need not wait for "stop talking"."""
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
    """Surely heard, and of a word's length."""
    return (
        min(word.confidence for word in found) >= settings.min_confidence
        and found[-1].ended_seconds - found[0].started_seconds >= settings.min_word_seconds
    )


class VoskSpotter:
    """A Spotter over a Vosk model that takes a grammar. Raises SpeechModelError."""

    def __init__(self, model_path: Path, stop_phrases: Iterable[str] | None) -> None:
        """Hears stop phrases only; with None, every word, and then any model does."""
        self._fed_seconds = 0.0
        grammar = None if stop_phrases is None else [" ".join(phrase) for phrase in shortest(stop_phrases)]
        self._recognizer = load_recognizer(model_path, grammar)
        self._recognizer.SetWords(True)

    def spot(self, samples: Samples) -> list[SpottedWord]:
        began = self._fed_seconds  # Vosk counts on, from window to window
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
