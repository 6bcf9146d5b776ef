"""Reads a report that `seesay bench --json` printed earlier, so that its table and its page can be made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant import console
from assistant.bench.pages import engine_page, page, questions_table, report
from assistant.bench.pages.page_file import require_writable, write
from assistant.errors import AssistantError


def show_saved(path: Path, html: Path | None) -> None:
    """Prints the table of a saved report, and writes its page if `html` is given. Raises AssistantError."""
    measured = read(path)
    is_of_engine = "results" in measured
    try:
        text = (report if is_of_engine else questions_table).table(measured)
        drawn = (engine_page if is_of_engine else page).page(measured)
    except (KeyError, TypeError, IndexError, AttributeError) as problem:
        raise AssistantError(
            f"{path} is not a report of this version of `seesay bench --json` ({problem!r} in it is missing or of another kind)"
        ) from problem
    console.result(text)
    if html is not None:
        require_writable(html)
        write(html, drawn)


def read(path: Path) -> Mapping[str, Any]:
    """The object in the file. Raises AssistantError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise AssistantError(f"cannot read {path}: {problem.strerror}") from problem
    except ValueError as problem:
        raise AssistantError(f"{path} is not what `seesay bench --json` printed: it is no JSON object") from problem
    if not isinstance(found, dict):
        raise AssistantError(f"{path} is not what `seesay bench --json` printed: it is no JSON object")
    return found
