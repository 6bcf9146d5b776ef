"""From a checkpoint to its packed file and back: which tensor is kept in which form, and whether the file is still right.

Matrices that are multiplied by are packed (see `packing`); those that read the same input lie under each other and are
read in one stream: query, key and value, and the two halves of the gated MLP. All else (norms, biases, patch and position
embeddings) stays float32. What cannot be packed keeps the source's own width, and the file says why: nothing is ever
rounded, and every portion is unpacked and compared with its source, bit for bit, before it is written.

It knows names and shapes of tensors, not what is computed with them.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.errors import VisionModelError

from .packed_file import PackedFile, PackedFileError
from .packed_writer import PackedFileWriter
from .packing import MAX_OUTLIER_SHARE, STORED, Form, PackedMatrix, pack, survey, unpack, unsuitable
from .stacks import Stack, plan
from .weights import Checkpoint, StoredTensor

Progress = Callable[[float], None]

_FORM_OF: dict[str, Form] = {"BF16": "bf16", "F16": "f16", "F32": "f32"}
_ROOM_TO_SPARE_BYTES = 64 << 20
_BYTES_PER_PACKED_WEIGHT = 1.58  # with as many outliers as are let in
_log = logging.getLogger(__name__)


def packed_path(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where in a cache folder the packed weights of a checkpoint belong: one file for every folder of a model."""
    place = hashlib.sha256(str(checkpoint.folder.resolve()).encode()).hexdigest()[:8]
    return folder / f"{checkpoint.name}-{place}.packed"


def open_or_pack(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> PackedFile:
    """The packed weights of a checkpoint: the file at `path` if it is right in every byte, else a new one.

    `progress` gets the share done and is called only while packing. Raises VisionModelError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise VisionModelError(f"cannot make {path.parent}: {problem.strerror}; set XDG_CACHE_HOME") from problem
    if (ready := _usable(checkpoint, path)) is not None:
        return ready
    with _alone(path):
        if (ready := _usable(checkpoint, path)) is not None:  # another process has packed it meanwhile
            return ready
        pack_checkpoint(checkpoint, path, progress, threads)
    return PackedFile(path)


def pack_checkpoint(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> None:
    """Write the packed file, verified. Raises VisionModelError; whatever was at `path` stays until the new one is whole."""
    stacks, others = plan(checkpoint.tensors)
    _require_room(path, stacks, others)
    before = _stamps(checkpoint)
    total, done = checkpoint.parameters, 0
    with PackedFileWriter(path) as writer:
        for stack in stacks:
            form, why = _form(stack)
            if why:
                _log.info("%s is kept as %s: %s", stack.name, form, why)
            writer.write_matrix(stack.name, _portions(stack, form, threads), why)
            done += stack.rows * stack.columns
            progress(done / total)
        for name, tensor in others.items():
            array = np.empty(tensor.shape, np.float32)
            checkpoint.read_into(name, array)
            writer.write_array(name, array)
            done += tensor.elements
            progress(done / total)
        sources = [stamp | {"sha256": _sha256(Path(stamp["path"]))} for stamp in before]
        if _stamps(checkpoint) != before:
            raise VisionModelError(f"the weights in {checkpoint.folder} changed while they were packed: start again")
        writer.finish({"sources": sources})


def _form(stack: Stack) -> tuple[Form, str]:
    """How a matrix is kept and, if it is not packed, why."""
    plain = _FORM_OF[stack.stored_as]
    if plain != "bf16":
        return plain, f"it is stored as {stack.stored_as}, and only BF16 is packed"
    if why := unsuitable(stack.rows, stack.columns):
        return plain, why
    outliers = sum(int(survey(bits)[1].sum()) for bits in stack.read())
    share = outliers / (stack.rows * stack.columns)
    if share > MAX_OUTLIER_SHARE:
        return plain, f"{share:.1%} of its weights are outliers, more than {MAX_OUTLIER_SHARE:.0%}"
    return "q12", ""


def _portions(stack: Stack, form: Form, threads: int) -> Iterator[PackedMatrix]:
    if form != "q12":
        for bits in stack.read():
            yield PackedMatrix(form, bits.shape[0], stack.columns, bits.view(STORED[form]))
        return
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


def _usable(checkpoint: Checkpoint, path: Path) -> PackedFile | None:
    """The file at `path`, if it is whole and made from this very checkpoint."""
    try:
        file = PackedFile(path)
        file.check_sections()
    except FileNotFoundError:
        return None
    except PackedFileError as problem:
        _log.warning("%s: packing the weights again", problem)
        return None
    if not _is_from(file.contents.about, checkpoint):
        _log.info("%s was made from other weights: packing again", path)
        return None
    return file


def _is_from(about: Mapping[str, Any], checkpoint: Checkpoint) -> bool:
    """By names, sizes and times of change; where only the times differ, by what is in the files."""
    try:
        known = {entry["path"]: entry for entry in about["sources"]}
        stamps = _stamps(checkpoint)
        if {(stamp["path"], stamp["size"]) for stamp in stamps} != {(e["path"], e["size"]) for e in known.values()}:
            return False
        return all(
            known[stamp["path"]]["changed_ns"] == stamp["changed_ns"]
            or known[stamp["path"]]["sha256"] == _sha256(Path(stamp["path"]))
            for stamp in stamps
        )
    except (KeyError, TypeError):
        return False


def _stamps(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    stamps = []
    for file in sorted({tensor.file for tensor in checkpoint.tensors.values()}):
        try:
            status = file.stat()
        except OSError as problem:
            raise VisionModelError(f"cannot read {file}: {problem.strerror}") from problem
        stamps.append({"path": str(file.resolve()), "size": status.st_size, "changed_ns": status.st_mtime_ns})
    return stamps


def _sha256(path: Path) -> str:
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()
    except OSError as problem:
        raise VisionModelError(f"cannot read {path}: {problem.strerror}") from problem


def _require_room(path: Path, stacks: list[Stack], others: Mapping[str, StoredTensor]) -> None:
    needed = _ROOM_TO_SPARE_BYTES + 4 * sum(tensor.elements for tensor in others.values())
    for stack in stacks:
        packs = stack.stored_as == "BF16" and unsuitable(stack.rows, stack.columns) is None
        width = _BYTES_PER_PACKED_WEIGHT if packs else STORED[_FORM_OF[stack.stored_as]].itemsize
        needed += int(width * stack.rows * stack.columns)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise VisionModelError(
            f"the packed weights need {needed / 2**30:.1f} GiB in {path.parent} and {free / 2**30:.1f} GiB are free:"
            " make room, or set XDG_CACHE_HOME to another disk"
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process packs; another one waits here and then finds the file."""
    try:
        lock = path.with_name(path.name + ".lock").open("w")
    except OSError as problem:
        raise VisionModelError(f"cannot write into {path.parent}: {problem.strerror}; set XDG_CACHE_HOME") from problem
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
