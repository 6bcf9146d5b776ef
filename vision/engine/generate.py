"""Prefill and decode: reads a prompt in chunks, then picks one token after another.

Here is the seam to the arithmetic, `LanguageModel`: plain arrays go in and come out, so that what computes them can be
replaced without a change above it. This file decides what is computed in which order; it does not know how, nor what
the tokens mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vision.errors import VisionModelError

from .kv_cache import KVCache
from .prompt import PromptPart, text_part
from .turnstile import Check, Gate

Finish = Literal["stop", "length", "cancelled"]


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

    def new_cache(self) -> KVCache: ...

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        """Read the tokens into the cache."""

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> NDArray[np.float32]:
        """Read text tokens into the cache and give the logits (vocabulary,) for what follows the last of them."""


def read_picture(
    model: LanguageModel, cache: KVCache, prompt: PromptPart, picture: EncodedPicture, chunk_tokens: int, gate: Gate
) -> None:
    """Prefill everything up to `<|vision_end|>`, a chunk at a time; others may take a step in between."""
    for chunk in prompt.cut(chunk_tokens):
        with gate.step():
            model.prefill(cache, chunk, picture, gate.check)


def greedy(
    model: LanguageModel,
    cache: KVCache,
    prompt: PromptPart,
    *,
    stop_tokens: frozenset[int],
    max_new_tokens: int,
    chunk_tokens: int,
    gate: Gate,
) -> Iterator[int]:
    """Read the question, then yield the likeliest token again and again, until a stop token or `max_new_tokens`.

    A stop token is neither yielded nor cached. Of `max_new_tokens`, the last one is not in the cache either.
    """
    shift = int(prompt.positions[0, 0]) - cache.length  # the picture took fewer positions than tokens
    *chunks, last = prompt.cut(chunk_tokens)
    for chunk in chunks:
        with gate.step():
            model.prefill(cache, chunk, None, gate.check)
    with gate.step():
        token = _likeliest(model.decode(cache, last, gate.check))
    for left in reversed(range(max_new_tokens)):
        if token in stop_tokens:
            return
        yield token
        if left:
            with gate.step():
                part = text_part([token], cache.length + shift)
                token = _likeliest(model.decode(cache, part, gate.check))


def _likeliest(logits: NDArray[np.float32]) -> int:
    token = int(np.argmax(logits))  # the first NaN, if there is one
    if not np.isfinite(logits[token]):
        raise VisionModelError(
            "the model computes values that are not numbers: its weights are damaged; fetch it again"
        )
    return token
