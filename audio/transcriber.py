"""Speech to text: the seam, and Vosk behind it.

Fed while the user speaks, so that finish() has little left to do. Knows neither where the
sound comes from nor when an utterance ends.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from audio.errors import SpeechModelError
from audio.pcm import SPEECH_FORMAT, Samples
from audio.quiet import quiet_stderr
from audio.vosk_library import import_vosk


@dataclass(frozen=True)
class Transcript:
    text: str
    confidence: float  # 0..1, the mean over the words; 0 where there are none


class Transcriber(Protocol):
    def accept(self, samples: Samples) -> None:
        """The next samples of the utterance, 16,000 Hz."""

    def finish(self) -> Transcript:
        """All of the utterance so far; the next accept() begins a new one."""

    def reset(self) -> None:
        """Forget the utterance."""


class VoskTranscriber:
    """Any Vosk model folder. With a grammar, only its phrases (and "[unk]") can be heard.

    Raises SpeechModelError. A grammar needs a model with HCLr.fst and Gr.fst.
    """

    def __init__(self, model_path: Path, grammar: list[str] | None = None) -> None:
        self._recognizer = load_recognizer(model_path, grammar)
        self._recognizer.SetWords(True)
        self._pieces: list[str] = []
        self._used = False

    def accept(self, samples: Samples) -> None:
        self._used = True
        # Vosk has endpointing of its own: at 1 it has closed a piece of the utterance.
        if self._recognizer.AcceptWaveform(samples.tobytes()) == 1:
            self._pieces.append(self._recognizer.Result())

    def finish(self) -> Transcript:
        self._pieces.append(self._recognizer.FinalResult())
        transcript = parse_results(self._pieces)
        self.reset()
        return transcript

    def reset(self) -> None:
        self._pieces = []
        if self._used:  # a reset of an untouched recognizer is wasted work
            self._recognizer.Reset()
        self._used = False


def parse_results(results: list[str]) -> Transcript:
    """Vosk's JSON results, in order, as one transcript. "[unk]" is no word."""
    words: list[str] = []
    confidences: list[float] = []
    for result in results:
        parsed = json.loads(result)
        for entry in parsed.get("result", []):
            if entry["word"] != "[unk]":
                words.append(entry["word"])
                confidences.append(float(entry.get("conf", 1.0)))
    if not words:
        return Transcript("", 0.0)
    mean = math.fsum(confidences) / len(confidences)
    return Transcript(" ".join(words), min(1.0, max(0.0, mean)))


def load_recognizer(model_path: Path, grammar: Sequence[str] | None = None) -> Any:
    """A recogniser of its own over a model that all of them share. Raises SpeechModelError."""
    _check_folder(model_path, needs_lookahead=grammar is not None)
    rate = SPEECH_FORMAT.sample_rate_hz
    with quiet_stderr():  # Kaldi tells its whole life there, even at log level -1
        vosk = import_vosk()
        vosk.SetLogLevel(-1)
        try:
            model = _model(model_path)
            if grammar is None:
                return vosk.KaldiRecognizer(model, rate)
            phrases = [*grammar, "[unk]"]
            return vosk.KaldiRecognizer(model, rate, json.dumps(phrases, ensure_ascii=False))
        except Exception as reason:  # vosk raises nothing narrower
            raise SpeechModelError(f"the Vosk model at {model_path} is damaged ({reason}): fetch it again") from reason


def unknown_words(model_path: Path, phrases: Sequence[str]) -> list[str]:
    """The words that the model does not know: a grammar leaves them out and says nothing."""
    model = _model(model_path)
    return [word for phrase in phrases for word in phrase.split() if model.vosk_model_find_word(word) < 0]


@functools.lru_cache(maxsize=1)
def _model(model_path: Path) -> Any:
    """Shared: a second copy for a wake word would cost as much memory again."""
    return import_vosk().Model(model_path=str(model_path))


def _check_folder(model_path: Path, needs_lookahead: bool) -> None:
    """Name what is missing; Vosk itself would only say that it failed."""
    if not model_path.is_dir():
        raise SpeechModelError(f"no Vosk model folder at {model_path}: fetch one, or correct the path")
    # The two layouts that Vosk reads: the published one, and all files in one folder.
    acoustic = ("am/final.mdl", "final.mdl")
    if not any((model_path / name).is_file() for name in acoustic):
        raise SpeechModelError(f"{model_path} is no Vosk model: it has no am/final.mdl")
    parts = [model_path / "graph", model_path]
    lookahead = any((p / "HCLr.fst").is_file() and (p / "Gr.fst").is_file() for p in parts)
    whole = any((p / "HCLG.fst").is_file() for p in parts)
    if not (lookahead or whole):
        raise SpeechModelError(f"{model_path} is no complete Vosk model: it has no graph")
    if needs_lookahead and not lookahead:
        raise SpeechModelError(f"the Vosk model at {model_path} takes no grammar: it has no HCLr.fst and Gr.fst")
