"""The checkpoint's own tokenizer behind two plain methods. It knows the library that reads it, not what is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vision.errors import VisionModelError

from .prompt import SpecialTokens
from .weights import Checkpoint


class CheckpointTokenizer:
    """Reads `tokenizer.json` (or `vocab.json` and `merges.txt`) of a checkpoint. Raises VisionModelError."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        from transformers import AutoTokenizer  # takes seconds to import

        self._folder: Path = checkpoint.folder
        if not any((self._folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
            raise VisionModelError(f"no tokenizer.json in {self._folder}: fetch the model again")
        try:
            # Not Qwen3VLProcessor: its video half needs torchvision.
            self._library: Any = AutoTokenizer.from_pretrained(str(self._folder), local_files_only=True)
            self.encode("ready")  # sets the library's flags now, before two threads can meet there
        except Exception as problem:  # the library's parsers raise bare Exception
            reason = str(problem).strip().splitlines()[:1] or [type(problem).__name__]
            raise VisionModelError(
                f"the tokenizer in {self._folder} cannot be read ({reason[0]}): fetch the model again"
            ) from problem

    def encode(self, text: str) -> list[int]:
        # split_special_tokens: a question that contains "<|im_end|>" is text about a token, not a token.
        encoded = self._library(text, add_special_tokens=False, split_special_tokens=True)
        return [int(token) for token in encoded["input_ids"]]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._library.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def special_tokens(self, config: dict[str, Any]) -> SpecialTokens:
        """The prompt's ids: those of the picture from `config.json`, those of the turns from the tokenizer."""
        special = SpecialTokens(
            turn_start=self._special("<|im_start|>"),
            turn_end=self._special("<|im_end|>"),
            vision_start=int(config["vision_start_token_id"]),
            vision_end=int(config["vision_end_token_id"]),
            image=int(config["image_token_id"]),
        )
        known = int(config["text_config"]["vocab_size"])
        for name, token in vars(special).items():
            if not 0 <= token < known:
                raise VisionModelError(
                    f"{name} is token {token} in {self._folder}, but the model knows {known}: "
                    "tokenizer and weights do not belong together; fetch the model again"
                )
        return special

    def _special(self, token: str) -> int:
        number = self._library.get_vocab().get(token)
        if number is None:
            raise VisionModelError(
                f"the tokenizer in {self._folder} has no {token} token: it is not a Qwen3-VL chat model's; "
                "fetch the model again"
            )
        return int(number)
