"""The checkpoint's own tokenizer, behind two plain methods. It knows the library that reads it, not the text's meaning.

`tokenizer.json` is read with the library that transformers uses, and completed from `tokenizer_config.json` as
transformers does: importing transformers for it would cost 1.6 s at every start. Only for a checkpoint that has
`vocab.json` and `merges.txt` instead is transformers imported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vision.engine.generation.prompt import SpecialTokens
from vision.errors import VisionModelError

from .checkpoint import Checkpoint
from .shapes import Shapes

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer

_NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


class CheckpointTokenizer:
    """Reads `tokenizer.json` (or `vocab.json` and `merges.txt`) of a checkpoint. Raises VisionModelError."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._folder: Path = checkpoint.folder
        if not any((self._folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
            raise VisionModelError(f"no tokenizer.json in {self._folder}: fetch the model again")
        try:
            self._library = _read(self._folder)
        except Exception as problem:  # the library's parsers raise bare Exception
            reason = str(problem).strip().splitlines()[:1] or [type(problem).__name__]
            raise VisionModelError(
                f"the tokenizer in {self._folder} cannot be read ({reason[0]}): fetch the model again"
            ) from problem

    def encode(self, text: str) -> list[int]:
        """The ids of plain text; the name of a special token in it is only characters."""
        return self._library.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without special tokens."""
        return self._library.decode(list(ids), skip_special_tokens=True)

    def special_tokens(self, config: dict[str, Any]) -> SpecialTokens:
        """The ids around pictures, by `config.json`, and around turns, by the tokenizer. Raises VisionModelError."""
        special = SpecialTokens(
            turn_start=self._special("<|im_start|>"),
            turn_end=self._special("<|im_end|>"),
            vision_start=config["vision_start_token_id"],
            vision_end=config["vision_end_token_id"],
            image=config["image_token_id"],
        )
        known = Shapes.of(config, self._folder / "config.json").text.vocabulary
        for name, token in vars(special).items():
            if not 0 <= token < known:
                raise VisionModelError(
                    f"{name} is token {token} in {self._folder}, but the model knows {known}: "
                    "tokenizer and weights do not belong together; fetch the model again"
                )
        return special

    def _special(self, token: str) -> int:
        number = self._library.token_to_id(token)
        if number is None:
            raise VisionModelError(
                f"the tokenizer in {self._folder} has no {token} token: it is not a Qwen3-VL chat model's; "
                "fetch the model again"
            )
        return number


def _read(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    if (folder / "tokenizer.json").is_file():
        library = Tokenizer.from_file(str(folder / "tokenizer.json"))
        config = folder / "tokenizer_config.json"
        _complete(library, json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {})
    else:
        from transformers import AutoTokenizer  # takes seconds to import

        # Not Qwen3VLProcessor: its video half needs torchvision. A folder that brings code of its own is refused; left
        # to itself transformers would ask at the terminal whether to run it.
        library = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        ).backend_tokenizer
    library.no_truncation()  # the settings of a training may have been saved with it
    library.no_padding()
    # A question that contains "<|im_end|>" is text about a token, not a token.
    library.encode_special_tokens = True
    return library


def _complete(library: Tokenizer, config: dict[str, Any]) -> None:
    """Add the tokens that only `tokenizer_config.json` names, numbered as transformers would."""
    numbered = config.get("added_tokens_decoder") or {}
    library.add_tokens([_added(numbered[number]) for number in sorted(numbered, key=int)])
    library.add_special_tokens([_added(value) for value in _special_ones(config)])


def _special_ones(config: dict[str, Any]) -> list[Any]:
    """The tokens with standard names, those with names of the model's own, and the list of others (new or old key)."""
    named = [config.get(name) for name in _NAMED]
    own = [value for name, value in config.items() if name.endswith("_token") and name not in _NAMED]
    listed = config.get("extra_special_tokens") or config.get("additional_special_tokens") or ()
    others = listed.values() if isinstance(listed, dict) else listed
    return [value for value in (*named, *own, *others) if isinstance(value, str | dict) and value]


def _added(value: Any) -> AddedToken:
    from tokenizers import AddedToken

    if isinstance(value, str):
        return AddedToken(value, special=True, normalized=False)
    flags = {
        name: value[name] for name in ("single_word", "lstrip", "rstrip", "normalized", "special") if name in value
    }
    return AddedToken(value["content"], **flags)
