"""Writes what a sighted person or another program reads: results on stdout, messages on stderr.

A result that cannot be written does not end the program, because the conversation is heard as well. The loss is
reported on stderr, and the exit status tells it. No function here fails because of an encoding or a closed stream. This
module does not know what a result means.
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
    from audio.listening.hearing import Utterance


DEMO_NOTICE = (
    "using the small demo model: it knows drawn shapes, colors, counts, places and large printed words only. "
    "`seesay fetch` brings the full models (4.3 GB)."
)
_STANDARD_DESCRIPTORS = (0, 1, 2)
# set as soon as a part of a result could not be written; an Event, because several threads write results
_lost = threading.Event()


def prepare_streams() -> None:
    """Makes stdout and stderr usable. Call it once for each command line, before anything else.

    A standard descriptor that is closed is opened on /dev/null. Otherwise the next file that is opened, a model or a
    WAV file, would get its number, and C libraries would write their messages into that file. sys.stdout stays None in
    that case, as the sign that results are lost. A character that a stream's encoding does not have is written as an
    escape, such as \\u4f60.
    """
    _lost.clear()
    for descriptor in _STANDARD_DESCRIPTORS:
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is this descriptor's
            os.set_inheritable(nowhere, True)
    if sys.stderr is None:  # libraries write to stderr without checking whether it is None
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """Prints a message to the person at the terminal. It is never part of a result."""
    if sys.stderr is not None:  # if it is None, print would write to stdout instead
        # The terminal may be gone. That error must not stop a caller that is about to restore settings of the machine.
        with contextlib.suppress(OSError, ValueError):
            # In one piece with its end: the line of another thread could come between the two.
            print(f"{message}\n", end="", file=sys.stderr, flush=True)


def result(line: str) -> None:
    """Prints one line of the result, in the way `piece` does."""
    piece(line + "\n")


def piece(text: str) -> None:
    """Prints a part of a result that is still growing.

    If it cannot be written, because the disk is full or stdout is closed, the first loss is reported on stderr, and
    `all_written` returns False. Raises BrokenPipeError if the reader of a pipe has gone.
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
    """Records that nobody reads stdout any more, and that its remaining text is lost."""
    _lost.set()
    if sys.stdout is not None:
        _lead_nowhere()


def _lose(reason: str) -> None:
    if not _lost.is_set():
        _lost.set()
        say(f"seesay: cannot write the answer to standard output: {reason}")


def _lead_nowhere() -> None:
    """Points stdout's descriptor to /dev/null.

    Python writes stdout's buffer once more when it ends. That would fail again, and the exit status would become
    Python's own (120).
    """
    with contextlib.suppress(OSError, ValueError):  # the stream may have no descriptor, as in tests
        descriptor = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def heard(utterance: Utterance, *, verbose: bool) -> None:
    """Prints the words of an utterance and, if `verbose` is true, the recogniser's confidence."""
    result(f"you: {utterance.text}" + (f"  (confidence {utterance.confidence:.2f})" if verbose else ""))


def as_json_line(values: Any) -> str:
    """One JSON value in one line. Characters that stdout's encoding lacks are escaped, so that it stays valid JSON."""
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(values)
    return text
