"""A byte-level BPE tokenizer of the published size but without its words.

Its ids, and the work to load and use it, are the same. Ordinary tokens are all pairs and triples of letters and
digits, so that anything a model with random weights says is text. The names of the turns are single tokens as in the
real tokenizer, so that a prompt has as many tokens.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator
from typing import Any

SPECIAL_TOKENS = (  # in the order of the published ids, beginning with <|endoftext|>
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
_TURN_NAMES = "us er/u s/e r/as si/stan t/assi stant/a s/s i/st an/s t/a n"
_CHARACTERS = string.ascii_letters + string.digits


def tokenizer_files(first_special: int) -> dict[str, Any]:
    """The JSON of each file of a tokenizer whose <|endoftext|> has the id `first_special`."""
    vocabulary, merges = _words(first_special)
    vocabulary |= {token: first_special + place for place, token in enumerate(SPECIAL_TOKENS)}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": True}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocabulary[token], "content": token, **special} for token in SPECIAL_TOKENS],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary,
            "merges": merges,
        },
    }
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 262144,
    }
    return {"tokenizer.json": tokenizer, "tokenizer_config.json": about}


def _words(count: int) -> tuple[dict[str, int], list[list[str]]]:
    """`count` tokens, of which the first 256 are the bytes, and the merges of the others in order of priority."""
    words = {character: number for number, character in enumerate(_byte_characters())}
    merges: list[list[str]] = []
    for left, right in itertools.chain(_turn_names(), _pairs()):
        if len(words) >= count:
            break
        if left + right not in words:
            words[left + right] = len(words)
            merges.append([left, right])
    return words, merges


def _turn_names() -> Iterator[tuple[str, str]]:
    for pair in reversed(_TURN_NAMES.split("/")):
        left, right = pair.split()
        yield left, right


def _pairs() -> Iterator[tuple[str, str]]:
    two = ((left, right) for left, right in itertools.product(_CHARACTERS, repeat=2))
    three = ((left + middle, right) for left, middle, right in itertools.product(_CHARACTERS, repeat=3))
    return itertools.chain(two, three)


def _byte_characters() -> list[str]:
    """A visible character for each of the 256 bytes, the same as in byte-level tokenizers since GPT-2."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) for byte in visible] + [chr(256 + place) for place in range(len(hidden))]
