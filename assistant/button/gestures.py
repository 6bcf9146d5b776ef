"""What the downs and ups of one button mean. Pure logic: key events and the time go in, presses come out.

A press is told at the moment the key goes down, so that picture and listening begin at once; what it grows into (a
hold, a double press) is told when it is known. This module knows no device, no thread and no clock of its own, and not
what a press sets going: only whether the assistant is speaking, because then a press means "stop" and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyEvent:
    """The key went down or up; a keyboard's auto-repeat is a down without an up before it."""

    down: bool
    at: float  # monotonic seconds, the device's own stamp where it gives one


@dataclass(frozen=True)
class Pressed:
    """The key went down: take the picture and listen."""

    at: float


@dataclass(frozen=True)
class Held:
    """The key is still down: listen for as long as it stays down."""

    at: float
    pressed_at: float


@dataclass(frozen=True)
class Released:
    """The key went up again."""

    at: float
    held: bool  # after a Held


@dataclass(frozen=True)
class DoublePress:
    """The key was pressed a second time, quickly after the first: repeat the answer."""

    at: float


@dataclass(frozen=True)
class StopPress:
    """The key was pressed while the assistant was speaking: fall silent, and do nothing else."""

    at: float


Press = Pressed | Held | Released | DoublePress | StopPress


@dataclass(frozen=True)
class ButtonSettings:
    """From the table [button] of config.toml."""

    double_press_seconds: float = 0.25  # from one press's end to the next one's beginning
    hold_seconds: float = 1.0
    debounce_seconds: float = 0.03  # a worn contact opens and closes several times within this


class Button:
    """Push key events in their order, and the time whenever `due_at` has come; get presses.

    A change is told at once. Changes within the debounce time after it are bounces: what the key is at the end of that
    time counts, so no up is ever lost.
    """

    def __init__(self, settings: ButtonSettings, speaking: Callable[[], bool]) -> None:
        self._settings = settings
        self._speaking = speaking
        self._raw_down = False  # as the device reports it
        self._down = False  # without bounces
        self._changed_at = float("-inf")
        self._pressed_at = 0.0
        self._can_hold = False  # this press may still become a Held
        self._held = False
        self._double_until = float("-inf")  # a press before this is the second of a double press
        self._ignored_until = float("-inf")  # after a stop or a repeat, a hasty further press is no new question
        self._ignored = False  # the present press is such a one
        self._complete = False  # the present press is no first half of a double press

    @property
    def due_at(self) -> float | None:
        """When `tick` has something to do if no key event comes first; None if nothing is pending."""
        due: list[float] = []
        if self._raw_down != self._down:
            due.append(self._changed_at + self._settings.debounce_seconds)
        if self._down and self._can_hold:
            due.append(self._pressed_at + self._settings.hold_seconds)
        return min(due, default=None)

    def push(self, event: KeyEvent) -> list[Press]:
        presses = self.tick(event.at)
        self._raw_down = event.down
        if event.at >= self._changed_at + self._settings.debounce_seconds:
            presses += self._settle(event.at)
        return presses

    def tick(self, now: float) -> list[Press]:
        """The presses that have become due by `now`, in the order of time."""
        presses: list[Press] = []
        while (due := self.due_at) is not None and due <= now:
            if self._raw_down != self._down and due == self._changed_at + self._settings.debounce_seconds:
                presses += self._settle(due)
            else:
                self._can_hold, self._held = False, True
                presses.append(Held(due, self._pressed_at))
        return presses

    def _settle(self, at: float) -> list[Press]:
        if self._raw_down == self._down:
            return []  # auto-repeat, or a bounce that came back
        self._down, self._changed_at = self._raw_down, at
        return self._go_down(at) if self._down else self._go_up(at)

    def _go_down(self, at: float) -> list[Press]:
        self._pressed_at, self._held = at, False
        self._ignored = at < self._ignored_until
        doubled = at < self._double_until
        self._double_until = float("-inf")
        self._complete, self._can_hold = True, not self._ignored
        if self._ignored:
            return []
        if self._speaking():  # asked now and not at the release: silence is wanted at once
            return [StopPress(at)]  # may become a Held: who interrupts may go on to speak
        if doubled:
            self._can_hold = False
            return [DoublePress(at)]
        self._complete = False
        return [Pressed(at)]

    def _go_up(self, at: float) -> list[Press]:
        after = at + self._settings.double_press_seconds
        if self._complete:
            self._ignored_until = after
        elif not self._held:
            self._double_until = after
        held, self._held, self._can_hold = self._held, False, False
        return [] if self._ignored else [Released(at, held)]
