"""Prefill and decode: reads a prompt in chunks, then has one token after another picked.

Here is the seam to the arithmetic, `LanguageModel`: plain arrays go in and come out, so that what computes them can be
replaced without a change above it. This file decides what is computed in which order; it does not know how, by which
rule a token is picked, nor what it means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.engine.kv_cache import KVCache
from vision.engine.scheduling.fair_lock import Check, WorkPermit
from vision.errors import VisionModelError

from .prompt import PromptPart, text_part


@dataclass(frozen=True, eq=False)
class Scores:
    """What a model makes of all tokens for one place: the log-probability of token t is `logits[t] - log_normalizer`."""

    logits: NDArray[np.float32]  # (vocabulary,)
    likeliest: int  # of equal ones the first
    log_normalizer: float  # log Σ exp logits; not finite when any logit is NaN or +infinity

    @staticmethod
    def of(logits: NDArray[np.float32]) -> Scores:
        """Of an arithmetic that computes logits only."""
        likeliest = int(np.argmax(logits))  # the first NaN, if there is one
        highest = float(logits[likeliest])
        with np.errstate(invalid="ignore"):  # ∞ − ∞: the NaN that it makes is how damage is seen
            total = np.exp(logits - logits[likeliest]).sum(dtype=np.float64)
        return Scores(logits, likeliest, highest + float(np.log(total)))

    def log_probability(self, token: int) -> float:
        return float(self.logits[token]) - self.log_normalizer


@dataclass(frozen=True)
class Token:
    id: int
    log_probability: float  # as the model judged it, before any option of sampling


Pick = Callable[[Scores], int]


@dataclass(frozen=True, eq=False)
class EncodedPicture:
    """What the vision encoder makes of a picture."""

    tokens: NDArray[np.float32]  # (image tokens, hidden)
    deepstack: tuple[NDArray[np.float32], ...]  # each (image tokens, hidden), added after the first decoder layers


class LanguageModel(Protocol):
    """The arithmetic. Calls never overlap. `check` is called at least once per layer and ends the call by raising.

    A call that raises, for whatever reason, leaves the cache at its length.
    """

    def encode(self, patches: NDArray[np.float32], grid: NDArray[np.int64], check: Check) -> EncodedPicture:
        """Patches (n, values) of a picture with grid [[1, rows, columns]] → one vector per image token."""

    def use_threads(self, threads: int) -> None:
        """Compute with so many from now on; the results are the same. Called from any thread, at any time."""

    def new_cache(self) -> KVCache: ...

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        """Read the tokens into the cache."""

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> Scores:
        """Read text tokens into the cache and judge what follows the last of them."""


def read(
    model: LanguageModel,
    cache: KVCache,
    prompt: PromptPart,
    picture: EncodedPicture | None,
    chunk_tokens: int,
    permit: WorkPermit,
) -> None:
    """Prefill what comes before a question, a chunk at a time; others may take a step in between."""
    for chunk in prompt.cut(chunk_tokens):
        with permit.step():
            model.prefill(cache, chunk, picture, permit.check)


def generate(
    model: LanguageModel,
    cache: KVCache,
    prompt: PromptPart,
    *,
    pick: Pick,
    stop_tokens: frozenset[int],
    max_new_tokens: int,
    chunk_tokens: int,
    permit: WorkPermit,
) -> Iterator[Token]:
    """Read the question, then yield the token that is picked again and again, until a stop token or `max_new_tokens`.

    A stop token is neither yielded nor cached. Of `max_new_tokens`, the last one is not in the cache either.
    """
    shift = int(prompt.positions[0, 0]) - cache.length  # the picture took fewer positions than tokens
    *chunks, last = prompt.cut(chunk_tokens)
    for chunk in chunks:
        with permit.step():
            model.prefill(cache, chunk, None, permit.check)
    with permit.step():
        token = _picked(pick, model.decode(cache, last, permit.check))
    for left in reversed(range(max_new_tokens)):
        if token.id in stop_tokens:
            return
        yield token
        if left:
            with permit.step():
                part = text_part([token.id], cache.length + shift)
                token = _picked(pick, model.decode(cache, part, permit.check))


def _picked(pick: Pick, scores: Scores) -> Token:
    if not (math.isfinite(scores.log_normalizer) and math.isfinite(scores.logits[scores.likeliest])):
        raise VisionModelError(
            "the model computes values that are not numbers: its weights are damaged; fetch it again"
        )
    token = pick(scores)
    return Token(token, scores.log_probability(token))
