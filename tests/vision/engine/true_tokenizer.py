"""Qwen3-VL's tokenizer with its true vocabulary, built from the BPE ranks that its developers publish on PyPI.

The package `dashscope` (Qwen's own client) has them in `resources/qwen.tiktoken`: 151,643 pieces of bytes, of which
those of several bytes are merged in the order of their ranks. The published `tokenizer.json` of Qwen2 to Qwen3-VL is
the same list in another form, with 26 further tokens behind it. Both are written here in that form. The plain encoder
below works on the ranks themselves and shares no code with the library that reads the file.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
import unicodedata
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEMO_TEMPLATE = ROOT / "vision" / "demo_model" / "checkpoint" / "chat_template.jinja"  # it is the published one
HOW_TO_GET_IT = (
    "the package dashscope, which has the vocabulary, is not here: "
    "pip install --no-deps --target FOLDER dashscope, and run the tests with PYTHONPATH=FOLDER"
)
PIECES = 151_643
# How a text is cut before pieces are merged, as in the published tokenizer.json.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Behind the pieces, in this order. Those of the second list are ordinary text to a decoder.
SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
NOT_SPECIAL = (
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>",
    "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>",
)  # fmt: skip


def ranks_file() -> Path | None:
    """The file with the ranks, or None where dashscope is not installed. It is not imported: it needs much else."""
    found = importlib.util.find_spec("dashscope")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(next(iter(found.submodule_search_locations))) / "resources" / "qwen.tiktoken"
    return path if path.is_file() else None


def read_ranks(path: Path) -> dict[bytes, int]:
    lines = (line.split() for line in path.read_bytes().splitlines())
    return {base64.b64decode(piece): int(rank) for piece, rank in lines}


def write_tokenizer(ranks: dict[bytes, int], folder: Path) -> Path:
    """Writes tokenizer.json, tokenizer_config.json and the chat template in their published form."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = _bytes_to_unicode()

    def text(piece: bytes) -> str:
        return "".join(shown[byte] for byte in piece)

    pieces = sorted((piece for piece in ranks if len(piece) > 1), key=ranks.__getitem__)
    merges = [[text(part) for part in _halves(ranks, piece)] for piece in pieces]
    added = [
        {
            "id": PIECES + number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": content in SPECIAL,
        }
        for number, content in enumerate((*SPECIAL, *NOT_SPECIAL))
    ]  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    written = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False},
                byte_level,
            ],
        },
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {text(piece): rank for piece, rank in ranks.items()},
            "merges": merges,
        },
    }  # fmt: skip
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {str(each["id"]): {key: each[key] for key in each if key != "id"} for each in added},
        "additional_special_tokens": list(SPECIAL[1:]),
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 262144,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    (folder / "tokenizer.json").write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(DEMO_TEMPLATE, folder / "chat_template.jinja")
    return folder


class RanksEncoder:
    """The plain way from text to ids: cut by the pattern, then join the pair of lowest rank until none is left."""

    def __init__(self, ranks: dict[bytes, int]) -> None:
        import regex

        self._ranks = ranks
        self._cut = regex.compile(PATTERN)
        self._by_rank = {rank: piece for piece, rank in ranks.items()}
        self._word = lru_cache(100_000)(lambda word: tuple(ranks[part] for part in _merged(ranks, word)))

    def encode(self, text: str) -> list[int]:
        """The ids of plain text, without any added token."""
        words = self._cut.findall(unicodedata.normalize("NFC", text))
        return [rank for word in words for rank in self._word(word.encode("utf-8"))]

    def bytes_of(self, ids: list[int]) -> bytes:
        return b"".join(self._by_rank[number] for number in ids)


def _merged(ranks: dict[bytes, int], word: bytes, below: int = PIECES) -> list[bytes]:
    """The word in pieces, joined as long as there is a pair whose rank is lower than `below`."""
    parts = [word[n : n + 1] for n in range(len(word))]
    while len(parts) > 1:
        pairs = [ranks.get(parts[n] + parts[n + 1], PIECES) for n in range(len(parts) - 1)]
        best = min(range(len(pairs)), key=pairs.__getitem__)
        if pairs[best] >= below:
            break
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts


def _halves(ranks: dict[bytes, int], piece: bytes) -> list[bytes]:
    """The two pieces of lower rank that are joined to this one."""
    halves = _merged(ranks, piece, ranks[piece])
    assert len(halves) == 2, piece
    return halves


def _bytes_to_unicode() -> dict[int, str]:
    """How a byte is written in tokenizer.json: printable ones as themselves, the others from U+0100 on (GPT-2)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + n) for n, byte in enumerate(others)}
