"""Remembers that every byte of a packed file was found right, so that not every start has to read all of it.

A note lies beside the file. It counts until the machine is started again. After a start the file has to be read from
the disk anyway, for the first question; and what damages files is a loss of power or a dying disk. The note no longer
counts when the file was replaced or written to: its size, inode and both times of change tell. This file does not know
what is in a packed file.
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
    """Where the note about the packed file at `path` lies."""
    return path.with_name(path.name + ".checked")


def remember_verified(file: PackedFile, sources: Sequence[Any]) -> None:
    """Note that the file is right, and the stamps of its sources. In a read-only folder nothing is noted."""
    note = {"file": file.identity, "boot": _boot(), "sources": sources}
    path = note_path(file.path)
    with contextlib.suppress(OSError):
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(note), encoding="utf-8")
        part.replace(path)


def is_verified(file: PackedFile) -> bool:
    """Whether every byte of this file was found right since the machine was started."""
    note = _read(file.path)
    return note.get("file") == list(file.identity) and note.get("boot") == _boot() != ""


def known_sources(file: PackedFile) -> Any:
    """The stamps of this file's sources that were noted last, or None."""
    note = _read(file.path)
    return note.get("sources") if note.get("file") == list(file.identity) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(note_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _boot() -> str:
    """A text that is new after every start of the machine; empty where the kernel does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
