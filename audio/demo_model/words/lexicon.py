"""How words are pronounced: the phones that espeak-ng spoke for each word, per accent, while the data was made.

It knows words and phones, but neither sound nor graphs.
"""

from __future__ import annotations

import collections
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RAREST_SHARE = 0.08  # of an accent's pronunciations of the word; a rarer one is left out
MOST_PER_WORD = 6


@dataclass(frozen=True)
class Pronunciation:
    """A word, its phones, and the cost (−log) of choosing this way of saying it."""

    word: str
    phones: tuple[str, ...]
    cost: float


def counted(work: Path) -> dict[str, dict[str, collections.Counter[tuple[str, ...]]]]:
    """How often each pronunciation occurs, by word and accent, in every part of espeak-ng below `work`."""
    found: dict[str, dict[str, collections.Counter[tuple[str, ...]]]] = {}
    for path in sorted([*work.glob("espeak-[0-9]*.npz"), *work.glob("words-[0-9]*.npz")]):
        for accent, word, said, count in json.loads(str(np.load(path)["pronounced"])):
            found.setdefault(word, {}).setdefault(accent, collections.Counter())[tuple(said.split())] += count
    return found


def lexicon(work: Path, vocabulary: list[str], known_phones: list[str], word_cost: float) -> list[Pronunciation]:
    """Up to MOST_PER_WORD pronunciations of every word. Raises ValueError if a word was never spoken."""
    found, entries = counted(work), []
    for word in vocabulary:
        shares: dict[tuple[str, ...], float] = {}
        for heard in found.get(word, {}).values():
            total = sum(heard.values())
            for said, count in heard.items():
                often = count >= 2 or len(heard) == 1
                if count / total >= RAREST_SHARE and often and all(phone in known_phones for phone in said):
                    shares[said] = max(shares.get(said, 0.0), count / total)
        if not shares:
            raise ValueError(f"no pronunciation of {word!r} in the data: make more with `dataset`")
        common = sorted(shares, key=lambda said: -shares[said])[:MOST_PER_WORD]
        entries += [Pronunciation(word, said, word_cost - 0.5 * math.log(shares[said])) for said in common]
    return entries
