"""Reads and writes the kernel's small files below one root. Each reading is a number or a text, or the reason why there
is none.

The root is "/" in use and a folder in tests. This module does not know what the files mean.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")

_MAX_CHARACTERS = 4096  # the kernel's own limit for such a file


@dataclass(frozen=True)
class SensorValue(Generic[T]):
    """A value, or None and the reason. A figure that is not known is never replaced by a guess."""

    value: T | None
    why: str = ""  # why there is none, as a clause; or, beside a value, what it is the value of
    refused: bool = False  # the value is there, but this user may not read it

    def map(self, change: Callable[[T], U]) -> SensorValue[U]:
        value = None if self.value is None else change(self.value)
        return SensorValue(value, self.why, self.refused)


def _read_text(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as file:
        return file.read(_MAX_CHARACTERS)


def _write_text(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)  # never makes a file that is not there
    try:
        os.write(handle, text.encode("ascii"))  # in one write, as the kernel takes a value
    finally:
        os.close(handle)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


class Sysfs:
    """`read`, `write` and `may_write` do the input and output.

    Tests replace them by those of a machine that refuses.
    """

    def __init__(
        self,
        root: Path = Path("/"),
        read: Callable[[Path], str] = _read_text,
        write: Callable[[Path, str], None] = _write_text,
        may_write: Callable[[Path], bool] = _may_write,
    ) -> None:
        self.root = root
        self._read = read
        self._write = write
        self._may_write = may_write

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in the order of the numbers in them; none where there is no such folder."""
        try:
            found = [entry.name for entry in self.path(folder).iterdir()]
        except OSError:
            return []
        return sorted(found, key=_by_number)

    def text(self, file: str) -> SensorValue[str]:
        try:
            return SensorValue(self._read(self.path(file)).strip())
        except PermissionError:
            return SensorValue(None, f"this user may not read {self.path(file)}", refused=True)
        except FileNotFoundError:
            return SensorValue(None, f"there is no {self.path(file)}")
        except OSError as error:
            return SensorValue(None, f"{self.path(file)} cannot be read ({error.strerror or error})")

    def number(self, file: str) -> SensorValue[int]:
        text = self.text(file)
        if text.value is None:
            return SensorValue(None, text.why, text.refused)
        try:
            return SensorValue(int(text.value))
        except ValueError:
            return SensorValue(None, f"{self.path(file)} holds no number")

    def refusal(self, file: str) -> str:
        """The reason why this user may not write the file, or "" if the system says that it may. Nothing is written."""
        return "" if self._may_write(self.path(file)) else f"this user may not write {self.path(file)}"

    def write(self, file: str, value: int) -> str:
        """Write a number. Returns "" if the kernel took it, else the reason why not."""
        try:
            self._write(self.path(file), f"{value}\n")
        except PermissionError:
            return f"this user may not write {self.path(file)}"
        except OSError as error:
            locked = error.errno in (errno.EIO, errno.EPERM, errno.ENODATA)
            reason = "the firmware has locked it" if locked else error.strerror or str(error)
            return f"{self.path(file)} cannot be written ({reason})"
        return ""


def _by_number(name: str) -> tuple[str, list[int]]:
    digits = [int(part) for part in "".join(c if c.isdigit() else " " for c in name).split()]
    return "".join(c for c in name if not c.isdigit()), digits
