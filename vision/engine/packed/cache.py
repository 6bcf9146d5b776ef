"""The packed weights of a checkpoint: where their file belongs, whether it is still right, and making it when it is not.

A file is used if its header and contents are sound (looked at every time, so nothing is read past its end), if it was
made from this very checkpoint and holds what its config asks for, and if every byte is what was written; that last,
slow look is taken once after each start of the machine (see `checked`). Any other file is made anew. Where none can be
kept, the weights are packed for this one start into a file without a name.

One file a model folder, replaced when the weights change. One whose weights are gone is removed when another is packed.
It does not know how packing works (`packer`), nor what is computed.
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

from .convert import NoRoom, Progress, pack_checkpoint, room_bytes, sha256, source_stamps
from .file import Contents, PackedFile, PackedFileError
from .tensor_plan import Plan, plan
from .verified import is_checked, known_sources, note_path, remember

_SUFFIX = ".packed"
_log = logging.getLogger(__name__)


def weights_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where packed weights are kept: $XDG_CACHE_HOME/seesay/weights, below ~/.cache if that is unset or relative."""
    configured = Path(environ.get("XDG_CACHE_HOME") or "")
    cache = configured if configured.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".cache"
    return cache / "seesay" / "weights"


def packed_path(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where in a cache folder the packed weights of a checkpoint belong: one file for every folder of a model."""
    place = hashlib.sha256(str(checkpoint.folder.resolve()).encode()).hexdigest()[:8]
    return folder / f"{checkpoint.name}-{place}{_SUFFIX}"


def open_or_pack(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> PackedFile:
    """The packed weights of a checkpoint: the file at `path` if it is right in every byte, else a new one.

    `progress` gets the share done and is called only while packing. Raises VisionModelError.
    """
    try:
        return keep_packed(checkpoint, path, progress, threads)
    except NoRoom as problem:
        return _pack_for_now(checkpoint, problem, progress, threads)


def keep_packed(checkpoint: Checkpoint, path: Path, progress: Progress, threads: int = 1) -> PackedFile:
    """As `open_or_pack`, but the file is at `path` for the next start as well. Raises NoRoom where it cannot be."""
    what = plan(checkpoint)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise NoRoom(f"cannot make {path.parent}: {problem.strerror}; set XDG_CACHE_HOME") from problem
    looked_at = _stamp(path)
    if (ready := _usable(checkpoint, what, path, threads)) is not None:
        return ready
    with _alone(path):
        # Only another file, which another process has packed meanwhile, is worth a second look.
        if _stamp(path) != looked_at and (ready := _usable(checkpoint, what, path, threads)) is not None:
            return ready
        _make_room(path)
        pack_checkpoint(checkpoint, path, progress, threads)
        _remove_orphans(path)
    file = PackedFile(path)
    remember(file, source_stamps(checkpoint))  # the writer has read it back
    return file


def _pack_for_now(checkpoint: Checkpoint, problem: NoRoom, progress: Progress, threads: int) -> PackedFile:
    """Into a file that has no name once it is mapped, and goes with the process. Raises `problem` if that cannot be."""
    needed, memory = room_bytes(plan(checkpoint)), available_bytes()
    if memory is not None and needed > memory:  # where it lies in memory there is no other copy to fall back on
        raise problem
    for folder in _passing_folders():
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= needed:
            break
    else:
        raise problem
    _log.warning("%s. Until then every start packs the weights again, in %s", problem, folder)
    with tempfile.TemporaryDirectory(prefix="seesay-", dir=folder) as inside:
        path = Path(inside) / "weights.packed"
        pack_checkpoint(checkpoint, path, progress, threads)
        return PackedFile(path)


def _passing_folders() -> list[Path]:
    """The user's own choice, else first the one that lies on a disk: /tmp is often in memory."""
    chosen = Path(tempfile.gettempdir())
    folders = [chosen] if os.environ.get("TMPDIR") else [Path("/var/tmp"), chosen]
    return [folder for folder in folders if folder.is_dir()]


def _usable(checkpoint: Checkpoint, what: Plan, path: Path, threads: int) -> PackedFile | None:
    """The file at `path`, if it is whole and made from this very checkpoint."""
    try:
        file = PackedFile(path)
        stamps = source_stamps(checkpoint)
        if not _holds(file.contents, what) or not _is_from(file, stamps):
            _log.info("%s was made from other weights: packing again", path)
            return None
        checked = is_checked(file)
        if not checked:
            file.check_sections(threads)
        if not checked or known_sources(file) != stamps:
            remember(file, stamps)
        return file
    except FileNotFoundError:
        return None
    except PackedFileError as problem:
        _log.warning("%s: packing the weights again", problem)
        return None


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What tells one file at `path` from another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _holds(contents: Contents, what: Plan) -> bool:
    """Whether everything is there that the config asks for, in its shape: machine code relies on it."""
    matrices = {name: (matrix.rows, matrix.columns) for name, matrix in contents.matrices.items()}
    arrays = {name: array.shape for name, array in contents.arrays.items()}
    return matrices == {stack.name: (stack.rows, stack.columns) for stack in what.stacks} and arrays == {
        name: tensor.shape for name, tensor in what.arrays.items()
    }


def _is_from(file: PackedFile, stamps: list[dict[str, Any]]) -> bool:
    """By names, sizes and times of change; where only the times differ, by what is in the files."""
    if known_sources(file) == stamps:
        return True
    try:
        known = {entry["path"]: entry for entry in file.contents.about["sources"]}
        if {(stamp["path"], stamp["size"]) for stamp in stamps} != {(e["path"], e["size"]) for e in known.values()}:
            return False
        return all(
            known[stamp["path"]]["changed_ns"] == stamp["changed_ns"]
            or known[stamp["path"]]["sha256"] == sha256(Path(stamp["path"]))
            for stamp in stamps
        )
    except (KeyError, TypeError):
        return False


def _make_room(path: Path) -> None:
    """What a killed process left half done, and a file that is of no use: the new one may need their room."""
    for useless in (path.with_name(path.name + ".part"), path, note_path(path)):
        with contextlib.suppress(OSError):
            useless.unlink()


def _remove_orphans(path: Path) -> None:
    """Packed files of checkpoints that are no longer there: gigabytes that nobody would ever find."""
    for other in path.parent.glob(f"*{_SUFFIX}"):
        try:
            sources = [Path(entry["path"]) for entry in PackedFile(other).contents.about["sources"]]
            if sources and not any(source.exists() for source in sources):
                other.unlink()
                note_path(other).unlink(missing_ok=True)
                _log.info("%s is removed: its weights are gone", other)
        except (OSError, KeyError, TypeError) as problem:  # an unreadable one is not ours to judge
            _log.info("%s is left as it is: %s", other, problem)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process packs; another one waits here and then finds the file."""
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
