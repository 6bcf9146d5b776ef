"""The packed weights of a checkpoint: where their file belongs, whether it is still right, and how a new one is made.

A file is used if all of this holds. Its header and table of contents are sound, which is checked every time, so that
nothing beyond its end is read. It was made from this very checkpoint, and holds what the checkpoint's config asks for.
Every byte is what was written; that last check is slow, and is made once after each start of the machine (see
`verified`). Any other file is made anew. Where no file can be kept, the weights are packed for this one start into a
file without a name.

Each model folder has one file, which is replaced when the weights change. When a file is packed, those whose weights
are gone are removed. This file does not know how packing works (`convert`), nor what is computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.host import available_bytes

from .convert import NoRoom, Progress, file_sha256, needed_bytes, pack_checkpoint, source_stamps
from .file import Contents, PackedFile, PackedFileError
from .tensor_plan import TensorPlan, plan_tensors
from .verified import is_verified, known_sources, note_path, remember_verified

_SUFFIX = ".packed"
_log = logging.getLogger(__name__)


def weights_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of packed weights: $XDG_CACHE_HOME/seesay/weights; if that is unset or relative, below ~/.cache."""
    configured = Path(environ.get("XDG_CACHE_HOME") or "")
    cache = configured if configured.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".cache"
    return cache / "seesay" / "weights"


def packed_path(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where in a cache folder the packed weights of a checkpoint belong: one file for each model folder."""
    place = hashlib.sha256(str(checkpoint.folder.resolve()).encode()).hexdigest()[:8]
    return folder / f"{checkpoint.name}-{place}{_SUFFIX}"


def open_or_pack(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> PackedFile:
    """The packed weights of a checkpoint: the file at `path` if every byte of it is right, else a new file.

    `progress` gets the share done, and is called only while packing. Raises VisionModelError.
    """
    try:
        return keep_packed(checkpoint, path, progress, threads)
    except NoRoom as problem:
        return _pack_temporarily(checkpoint, problem, progress, threads)


def keep_packed(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> PackedFile:
    """As `open_or_pack`, but the file also stays at `path` for the next start. Raises NoRoom where that cannot be."""
    plan = plan_tensors(checkpoint)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise NoRoom(f"cannot make {path.parent}: {problem.strerror}; set XDG_CACHE_HOME") from problem
    looked_at = _stamp(path)
    if (ready := _usable_file(checkpoint, plan, path, threads)) is not None:
        return ready
    with _packing_lock(path):
        # A second look is worth its time only if another process has packed another file meanwhile.
        if _stamp(path) != looked_at and (ready := _usable_file(checkpoint, plan, path, threads)) is not None:
            return ready
        _remove_useless(path)
        pack_checkpoint(checkpoint, path, progress, threads)
        _remove_orphans(path)
    file = PackedFile(path)
    remember_verified(file, source_stamps(checkpoint))  # the writer has read it back
    return file


def _pack_temporarily(checkpoint: Checkpoint, problem: NoRoom, progress: Progress, threads: int) -> PackedFile:
    """Pack into a file without a name, which ends with the process. Raises `problem` where that cannot be."""
    needed, memory = needed_bytes(plan_tensors(checkpoint)), available_bytes()
    if memory is not None and needed > memory:  # the file may lie in memory, where the system cannot drop its pages
        raise problem
    for folder in _temporary_folders():
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= needed:
            break
    else:
        raise problem
    _log.warning("%s. Until then every start packs the weights again, in %s", problem, folder)
    with tempfile.TemporaryDirectory(prefix="seesay-", dir=folder) as inside:
        path = Path(inside) / "weights.packed"
        pack_checkpoint(checkpoint, path, progress, threads)
        return PackedFile(path)


def _temporary_folders() -> list[Path]:
    """The folder that the user chose; else /var/tmp, which lies on a disk, before /tmp, which is often in memory."""
    chosen = Path(tempfile.gettempdir())
    folders = [chosen] if os.environ.get("TMPDIR") else [Path("/var/tmp"), chosen]
    return [folder for folder in folders if folder.is_dir()]


def _usable_file(checkpoint: Checkpoint, plan: TensorPlan, path: Path, threads: int) -> PackedFile | None:
    """The file at `path` if it is whole and was made from this very checkpoint; else None."""
    try:
        file = PackedFile(path)
        stamps = source_stamps(checkpoint)
        if not _holds_all(file.contents, plan) or not _is_from(file, stamps):
            _log.info("%s was made from other weights: packing again", path)
            return None
        checked = is_verified(file)
        if not checked:
            file.check_sections(threads)
        if not checked or known_sources(file) != stamps:
            remember_verified(file, stamps)
        return file
    except FileNotFoundError:
        return None
    except PackedFileError as problem:
        _log.warning("%s: packing the weights again", problem)
        return None


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Numbers that differ for any two files at `path`; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _holds_all(contents: Contents, plan: TensorPlan) -> bool:
    """Whether everything that the config asks for is there in its shape; machine code relies on that."""
    matrices = {name: (matrix.rows, matrix.columns) for name, matrix in contents.matrices.items()}
    arrays = {name: array.shape for name, array in contents.arrays.items()}
    return matrices == {matrix.name: (matrix.rows, matrix.columns) for matrix in plan.matrices} and arrays == {
        name: tensor.shape for name, tensor in plan.arrays.items()
    }


def _is_from(file: PackedFile, stamps: list[dict[str, Any]]) -> bool:
    """Whether names, sizes and times of change are the same; where only times differ, whether the contents are."""
    if known_sources(file) == stamps:
        return True
    try:
        known = {entry["path"]: entry for entry in file.contents.about["sources"]}
        if {(stamp["path"], stamp["size"]) for stamp in stamps} != {(e["path"], e["size"]) for e in known.values()}:
            return False
        return all(
            known[stamp["path"]]["changed_ns"] == stamp["changed_ns"]
            or known[stamp["path"]]["sha256"] == file_sha256(Path(stamp["path"]))
            for stamp in stamps
        )
    except (KeyError, TypeError):
        return False


def _remove_useless(path: Path) -> None:
    """Remove what a killed process left half done, and the useless old file: the new one may need their room."""
    for useless in (path.with_name(path.name + ".part"), path, note_path(path)):
        with contextlib.suppress(OSError):
            useless.unlink()


def _remove_orphans(path: Path) -> None:
    """Remove packed files of checkpoints that are gone: gigabytes that nobody would ever find."""
    for other in path.parent.glob(f"*{_SUFFIX}"):
        try:
            sources = [Path(entry["path"]) for entry in PackedFile(other).contents.about["sources"]]
            if sources and not any(source.exists() for source in sources):
                other.unlink()
                note_path(other).unlink(missing_ok=True)
                _log.info("%s is removed: its weights are gone", other)
        except (OSError, KeyError, TypeError) as problem:  # an unreadable file may not be ours
            _log.info("%s is left as it is: %s", other, problem)


@contextmanager
def _packing_lock(path: Path) -> Iterator[None]:
    """Only one process packs; another one waits here, and then finds the file."""
    from filelock import FileLock, Timeout  # here, because it takes some 20 ms to import

    # Without the two options it would, on a file system without locks, take the file's mere existence for a lock. A
    # process that is killed would then leave it locked.
    lock = FileLock(path.with_name(path.name + ".lock"), fallback_to_soft=False, preserve_lock_file=True)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _log.warning("another seesay is packing these weights: waiting for it")
            lock.acquire()
    except OSError as problem:  # without a file's name: a network folder without locks
        what = f"cannot lock {lock.lock_file}" if problem.filename is None else f"cannot write into {path.parent}"
        raise NoRoom(f"{what}: {problem.strerror}; set XDG_CACHE_HOME") from problem
    try:
        yield
    finally:
        lock.release()
