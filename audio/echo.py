"""Is there a microphone without the loudspeaker's echo? PulseAudio and PipeWire can make one, and a loudspeaker to it.

What is not played through that loudspeaker cannot be taken out of the microphone's sound, so the two are used together.

Asks `pactl`, which both servers answer. It loads nothing itself: docs/echo.md tells how that is done.
"""

from __future__ import annotations

import os
import subprocess

_MARKS = ("echo-cancel", "echocancel", "echo_cancel")
_ASK_SECONDS = 2.0


def echo_cancelled_input() -> str | None:
    """The sound server's name of an echo-cancelled source; None where there is none, or no server."""
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
    """From the lines of `pactl list short sources` or `… sinks`: number, name, module, format, state."""
    for line in listing.splitlines():
        fields = line.split("\t")
        name = fields[1] if len(fields) > 1 else ""
        if any(mark in name.lower() for mark in _MARKS) and not name.endswith(".monitor"):
            return name
    return None


def use_source(name: str) -> None:
    """Streams that this process opens from now on, on the server's default microphone, record from `name`.

    PortAudio knows only ALSA's devices and never the server's sources by name; both servers' client libraries heed
    this variable. Call it before the sound library is loaded: it reads its environment once.
    """
    os.environ["PULSE_SOURCE"] = name


def use_sink(name: str) -> None:
    """As `use_source`: streams to the server's default loudspeaker go to `name`."""
    os.environ["PULSE_SINK"] = name
