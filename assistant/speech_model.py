"""Which speech model a language's file in `assistant/phrases/` asks for. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpeechModel:
    """A zipped Vosk model, as its publisher names it; the zip holds one folder of its own name."""

    name: str
    size_bytes: int
    sha256: str
