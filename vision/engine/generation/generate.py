"""Prefill and decode: reads a prompt in chunks, then picks one token after another.

The interface to the arithmetic, `LanguageModel`, is here: plain arrays go in and come out, so that what computes them
can be replaced without a change above it. This file decides what is computed in which order. It does not know how it is
computed, by which rule a token is picked, nor what a token means.
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

from .drafting import Drafter
from .prompt import PromptPart, text_part


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of all tokens for the next place: the log-probability of t is `logits[t] - log_normalizer`."""

    logits: NDArray[np.float32]  # (vocabulary,)
    likeliest: int  # the first one, if several are equal
    log_normalizer: float  # log Σ exp logits; not finite when any logit is NaN or +infinity

    @staticmethod
    def of(logits: NDArray[np.float32]) -> Scores:
        """The scores for an arithmetic that computes only logits."""
        likeliest = int(np.argmax(logits))  # the first NaN, if there is one
        highest = float(logits[likeliest])
        with np.errstate(invalid="ignore"):  # ∞ − ∞ gives NaN, by which damaged weights are found
            total = np.exp(logits - logits[likeliest]).sum(dtype=np.float64)
        return Scores(logits, likeliest, highest + float(np.log(total)))

    def log_probability(self, token: int) -> float:
        """The natural logarithm of a token's probability."""
        return float(self.logits[token]) - self.log_normalizer


@dataclass(frozen=True)
class Token:
    """A token that was picked."""

    id: int
    log_probability: float  # by the model, before any sampling option


Pick = Callable[[Scores], int]


@dataclass(frozen=True, eq=False)
class EncodedPicture:
    """The output of the vision encoder for a picture."""

    tokens: NDArray[np.float32]  # (image tokens, hidden)
    # Each (image tokens, hidden); added after each of the first decoder layers.
    deepstack: tuple[NDArray[np.float32], ...]


class LanguageModel(Protocol):
    """The arithmetic. Calls never overlap. It calls `check` at least once a layer, which may raise to end the call.

    A call that raises, for whatever reason, leaves the cache at the length that it had.
    """

    def encode(self, patches: NDArray[np.float32], grid: NDArray[np.int64], check: Check) -> EncodedPicture:
        """Encode a picture's patches (n, values) with grid [[1, rows, columns]]: one vector for each image token."""

    def use_threads(self, threads: int) -> None:
        """Compute with so many threads from now on; results are the same. Any thread may call it, at any time."""

    def new_cache(self) -> KVCache:
        """An empty cache in this arithmetic's layout."""

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        """Read the tokens into the cache."""

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> Scores:
        """Read text tokens into the cache and score what follows the last of them."""

    @property
    def verified_at_once(self) -> int:
        """Tokens that `verify` reads for little more than the time of one; 1 if it should not be used."""

    def verify(self, cache: KVCache, part: PromptPart, check: Check) -> list[Scores]:
        """Read text tokens and score what follows each of them: the same bits as `decode` one after another."""


def read(
    model: LanguageModel,
    cache: KVCache,
    prompt: PromptPart,
    picture: EncodedPicture | None,
    chunk_tokens: int,
    permit: WorkPermit,
) -> None:
    """Prefill what comes before a question, a chunk at a time. Other callers may take steps in between."""
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
    drafts_from: PromptPart | None = None,  # the question, where the prompt does not hold it; None: the prompt
) -> Iterator[Token]:
    """Read the question, then pick and yield tokens, until a stop token or until there are `max_new_tokens`.

    A stop token is neither yielded nor cached. The last of `max_new_tokens` tokens is yielded but not cached. Where the
    question may hold the next words, several are read at once and the wrong ones taken back, so the answer is the same.
    """
    shift = int(prompt.positions[0, 0]) - cache.length  # a picture takes fewer positions than tokens
    *chunks, last = prompt.cut(chunk_tokens)
    for chunk in chunks:
        with permit.step():
            model.prefill(cache, chunk, None, permit.check)
    with permit.step():
        token = _picked(pick, model.decode(cache, last, permit.check))
    drafter, said = Drafter((drafts_from or prompt).ids.tolist()), list[int]()
    picked = [token]
    while True:
        for token in picked:
            if token.id in stop_tokens:
                return
            yield token
            said.append(token.id)
        left = max_new_tokens - len(said)
        if not left:
            return
        draft = drafter.draft(said, min(model.verified_at_once, left) - 1)
        with permit.step():
            part = text_part([token.id, *draft], cache.length + shift)
            picked = (
                _verified(model, cache, part, pick, stop_tokens, permit)
                if draft
                else [_picked(pick, model.decode(cache, part, permit.check))]
            )


def _verified(
    model: LanguageModel, cache: KVCache, part: PromptPart, pick: Pick, stop_tokens: frozenset[int], permit: WorkPermit
) -> list[Token]:
    """Read a token and a draft behind it. Returns the tokens that follow; all but the last are read, and no other."""
    before, draft = cache.length, part.ids[1:].tolist()
    found = list[Token]()
    for scores, guess in zip(model.verify(cache, part, permit.check), [*draft, None], strict=True):
        found.append(_picked(pick, scores))
        if found[-1].id != guess or guess in stop_tokens:
            break
    cache.rewind(before + len(found))
    return found


def _picked(pick: Pick, scores: Scores) -> Token:
    if not (math.isfinite(scores.log_normalizer) and math.isfinite(scores.logits[scores.likeliest])):
        raise VisionModelError(
            "the model computes values that are not numbers: its weights are damaged; fetch it again"
        )
    token = pick(scores)
    return Token(token, scores.log_probability(token))
