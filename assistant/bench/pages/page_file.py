"""Writes a report's page, and checks before the measuring that it can be written. It does not know what is in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from assistant import console
from assistant.errors import AssistantError


def require_writable(path: Path) -> None:
    """Checks that the report can be written, before the minutes of measuring. Raises AssistantError.

    An old report stays until the new one is written.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise AssistantError(f"cannot write the report to {path}: give the path of a file in a folder that is there")
    try:
        if path.exists():
            path.open("ab").close()
        else:
            tempfile.TemporaryFile(dir=path.absolute().parent).close()
    except OSError as problem:
        raise _cannot_write(path, problem) from problem


def write(path: Path, text: str) -> None:
    """Writes the page and says where it is. Raises AssistantError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise _cannot_write(path, problem) from problem
    console.say(f"the report is {path}")


def _cannot_write(path: Path, problem: OSError) -> AssistantError:
    return AssistantError(f"cannot write the report to {path}: {problem.strerror}; give another path")
