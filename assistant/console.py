"""What a sighted person reads while the assistant runs: results on stdout, messages on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from audio.hearing import Utterance


DEMO_NOTICE = (
    "using the small demo model: it knows drawn shapes, colors, counts, places and large printed words only. "
    "`seesay fetch` brings the full models (4.3 GB)."
)


def say(message: str) -> None:
    """A message to the person at the terminal, never part of a result."""
    if sys.stderr is not None:  # closed by whoever started us; print would take stdout instead
        with contextlib.suppress(OSError):  # a terminal that is gone: what must be put back comes first
            print(message, file=sys.stderr, flush=True)


def result(line: str) -> None:
    """A line of the result. Raises `AssistantError` when it cannot be written (a full disk)."""
    piece(line + "\n")


def piece(text: str) -> None:
    """A part of a result that is still growing. Raises as `result` does."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AssistantError(
            f"cannot write the answer to standard output: {error.strerror}; free some space or choose another file"
        ) from None


def heard(utterance: Utterance, *, verbose: bool) -> None:
    """What the recogniser made of an utterance."""
    result(f"you: {utterance.text}" + (f"  (confidence {utterance.confidence:.2f})" if verbose else ""))


def as_json_line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
