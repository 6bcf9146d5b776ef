"""Packs a checkpoint into one file: which tensor is kept in which form, and that not one bit of it is lost.

Matrices that are multiplied by are packed (see `packing`); those that read the same input lie under each other and are
read in one stream: query, key and value, and the two halves of the gated MLP. The patch embedding, a convolution whose
steps do not overlap, is a matrix as well. All else (norms, biases, position embeddings) stays float32. What cannot be
packed keeps the source's own width, and the file says why: nothing is ever rounded, and every portion is unpacked and
compared with its source, bit for bit, before it is written.

It knows names and shapes of tensors, not what is computed with them, nor where packed files belong.
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
from .tensor_plan import Plan, Stack, plan

Progress = Callable[[float], None]

_FORM_OF: dict[str, Form] = {"BF16": "bf16", "F16": "f16", "F32": "f32"}
_ROOM_TO_SPARE_BYTES = 64 << 20
_BYTES_PER_PACKED_WEIGHT = 1.58  # with as many outliers as are let in
_HASHED_BYTES_PER_WEIGHT = 10  # hashing so many bytes takes about as long as packing one weight
_log = logging.getLogger(__name__)


class NoRoom(VisionModelError):
    """The disk, or the user's rights on it, do not allow for the packed file."""


def pack_checkpoint(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> None:
    """Write the packed file, verified. Raises VisionModelError; whatever was at `path` stays until the new one is whole."""
    what = plan(checkpoint)
    _require_room(path, what)
    _tell_unused(checkpoint, what)
    before = source_stamps(checkpoint)
    step = _Steps(what, sum(stamp["size"] for stamp in before), progress)
    with PackedFileWriter(path) as writer:
        for stack in what.stacks:
            form, why = _form(stack)
            if why:
                _log.info("%s is kept as %s: %s", stack.name, form, why)
            writer.write_matrix(stack.name, _portions(stack, form, threads, step), why)
        for name, tensor in what.arrays.items():
            array = np.empty(tensor.shape, np.float32)
            checkpoint.read_into(name, array)
            writer.write_array(name, array)
            step.weights(tensor.elements)
        sources = [stamp | {"sha256": sha256(Path(stamp["path"]), step.hashed)} for stamp in before]
        if source_stamps(checkpoint) != before:
            raise VisionModelError(f"the weights in {checkpoint.folder} changed while they were packed: start again")
        writer.finish({"sources": sources})


def room_bytes(what: Plan) -> int:
    """What the packed file may take, and something to spare."""
    needed = _ROOM_TO_SPARE_BYTES + 4 * sum(tensor.elements for tensor in what.arrays.values())
    for stack in what.stacks:
        packs = stack.stored_as == "BF16" and unsuitable(stack.rows, stack.columns) is None
        width = _BYTES_PER_PACKED_WEIGHT if packs else STORED[_FORM_OF[stack.stored_as]].itemsize
        needed += int(width * stack.rows * stack.columns)
    return needed


def source_stamps(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """By what the checkpoint's files are known again at the next start: names, sizes, times of change."""
    stamps = []
    for file in sorted({tensor.file for tensor in checkpoint.tensors.values()}):
        try:
            status = file.stat()
        except OSError as problem:
            raise VisionModelError(f"cannot read {file}: {problem.strerror}") from problem
        stamps.append({"path": str(file.resolve()), "size": status.st_size, "changed_ns": status.st_mtime_ns})
    return stamps


def sha256(path: Path, step: Callable[[int], None] = lambda _: None) -> str:
    """Of a whole file; `step` gets the bytes of each piece. Raises VisionModelError."""
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(1 << 22):
                digest.update(piece)
                step(len(piece))
        return digest.hexdigest()
    except OSError as problem:
        raise VisionModelError(f"cannot read {path}: {problem.strerror}") from problem


class _Steps:
    """Adds up what is done and tells its share."""

    def __init__(self, what: Plan, hashed_bytes: int, progress: Progress) -> None:
        self._total = (
            sum(stack.rows * stack.columns for stack in what.stacks)
            + sum(tensor.elements for tensor in what.arrays.values())
            + hashed_bytes / _HASHED_BYTES_PER_WEIGHT
        )
        self._done = 0.0
        self._progress = progress

    def weights(self, count: float) -> None:
        self._done += count
        self._progress(min(self._done / self._total, 1.0))

    def hashed(self, count: int) -> None:
        self.weights(count / _HASHED_BYTES_PER_WEIGHT)


def _form(stack: Stack) -> tuple[Form, str]:
    """How a matrix is kept and, if it is not packed, why."""
    plain = _FORM_OF[stack.stored_as]
    if len(stack.widths) > 1:
        return plain, f"its parts are stored as {' and '.join(stack.widths)}, and {stack.stored_as} holds both exactly"
    if plain != "bf16":
        return plain, f"it is stored as {stack.stored_as}, and only BF16 is packed"
    if why := unsuitable(stack.rows, stack.columns):
        return plain, why
    outliers = sum(int(survey(bits)[1].sum()) for bits in stack.read())
    share = outliers / (stack.rows * stack.columns)
    if share > MAX_OUTLIER_SHARE:
        return plain, f"{share:.1%} of its weights are outliers, more than {MAX_OUTLIER_SHARE:.0%}"
    return "q12", ""


def _portions(stack: Stack, form: Form, threads: int, step: _Steps) -> Iterator[PackedMatrix]:
    for portion in _plain(stack, form) if form != "q12" else _packed_side_by_side(stack, threads):
        yield portion
        step.weights(portion.rows * portion.columns)


def _plain(stack: Stack, form: Form) -> Iterator[PackedMatrix]:
    for bits in stack.read():
        yield PackedMatrix(form, bits.shape[0], stack.columns, bits.view(STORED[form]))


def _packed_side_by_side(stack: Stack, threads: int) -> Iterator[PackedMatrix]:
    with ThreadPoolExecutor(threads, "packing") as pool:
        waiting: deque[Future[PackedMatrix]] = deque()  # at most one more than there are threads
        for bits in stack.read():
            waiting.append(pool.submit(_packed, bits, stack.name))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _packed(bits: NDArray[np.uint16], name: str) -> PackedMatrix:
    matrix = pack(bits)
    if not np.array_equal(unpack(matrix), bits):
        raise VisionModelError(f"{name} does not unpack to what was packed: this is a fault of the program")
    return matrix


def _tell_unused(checkpoint: Checkpoint, what: Plan) -> None:
    """Say what is left out, and make sure that nothing is lost with it. Raises VisionModelError."""
    if HEAD in what.unused and not _is_tied(checkpoint):
        # transformers would warn and use this head; by the config it should not be there.
        raise VisionModelError(
            f"config.json in {checkpoint.folder} says that the head is the embedding (tie_word_embeddings), but"
            f" {HEAD} holds other weights: set tie_word_embeddings to false, or fetch the model again"
        )
    if what.unused:
        _log.info("%s: %d tensors are of no use and left out: %s", checkpoint.name, len(what.unused), *what.unused[:1])


def _is_tied(checkpoint: Checkpoint) -> bool:
    head, embedding = checkpoint.tensors[HEAD], checkpoint.tensors[EMBEDDING]
    if (head.stored_as, head.shape) != (embedding.stored_as, embedding.shape):
        return False
    pairs = zip(Stack(HEAD, (head,)).read(), Stack(EMBEDDING, (embedding,)).read(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def _require_room(path: Path, what: Plan) -> None:
    needed, free = room_bytes(what), shutil.disk_usage(path.parent).free
    if needed > free:
        raise NoRoom(
            f"the packed weights need {needed / 2**30:.1f} GiB in {path.parent} and {free / 2**30:.1f} GiB are free:"
            " make room, or set XDG_CACHE_HOME to another disk"
        )
