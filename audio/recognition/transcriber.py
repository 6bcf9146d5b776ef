"""Turns speech into text: the `Transcriber` protocol, and Vosk as its implementation.

A transcriber is fed while the user speaks, so that finish() has little left to do. It does not know where the sound
comes from, nor when an utterance ends.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from audio.errors import SpeechModelError
from audio.pcm import SPEECH_FORMAT, Samples
from audio.quiet import quiet_stderr
from audio.recognition.vosk_library import import_vosk


@dataclass(frozen=True)
class Transcript:
    """The words of one utterance."""

    text: str  # "" where no word was heard
    confidence: float  # 0..1, the mean over the words; 0 where there are none
    seconds: float = field(default=0.0, compare=False)  # what the words take, without pauses; 0 where nobody measured
    # 0..1, the mean over the words as the recogniser itself told it, where `confidence` was judged in another way
    own_confidence: float | None = None
    word_confidences: tuple[float, ...] = field(default=(), compare=False)  # 0..1 for each word; () where nobody told


class Transcriber(Protocol):
    """Hears one utterance after the other."""

    def accept(self, samples: Samples) -> None:
        """Takes the next samples of the utterance, 16,000 of them a second."""

    def finish(self) -> Transcript:
        """Ends the utterance and returns all of its words; the next accept() begins a new one."""

    def reset(self) -> None:
        """Forgets the utterance; the next accept() begins a new one."""


class VoskTranscriber:
    """A transcriber over a Vosk model folder.

    With a grammar, only its phrases can be heard, and "[unk]" for everything else. A grammar needs a model with
    HCLr.fst and Gr.fst. Raises SpeechModelError where the model is missing, incomplete or damaged.
    """

    def __init__(self, model_path: Path, grammar: list[str] | None = None) -> None:
        self._recognizer = load_recognizer(model_path, grammar)
        self._recognizer.SetWords(True)
        self._pieces: list[str] = []
        self._used = False

    def warm(self) -> None:
        """Decodes a moment of noise, so that the first utterance takes no longer than the others: 0.03 to 0.7 s."""
        self.accept(warming_noise())
        self.finish()

    def accept(self, samples: Samples) -> None:
        self._used = True
        # Vosk has endpointing of its own, with shorter pauses. 1 means that it has closed a piece of the utterance.
        if self._recognizer.AcceptWaveform(samples.tobytes()) == 1:
            self._pieces.append(self._recognizer.Result())

    def finish(self) -> Transcript:
        self._pieces.append(self._recognizer.FinalResult())
        transcript = parse_results(self._pieces)
        self.reset()
        return transcript

    def reset(self) -> None:
        self._pieces = []
        if self._used:  # Reset() costs time also where nothing was heard
            self._recognizer.Reset()
        self._used = False


def warming_noise() -> Samples:
    """0.3 s of noise, the same at every call. A recogniser that has decoded it has loaded what it loads at first use."""
    return np.random.default_rng(1).integers(-1500, 1500, SPEECH_FORMAT.samples_in(0.3), np.int16)


def parse_results(results: list[str]) -> Transcript:
    """Joins Vosk's JSON results, in their order, into one transcript. "[unk]" does not count as a word."""
    words: list[str] = []
    confidences: list[float] = []
    seconds: list[float] = []
    for result in results:
        parsed = json.loads(result)
        for entry in parsed.get("result", []):
            if entry["word"] != "[unk]":
                words.append(entry["word"])
                confidences.append(float(entry.get("conf", 1.0)))
                seconds.append(float(entry.get("end", 0.0)) - float(entry.get("start", 0.0)))
    if not words:
        return Transcript("", 0.0)
    mean = math.fsum(confidences) / len(confidences)
    return Transcript(
        " ".join(words), min(1.0, max(0.0, mean)), math.fsum(seconds), word_confidences=tuple(confidences)
    )


def load_recognizer(model_path: Path, grammar: Sequence[str] | None = None) -> Any:
    """Makes a Vosk recogniser for 16,000 Hz. All recognisers of one folder share one model in memory.

    Raises SpeechModelError. It cannot save the process from every damaged model: Kaldi may end it with a signal. For a
    folder that nobody has vouched for, see `audio.recognition.model_trial`.
    """
    check_folder(model_path, needs_lookahead=grammar is not None)
    rate = SPEECH_FORMAT.sample_rate_hz
    with quiet_stderr():  # Kaldi writes about everything that it loads, also at log level -1
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
    """Returns those words of the phrases that the model does not know. Vosk leaves them out of a grammar silently."""
    model = _model(model_path)
    return [word for phrase in phrases for word in phrase.split() if model.vosk_model_find_word(word) < 0]


@functools.lru_cache(maxsize=2)  # two, because a new model is loaded while the one before it is still in use
def _model(model_path: Path) -> Any:
    """Loads the model, or returns the one in memory: a second copy for a wake word would cost as much memory again."""
    return import_vosk().Model(model_path=str(model_path))


def takes_grammar(model_path: Path) -> bool:
    """Whether the model can be told at run time to hear a few phrases only: it needs HCLr.fst and Gr.fst for that."""
    return any((part / "HCLr.fst").is_file() and (part / "Gr.fst").is_file() for part in _graph_folders(model_path))


def _graph_folders(model_path: Path) -> tuple[Path, Path]:
    """Vosk reads two layouts: the published one, with subfolders, and an older one with all files in one folder."""
    return model_path / "graph", model_path


def check_folder(model_path: Path, needs_lookahead: bool) -> None:
    """Raises SpeechModelError, with the name of what is missing. Vosk itself would only say that it failed.

    `needs_lookahead` asks for HCLr.fst and Gr.fst, which a grammar needs. The contents of the files are not read.
    """
    if not model_path.is_dir():
        raise SpeechModelError(f"no Vosk model folder at {model_path}: fetch one, or correct the path")
    acoustic = ("am/final.mdl", "final.mdl")
    if not any((model_path / name).is_file() for name in acoustic):
        raise SpeechModelError(f"{model_path} is no Vosk model: it has no am/final.mdl")
    lookahead = takes_grammar(model_path)
    whole = any((folder / "HCLG.fst").is_file() for folder in _graph_folders(model_path))
    if not (lookahead or whole):
        raise SpeechModelError(f"{model_path} is no complete Vosk model: it has no graph")
    if needs_lookahead and not lookahead:
        raise SpeechModelError(f"the Vosk model at {model_path} takes no grammar: it has no HCLr.fst and Gr.fst")
