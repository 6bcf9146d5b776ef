"""Finds the strings at which a client wants an answer to end, also where one arrives in several pieces.

It holds back no more than what may still become such a string. It does not know the engine, nor how an answer is ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.interface import AnswerChunk

Piece = tuple[str, tuple[float, ...]]  # a text and the log-probabilities of its tokens


class StopStrings:
    """Passes on the pieces of one answer up to the first stop string. `found` is True from then on."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        """Takes the stop strings, none of them empty. Without any, every piece passes at once."""
        self.found = False
        self._strings = strings
        self._held: list[Piece] = []

    def push(self, chunk: AnswerChunk) -> Iterator[Piece]:
        """Yields the pieces that are surely before a stop string. The last chunk of an answer lets go of all."""
        if self.found:
            return
        if chunk.text:
            self._held.append((chunk.text, chunk.log_probabilities))
        text = "".join(piece for piece, _ in self._held)
        places = [place for string in self._strings if (place := text.find(string)) >= 0]
        if places:
            self.found = True
            yield from self._cut(min(places))
        elif chunk.stats is not None:
            yield from self._up_to(len(text))
        else:
            yield from self._up_to(len(text) - self._may_begin(text))

    def _may_begin(self, text: str) -> int:
        """The length of the longest end of `text` with which a stop string begins."""
        longest = max(map(len, self._strings), default=1) - 1
        lengths = range(min(longest, len(text)), 0, -1)
        return next((n for n in lengths if any(string.startswith(text[-n:]) for string in self._strings)), 0)

    def _up_to(self, end: int) -> Iterator[Piece]:
        """Lets go of the pieces that end at `end` or before. A piece is not split, since its tokens belong to it."""
        while self._held and len(self._held[0][0]) <= end:
            piece = self._held.pop(0)
            end -= len(piece[0])
            yield piece

    def _cut(self, end: int) -> Iterator[Piece]:
        """Lets go of everything before `end`, and drops the rest."""
        for text, log_probabilities in self._held:
            if end <= 0:
                break
            yield text[:end], log_probabilities
            end -= len(text)
        self._held.clear()
