"""Remembers that a packed file was found right in every byte, so that not every start has to read all of it.

A note lies beside the file. It counts until the machine is started again: by then the file comes from the disk anew,
and has to be read for the first question anyway; and it is a lost power or a dying disk that damages files. It counts
no longer when the file is another or was written to: size, inode and both times of change tell. It does not know what
is in the file.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .file import PackedFile

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def note_path(path: Path) -> Path:
    return path.with_name(path.name + ".checked")


def remember(file: PackedFile, sources: Sequence[Any]) -> None:
    """Note that the file is right, and by which stamps its sources are known. A folder that is read-only stays without."""
    note = {"file": file.identity, "boot": _boot(), "sources": sources}
    path = note_path(file.path)
    with contextlib.suppress(OSError):
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(note), encoding="utf-8")
        part.replace(path)


def is_checked(file: PackedFile) -> bool:
    """Whether every byte of this file was found right since the machine was started."""
    note = _read(file.path)
    return note.get("file") == list(file.identity) and note.get("boot") == _boot() != ""


def known_sources(file: PackedFile) -> Any:
    """The stamps noted last for this file's sources, None where there are none."""
    note = _read(file.path)
    return note.get("sources") if note.get("file") == list(file.identity) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(note_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _boot() -> str:
    """Another text after every start of the machine; empty where the kernel does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
