"""A file of packed matrices and float32 arrays, mapped into memory and checked when it is opened.

    64 bytes     magic, version, place of the table of contents, its SHA-256
    sections     each at a multiple of 128 bytes, with a checksum
    contents     a table in JSON, up to the very end of the file

Opening a file reads the header and the table of contents, and checks every number by which a kernel could read outside
the file. `check_sections` checks all bytes against the checksums, in one pass at the speed of memory. `file_writer`
writes such files. This file does not know what a model is.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from vision.engine.kernels.packed_matrix import STORED, TABLE_BYTES, Form, PackedMatrix
from vision.errors import VisionModelError

from .checksum import Checksum

VERSION = 1
MAGIC = b"SEESAY\x00Q"
HEADER = struct.Struct("<8sI4xQQ32s")  # magic, version, offset and length of the contents, their SHA-256
ALIGNMENT = 128  # two cache lines
_MAX_CONTENTS_BYTES = 100_000_000
_CHECKED_BYTES = 1 << 26  # read at a time
Identity = tuple[int, int, int, int]  # inode, size in bytes, mtime and ctime in nanoseconds


class PackedFileError(VisionModelError):
    """A packed file that cannot be used: it is cut off, damaged, of another version or of another program."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What is in a packed file."""

    about: Mapping[str, Any]  # what the writer noted about the file
    matrices: Mapping[str, PackedMatrix]
    arrays: Mapping[str, NDArray[np.float32]]
    notes: Mapping[str, str]  # for each matrix that is not packed, the reason


class PackedFile:
    """An open packed file. Its arrays are views of the mapped file, so the system can take their memory back.

    If another file takes its name, or its name is removed, what is mapped stays as it was. Writing into the file
    changes its `identity`.
    """

    def __init__(self, path: Path) -> None:
        """Open a file. Raises PackedFileError for one that cannot be used, and FileNotFoundError."""
        self.path = path
        self._bytes, self.identity = _mapped(path)
        table = _contents_table(path, self._bytes)
        try:
            self._sections = [_Section.of(entry) for entry in _entries(table)]
            self._check_bounds()
            self.contents = self._read(table)
        except PackedFileError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
            raise PackedFileError(f"the table of contents of {path} is damaged ({problem})") from problem

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self._bytes.size

    def check_sections(self, threads: int = 1) -> None:
        """Read the whole file. Raises PackedFileError unless every byte is what was written."""
        with ThreadPoolExecutor(threads, "checking") as pool:
            # The longest first, so that the short ones at the end keep all threads busy to the last.
            for _ in pool.map(self._check, sorted(self._sections, key=lambda section: -section.size)):
                pass

    def _check(self, section: _Section) -> None:
        checksum = Checksum()
        for start in range(section.offset, section.end, _CHECKED_BYTES):
            checksum.add(self._bytes[start : min(start + _CHECKED_BYTES, section.end)])
        if checksum.value() != section.checksum:
            raise PackedFileError(f"{self.path} is damaged: {section.size:,} bytes at {section.offset:,} have changed")

    def _check_bounds(self) -> None:
        for section in self._sections:
            if section.offset % ALIGNMENT or not HEADER.size <= section.offset <= section.end <= self._bytes.size:
                raise PackedFileError(f"the table of contents of {self.path} names bytes outside the file")

    def _view(self, entry: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        section = _Section.of(entry)
        return self._bytes[section.offset : section.end].view(dtype).reshape(shape)

    def _read(self, table: Any) -> Contents:
        matrices = {}
        for name, entry in table["matrices"].items():
            matrices[name] = self._matrix(entry)
            if problem := matrices[name].problem():
                raise PackedFileError(f"{name} in {self.path} is damaged: {problem}")
        arrays: dict[str, NDArray[np.float32]] = {
            name: self._view(entry["data"], np.dtype("<f4"), tuple(entry["shape"]))
            for name, entry in table["arrays"].items()
        }
        notes = {name: entry["why"] for name, entry in table["matrices"].items() if entry["why"]}
        return Contents(table["about"], matrices, arrays, notes)

    def _matrix(self, entry: Any) -> PackedMatrix:
        form, rows, columns = entry["form"], entry["rows"], entry["columns"]
        if (
            form not in get_args(Form)
            or not (isinstance(rows, int) and isinstance(columns, int))
            or min(rows, columns) < 1
        ):
            raise ValueError(f"{rows}×{columns} in form {form}")
        if form != "q12":
            return PackedMatrix(form, rows, columns, self._view(entry["data"], STORED[form], (rows, columns)))
        return PackedMatrix(
            form,
            rows,
            columns,
            self._view(entry["data"], np.dtype(np.uint8), (rows // 16, -1)),
            self._view(entry["tables"], np.dtype(np.uint8), (-1, TABLE_BYTES)),
            self._view(entry["starts"], np.dtype("<u4"), (-1,)),
            self._view(entry["outliers"], np.dtype("<u8"), (-1,)),
        )


@dataclass(frozen=True)
class _Section:
    offset: int
    size: int
    checksum: str

    @property
    def end(self) -> int:
        return self.offset + self.size

    @staticmethod
    def of(entry: Any) -> _Section:
        offset, size = entry["at"], entry["size"]
        if not isinstance(offset, int) or not isinstance(size, int) or size < 0:
            raise ValueError(f"no place: {entry}")
        return _Section(offset, size, str(entry["checksum"]))


def _mapped(path: Path) -> tuple[NDArray[np.uint8], Identity]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size
            if size < HEADER.size:
                raise PackedFileError(f"{path} ({size:,} bytes) is not a file of packed weights, or cut off")
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
            with suppress(AttributeError, OSError):  # only a wish: fewer, larger pages are found faster
                mapped.madvise(mmap.MADV_HUGEPAGE)
            octets = np.frombuffer(mapped, np.uint8)
            return octets, (status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns)
    except FileNotFoundError:
        raise
    except PackedFileError:
        raise
    except (OSError, ValueError) as problem:
        raise PackedFileError(f"cannot read {path}: {problem}") from problem


def _contents_table(path: Path, octets: NDArray[np.uint8]) -> Any:
    magic, version, offset, length, digest = HEADER.unpack(octets[: HEADER.size].tobytes())
    if magic != MAGIC:
        raise PackedFileError(f"{path} is not a file of packed weights")
    if version != VERSION:
        raise PackedFileError(f"{path} is of version {version}, this program reads version {VERSION}")
    if length > _MAX_CONTENTS_BYTES or offset + length != octets.size:
        raise PackedFileError(f"{path} is cut off or damaged: {octets.size:,} bytes of {offset + length:,}")
    table = octets[offset:].tobytes()
    if hashlib.sha256(table).digest() != digest:
        raise PackedFileError(f"the table of contents of {path} is damaged")
    try:
        return json.loads(table)
    except (ValueError, RecursionError) as problem:
        raise PackedFileError(f"the table of contents of {path} is damaged ({problem})") from problem


def _entries(table: Any) -> Iterable[Any]:
    for matrix in table["matrices"].values():
        yield from (matrix[key] for key in ("data", "tables", "starts", "outliers") if key in matrix)
    for array in table["arrays"].values():
        yield array["data"]
