"""Finds a microphone from which the sound server removes the echo, and the loudspeaker that belongs to it.

PulseAudio and PipeWire can offer such a pair. Sound that is not played through that loudspeaker cannot be taken out
of that microphone, so the two are used together. This module asks `pactl`, which both servers answer. It does not
load the echo canceller itself; docs/echo.md says how a user does that.
"""

from __future__ import annotations

import os
import subprocess

_MARKS = ("echo-cancel", "echocancel", "echo_cancel")
_ASK_SECONDS = 2.0


def echo_cancelled_input() -> str | None:
    """The sound server's name of an echo-cancelled source. None where there is no such source or no server."""
    return find_echo_cancelled(_listing("sources"))


def echo_cancelled_output() -> str | None:
    """The name of the sink whose sound is taken out of that source."""
    return find_echo_cancelled(_listing("sinks"))


def _listing(what: str) -> str:
    try:
        return subprocess.run(
            ["pactl", "list", "short", what],
            capture_output=True, text=True, timeout=_ASK_SECONDS, check=True,
            env={**os.environ, "LC_ALL": "C"},
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""


def find_echo_cancelled(listing: str) -> str | None:
    """The first echo-cancelled name in the lines of `pactl list short sources` or `… sinks`.

    A line holds number, name, module, format and state.
    """
    for line in listing.splitlines():
        fields = line.split("\t")
        name = fields[1] if len(fields) > 1 else ""
        if any(mark in name.lower() for mark in _MARKS) and not name.endswith(".monitor"):
            return name
    return None


def use_source(name: str) -> None:
    """Makes this process record from `name` wherever it opens the server's default microphone.

    PortAudio knows only ALSA's devices and never the server's sources by name, but both servers' client libraries
    read this environment variable. Call it before the sound library is loaded, because that library reads its
    environment once.
    """
    os.environ["PULSE_SOURCE"] = name


def use_sink(name: str) -> None:
    """Makes this process play to `name` wherever it opens the server's default loudspeaker. See `use_source`."""
    os.environ["PULSE_SINK"] = name
