"""How much memory the packed arithmetic needs, and whether the machine has it. Numbers only; it opens no model.

The weights are a mapped file: pages that the system can drop and read again, so they need not fit. What must be there is the
rest: a View's keys and values, the buffers of both towers, the interpreter with its libraries and compiled kernels.
"""

from __future__ import annotations

from pathlib import Path

from vision.engine.checkpoint.shapes import Shapes, VisionShape
from vision.errors import VisionModelError

_ROOM_BYTES = 256 << 20  # interpreter, libraries, compiler; measured: 0.2 GiB without a model
_FLOAT32_BYTES = 4


def bytes_beside_weights(shapes: Shapes, context_tokens: int, patches: int) -> int:
    """With one View whose context is full. 0.75 GiB for Qwen3-VL-2B with 2,048 tokens and a picture of 784 patches."""
    text = shapes.text
    values_per_token = 2 * text.layers * text.kv_heads * text.head_dim
    logits = 2 * text.vocabulary
    floats = context_tokens * values_per_token + patches * _values_per_patch(shapes.vision) + logits
    return _ROOM_BYTES + _FLOAT32_BYTES * floats


def require_beside_weights(folder: Path, needed: int, available: int | None) -> None:
    """Raise VisionModelError unless that much can be had without swapping; None says that nobody knows."""
    if available is not None and needed > available:
        raise VisionModelError(
            f"the model in {folder} needs {needed / 2**30:.1f} GiB of memory beside its packed weights and "
            f"{available / 2**30:.1f} GiB are free: close other programs, or use the small demo model"
        )


def slow_because_small(name: str, needed: int, packed_bytes: int, total: int | None) -> str:
    """What to say on a machine whose memory cannot hold the packed weights as well; empty if it can."""
    if total is None or packed_bytes + needed <= total:
        return ""
    return (
        f"{name} works on {(packed_bytes + needed) / 2**30:.1f} GiB and this machine has {total / 2**30:.1f} GiB of memory:"
        " weights are read from the disk again for every word, so answers take very long"
    )


def _values_per_patch(eye: VisionShape) -> int:
    """What the encoder holds of a patch: itself, hidden, normed, query-key-value, attended, changed; and the MLP's middle."""
    return eye.patch_values + 7 * eye.hidden + 2 * eye.intermediate
