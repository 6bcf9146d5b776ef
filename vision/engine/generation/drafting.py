"""Guesses the next tokens of an answer from the words of its question, for nothing.

An answer about writing repeats what the question brings along: the lines that the reader found in the picture, numbers,
the user's own words. The guesses cost only what the model takes to check them, and they never change an answer. This
file knows ids, not what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence

_KNOWN = 2  # tokens that must agree before a guess; after one alone, most guesses are wrong


class Drafter:
    """Guesses by looking up: what followed in the question when the last tokens of the answer stood there."""

    def __init__(self, question: Sequence[int]) -> None:
        self._ids = list(question)
        self._ends: dict[tuple[int, ...], int] = {}  # tokens that stand together → the place behind them, the first one
        for end in range(_KNOWN, len(self._ids)):
            self._ends.setdefault(tuple(self._ids[end - _KNOWN : end]), end)

    def draft(self, said: Sequence[int], most: int) -> list[int]:
        """At most so many tokens that may follow the answer so far; none if the question does not help."""
        end = self._ends.get(tuple(said[-_KNOWN:]))
        return [] if end is None or most < 1 else self._ids[end : end + most]
