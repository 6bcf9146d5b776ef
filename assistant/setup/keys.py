"""The thread "keys": reads presses from standard input, interrupts the sentence that sounds, and hands on the answers.

Standard input is a terminal, or anything else that sends the same characters. The terminal gets its mode back at every
orderly end. This module does not know what the answers are for.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import termios
import threading
import time
import tty
from typing import Any

from assistant.errors import UsageError
from assistant.setup.presses import Answer, PressCounter

_JOIN_SECONDS = 1.0


class Keys:
    """Answers by presses. Use it in a `with`. Raises UsageError if there is nothing to read presses from."""

    def __init__(self, number: int | None = None) -> None:
        self._number = _standard_input() if number is None else number
        # An answer, or None at the end of the input. The bound is more than anybody presses ahead.
        self._answers: queue.Queue[Answer | None] = queue.Queue(maxsize=16)
        self._stop_reader, self._stop_writer = os.pipe()
        self._mode: list[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self.pressed = threading.Event()  # set by each press; whoever speaks clears it and ends the sentence on it

    def __enter__(self) -> Keys:
        if os.isatty(self._number):
            self._mode = termios.tcgetattr(self._number)
            tty.setcbreak(self._number)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        os.write(self._stop_writer, b".")
        self._thread.join(_JOIN_SECONDS)
        if self._mode is not None:
            with contextlib.suppress(termios.error, OSError):  # the terminal has gone
                termios.tcsetattr(self._number, termios.TCSADRAIN, self._mode)
        if not self._thread.is_alive():
            os.close(self._stop_reader)
            os.close(self._stop_writer)

    def wait(self, seconds: float) -> Answer | None:
        """The next answer, or None if none comes in this time. Raises UsageError at the end of the input."""
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if answer is None:
            raise UsageError("there are no more keys to read: nobody can answer, so start `seesay setup` in a terminal")
        return answer

    def forget(self) -> None:
        """Drops what was pressed before a question was asked."""
        with contextlib.suppress(queue.Empty):
            while self._answers.get_nowait() is not None:
                pass
            self._answers.put_nowait(None)  # the end of the input stays known
        self.pressed.clear()

    def _run(self) -> None:
        counter = PressCounter()
        while True:
            due = counter.due_at
            wait = None if due is None else max(0.0, due - time.monotonic())
            ready, _, _ = select.select([self._stop_reader, self._number], [], [], wait)
            if self._stop_reader in ready:
                return
            answer = None
            if self._number in ready:
                try:
                    typed = os.read(self._number, 1)
                except OSError:
                    typed = b""
                if not typed:
                    self.hand_on(None)
                    return
                answer = counter.push(typed, time.monotonic())
                if answer is not None or counter.due_at is not None:
                    self.pressed.set()
            answer = answer or counter.tick(time.monotonic())
            if answer is not None:
                self.hand_on(answer)

    def hand_on(self, answer: Answer | None) -> None:
        """Takes an answer that was given in another way. None is the end of the input. Any thread may call it."""
        with contextlib.suppress(queue.Full):
            self._answers.put_nowait(answer)


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # it is missing, replaced or closed
        raise UsageError("`seesay setup` needs the keys of a terminal: start it in one") from None
