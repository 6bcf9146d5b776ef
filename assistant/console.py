"""Writes what a sighted person or another program reads: results on stdout, messages on stderr.

A result that cannot be written does not end the program, because a conversation is heard as well: the loss is said on
stderr, and the exit status tells it. Nothing here fails for an encoding or for a stream that is closed. It does not
know what a result means.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio.hearing import Utterance


DEMO_NOTICE = (
    "using the small demo model: it knows drawn shapes, colors, counts, places and large printed words only. "
    "`seesay fetch` brings the full models (4.3 GB)."
)
_STANDARD_DESCRIPTORS = (0, 1, 2)
_lost = threading.Event()  # set once a part of a result could not be written; threads write results as well


def prepare_streams() -> None:
    """Makes stdout and stderr usable. Call it once for each command line, before anything else.

    A standard descriptor that is closed is opened on /dev/null. Otherwise the next file that is opened, a model or a
    WAV file, would get its number, and C libraries would write their messages into that file. sys.stdout stays None
    then, as the sign that results are lost. A character that a stream's encoding does not have is written as an escape,
    such as \\u4f60.
    """
    _lost.clear()
    for descriptor in _STANDARD_DESCRIPTORS:
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(nowhere, True)
    if sys.stderr is None:  # libraries write to it without asking
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """A message to the person at the terminal, never part of a result."""
    if sys.stderr is not None:  # print would take stdout instead
        # A terminal may be gone. Who is about to put settings of the machine back must not fail for that.
        with contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)


def result(line: str) -> None:
    """A line of the result, written as `piece` writes."""
    piece(line + "\n")


def piece(text: str) -> None:
    """A part of a result that is still growing.

    Where it cannot be written, because the disk is full or stdout is closed, the first loss is said on stderr, and
    `all_written` returns False. Raises BrokenPipeError where the reader of a pipe has left.
    """
    if sys.stdout is None:
        _lose("it is closed; start seesay with an open standard output")
        return
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _lose(f"{error.strerror}; free some space or choose another file")


def all_written() -> bool:
    """Writes what is still in a buffer. Returns whether every part of the results has been written."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            reader_left()
        except OSError as error:
            _lose(f"{error.strerror}; free some space or choose another file")
            _lead_nowhere()
    return not _lost.is_set()


def reader_left() -> None:
    """Notes that nobody reads stdout any more, and that what was still to be written is lost."""
    _lost.set()
    if sys.stdout is not None:
        _lead_nowhere()


def _lose(reason: str) -> None:
    if not _lost.is_set():
        _lost.set()
        say(f"seesay: cannot write the answer to standard output: {reason}")


def _lead_nowhere() -> None:
    """Python writes stdout's buffer once more at its end. There it would fail again, with a status of its own (120)."""
    with contextlib.suppress(OSError, ValueError):  # a stream without a descriptor, as tests have
        descriptor = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def heard(utterance: Utterance, *, verbose: bool) -> None:
    """A line with the words of an utterance, and with how sure the recogniser is where `verbose` asks for it."""
    result(f"you: {utterance.text}" + (f"  (confidence {utterance.confidence:.2f})" if verbose else ""))


def as_json_line(values: Any) -> str:
    """One JSON value in one line. Characters that stdout's encoding lacks are escaped, so that it stays valid JSON."""
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(values)
    return text
