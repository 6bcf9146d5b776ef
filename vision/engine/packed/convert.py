"""Packs a checkpoint into one file: it chooses the form of every tensor, and proves that not one bit is lost.

Matrices that are multiplied by are packed (see `q12`). Those that read the same input are stacked into one matrix and
read as one stream: query, key and value, and the two halves of the gated MLP. The patch embedding, a convolution whose
steps do not overlap, is a matrix as well. Everything else (norms, biases, position embeddings) stays float32. What
cannot be packed keeps the source's own width, and the file says why. Nothing is ever rounded: every portion is unpacked
and compared with its source, bit for bit, before it is written.

This file knows names and shapes of tensors, not what is computed with them, nor where packed files belong.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.checkpoint.shapes import EMBEDDING, HEAD
from vision.engine.kernels.packed_matrix import STORED, Form, PackedMatrix, unsuitable
from vision.errors import VisionModelError

from .file_writer import PackedFileWriter
from .q12 import MAX_OUTLIER_SHARE, pack, survey, unpack
from .tensor_plan import PlannedMatrix, TensorPlan, plan_tensors

Progress = Callable[[float], None]

_FORM_OF: dict[str, Form] = {"BF16": "bf16", "F16": "f16", "F32": "f32"}
_ROOM_TO_SPARE_BYTES = 64 << 20
_BYTES_PER_PACKED_WEIGHT = 1.58  # with as many outliers as are allowed
_HASHED_BYTES_PER_WEIGHT = 10  # hashing so many bytes takes about as long as packing a weight
_log = logging.getLogger(__name__)


class NoRoom(VisionModelError):
    """The packed file cannot be written: the disk is full, or the user may not write there."""


def pack_checkpoint(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> None:
    """Write the packed file and verify it. What was at `path` stays until the new file is whole.

    `progress` gets the share done. Raises VisionModelError.
    """
    plan = plan_tensors(checkpoint)
    _require_room(path, plan)
    _log_unused(checkpoint, plan)
    before = source_stamps(checkpoint)
    step = _ShareDone(plan, sum(stamp["size"] for stamp in before), progress)
    with PackedFileWriter(path) as writer:
        for matrix in plan.matrices:
            form, why = _chosen_form(matrix)
            if why:
                _log.info("%s is kept as %s: %s", matrix.name, form, why)
            writer.write_matrix(matrix.name, _portions_of(matrix, form, threads, step), why)
        for name, tensor in plan.arrays.items():
            array = np.empty(tensor.shape, np.float32)
            checkpoint.read_into(name, array)
            writer.write_array(name, array)
            step.weights(tensor.elements)
        sources = [stamp | {"sha256": file_sha256(Path(stamp["path"]), step.hashed)} for stamp in before]
        if source_stamps(checkpoint) != before:
            raise VisionModelError(f"the weights in {checkpoint.folder} changed while they were packed: start again")
        writer.finish({"sources": sources})


def needed_bytes(plan: TensorPlan) -> int:
    """The most bytes that the packed file can take, and some to spare."""
    needed = _ROOM_TO_SPARE_BYTES + 4 * sum(tensor.elements for tensor in plan.arrays.values())
    for matrix in plan.matrices:
        packs = matrix.stored_as == "BF16" and unsuitable(matrix.rows, matrix.columns) is None
        width = _BYTES_PER_PACKED_WEIGHT if packs else STORED[_FORM_OF[matrix.stored_as]].itemsize
        needed += int(width * matrix.rows * matrix.columns)
    return needed


def source_stamps(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """Names, sizes and times of change of the checkpoint's files, by which the next start recognises them."""
    stamps = []
    for file in sorted({tensor.file for tensor in checkpoint.tensors.values()}):
        try:
            status = file.stat()
        except OSError as problem:
            raise VisionModelError(f"cannot read {file}: {problem.strerror}") from problem
        stamps.append({"path": str(file.resolve()), "size": status.st_size, "changed_ns": status.st_mtime_ns})
    return stamps


def file_sha256(path: Path, step: Callable[[int], None] = lambda _: None) -> str:
    """The SHA-256 of a file. `step` gets the number of bytes after each piece. Raises VisionModelError."""
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(1 << 22):
                digest.update(piece)
                step(len(piece))
        return digest.hexdigest()
    except OSError as problem:
        raise VisionModelError(f"cannot read {path}: {problem.strerror}") from problem


class _ShareDone:
    """Adds up the work that is done and reports its share."""

    def __init__(self, plan: TensorPlan, hashed_bytes: int, progress: Progress) -> None:
        self._total = (
            sum(matrix.rows * matrix.columns for matrix in plan.matrices)
            + sum(tensor.elements for tensor in plan.arrays.values())
            + hashed_bytes / _HASHED_BYTES_PER_WEIGHT
        )
        self._done = 0.0
        self._progress = progress

    def weights(self, count: float) -> None:
        self._done += count
        self._progress(min(self._done / self._total, 1.0))

    def hashed(self, count: int) -> None:
        self.weights(count / _HASHED_BYTES_PER_WEIGHT)


def _chosen_form(matrix: PlannedMatrix) -> tuple[Form, str]:
    """The form in which a matrix is kept and, if it is not packed, the reason."""
    plain = _FORM_OF[matrix.stored_as]
    if len(matrix.widths) > 1:
        return (
            plain,
            f"its parts are stored as {' and '.join(matrix.widths)}, and {matrix.stored_as} holds both exactly",
        )
    if plain != "bf16":
        return plain, f"it is stored as {matrix.stored_as}, and only BF16 is packed"
    if why := unsuitable(matrix.rows, matrix.columns):
        return plain, why
    outliers = sum(int(survey(bits)[1].sum()) for bits in matrix.read())
    share = outliers / (matrix.rows * matrix.columns)
    if share > MAX_OUTLIER_SHARE:
        return plain, f"{share:.1%} of its weights are outliers, more than {MAX_OUTLIER_SHARE:.0%}"
    return "q12", ""


def _portions_of(matrix: PlannedMatrix, form: Form, threads: int, step: _ShareDone) -> Iterator[PackedMatrix]:
    for portion in _plain_portions(matrix, form) if form != "q12" else _packed_portions(matrix, threads):
        yield portion
        step.weights(portion.rows * portion.columns)


def _plain_portions(matrix: PlannedMatrix, form: Form) -> Iterator[PackedMatrix]:
    for bits in matrix.read():
        yield PackedMatrix(form, bits.shape[0], matrix.columns, bits.view(STORED[form]))


def _packed_portions(matrix: PlannedMatrix, threads: int) -> Iterator[PackedMatrix]:
    with ThreadPoolExecutor(threads, "packing") as pool:
        waiting: deque[Future[PackedMatrix]] = deque()  # at most one more portion than there are threads
        for bits in matrix.read():
            waiting.append(pool.submit(_packed_and_compared, bits, matrix.name))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _packed_and_compared(bits: NDArray[np.uint16], name: str) -> PackedMatrix:
    matrix = pack(bits)
    if not np.array_equal(unpack(matrix), bits):
        raise VisionModelError(f"{name} does not unpack to what was packed: this is a fault of the program")
    return matrix


def _log_unused(checkpoint: Checkpoint, plan: TensorPlan) -> None:
    """Log which tensors are left out. Raises VisionModelError if the model would lose something with them."""
    if HEAD in plan.unused and not _is_tied(checkpoint):
        # By the config this head should not be there; transformers would warn and use it.
        raise VisionModelError(
            f"config.json in {checkpoint.folder} says that the head is the embedding (tie_word_embeddings), but"
            f" {HEAD} holds other weights: set tie_word_embeddings to false, or fetch the model again"
        )
    if plan.unused:
        _log.info("%s: %d tensors are of no use and left out: %s", checkpoint.name, len(plan.unused), *plan.unused[:1])


def _is_tied(checkpoint: Checkpoint) -> bool:
    head, embedding = checkpoint.tensors[HEAD], checkpoint.tensors[EMBEDDING]
    if (head.stored_as, head.shape) != (embedding.stored_as, embedding.shape):
        return False
    pairs = zip(PlannedMatrix(HEAD, (head,)).read(), PlannedMatrix(EMBEDDING, (embedding,)).read(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def _require_room(path: Path, plan: TensorPlan) -> None:
    needed, free = needed_bytes(plan), shutil.disk_usage(path.parent).free
    if needed > free:
        raise NoRoom(
            f"the packed weights need {needed / 2**30:.1f} GiB in {path.parent} and {free / 2**30:.1f} GiB are free:"
            " make room, or set XDG_CACHE_HOME to another disk"
        )
