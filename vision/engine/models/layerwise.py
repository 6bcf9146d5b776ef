"""The plain float32 reference with the memory of one layer: transformers' modules, whose weights are read as they are used.

It answers one question: does the reference choose the same tokens as answers that are known already? All sequences pass
through the network together, once, so each layer is read once and forgotten. With greedy decoding a token depends only
on the tokens before it, so the reference would have given the same answer if it chooses each of its tokens behind those
before it. For ten answers of Qwen3-VL-2B this took 1.6 GB at most, torch itself included, where the whole network takes
7.93 GiB as float32. Nothing is kept between two calls. Importing this file imports torch and transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.generation.prompt import PromptPart

from .transformers_model import HEAD, empty_network, fill_rotary_tables, places_of, put_weight

_EMBEDDING = "model.language_model.embed_tokens.weight"
_ROWS_AT_ONCE = 8192  # of the head: 64 MiB of float32 for Qwen3-VL-2B


@dataclass(frozen=True, eq=False)
class Answered:
    """An answer that is known: everything that was read for it, picture and question and answer."""

    patches: NDArray[np.float32]  # (n, values)
    grid: NDArray[np.int64]  # [[1, rows, columns]]
    read: PromptPart  # its picture rows count from 0 for this picture
    answer_tokens: int  # the last so many of `read`

    @property
    def answer(self) -> list[int]:
        return [int(token) for token in self.read.ids[len(self.read) - self.answer_tokens :]]


@dataclass(frozen=True)
class Choice:
    """What the reference chooses at one place of an answer."""

    token: int
    ahead: float  # its score less that of the token that the answer has there: 0 if they are the same


def choices(
    checkpoint: Checkpoint, answers: Sequence[Answered], threads: int, progress: Callable[[float], None]
) -> list[list[Choice]]:
    """For each answer, what the reference chooses in place of each of its tokens.

    `progress` gets the share done. Raises VisionModelError for a checkpoint that is not whole.
    """
    torch.set_float32_matmul_precision("highest")  # any lower setting turns products into bfloat16
    torch.set_num_threads(threads)
    network = _LayerwiseNetwork(checkpoint, progress)
    with torch.inference_mode():
        hidden = network.hidden(answers)
        return network.choices(hidden, answers)


class _LayerwiseNetwork:
    def __init__(self, checkpoint: Checkpoint, progress: Callable[[float], None]) -> None:
        self._checkpoint = checkpoint
        self._network = empty_network(checkpoint)
        self._places = places_of(self._network)
        checkpoint.require(self._places)
        self._text, self._vision = self._network.model.language_model, self._network.model.visual
        self._head = HEAD if HEAD in self._places else _EMBEDDING
        layers = {
            **_named("model.visual.blocks", self._vision.blocks),
            **_named("model.visual.deepstack_merger_list", self._vision.deepstack_merger_list),
            "model.visual.merger": self._vision.merger,
            **_named("model.language_model.layers", self._text.layers),
        }
        self._done, self._steps, self._progress = 0, len(layers) + 1, progress
        for prefix, layer in layers.items():
            names = [name for name in self._places if name.startswith(f"{prefix}.")]
            layer.register_forward_pre_hook(self._reader(names))
            layer.register_forward_hook(self._forgetter(names))
        kept = (_EMBEDDING, HEAD, *(f"{prefix}." for prefix in layers))
        for name in self._places:
            if not name.startswith(kept):
                self._read(name)
        fill_rotary_tables(self._network)
        self._network.eval()

    def hidden(self, answers: Sequence[Answered]) -> torch.Tensor:
        """The last layer's output for all sequences, (answers, longest, hidden)."""
        longest = max(len(one.read) for one in answers)
        ids = np.zeros((len(answers), longest), np.int64)  # what stands behind the end changes nothing before it
        positions = np.zeros((3, len(answers), longest), np.int64)
        at_picture = np.zeros((len(answers), longest), bool)
        rows: list[NDArray[np.int64]] = []
        for number, one in enumerate(answers):
            length = len(one.read)
            ids[number, :length] = one.read.ids
            positions[:, number, :length] = one.read.positions
            at_picture[number, :length] = one.read.picture_rows >= 0
            rows.append(one.read.picture_rows[one.read.picture_rows >= 0])
        patches = torch.from_numpy(np.concatenate([one.patches for one in answers]))
        grid = torch.from_numpy(np.concatenate([one.grid for one in answers]))
        seen = self._vision(patches, grid_thw=grid)
        starts = np.cumsum([0, *(len(own) for own in rows)])[:-1]
        order = torch.from_numpy(np.concatenate([start + own for start, own in zip(starts, rows, strict=True)]))
        mask = torch.from_numpy(at_picture)
        embedded = self._embedded(ids)
        embedded[mask] = seen.pooler_output[order]
        read = self._text(
            inputs_embeds=embedded,
            position_ids=torch.from_numpy(positions),
            use_cache=False,
            visual_pos_masks=mask,
            deepstack_visual_embeds=[level[order] for level in seen.deepstack_features],
        )
        hidden: torch.Tensor = read.last_hidden_state
        return hidden

    def choices(self, hidden: torch.Tensor, answers: Sequence[Answered]) -> list[list[Choice]]:
        """Scores a few thousand rows of the head at a time, and keeps the best of them."""
        said = torch.tensor([token for one in answers for token in one.answer])
        before = torch.cat(
            [
                hidden[number, len(one.read) - one.answer_tokens - 1 : len(one.read) - 1]
                for number, one in enumerate(answers)
            ]
        )
        best, best_token = torch.full((len(said),), -torch.inf), torch.zeros(len(said), dtype=torch.int64)
        score_of_said = torch.zeros(len(said))
        vocabulary, width = self._checkpoint.tensors[self._head].shape
        for first in range(0, vocabulary, _ROWS_AT_ONCE):
            rows = np.empty((min(_ROWS_AT_ONCE, vocabulary - first), width), np.float32)
            self._checkpoint.read_rows(self._head, first, rows)
            scores = before @ torch.from_numpy(rows).T  # (answer tokens of all, rows)
            highest, place = scores.max(dim=1)
            better = highest > best
            best, best_token = torch.where(better, highest, best), torch.where(better, first + place, best_token)
            within = (said >= first) & (said < first + len(rows))
            score_of_said[within] = scores[within, said[within] - first]
        self._step()
        chosen = iter(zip(best_token.tolist(), (best - score_of_said).tolist(), strict=True))
        return [[Choice(*next(chosen)) for _ in range(one.answer_tokens)] for one in answers]

    def _embedded(self, ids: NDArray[np.int64]) -> torch.Tensor:
        known, places = np.unique(ids, return_inverse=True)
        rows = np.empty((len(known), self._checkpoint.tensors[_EMBEDDING].shape[1]), np.float32)
        for number, token in enumerate(known):
            self._checkpoint.read_rows(_EMBEDDING, int(token), rows[number : number + 1])
        return torch.from_numpy(rows[places.reshape(ids.shape)])

    def _reader(self, names: Sequence[str]) -> Callable[..., None]:
        def read(module: Any, arguments: Any) -> None:
            for name in names:
                self._read(name)

        return read

    def _forgetter(self, names: Sequence[str]) -> Callable[..., None]:
        def forget(module: Any, arguments: Any, result: Any) -> None:
            for name in names:
                put_weight(self._network, name, torch.empty(self._places[name], device="meta"))
            self._step()

        return forget

    def _read(self, name: str) -> None:
        weight = torch.empty(self._places[name], dtype=torch.float32)
        self._checkpoint.read_into(name, weight.numpy())
        put_weight(self._network, name, weight)

    def _step(self) -> None:
        self._done += 1
        self._progress(self._done / self._steps)


def _named(prefix: str, modules: Any) -> dict[str, Any]:
    return {f"{prefix}.{number}": module for number, module in enumerate(modules)}
