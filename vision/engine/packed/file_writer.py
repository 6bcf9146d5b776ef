"""Writes the files that `file` reads: under another name first, read back byte by byte, and only then renamed.

It does not know what a model is, nor which form a matrix should have.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.engine.kernels.packed_matrix import PackedMatrix
from vision.errors import VisionModelError

from .checksum import Checksum
from .file import ALIGNMENT, HEADER, MAGIC, VERSION, PackedFile


class PackedFileWriter:
    """Writes a packed file, one matrix or array after another. Use it in a `with`; `finish` makes the file appear.

    Without `finish` nothing is left behind. Raises VisionModelError when the disk fails or is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(path.name + ".part")
        self._matrices: dict[str, Any] = {}
        self._arrays: dict[str, Any] = {}

    def __enter__(self) -> PackedFileWriter:
        with _disk(self.path):
            self._file = self._part.open("wb")
            self._file.write(bytes(ALIGNMENT))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError:  # the last bytes did not fit on a full disk; this file is thrown away anyway
            if kind is None:
                raise
        finally:
            self._part.unlink(missing_ok=True)

    def write_matrix(self, name: str, portions: Iterable[PackedMatrix], why: str = "") -> None:
        """Write a matrix in portions of its rows, top to bottom, in one form; `why` it is not packed, if it is not."""
        columns, rows, form = 0, 0, ""
        tables, counts, outliers = [], [], []
        with self._section() as data:
            for portion in portions:
                form, columns, rows = portion.form, portion.columns, rows + portion.rows
                data.write(portion.data)
                tables.append(portion.tables)
                counts.append(np.diff(portion.starts))
                outliers.append(portion.outliers)
        entry = {"form": form, "rows": rows, "columns": columns, "why": why, "data": data.entry()}
        if form == "q12":
            starts = np.cumsum(np.concatenate([np.zeros(1, np.uint32), *counts]), dtype=np.uint32)
            entry |= {
                "tables": self._write(np.concatenate(tables)),
                "starts": self._write(starts),
                "outliers": self._write(np.concatenate(outliers)),
            }
        self._matrices[name] = entry

    def write_array(self, name: str, array: NDArray[np.float32]) -> None:
        """Write a float32 array of any shape."""
        self._arrays[name] = {"shape": list(array.shape), "data": self._write(np.ascontiguousarray(array, "<f4"))}

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the table of contents with notes `about` the file, read everything back, and give the file its name."""
        table = json.dumps({"about": about, "matrices": self._matrices, "arrays": self._arrays}).encode()
        with _disk(self.path):
            self._align()
            offset = self._file.tell()
            self._file.write(table)
            self._file.seek(0)
            digest = hashlib.sha256(table).digest()
            self._file.write(HEADER.pack(MAGIC, VERSION, offset, len(table), digest))
            self._file.flush()
            os.fsync(self._file.fileno())
            PackedFile(self._part).check_sections()
            self._part.replace(self.path)
            _sync_folder(self.path.parent)

    @contextmanager
    def _section(self) -> Iterator[_SectionWriter]:
        self._align()
        yield _SectionWriter(self._file, self.path)

    def _write(self, array: NDArray[Any]) -> dict[str, Any]:
        with self._section() as section:
            section.write(array)
        return section.entry()

    def _align(self) -> None:
        with _disk(self.path):
            self._file.write(bytes(-self._file.tell() % ALIGNMENT))


class _SectionWriter:
    def __init__(self, file: Any, path: Path) -> None:
        self._file = file
        self._path = path
        self._offset = file.tell()
        self._checksum = Checksum()

    def write(self, array: NDArray[Any]) -> None:
        octets = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self._checksum.add(octets)
        with _disk(self._path):
            self._file.write(octets.data)

    def entry(self) -> dict[str, Any]:
        return {"at": self._offset, "size": self._file.tell() - self._offset, "checksum": self._checksum.value()}


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn a fault of the disk into a VisionModelError."""
    try:
        yield
    except VisionModelError:
        raise
    except OSError as problem:
        raise VisionModelError(f"cannot write {path}: {problem.strerror or problem}") from problem


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
