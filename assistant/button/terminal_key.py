"""Makes the terminal's space bar the button where no input device may be read.

A terminal sends characters, not the moments at which a key goes down and up. So each space is taken for a short press,
and a key cannot be held. The characters of a key's auto-repeat are left out. The terminal gets its mode back at every
orderly end of the program. This module does not know what a press does.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable
from typing import Any

from assistant.button.gestures import KeyEvent

KEY = b" "
REPEAT_SECONDS = 0.1  # nobody presses twice within it; the characters of auto-repeat come every 30 to 50 ms


class TerminalKey:
    """Reads the space bar. Use it in a `with`, or call close().

    `problem` is a sentence if there is no terminal to read, else "".
    """

    def __init__(self, number: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._number = _standard_input() if number is None else number
        self._clock = clock
        self._last_at = float("-inf")
        self._stop_reader, self._stop_writer = os.pipe()
        self._stopped = False
        self._mode: list[Any] | None = None
        self.problem = "" if self._is_ours() else "there is no terminal whose space bar could be the button"
        if not self.problem:
            self._mode = termios.tcgetattr(self._number)
            tty.setcbreak(self._number)

    def __enter__(self) -> TerminalKey:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, timeout_seconds: float | None = None) -> list[KeyEvent]:
        """Waits for a press, at most this long (None: for ever). Returns [] when the time is over or after stop()."""
        readers = [self._stop_reader] if self.problem else [self._stop_reader, self._number]
        ready, _, _ = select.select(readers, [], [], timeout_seconds)
        if self._number not in ready or self._stopped:
            return []
        try:
            typed = os.read(self._number, 64)
        except OSError:
            typed = b""
        if not typed:  # the terminal was closed
            self.problem = "the terminal has gone, and the space bar with it"
            return []
        return self._events(typed)

    def stop(self) -> None:
        """Ends a read() that waits, and all later ones. Any thread may call it."""
        if not self._stopped:
            self._stopped = True
            os.write(self._stop_writer, b".")

    def close(self) -> None:
        """Gives the terminal its mode back. A second call does nothing."""
        if self._mode is not None:
            with contextlib.suppress(termios.error, OSError):  # the terminal has gone
                termios.tcsetattr(self._number, termios.TCSADRAIN, self._mode)
            self._mode = None
        for number in (self._stop_reader, self._stop_writer):
            if number >= 0:
                os.close(number)
        self._stop_reader = self._stop_writer = -1
        self._stopped = True

    def _events(self, typed: bytes) -> list[KeyEvent]:
        if KEY not in typed:
            return []
        now = self._clock()
        repeated = now - self._last_at < REPEAT_SECONDS
        self._last_at = now
        return [] if repeated else [KeyEvent(True, now), KeyEvent(False, now)]

    def _is_ours(self) -> bool:
        """True if it is a terminal that this job may use.

        A program that changes the mode of another job's terminal is stopped by the system.
        """
        try:
            return os.isatty(self._number) and os.tcgetpgrp(self._number) == os.getpgrp()
        except OSError:
            return False


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # it is missing, replaced or closed, as in a service
        return -1
