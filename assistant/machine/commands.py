"""Runs the system's own commands for at most a few seconds and collects what they print. It understands none of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_SECONDS = 2.0


@dataclass(frozen=True)
class Printed:
    """What a command printed. `status` is None if the command is not installed or did not end in time."""

    status: int | None
    out: str = ""
    error: str = ""  # its error messages, or why there is no status
    installed: bool = True

    @property
    def worked(self) -> bool:
        return self.status == 0


def run(command: Sequence[str], seconds: float = _SECONDS) -> Printed:
    """Runs a command with English messages. It is killed after so many seconds."""
    try:
        done = subprocess.run(
            command,
            capture_output=True, text=True, errors="replace", timeout=seconds, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except FileNotFoundError:
        return Printed(None, error=f"{command[0]} is not installed", installed=False)
    except subprocess.TimeoutExpired:
        return Printed(None, error=f"{command[0]} does not answer")
    except OSError as error:
        return Printed(None, error=f"{command[0]} cannot be run: {error.strerror}")
    return Printed(done.returncode, done.stdout, done.stderr.strip())
