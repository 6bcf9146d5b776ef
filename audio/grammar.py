"""A few phrases out of all that is said: a recogniser restricted to a grammar, with the times of its words.

For wake words: everything outside the grammar is heard as `[unk]`, and its place counts, because "hey [unk] camera" is
not "hey camera". Knows neither what a phrase is for nor where the sound comes from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audio.errors import SpeechModelError
from audio.pcm import SPEECH_FORMAT, Samples
from audio.transcriber import load_recognizer, unknown_words

UNKNOWN = "[unk]"


@dataclass(frozen=True)
class HeardWord:
    text: str  # UNKNOWN: something else was said
    confidence: float  # 0..1
    started_s: float  # from the first sample of the utterance
    ended_s: float


class GrammarListener:
    """Listens for `phrases` only. Raises SpeechModelError, also where the model does not know one of their words."""

    def __init__(self, model_path: Path, phrases: Sequence[str]) -> None:
        self._recognizer = load_recognizer(model_path, list(phrases))
        self._recognizer.SetWords(True)
        if unknown := unknown_words(model_path, phrases):
            raise SpeechModelError(
                f"the Vosk model at {model_path} does not know the word {unknown[0]!r}: choose another wake phrase"
            )
        self._pieces: list[str] = []
        self._fed = 0  # samples since the recogniser was made: its times run on from utterance to utterance
        self._began = 0  # of these, before this utterance

    def accept(self, samples: Samples) -> None:
        self._fed += len(samples)
        # Vosk has endpointing of its own: at 1 it has closed a piece of the utterance. A final result, too.
        if self._recognizer.AcceptWaveform(samples.tobytes()) == 1:
            self._pieces.append(self._recognizer.Result())

    def partial(self) -> str:
        """The words so far, "" at the beginning; the final ones may differ."""
        done = (json.loads(piece).get("text", "") for piece in self._pieces)
        return " ".join(filter(None, (*done, json.loads(self._recognizer.PartialResult()).get("partial", ""))))

    def finish(self) -> tuple[HeardWord, ...]:
        self._pieces.append(self._recognizer.FinalResult())
        words = parse_words(self._pieces, self._began / SPEECH_FORMAT.sample_rate_hz)
        self._begin()
        return words

    def reset(self) -> None:
        if self._fed > self._began:  # FinalResult and not Reset: only it lets go of the sound heard so far
            self._recognizer.FinalResult()
        self._begin()

    def _begin(self) -> None:
        self._pieces = []
        self._began = self._fed


def parse_words(results: Sequence[str], began_s: float = 0.0) -> tuple[HeardWord, ...]:
    """Vosk's JSON results, in order, as words with times from `began_s` on."""
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
