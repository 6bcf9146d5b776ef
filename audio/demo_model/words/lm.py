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
# Of what may follow a context of sentences that somebody said, the share for words that never followed it is by
# Witten and Bell (1991) T / (T + N), for N occurrences in different sentences and T different words. It is taken times
# this factor: with about twice as much, free sentences are heard no better, and those of templates in a hard voice
# (flite's slt) worse: 79 instead of 83 to 85 % of 150.
NEW_WORDS = 0.75
MOST_SPARED = 0.95
History = tuple[str, ...]
Counts = list[dict[History, collections.Counter[str]]]  # by the length of the history


@dataclass(frozen=True)
class Acceptor:
    """States are numbers, and 0 is the start. An arc is (from, to, word, cost), with the word "" for a back-off.

    `finals` are the costs of ending in a state.
    """

    arcs: list[tuple[int, int, str, float]]
    finals: dict[int, float]
    unigram_state: int


def _counts(sentences: Iterable[str], order: int) -> Counts:
    """How often each word follows each context of less than `order` words."""
    counts: Counts = [{} for _ in range(order)]
    for sentence in sentences:
        words = [START, *sentence.split(), END]
        for at in range(1, len(words)):
            for length in range(min(order, at + 1)):
                counts[length].setdefault(tuple(words[at - length : at]), collections.Counter())[words[at]] += 1
    return counts


def _merge(counts: Counts, others: Counts) -> dict[History, float]:
    """Adds `others` to `counts`, and returns the share that they now have in each context that they hold."""
    shares = {}
    for length, added in enumerate(others):
        for history, follows in added.items():
            merged = counts[length].setdefault(history, collections.Counter())
            merged.update(follows)
            shares[history] = sum(follows.values()) / sum(merged.values())
    return shares


def _drop_rare(counts: Counts, rarest: int) -> None:
    """Drops what occurs less than `rarest` times after two or more words: it says no more than the shorter context."""
    for length in range(2, len(counts)):
        for history in list(counts[length]):
            kept = collections.Counter({word: n for word, n in counts[length][history].items() if n >= rarest})
            if kept and history[1:] in counts[length - 1]:
                counts[length][history] = kept
            else:
                del counts[length][history]


def ngram(
    sentences: Iterable[str],
    vocabulary: list[str],
    order: int = 4,
    rarest: int = 2,
    said: Iterable[str] = (),
    witnesses: Iterable[str] = (),
) -> Acceptor:
    """The model of `sentences` and `said` together. Every word of `vocabulary` is possible everywhere, at a cost.

    `said` holds the `witnesses` again and again, with small changes. A sentence that was drawn a thousand times is still
    one witness of what people say, so `witnesses` decides how likely it is that they say something else.
    """
    counts, said_counts, seen_once = _counts(sentences, order), _counts(said, order), _counts(witnesses, order)
    counts[0].setdefault((), collections.Counter()).update([*vocabulary, END])
    said_shares = _merge(counts, said_counts)
    _drop_rare(counts, rarest)
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
            new_words = said_shares.get(history, 0.0) * _share_of_new_words(seen_once[length].get(history))
            spared = min(max(DISCOUNT * len(follows) / seen, LEAST_SPARED, new_words), MOST_SPARED)
            known_mass = (1 - spared) / (seen - DISCOUNT * len(follows))
            shares = {word: (n - DISCOUNT) * known_mass + spared * lower[word] for word, n in follows.items()}
            scale = min(1.0, 0.9999 / sum(shares.values()))
            probability[history] = {word: share * scale for word, share in shares.items()}
            left_over[history] = (1 - sum(probability[history].values())) / max(1e-6, 1 - sum(lower.values()))
    return _acceptor(probability, left_over, order)


def _share_of_new_words(follows: collections.Counter[str] | None) -> float:
    """How much of what follows a context is new, by the words that followed it where somebody said it.

    A context that only a changed sentence holds counts like one that was said once.
    """
    followed, words = (sum(follows.values()), len(follows)) if follows else (1, 1)
    return NEW_WORDS * words / (words + followed)


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
