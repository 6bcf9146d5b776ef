"""Which of a checkpoint's tensors are matrices to be packed, which of them lie under each other, and their bits as stored.

It knows names and shapes of tensors, not what is computed with them, nor in which form they are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.errors import VisionModelError

from .weights import StoredTensor

_PORTION_WEIGHTS = 1 << 22  # read at a time: 8 MiB of bfloat16
_EXPONENT = {"BF16": 0x7F80, "F16": 0x7C00, "F32": 0x7F800000}  # all of it set: not a number
_TOGETHER = (
    ("self_attn.qkv_proj.weight", ("self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight")),
    ("mlp.gate_up_proj.weight", ("mlp.gate_proj.weight", "mlp.up_proj.weight")),
)


@dataclass(frozen=True)
class Stack:
    """Matrices of equal width, one under the other, that become one."""

    name: str
    parts: tuple[StoredTensor, ...]

    @property
    def rows(self) -> int:
        return sum(part.shape[0] for part in self.parts)

    @property
    def columns(self) -> int:
        return self.parts[0].shape[1]

    @property
    def stored_as(self) -> str:
        return self.parts[0].stored_as

    def read(self) -> Iterator[NDArray[Any]]:
        """The bit patterns of all parts, in portions of 64·n rows. Raises VisionModelError for weights that are not numbers."""
        step = max(64, _PORTION_WEIGHTS // self.columns // 64 * 64)
        sources = [_Rows(part) for part in self.parts]
        mask = _EXPONENT[self.stored_as]
        for start in range(0, self.rows, step):
            bits = np.concatenate(list(_pieces(sources, start, min(start + step, self.rows))))
            if ((bits & mask) == mask).any():
                raise VisionModelError(
                    f"{self.name} in {self.parts[0].file} holds values that are not numbers: fetch the model again"
                )
            yield bits


def plan(tensors: Mapping[str, StoredTensor]) -> tuple[list[Stack], dict[str, StoredTensor]]:
    """The matrices to be packed, some of them stacked, and the tensors that stay float32 arrays."""
    left = dict(tensors)
    stacks = []
    for name in tensors:
        for together, parts in _TOGETHER:
            if not name.endswith(parts[0]):
                continue
            prefix = name.removesuffix(parts[0])
            found = [tensors[prefix + part] for part in parts if prefix + part in tensors]
            fits = {(part.stored_as, part.shape[1:]) for part in found if len(part.shape) == 2}
            if len(found) == len(parts) and len(fits) == 1:
                stacks.append(Stack(prefix + together, tuple(found)))
                for part in parts:
                    del left[prefix + part]
    for name, tensor in list(left.items()):
        if len(tensor.shape) == 2 and tensor.elements and not name.endswith("pos_embed.weight"):
            stacks.append(Stack(name, (left.pop(name),)))
    return stacks, left


def _pieces(sources: list[_Rows], start: int, end: int) -> Iterator[NDArray[Any]]:
    """The rows start to end of all sources as if they were one."""
    above = 0
    for source in sources:
        first, last = max(start - above, 0), min(end - above, source.rows)
        if first < last:
            yield source.read(first, last)
        above += source.rows


class _Rows:
    """Reads rows of a stored matrix as unsigned integers, neither mapped nor kept."""

    def __init__(self, tensor: StoredTensor) -> None:
        self._tensor = tensor
        self._dtype = np.dtype("<u4" if tensor.stored_as == "F32" else "<u2")
        self.rows, self._columns = tensor.shape

    def read(self, first: int, last: int) -> NDArray[Any]:
        count = (last - first) * self._columns
        offset = self._tensor.offset + first * self._columns * self._dtype.itemsize
        try:
            bits = np.fromfile(self._tensor.file, self._dtype, count, offset=offset)
        except OSError as problem:
            raise VisionModelError(f"cannot read {self._tensor.file}: {problem.strerror}") from problem
        if bits.size != count:
            raise VisionModelError(f"{self._tensor.file} has become shorter while it was read: fetch the model again")
        return bits.reshape(last - first, self._columns)
