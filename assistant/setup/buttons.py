"""The thread "buttons": a button of its own, such as a USB switch or a headset's, answers like the terminal's key.

A keyboard is left aside, because the terminal has its keys already, except where the user is asked to press the button
that is wanted. This module does not know what the answers are for. The devices are `assistant.button`'s.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable

from assistant.button.input_devices import NO_BUTTON, DeviceEvent, InputDevice, InputKeys, Key
from assistant.setup.presses import Answer, PressCounter

_log = logging.getLogger(__name__)

HELD_SECONDS = 1.0  # a key that is down for so long is held
_JOIN_SECONDS = 1.0
_LETTERS = frozenset({16, 30, 44, 48, 50})  # Q, A, Z, B and M: a device with all of them is a keyboard


def is_keyboard(device: InputDevice) -> bool:
    """Whether the device can type, so that a terminal gets its keys."""
    return device.keys >= _LETTERS


class ButtonCounter:
    """Counts the presses of a button whose ups are known too. All times are in seconds on one clock."""

    def __init__(self) -> None:
        self._presses = PressCounter()
        self._down_at: float | None = None

    @property
    def due_at(self) -> float | None:
        """When `tick` will have an answer, if no press comes before; None while nothing is due."""
        return None if self._down_at is not None else self._presses.due_at

    def push(self, down: bool, at: float) -> Answer | None:
        """Takes a down or an up. Returns REPEAT for the up of a key that was held."""
        if down:
            self._down_at = at
            return self._presses.push(b" ", at)
        held = self._down_at is not None and at - self._down_at >= HELD_SECONDS
        self._down_at = None
        if held:
            self._presses = PressCounter()
        return Answer.REPEAT if held else None

    def tick(self, now: float) -> Answer | None:
        """The answer, once no further press can belong to it."""
        return None if self._down_at is not None else self._presses.tick(now)


class Buttons:
    """Answers by presses of buttons. Use it in a `with`."""

    def __init__(
        self,
        hand_on: Callable[[Answer], None],
        on_press: Callable[[], None],
        open_keys: Callable[[Key], InputKeys] = InputKeys,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_press` is called at each press, before it is known what it answers. Both run on the thread."""
        self._hand_on = hand_on
        self._on_press = on_press
        self._keys = open_keys(Key("", 0))
        self._clock = clock
        self._trying = threading.Event()  # the next press of any key is wanted, a keyboard's too
        self._tried: queue.Queue[DeviceEvent] = queue.Queue(maxsize=1)
        self._stopping = threading.Event()
        self.pressed: DeviceEvent | None = None  # the last press of a button that has answered
        self._thread = threading.Thread(target=self._run, name="buttons", daemon=True)

    def __enter__(self) -> Buttons:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._keys.stop()
        self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            _log.warning("the thread 'buttons' has not ended; its devices are left open")
        else:
            self._keys.close()

    @property
    def problem(self) -> str:
        """A sentence while no device with keys can be read, else ""."""
        return self._keys.problem

    @property
    def has_devices(self) -> bool:
        """Whether this machine has any device with keys, be it one that may not be read."""
        return bool(self._keys.devices)

    def next_press(self, seconds: float) -> DeviceEvent | None:
        """Waits for the next press of any key, a keyboard's too; None if none comes in this time."""
        with contextlib.suppress(queue.Empty):
            self._tried.get_nowait()
        self._trying.set()
        try:
            return self._tried.get(timeout=seconds)
        except queue.Empty:
            return None
        finally:
            self._trying.clear()

    def _run(self) -> None:
        counter = ButtonCounter()
        while not self._stopping.is_set():
            due = counter.due_at
            for event in self._keys.read_devices(None if due is None else max(0.0, due - self._clock())):
                if event.code in NO_BUTTON:
                    continue
                if event.event.down and self._trying.is_set():
                    self._trying.clear()
                    with contextlib.suppress(queue.Full):
                        self._tried.put_nowait(event)
                elif not is_keyboard(event.device):
                    if event.event.down:
                        self.pressed = event
                        self._on_press()
                    self._tell(counter.push(event.event.down, event.event.at))
            self._tell(counter.tick(self._clock()))

    def _tell(self, answer: Answer | None) -> None:
        if answer is not None and not self._stopping.is_set():
            self._hand_on(answer)
