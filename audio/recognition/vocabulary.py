"""The words that a Vosk model knows. It reads the model's table of words, and loads no model.

A table is a file words.txt or, in the published small models, a part of the grammar Gr.fst in OpenFst's binary form.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from audio.errors import SpeechModelError

# OpenFst, fst.cc and symbol-table.cc: numbers are little-endian, texts have their length in 32 bits before them.
_FST_MAGIC, _SYMBOLS_MAGIC = 2_125_659_606, 2_125_658_996
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS = 1, 2
_INT32, _INT64 = struct.Struct("<i"), struct.Struct("<q")
_LONGEST_TEXT = 1_000  # bytes of a word or a name
_MOST_WORDS = 10_000_000


def words_file(model_path: Path) -> Path | None:
    """The table of words in a model folder, in the published layout or in the older one. None if there is none."""
    return _first_file(model_path, "words.txt")


def known_words(model_path: Path) -> frozenset[str]:
    """All words of the model, in lower case. Raises SpeechModelError where it has no table of words."""
    path = words_file(model_path)
    if path is None:
        words: Iterator[str] = iter(grammar_words(model_path))
    else:  # a line is a word and its number
        words = (line.partition(" ")[0] for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    # Words in <>, # and [] are signs of the grammar.
    return frozenset(word.lower() for word in words if word and word[0] not in "<#[")


def grammar_words(model_path: Path) -> list[str]:
    """The table of words in the model's Gr.fst. Raises SpeechModelError where there is none, or it is damaged."""
    grammar = _first_file(model_path, "Gr.fst")
    if grammar is None:
        raise SpeechModelError(f"the Vosk model at {model_path} has no words.txt: fetch it again")
    try:
        return _Head(grammar.read_bytes()).output_symbols()
    except (OSError, ValueError, struct.error) as reason:
        raise SpeechModelError(
            f"the Vosk model at {model_path} has no words.txt, and no words in its Gr.fst ({reason}): fetch it again"
        ) from None


def _first_file(model_path: Path, name: str) -> Path | None:
    return next((path for path in (model_path / "graph" / name, model_path / name) if path.is_file()), None)


class _Head:
    """Reads the symbols at the head of a binary FST, from its first byte on. Raises ValueError, struct.error."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0  # the next byte

    def output_symbols(self) -> list[str]:
        if self._number(_INT32) != _FST_MAGIC:
            raise ValueError("it is no FST")
        self._text(), self._text()  # the kind of FST, and of its arcs
        self._number(_INT32)  # the version
        flags = self._number(_INT32)
        self._at += 4 * _INT64.size  # its properties, start, number of states and of arcs
        symbols: list[str] = []
        for flag in (_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS):
            if flags & flag:
                symbols = self._symbols()
        if not flags & _HAS_OUTPUT_SYMBOLS or len(symbols) < 2:  # number 0 is the empty word
            raise ValueError("it has none")
        return symbols

    def _symbols(self) -> list[str]:
        if self._number(_INT32) != _SYMBOLS_MAGIC:
            raise ValueError("its table does not begin where it should")
        self._text()  # the table's name
        self._number(_INT64)  # the next free number
        count = self._number(_INT64)
        if not 0 <= count <= _MOST_WORDS:
            raise ValueError("its table is damaged")
        symbols = []
        for _ in range(count):
            symbols.append(self._text())
            self._at += _INT64.size  # the word's number
        return symbols

    def _number(self, form: struct.Struct) -> int:
        (number,) = form.unpack_from(self._content, self._at)
        self._at += form.size
        return int(number)

    def _text(self) -> str:
        size = self._number(_INT32)
        begin, self._at = self._at, self._at + size
        if not 0 <= size <= _LONGEST_TEXT or self._at > len(self._content):
            raise ValueError("its table is damaged")
        return self._content[begin : self._at].decode("utf-8", errors="replace")
