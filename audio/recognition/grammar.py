"""Listens for a few phrases only: a recogniser that is restricted to a grammar, with the times of its words.

It serves wake words. Everything outside the grammar is heard as `[unk]`, and the place of an `[unk]` counts, because
"hey [unk] camera" is not "hey camera". It does not know what a phrase is for, nor where the sound comes from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audio.errors import SpeechModelError
from audio.pcm import SPEECH_FORMAT, Samples
from audio.recognition.transcriber import load_recognizer, unknown_words

UNKNOWN = "[unk]"


@dataclass(frozen=True)
class HeardWord:
    """A word of the grammar, or UNKNOWN, with its place in the utterance."""

    text: str  # UNKNOWN where something outside the grammar was said
    confidence: float  # 0..1
    started_s: float  # counted from the first sample of the utterance, as is ended_s
    ended_s: float


class GrammarListener:
    """Listens for `phrases` only. Raises SpeechModelError, also where the model does not know a word of a phrase."""

    def __init__(self, model_path: Path, phrases: Sequence[str]) -> None:
        self._recognizer = load_recognizer(model_path, list(phrases))
        self._recognizer.SetWords(True)
        if unknown := unknown_words(model_path, phrases):
            raise SpeechModelError(
                f"the Vosk model at {model_path} does not know the word {unknown[0]!r}: choose another wake phrase"
            )
        self._pieces: list[str] = []
        self._fed = 0  # samples since the recogniser was made, because its times run on from utterance to utterance
        self._began = 0  # how many of these samples came before this utterance

    def accept(self, samples: Samples) -> None:
        """Takes the next samples of the utterance, 16,000 of them a second."""
        self._fed += len(samples)
        # Vosk has endpointing of its own. 1 means that it has closed a piece of the utterance, whose result is final.
        if self._recognizer.AcceptWaveform(samples.tobytes()) == 1:
            self._pieces.append(self._recognizer.Result())

    def partial(self) -> str:
        """The words so far, "" at the beginning. The final words may differ."""
        done = (json.loads(piece).get("text", "") for piece in self._pieces)
        return " ".join(filter(None, (*done, json.loads(self._recognizer.PartialResult()).get("partial", ""))))

    def finish(self) -> tuple[HeardWord, ...]:
        """Ends the utterance and returns its words; the next accept() begins a new one."""
        self._pieces.append(self._recognizer.FinalResult())
        words = parse_words(self._pieces, self._began / SPEECH_FORMAT.sample_rate_hz)
        self._begin()
        return words

    def reset(self) -> None:
        """Forgets the utterance; the next accept() begins a new one."""
        if self._fed > self._began:  # Reset() would keep the sound heard so far; FinalResult() lets go of it
            self._recognizer.FinalResult()
        self._begin()

    def _begin(self) -> None:
        self._pieces = []
        self._began = self._fed


def parse_words(results: Sequence[str], began_s: float = 0.0) -> tuple[HeardWord, ...]:
    """Joins Vosk's JSON results, in their order. `began_s` is the recogniser's time at which the utterance began."""
    return tuple(
        HeardWord(
            entry["word"],
            min(1.0, max(0.0, float(entry.get("conf", 1.0)))),
            max(0.0, float(entry["start"]) - began_s),
            max(0.0, float(entry["end"]) - began_s),
        )
        for result in results
        for entry in json.loads(result).get("result", [])
    )
