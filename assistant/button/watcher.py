"""The thread "button": reads keys, interprets them, and hands on each press at once.

It owns the source of the keys and the waiting between them. What a press sets going is the caller's: `on_press` runs on
this thread and must return at once (a stop has to be silent within 100 ms, whatever the main thread is doing).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from assistant.button.gestures import Button, ButtonSettings, KeyEvent, Press

_log = logging.getLogger(__name__)

TERMINAL = "terminal"  # as the button's device in config.toml
JOIN_SECONDS = 0.4
IDLE_SECONDS = 60.0


class KeySource(Protocol):
    """A key of an input device or of the terminal."""

    @property
    def problem(self) -> str:
        """A sentence for the user while the key cannot be heard, else ""."""

    def read(self, timeout_seconds: float) -> list[KeyEvent]:
        """Wait for key events, at most this long. Returns at once after stop()."""

    def stop(self) -> None:
        """Make a read() that waits return at once. Any thread may call it."""

    def close(self) -> None:
        """To be called after the reading thread has ended."""


def open_key(device: str, code: int, *, grab: bool, say: Callable[[str], None]) -> KeySource:
    """The source for [button] of config.toml: an input device, or the terminal's space bar.

    The space bar where nothing else is configured, and where the device may not be read. A device that is not there is
    the source's `problem` until it is plugged in; whether that can be lived with is the caller's.
    """
    from assistant.button.input_devices import InputKeys, Key
    from assistant.button.terminal_key import TerminalKey

    if device == TERMINAL or not (device or code):
        return TerminalKey()
    keys = InputKeys(Key(device, code), grab=grab)
    if not keys.refused:
        return keys
    terminal = TerminalKey()
    if terminal.problem:
        terminal.close()
        return keys
    say(f"{keys.problem}; until then the space bar of this terminal is the button")
    keys.close()
    return terminal


class ButtonWatch:
    """Hands on the presses of one key until it is closed. Use it in a `with`. It closes the source."""

    def __init__(
        self,
        source: KeySource,
        settings: ButtonSettings,
        on_press: Callable[[Press], None],
        *,
        speaking: Callable[[], bool],
        on_problem: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_problem` gets a sentence when the key is lost and "" when it is back, on this thread too."""
        self._source = source
        self._button = Button(settings, speaking)
        self._on_press = on_press
        self._on_problem = on_problem
        self._clock = clock
        self._problem = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="button", daemon=True)

    def __enter__(self) -> ButtonWatch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._source.stop()
        self._thread.join(JOIN_SECONDS)
        if self._thread.is_alive():
            _log.warning("the thread 'button' has not ended; its device is left open")
        else:
            self._source.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:  # noqa: BLE001 - boundary of the thread: one press may fail, the next must not
                _log.exception("a press of the button failed")
                self._stopping.wait(0.1)

    def _step(self) -> None:
        if self._source.problem != self._problem:
            self._problem = self._source.problem
            self._on_problem(self._problem)
        due = self._button.due_at
        wait = IDLE_SECONDS if due is None else max(0.0, due - self._clock())
        for event in self._source.read(wait):
            self._tell(self._button.push(event))
        self._tell(self._button.tick(self._clock()))

    def _tell(self, presses: list[Press]) -> None:
        if not self._stopping.is_set():
            for press in presses:
                self._on_press(press)
