"""Which tensors of a checkpoint are packed as matrices, which of these are stacked into one, and their bits as stored.

It knows names and shapes of tensors, not what is computed with them, nor in which form they are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.engine.checkpoint.checkpoint import STORED_AS, Checkpoint, StoredTensor, widen
from vision.engine.checkpoint.shapes import required_tensors
from vision.errors import VisionModelError

_PORTION_WEIGHTS = 1 << 22  # read at a time: 8 MiB of bfloat16
_EXPONENT = {
    "BF16": 0x7F80,
    "F16": 0x7C00,
    "F32": 0x7F800000,
}  # the bits of the exponent; if all are set, the value is an infinity or NaN
_STACKED = (
    ("self_attn.qkv_proj.weight", ("self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight")),
    ("mlp.gate_up_proj.weight", ("mlp.gate_proj.weight", "mlp.up_proj.weight")),
)
_NOT_MULTIPLIED = "pos_embed.weight"  # looked up and interpolated, never multiplied by


@dataclass(frozen=True)
class PlannedMatrix:
    """A matrix of the packed file: one tensor, or several of equal width that are stacked.

    The first dimension of a tensor are its rows; all others together are a row.
    """

    name: str
    parts: tuple[StoredTensor, ...]

    @property
    def rows(self) -> int:
        return sum(part.shape[0] for part in self.parts)

    @property
    def columns(self) -> int:
        return math.prod(self.parts[0].shape[1:])

    @property
    def widths(self) -> list[str]:
        return sorted({part.stored_as for part in self.parts})

    @property
    def stored_as(self) -> str:
        """The type of its numbers. Parts of different types are widened to float32, which holds the values of all."""
        return self.widths[0] if len(self.widths) == 1 else "F32"

    def read(self) -> Iterator[NDArray[Any]]:
        """The bit patterns, in portions of 64·n rows. Raises VisionModelError for weights that are not numbers."""
        step = max(64, _PORTION_WEIGHTS // self.columns // 64 * 64)
        sources = [_RowReader(part, self.stored_as) for part in self.parts]
        mask = _EXPONENT[self.stored_as]
        for start in range(0, self.rows, step):
            bits = np.concatenate(list(_rows_of_all(sources, start, min(start + step, self.rows))))
            if ((bits & mask) == mask).any():
                raise VisionModelError(
                    f"{self.name} in {self.parts[0].file} holds values that are not numbers: fetch the model again"
                )
            yield bits


@dataclass(frozen=True)
class TensorPlan:
    """What a packed file holds, by name."""

    matrices: tuple[PlannedMatrix, ...]  # to be packed
    arrays: Mapping[str, StoredTensor]  # kept as float32
    unused: tuple[str, ...]  # tensors of the checkpoint that its config does not ask for


def plan_tensors(checkpoint: Checkpoint) -> TensorPlan:
    """The plan for a checkpoint: everything that its network needs, and nothing else.

    Other tensors are left out, as transformers ignores them too. One of them is a tied head that is stored
    nevertheless. Raises VisionModelError if a tensor is missing.
    """
    needed = required_tensors(checkpoint.config, checkpoint.folder / "config.json")
    checkpoint.require(needed)
    left = {name: checkpoint.tensors[name] for name in needed}
    matrices = []
    for name in needed:
        for together, parts in _STACKED:
            if name.endswith(parts[0]):
                prefix = name.removesuffix(parts[0])
                matrices.append(PlannedMatrix(prefix + together, tuple(left.pop(prefix + part) for part in parts)))
    for name, tensor in list(left.items()):
        if len(tensor.shape) > 1 and not name.endswith(_NOT_MULTIPLIED):
            matrices.append(PlannedMatrix(name, (left.pop(name),)))
    return TensorPlan(tuple(matrices), left, tuple(name for name in checkpoint.tensors if name not in needed))


def _rows_of_all(sources: list[_RowReader], start: int, end: int) -> Iterator[NDArray[Any]]:
    """The rows start to end (without end) of all sources as if they were one matrix."""
    above = 0
    for source in sources:
        first, last = max(start - above, 0), min(end - above, source.rows)
        if first < last:
            yield source.read(first, last)
        above += source.rows


class _RowReader:
    """Reads rows of a stored matrix as unsigned integers. It neither maps the file nor keeps what it read."""

    def __init__(self, tensor: StoredTensor, read_as: str) -> None:
        self._tensor = tensor
        self._widens = tensor.stored_as != read_as
        self.rows, self._columns = tensor.shape[0], math.prod(tensor.shape[1:])

    def read(self, first: int, last: int) -> NDArray[Any]:
        tensor, dtype = self._tensor, STORED_AS[self._tensor.stored_as]
        count = (last - first) * self._columns
        try:
            stored = np.fromfile(
                tensor.file, dtype, count, offset=tensor.offset + first * self._columns * dtype.itemsize
            )
        except OSError as problem:
            raise VisionModelError(f"cannot read {tensor.file}: {problem.strerror}") from problem
        if stored.size != count:
            raise VisionModelError(f"{tensor.file} has become shorter while it was read: fetch the model again")
        if self._widens:
            wide = np.empty(count, np.float32)
            widen(stored, wide)
            stored = wide
        bits = stored.view(f"<u{stored.itemsize}")
        return bits.reshape(last - first, self._columns)
