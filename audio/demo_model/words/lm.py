"""An n-gram model of sentences as a graph, with absolute discounting and back-off over free arcs.

It knows words as texts and gives arcs with texts and costs. `graph` numbers them and writes the files.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable
from dataclasses import dataclass

START, END, BACK_OFF = "<s>", "</s>", ""
DISCOUNT = 0.6
# The least share of what may follow a context that is kept for words that never followed it. People say things that no
# template says, however often the template was drawn.
LEAST_SPARED = 0.01
History = tuple[str, ...]


@dataclass(frozen=True)
class Acceptor:
    """States are numbers, and 0 is the start. An arc is (from, to, word, cost), with the word "" for a back-off.

    `finals` are the costs of ending in a state.
    """

    arcs: list[tuple[int, int, str, float]]
    finals: dict[int, float]
    unigram_state: int


def _counts(
    sentences: Iterable[str], vocabulary: list[str], order: int, rarest: int
) -> list[dict[History, collections.Counter[str]]]:
    counts: list[dict[History, collections.Counter[str]]] = [{} for _ in range(order)]
    for sentence in sentences:
        words = [START, *sentence.split(), END]
        for at in range(1, len(words)):
            for length in range(min(order, at + 1)):
                counts[length].setdefault(tuple(words[at - length : at]), collections.Counter())[words[at]] += 1
    for word in [*vocabulary, END]:
        counts[0].setdefault((), collections.Counter())[word] += 1
    for length in range(2, order):  # a rare long context says no more than the shorter one
        for history in list(counts[length]):
            kept = collections.Counter({word: n for word, n in counts[length][history].items() if n >= rarest})
            if kept and history[1:] in counts[length - 1]:
                counts[length][history] = kept
            else:
                del counts[length][history]
    return counts


def ngram(sentences: Iterable[str], vocabulary: list[str], order: int = 4, rarest: int = 2) -> Acceptor:
    """The model of `sentences`. Every word of `vocabulary` is possible everywhere, at a cost."""
    counts = _counts(sentences, vocabulary, order, rarest)
    total = sum(counts[0][()].values())
    probability: dict[History, dict[str, float]] = {(): {word: n / total for word, n in counts[0][()].items()}}
    left_over: dict[History, float] = {}

    def of(history: History, word: str) -> float:
        known = probability.get(history)
        if known is not None and word in known:
            return known[word]
        return left_over.get(history, 1.0) * of(history[1:], word)

    for length in range(1, order):
        for history, follows in counts[length].items():
            seen, lower = sum(follows.values()), {word: of(history[1:], word) for word in follows}
            spared = min(max(DISCOUNT * len(follows) / seen, LEAST_SPARED), 0.95)
            known_mass = (1 - spared) / (seen - DISCOUNT * len(follows))
            shares = {word: (n - DISCOUNT) * known_mass + spared * lower[word] for word, n in follows.items()}
            scale = min(1.0, 0.9999 / sum(shares.values()))
            probability[history] = {word: share * scale for word, share in shares.items()}
            left_over[history] = (1 - sum(probability[history].values())) / max(1e-6, 1 - sum(lower.values()))
    return _acceptor(probability, left_over, order)


def _acceptor(probability: dict[History, dict[str, float]], left_over: dict[History, float], order: int) -> Acceptor:
    states: dict[History, int] = {(START,): 0, (): 1}
    for history in probability:
        states.setdefault(history, len(states))

    def shortened(history: History) -> int:
        while history not in states:
            history = history[1:]
        return states[history]

    arcs, finals = [], {}
    for history, follows in probability.items():
        state = states[history]
        for word, share in follows.items():
            if word == END:
                finals[state] = -math.log(share)
            else:
                arcs.append((state, shortened((*history, word)[-(order - 1) :]), word, -math.log(share)))
        if history:
            arcs.append((state, shortened(history[1:]), BACK_OFF, -math.log(max(left_over[history], 1e-6))))
    return Acceptor(arcs, finals, states[()])
