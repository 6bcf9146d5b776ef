"""Remembers the newest record that each receiver has acknowledged, in a small JSON file beside the journal.

It does not know what a receiver is: a key stands for each.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.files import replace_file, sync

FILE_NAME = "handed_on.json"


@dataclass(frozen=True)
class Mark:
    """The newest record that was acknowledged. Number 0 and 64 zeros stand for the place before the first record."""

    number: int
    chain_sha256: str


class Progress:
    """The marks of all receivers. Any thread may call it."""

    def __init__(self, folder: Path) -> None:
        """Reads the file. One that is missing or damaged counts as empty."""
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._marks: dict[str, Mark] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self._marks = {key: Mark(int(mark["number"]), str(mark["chain_sha256"])) for key, mark in stored.items()}

    def mark(self, key: str) -> Mark | None:
        """None: this receiver has not been there before."""
        with self._lock:
            return self._marks.get(key)

    def set(self, key: str, mark: Mark) -> None:
        """Sets a mark, and stores all of them. Raises OSError; the mark is set in this process even so."""
        with self._lock:
            self._marks[key] = mark
            text = json.dumps({key: asdict(mark) for key, mark in self._marks.items()}, indent=1)
            replace_file(self._path, text + "\n")
            sync(self._path.parent)
