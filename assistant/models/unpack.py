"""Unpacks a zip file that is not trusted: nothing is written outside the folder, no links, no more than a limit.

It does not know what the zip file holds, nor where it came from.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import Path

from assistant.errors import FetchError

_BLOCK_BYTES = 1 << 18
_MAX_FILES = 1_000


def unpack(archive: Path, folder: Path, max_bytes: int) -> list[Path]:
    """Unpacks `archive` into `folder` and returns the files that were written. Each of them has reached the disk.

    Every entry is checked before the first byte is written. `max_bytes` is the most that all files may have together.
    Raises FetchError for an archive that is broken, too large, or reaches outside `folder`. The caller removes what was
    written by then.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _refuse_what_is_unsafe(archive, entries, max_bytes)
            return [_write(opened, entry, folder) for entry in entries if not entry.is_dir()]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise FetchError(f"{archive} is not a usable zip file: {error}.") from None


def _refuse_what_is_unsafe(archive: Path, entries: list[zipfile.ZipInfo], max_bytes: int) -> None:
    if len(entries) > _MAX_FILES:
        raise FetchError(f"{archive} holds {len(entries):,} files: more than {_MAX_FILES:,} is no model.")
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise FetchError(f"{archive} would unpack to more than {max_bytes:,} bytes: that is no model.")
    for entry in entries:
        mode = entry.external_attr >> 16
        parts = entry.filename.rstrip("/").split("/")
        if "" in parts or "." in parts or ".." in parts or "\\" in entry.filename or ":" in entry.filename:
            raise FetchError(f"{archive} is refused: {entry.filename!r} in it could write outside its folder.")
        # A mode of 0 is allowed, because zip files that were made on Windows carry none.
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise FetchError(f"{archive} is refused: {entry.filename!r} in it is a link or a device.")
        if entry.flag_bits & 0x1:
            raise FetchError(f"{archive} is refused: {entry.filename!r} in it is encrypted.")


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Path:
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    # "x" makes it a fault when two entries have one name, or one has the name of a folder. zipfile stops at the size
    # that the entry declares and checks its CRC, so the sum that was checked holds whatever the compressed data says.
    with opened.open(entry) as source, target.open("xb") as file:
        while block := source.read(_BLOCK_BYTES):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return target
