"""Keeps what a check has found, one JSON file for each part, so that the next run goes on where this one ended.

A part that another version of the program has left is done again. It does not know what a part holds.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.files import replace_file


class Store:
    """The folder of one model's check."""

    def __init__(self, folder: Path, stamp: str) -> None:
        """`stamp` says what else the results depend on: the program's version. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._stamp = stamp

    def read(self, part: str) -> dict[str, Any] | None:
        """What was kept of a part; None where nothing was, or not by this version."""
        try:
            kept = json.loads(self._path(part).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(kept, dict) or kept.get("stamp") != self._stamp or not isinstance(kept.get("found"), dict):
            return None
        found: dict[str, Any] = kept["found"]
        return found

    def write(self, part: str, found: Mapping[str, Any]) -> None:
        """Keep what a part has found, in place of what it found before. Raises OSError."""
        replace_file(self._path(part), json.dumps({"stamp": self._stamp, "found": found}))

    def forget(self, part: str) -> None:
        """Drop what was kept of a part, so that it is done again. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            self._path(part).unlink()

    def _path(self, part: str) -> Path:
        return self.folder / f"{part}.json"
