"""What the downs and ups of one key mean, and the thread that waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.button.gestures import (
    Button,
    ButtonSettings,
    DoublePress,
    Held,
    KeyEvent,
    Press,
    Pressed,
    Released,
    StopPress,
)
from assistant.button.watcher import ButtonWatch
from assistant.conversation.event_queue import EventQueue, Tick
from audio.listening.hearing import Hearing
from audio.pcm import AudioChunk
from audio.settings import EndpointSettings
from tests.audio.fakes import LevelVad, ScriptedTranscriber

SETTINGS = ButtonSettings(double_press_seconds=0.25, hold_seconds=1.0, debounce_seconds=0.03)

# Each sequence has what the key does ("d" down, "u" up, with seconds), when the assistant speaks, and the meaning.
SEQUENCES: dict[str, tuple[str, tuple[float, float], list[Press]]] = {
    "a press": ("d0 u0.1", (9, 9), [Pressed(0), Released(0.1, False)]),
    "a hold": ("d0 u2.5", (9, 9), [Pressed(0), Held(1, 0), Released(2.5, True)]),
    "almost a hold": ("d0 u0.99", (9, 9), [Pressed(0), Released(0.99, False)]),
    "never let go": ("d0", (9, 9), [Pressed(0), Held(1, 0)]),
    "a double press": (
        "d0 u0.1 d0.3 u0.4", (9, 9), [Pressed(0), Released(0.1, False), DoublePress(0.3), Released(0.4, False)],
    ),
    "two presses": (
        "d0 u0.1 d0.4 u0.5", (9, 9), [Pressed(0), Released(0.1, False), Pressed(0.4), Released(0.5, False)],
    ),
    "a hasty third press is nothing": (
        "d0 u0.1 d0.3 u0.4 d0.5 u2.6 d3 u3.1", (9, 9),
        [Pressed(0), Released(0.1, False), DoublePress(0.3), Released(0.4, False), Pressed(3), Released(3.1, False)],
    ),
    "a double press that is held repeats only": (
        "d0 u0.1 d0.3 u2", (9, 9), [Pressed(0), Released(0.1, False), DoublePress(0.3), Released(2, False)],
    ),
    "after a hold the next press is a new one": (
        "d0 u1.5 d1.6 u1.7", (9, 9), [Pressed(0), Held(1, 0), Released(1.5, True), Pressed(1.6), Released(1.7, False)],
    ),
    "a press while it speaks stops": ("d0 u0.1", (-1, 9), [StopPress(0), Released(0.1, False)]),
    "pressed twice to be sure": ("d0 u0.1 d0.2 u0.3", (-1, 0.01), [StopPress(0), Released(0.1, False)]),
    "stopped, then asked": (
        "d0 u0.1 d0.5 u0.6", (-1, 0.01), [StopPress(0), Released(0.1, False), Pressed(0.5), Released(0.6, False)],
    ),
    "interrupted and spoken to in one hold": (
        "d0 u3", (-1, 0.01), [StopPress(0), Held(1, 0), Released(3, True)],
    ),
    "an answer that begins between the two presses is stopped": (
        "d0 u0.1 d0.3 u0.4", (0.2, 9), [Pressed(0), Released(0.1, False), StopPress(0.3), Released(0.4, False)],
    ),
    "auto-repeat": ("d0 d0.25 d0.28 d0.31 u0.4", (9, 9), [Pressed(0), Released(0.4, False)]),
    "auto-repeat of a hold": ("d0 d0.5 d0.9 d1.1 d1.2 u1.5", (9, 9), [Pressed(0), Held(1, 0), Released(1.5, True)]),
    "a bouncing contact": (
        "d0 u0.004 d0.009 u0.2 d0.205 u0.211", (9, 9), [Pressed(0), Released(0.2, False)],
    ),
    "a press shorter than the bouncing": ("d0 u0.01", (9, 9), [Pressed(0), Released(0.03, False)]),
    "an up lost among bounces is found": ("d0 u0.02 d1 u1.1", (9, 9),
        [Pressed(0), Released(0.03, False), Pressed(1), Released(1.1, False)]),
    "an up with no down": ("u0 d1 u1.1", (9, 9), [Pressed(1), Released(1.1, False)]),
}  # fmt: skip


def interpret(keys: str, speaks: tuple[float, float], *, ticks: bool) -> list[Press]:
    """Returns everything that was told up to three seconds after the last key.

    With `ticks` the button is asked at its due times, as the thread does.
    """
    now = 0.0
    button = Button(SETTINGS, lambda: speaks[0] <= now < speaks[1])
    presses: list[Press] = []
    for word in keys.split():
        at = float(word[1:])
        while ticks and (due := button.due_at) is not None and due <= at:
            now = due
            presses += button.tick(now)
        now = at
        presses += button.push(KeyEvent(word[0] == "d", at))
    now += 3.0
    return presses + button.tick(now)


@pytest.mark.parametrize("ticks", [True, False], ids=["in time", "late"])
@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences(name: str, ticks: bool) -> None:
    """The meaning is that of the table, whether the button is asked in time or late."""
    keys, speaks, meant = SEQUENCES[name]
    assert interpret(keys, speaks, ticks=ticks) == meant


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 2.0)), max_size=40), st.booleans())
def test_any_storm_of_keys_stays_in_order(storm: list[tuple[bool, float]], speaking: bool) -> None:
    """Presses come in the order of time, each Released comes after its press, and none is left over."""
    button, now, presses = Button(SETTINGS, lambda: speaking), 0.0, []
    for down, after in storm:
        now += after
        presses += button.push(KeyEvent(down, now))
    presses += button.push(KeyEvent(False, now + 1)) + button.tick(now + 2)
    assert button.due_at is None
    assert [p.at for p in presses] == sorted(p.at for p in presses)
    downs = sum(isinstance(p, (Pressed, DoublePress, StopPress)) for p in presses)
    assert downs == sum(isinstance(p, Released) for p in presses)
    assert not (speaking and any(isinstance(p, (Pressed, DoublePress)) for p in presses))


class QueuedKeys:
    """A key source that returns what the test puts in."""

    def __init__(self) -> None:
        self.problem = ""
        self.events: queue.Queue[list[KeyEvent] | Exception] = queue.Queue()
        self.closed = False

    def read(self, timeout_seconds: float) -> list[KeyEvent]:
        found = self.events.get(timeout=5)
        if isinstance(found, Exception):
            raise found
        return found

    def stop(self) -> None:
        self.events.put([])

    def close(self) -> None:
        self.closed = True


def test_the_thread_tells_presses_and_problems_and_closes_its_source() -> None:
    """Presses and the loss of the device arrive while the thread runs; afterwards no thread and no device is left."""
    keys, told = QueuedKeys(), queue.Queue[object]()
    with ButtonWatch(keys, SETTINGS, told.put, speaking=lambda: False, on_problem=told.put, clock=lambda: 0.0):
        keys.events.put([KeyEvent(True, 0.0), KeyEvent(False, 0.1)])
        assert [told.get(timeout=5), told.get(timeout=5)] == [Pressed(0.0), Released(0.1, False)]
        keys.problem = "it has gone"
        keys.events.put([])
        assert told.get(timeout=5) == "it has gone"
    assert keys.closed
    assert "button" not in [thread.name for thread in threading.enumerate()]


def test_a_press_that_fails_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    """A handler of a press may raise, and the next press is told all the same."""
    keys, told = QueuedKeys(), queue.Queue[Press]()

    def on_press(press: Press) -> None:
        if press == Pressed(0.0):
            raise RuntimeError("the first one fails")
        told.put(press)

    with ButtonWatch(keys, SETTINGS, on_press, speaking=lambda: False, clock=lambda: 0.0):
        keys.events.put([KeyEvent(True, 0.0)])
        keys.events.put([KeyEvent(False, 0.5)])
        assert told.get(timeout=5) == Released(0.5, False)
    assert "a press of the button failed" in caplog.text


def test_presses_are_delivered_between_blocks_of_sound() -> None:
    """They come in their order and before the next block; if nobody takes them, the oldest are dropped."""
    inbox, log = EventQueue(), []
    hearing = Hearing(ScriptedSource("___"), LevelVad(), EndpointSettings(), ScriptedTranscriber())
    for event in inbox.events(hearing):
        if isinstance(event, Tick):
            number = round(event.at / 0.03) - 1
            log.append(number)
            inbox.put(Pressed(number))
            inbox.put(Released(number + 0.1, False))
        else:
            log.append(event)
    assert log == [0, Pressed(0), Released(0.1, False), 1, Pressed(1), Released(1.1, False), 2]
    for number in range(100):
        inbox.put(Pressed(number))
    assert inbox.take() == [Pressed(number) for number in range(84, 100)]
    assert inbox.take() == []


class ScriptedSource:
    live = True

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def chunks(self) -> Iterator[AudioChunk]:
        for place in range(len(self.pattern)):
            yield AudioChunk(np.zeros(480, np.int16), 16_000, place * 0.03)

    def stop(self) -> None:
        self.pattern = ""
