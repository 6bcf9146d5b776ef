"""Packs many separate conversations about one picture into one sequence: the picture's tokens are computed once.

Every conversation starts at the same position right after the picture, and sees only the picture and itself. So the
model learns on what it will meet later, and never uses the answers of another conversation. It does not know where
conversations come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from vision.demo_model.asking.questions import Conversation, QuestionAnswer
from vision.demo_model.training.network import AFTER_IMAGE, IMAGE_AT, IMAGE_TOKENS

PREFIX = IMAGE_AT + IMAGE_TOKENS + 1
NO_TARGET = -100


@dataclass(frozen=True, eq=False)
class Packed:
    """A batch: ids (batch, n), targets (batch, n), positions (3, batch, n), bias (batch, 1, n, n).

    A target is the token that should follow, or NO_TARGET outside of answers.
    """

    ids: Tensor
    targets: Tensor
    positions: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Answered:
    """Where one answer's targets lie in a row, so that it can be marked by itself."""

    turn: QuestionAnswer
    row: int
    begin: int
    end: int


@dataclass
class _Row:
    ids: list[int]
    targets: list[int]
    blocks: list[int]
    starts: list[int]


class Packer:
    def __init__(self, tokenizer: Any, dtype: torch.dtype = torch.bfloat16) -> None:
        self._encode = lru_cache(maxsize=50_000)(lambda text: tuple(tokenizer.encode(text).ids))
        self._dtype = dtype
        image_pad = tokenizer.token_to_id("<|image_pad|>")
        before = self._encode("<|im_start|>user\n<|vision_start|>")
        self._prefix = [*before, *[image_pad] * IMAGE_TOKENS, *self._encode("<|vision_end|>")]
        if len(self._prefix) != PREFIX:
            raise ValueError(
                f"the prompt before the question has {len(self._prefix)} tokens, not {PREFIX}: retrain the tokenizer"
            )
        self._prefix_positions = _prefix_positions()

    def prompt(self, question: str) -> list[int]:
        """The ids of a conversation's first question, up to the beginning of the answer."""
        return [*self._prefix, *self._encode(question), *self._encode("<|im_end|>\n<|im_start|>assistant\n")]

    def pack(self, asked: Sequence[Sequence[Conversation]], limit: int = 320) -> tuple[Packed, list[Answered]]:
        """Packs `asked`, a list of conversations for each picture. Conversations beyond `limit` tokens are left out."""
        rows, answered = [], []
        for number, talks in enumerate(asked):
            row = _Row(list(self._prefix), [NO_TARGET] * PREFIX, [0] * PREFIX, [0] * PREFIX)
            for block, talk in enumerate(talks, start=1):
                answered += self._add(row, block, talk, number, limit)
            rows.append(row)
        return self._batch(rows), answered

    def _add(self, row: _Row, block: int, talk: Conversation, number: int, limit: int) -> list[Answered]:
        start = len(row.ids)
        ids: list[int] = []
        targets: list[int] = []
        answered = []
        for turn in talk:
            lead = "" if not ids else "\n<|im_start|>user\n"
            asking = (
                self._encode(lead) + self._encode(turn.question) + self._encode("<|im_end|>\n<|im_start|>assistant\n")
            )
            reply = self._encode(turn.answer) + self._encode("<|im_end|>")
            begin = start + len(ids) + len(asking) - 1
            answered.append(Answered(turn, number, begin, begin + len(reply)))
            ids += asking + reply
            targets += [NO_TARGET] * (len(asking) - 1) + [*reply, NO_TARGET]
        if start + len(ids) > limit:
            return []
        row.ids += ids
        row.targets += targets
        row.blocks += [block] * len(ids)
        row.starts += [start] * len(ids)
        return answered

    def _batch(self, rows: Sequence[_Row]) -> Packed:
        length = max(len(row.ids) for row in rows)
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        targets = torch.full((len(rows), length), NO_TARGET)
        blocks = torch.full((len(rows), length), -1)
        starts = torch.zeros(len(rows), length, dtype=torch.long)
        for number, row in enumerate(rows):
            filled = len(row.ids)
            ids[number, :filled] = torch.tensor(row.ids)
            targets[number, :filled] = torch.tensor(row.targets)
            blocks[number, :filled] = torch.tensor(row.blocks)
            starts[number, :filled] = torch.tensor(row.starts)
        positions = (torch.arange(length) - starts + AFTER_IMAGE + 1).expand(3, -1, -1).clone()
        positions[:, :, :PREFIX] = self._prefix_positions[:, None]
        causal = torch.ones(length, length).tril().bool()
        same = (blocks[:, :, None] == blocks[:, None, :]) | (blocks[:, None, :] == 0)
        bias = torch.zeros(len(rows), 1, length, length, dtype=self._dtype)
        bias.masked_fill_(~(same & causal)[:, None], -torch.inf)
        return Packed(ids, targets, positions, bias)


def _prefix_positions() -> Tensor:
    """Time, height and width (3, PREFIX) of each token up to <|vision_end|>."""
    positions = torch.arange(PREFIX).expand(3, -1).clone()
    token = torch.arange(IMAGE_TOKENS)
    positions[0, IMAGE_AT:-1] = IMAGE_AT
    positions[1, IMAGE_AT:-1] = IMAGE_AT + token // 7
    positions[2, IMAGE_AT:-1] = IMAGE_AT + token % 7
    positions[:, -1] = AFTER_IMAGE
    return positions
