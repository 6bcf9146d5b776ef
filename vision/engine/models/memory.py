"""How much memory the packed arithmetic needs, and whether the machine has it. It computes numbers and opens no model.

The weights are a mapped file, whose pages the system can drop and read again, so they need not fit into memory. What
must fit is the rest: a View's keys and values, the buffers of decoder and encoder, the interpreter with its libraries
and kernels.
"""

from __future__ import annotations

from pathlib import Path

from vision.engine.checkpoint.shapes import Shapes, VisionShape
from vision.errors import VisionModelError

_ROOM_BYTES = 256 << 20  # interpreter, libraries, compiler; measured: 0.2 GiB without a model
_FLOAT32_BYTES = 4


def bytes_beside_weights(shapes: Shapes, context_tokens: int, patches: int) -> int:
    """Bytes needed beside the weights, with one View whose context is full.

    For Qwen3-VL-2B with 2,048 tokens and a picture of 784 patches it is 0.75 GiB.
    """
    text = shapes.text
    values_per_token = 2 * text.layers * text.kv_heads * text.head_dim
    logits = 2 * text.vocabulary
    floats = context_tokens * values_per_token + patches * _values_per_patch(shapes.vision) + logits
    return _ROOM_BYTES + _FLOAT32_BYTES * floats


def require_beside_weights(folder: Path, needed: int, available: int | None) -> None:
    """Raise VisionModelError unless so many bytes are available; None if the system does not tell."""
    if available is not None and needed > available:
        raise VisionModelError(
            f"the model in {folder} needs {needed / 2**30:.1f} GiB of memory beside its packed weights and "
            f"{available / 2**30:.1f} GiB are free: close other programs, or use the small demo model"
        )


def slow_because_small(name: str, needed: int, packed_bytes: int, total: int | None) -> str:
    """A warning for a machine whose memory cannot hold the packed weights as well; empty if it can."""
    if total is None or packed_bytes + needed <= total:
        return ""
    return (
        f"{name} works on {(packed_bytes + needed) / 2**30:.1f} GiB and this machine has {total / 2**30:.1f} GiB of memory:"
        " weights are read from the disk again for every word, so answers take very long"
    )


def _values_per_patch(vision: VisionShape) -> int:
    """Floats that the encoder holds for a patch: itself, seven vectors of hidden size, and the MLP's middle."""
    # hidden, normed, attended and change are one each; queries, keys and values are three
    return vision.patch_values + 7 * vision.hidden + 2 * vision.intermediate
