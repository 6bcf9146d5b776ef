"""The words that a Vosk model knows. It reads the model's table of words, and loads no model."""

from __future__ import annotations

from pathlib import Path

from audio.errors import SpeechModelError


def words_file(model_path: Path) -> Path | None:
    """The table of words in a model folder, in the published layout or in the older one. None if there is none."""
    tables = (model_path / "graph" / "words.txt", model_path / "words.txt")
    return next((path for path in tables if path.is_file()), None)


def known_words(model_path: Path) -> frozenset[str]:
    """All words of the model, in lower case. Raises SpeechModelError where it has no table of words."""
    path = words_file(model_path)
    if path is None:
        raise SpeechModelError(f"the Vosk model at {model_path} has no words.txt: fetch it again")
    # A line is a word and its number. Words in <> and # are signs of the grammar.
    words = (line.partition(" ")[0] for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return frozenset(word.lower() for word in words if word and word[0] not in "<#[")
