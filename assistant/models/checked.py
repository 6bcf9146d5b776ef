"""What `seesay check` found about a model, and where it is kept: one folder for each model's weights.

`run`, `ask` and `serve` read the thresholds of doubt from here, and the doctor reads when the model was checked. A
folder is named after the SHA-256 of the weights, so other weights never get what was measured on these. The check
itself is in `assistant.check`; this module knows only its result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.files import replace_file, state_folder
from assistant.models.catalog import weights_files, weights_hash

RESULT = "result.json"
_HASHES = "hashes.json"
_KEY_DIGITS = 16  # of the SHA-256: two models of one user never share so many


@dataclass(frozen=True)
class Result:
    """The last check of a model. None stands for a threshold that was not measured."""

    checked_on: str  # such as 2026-11-29
    is_complete: bool  # all parts were done
    is_good: bool  # nothing failed
    says: str  # in one sentence, without its full stop
    hedge_below: float | None = None
    cannot_tell_below: float | None = None
    answers: int = 0  # on which the thresholds stand


def check_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the checks of all models are kept. It need not exist."""
    return state_folder(environ) / "check"


def weights_key(folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The SHA-256 of a model's weights; "" where it is not known without reading gigabytes.

    For a folder of the user's own, which has no manifest, a check has noted it, and the note counts while no file has
    changed.
    """
    if known := weights_hash(folder):
        return known
    note = _read(check_folder(environ) / _HASHES).get(str(folder.absolute()), {})
    return str(note["sha256"]) if isinstance(note, dict) and note.get("stamps") == _stamps(folder) else ""


def note_key(folder: Path, sha256: str, environ: Mapping[str, str] = os.environ) -> None:
    """Note the SHA-256 of weights that have no manifest, for `weights_key`. Raises OSError."""
    path = check_folder(environ) / _HASHES
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = _read(path) | {str(folder.absolute()): {"stamps": _stamps(folder), "sha256": sha256}}
    replace_file(path, json.dumps(notes))


def folder_of(key: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder in which the check of the model with these weights is kept."""
    return check_folder(environ) / key[:_KEY_DIGITS]


def read_result(model: Path, environ: Mapping[str, str] = os.environ) -> Result | None:
    """The last check of the model in this folder. None where there was none, or where it cannot be read."""
    if not (key := weights_key(model, environ)):
        return None
    try:
        found = Result(**_read(folder_of(key, environ) / RESULT))
        thresholds = [one for one in (found.hedge_below, found.cannot_tell_below) if one is not None]
        return found if all(0.0 <= one <= 1.0 for one in thresholds) else None
    except TypeError:
        return None


def write_result(key: str, result: Result, environ: Mapping[str, str] = os.environ) -> None:
    """Keep the result of a check, in place of an earlier one. Raises OSError."""
    folder = folder_of(key, environ)
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / RESULT, json.dumps(asdict(result), indent=1))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _stamps(folder: Path) -> list[list[str | int]]:
    """Name, size, inode and time of change of each file with weights."""
    return [
        [path.name, of.st_size, of.st_ino, of.st_mtime_ns] for path in weights_files(folder) for of in [path.stat()]
    ]
