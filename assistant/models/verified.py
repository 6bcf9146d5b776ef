"""Makes sure that a speech model is whole before it is loaded, once after each start of the machine.

Vosk must never read a damaged model: a wrong byte can kill the process without a word, or let it hear what nobody said.
A model with a manifest is compared with the SHA-256 sums in it. A folder of the user's own has none, so it is loaded in
a child process first.

What was found whole is noted in the user's cache folder. The note counts until the machine is started again, as it is
mostly a lost power or a dying disk that damages files, and only while no file has changed: device, inode, size and both
times of change tell. The large vision model is not looked at here: its packed weights have checksums of their own.

It does not know which model is used, nor what a user is told to do about a damaged one.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.files import cache_folder, replace_file

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MOST_FILES = 1_000  # more is no model, perhaps somebody's home folder: it is not worth remembering
# A file may change twice within one tick of the file system's clock, and then both times of change stay the same.
_SETTLED_SECONDS = 2.0

Manifest = Mapping[str, tuple[int, str]]  # file name below the folder: bytes, sha256 in hexadecimal


def damaged_file(folder: Path, manifest: Manifest) -> str | None:
    """The name of the first file that is not as the manifest says, None where all are.

    Reads every byte of the model.
    """
    from assistant.models.download import digest  # here, because it imports an HTTP library

    for name, (size, sha256) in manifest.items():
        path = folder / name
        try:
            if path.stat().st_size != size or digest(path) != sha256:
                return name
        except (OSError, ValueError):  # ValueError: a name with a zero byte in it
            return name
    return None


def once_a_boot(
    folder: Path,
    check: Callable[[Path], None],
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.time,
) -> None:
    """Calls `check(folder)`, unless the same files passed it after the machine was started.

    `check` raises its findings.
    """
    stamps = _stamps(folder)
    note, place = _read(environ), str(folder.absolute())
    if stamps is not None and note.get("boot") and note["models"].get(place) == stamps:
        return
    check(folder)
    if stamps is not None and note.get("boot") and _settled(stamps, clock()):
        note["models"][place] = stamps
        with contextlib.suppress(OSError):  # a folder that is read-only or full: the check is made again next time
            _path(environ).parent.mkdir(parents=True, exist_ok=True)
            replace_file(_path(environ), json.dumps(note))


def _stamps(folder: Path) -> dict[str, list[int]] | None:
    """Device, inode, bytes and both times of change in ns of each file below the folder.

    None where they do not tell.
    """
    stamps: dict[str, list[int]] = {}
    try:
        for path in folder.rglob("*"):
            if len(stamps) == _MOST_FILES:
                return None
            of = path.stat()
            stamps[path.relative_to(folder).as_posix()] = [
                of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns,
            ]  # fmt: skip
    except OSError:
        return None
    return stamps


def _settled(stamps: Mapping[str, list[int]], now: float) -> bool:
    changed_last = max((changed_ns for *_, changed_ns in stamps.values()), default=0)
    return changed_last / 1e9 < now - _SETTLED_SECONDS


def _path(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / "whole-speech-models.json"


def _read(environ: Mapping[str, str]) -> dict[str, Any]:
    """The note of this boot; one without models where there is none, or only one of an earlier boot."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot = ""  # the kernel does not tell, so nothing is remembered
    try:
        note = json.loads(_path(environ).read_text(encoding="utf-8"))
        if note["boot"] == boot and isinstance(note["models"], dict):
            return {"boot": boot, "models": note["models"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return {"boot": boot, "models": {}}
