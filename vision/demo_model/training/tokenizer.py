"""The demo model's own BPE tokenizer. A word of the world is one token, and so is each digit and capital.

So the model reads a sign character by character. The tokenizer is trained on text that the world generates. It has
the special tokens of the published Qwen3-VL checkpoints.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from vision.demo_model.asking import wording
from vision.demo_model.asking.conversations import conversations
from vision.demo_model.asking.outside import OUTSIDE
from vision.demo_model.rendering.scene import random_scene

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
# Words have their leading space. Every capital, digit, space and mark stands alone: "says", " ", "O", "P", "E", "N",
# ".".
SPLIT = r" ?[A-Z]?[a-z]+|[A-Z]|\d|\n|\s|[^\s\w]|."
MAX_VOCABULARY = 2048


@lru_cache(maxsize=1)
def world_tokenizer() -> Any:
    """A `tokenizers.Tokenizer`, which is the same every time it is made."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=MAX_VOCABULARY,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_text_of_the_world(), trainer)
    return tokenizer


def _text_of_the_world() -> Iterator[str]:
    """Every word of the world in every form that it may take, often enough to become one token."""
    rng = random.Random(7)
    yield from ["user\n", "assistant\n"] * 5
    for _ in range(4000):
        for conversation in conversations(random_scene(rng), rng, 2):
            for turn in conversation:
                yield turn.question
                yield turn.answer
    for phrase in [*OUTSIDE, *(f" {word}" for word in wording.ABSENT)] * 3:
        yield phrase
        yield phrase.strip().capitalize()
