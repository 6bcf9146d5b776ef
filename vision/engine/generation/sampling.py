"""Which token comes next: the likeliest one, or one that is drawn at random.

The options are applied in the order and by the formulas of transformers' `generate`: repetition penalty, temperature,
top-k, top-p. The presence penalty, which transformers does not have, is that of OpenAI's API and comes behind the
repetition penalty. This file is plain numpy on one row of logits; it knows neither the model nor what the tokens mean.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vision.engine.settings import EngineSettings

from .generate import Scores

# The settings that Qwen publishes for its Qwen3-VL Instruct models. An answer that went round in circles is tried again
# with them, and always with the same seed, so that the same question about the same picture gets the same answer.
PUBLISHED = EngineSettings(
    temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.0, presence_penalty=1.5, seed=20_251_015
)


class Sampler:
    """Picks the tokens of one answer. `read` are the ids of the conversation so far, with those of the picture.

    `said` are the ids of the answer so far, where it does not begin here: a presence penalty applies to them.
    """

    def __init__(self, settings: EngineSettings, read: Iterable[int], said: Iterable[int] = ()) -> None:
        self._temperature = settings.temperature
        self._top_k = settings.top_k
        self._top_p = settings.top_p
        self._penalty = settings.repetition_penalty
        self._presence_penalty = settings.presence_penalty
        self._read = set(read)
        self._said = set(said)
        self._dice = np.random.default_rng(settings.seed)

    def pick(self, scores: Scores) -> int:
        """The next token. It counts as read from now on."""
        token = self._picked(scores)
        self._read.add(token)
        self._said.add(token)
        return token

    def go_on_behind(self, read: Iterable[int], said: Iterable[int]) -> None:
        """Go on behind these tokens: some that were picked after them are not in the answer. The dice stay."""
        self._read, self._said = {*read, *said}, set(said)

    def _picked(self, scores: Scores) -> int:
        logits, likeliest = scores.logits, scores.likeliest
        if self._penalty != 1.0:
            logits = penalized(logits, self._read, self._penalty)
        if self._presence_penalty != 0.0:
            logits = with_presence_penalty(logits, self._said, self._presence_penalty)
        if logits is not scores.logits:
            likeliest = int(np.argmax(logits))
        if self._temperature == 0.0:
            return likeliest
        shares = probabilities(logits, self._temperature, self._top_p, self._top_k)
        return drawn(shares, float(self._dice.random()))


def penalized(logits: NDArray[np.float32], read: Iterable[int], penalty: float) -> NDArray[np.float32]:
    """The logits after every token that was read is made less likely, once, however often it was read."""
    # A head may have fewer tokens than the embedding.
    ids = np.array([token for token in read if token < logits.size], np.intp)
    found = logits[ids]
    result = logits.copy()
    result[ids] = np.where(found < 0, found * np.float32(penalty), found / np.float32(penalty))
    return result


def with_presence_penalty(logits: NDArray[np.float32], said: Iterable[int], penalty: float) -> NDArray[np.float32]:
    """The logits less `penalty` for every token that the answer has, once, however often it has it."""
    result = logits.copy()
    result[np.array([token for token in said if token < logits.size], np.intp)] -= np.float32(penalty)
    return result


def probabilities(logits: NDArray[np.float32], temperature: float, top_p: float, top_k: int = 0) -> NDArray[np.float64]:
    """Probabilities (vocabulary,): 0 outside the smallest set of likeliest tokens that together have `top_p`.

    Before that, only the `top_k` likeliest tokens count, and those that equal the last of them; 0 lets all count.
    """
    scaled = logits / np.float32(temperature)
    if 0 < top_k < scaled.size:
        scaled = np.where(scaled < np.partition(scaled, -top_k)[-top_k], np.float32(-np.inf), scaled)
    shares: NDArray[np.float64] = np.exp(scaled - scaled.max()).astype(np.float64)
    shares /= shares.sum()
    if top_p < 1.0:
        shares[shares < _least_kept(shares, 1.0 - top_p)] = 0.0
        shares /= shares.sum()
    return shares


def _least_kept(shares: NDArray[np.float64], left_out: float) -> float:
    """The smallest share that stays when the least likely tokens, `left_out` in all, go. Equal ones stay too."""
    common = shares > left_out / shares.size  # the others go in any case, so 150,000 of them need not be sorted
    rising = np.sort(shares[common])
    first = int(np.count_nonzero(shares[~common].sum() + np.cumsum(rising) <= left_out))
    return float(rising[min(first, rising.size - 1)])  # at least one stays


def drawn(shares: NDArray[np.float64], dice: float) -> int:
    """The token at `dice` (0 ≤ dice < 1) on a line where each token is as long as it is probable."""
    ends = np.cumsum(shares)
    token = int(np.searchsorted(ends, dice * ends[-1], side="right"))
    return min(token, int(np.flatnonzero(shares)[-1]))  # a rounding error may reach past the last one
