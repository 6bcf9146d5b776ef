"""Buttons that answer the questions of the set-up. The devices are pipes that carry the kernel's own event structs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.button.input_devices import EV_KEY, InputKeys, Key, list_devices
from assistant.setup.buttons import HELD_SECONDS, ButtonCounter, Buttons, is_keyboard
from assistant.setup.presses import MORE_SECONDS, Answer
from tests.assistant.button.test_input_devices import Machine

PLAY, SPACE, CONTROL = 164, 57, 29
KEYBOARD = (SPACE, *range(16, 51))  # with control
WAIT_SECONDS = 10.0  # reached only if a test fails


class Room:
    """Buttons, and what they have answered."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.presses: queue.Queue[None] = queue.Queue()

        def open_keys(key: Key) -> InputKeys:
            return InputKeys(key, input_folder=machine.input, sysfs_folder=machine.sysfs)

        self.buttons = Buttons(self.answers.put, lambda: self.presses.put(None), open_keys)

    def press(self, event: str, key: int) -> None:
        self.machine.send(event, (EV_KEY, key, 1), (EV_KEY, key, 0))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    made.plug_in("event0", "AT Keyboard", *KEYBOARD)
    made.plug_in("event1", "ACME Headset", PLAY)
    yield made
    made.close()


@pytest.fixture
def room(machine: Machine) -> Iterator[Room]:
    room = Room(machine)
    with room.buttons:
        yield room


def test_a_press_of_a_button_answers(room: Room) -> None:
    """It interrupts what is said at once, and is known afterwards as the button that answered."""
    room.press("event1", PLAY)
    room.presses.get(timeout=WAIT_SECONDS)
    assert room.answers.get(timeout=WAIT_SECONDS) is Answer.YES
    assert room.buttons.pressed is not None
    assert (room.buttons.pressed.device.name, room.buttons.pressed.code) == ("ACME Headset", PLAY)


def test_a_keyboard_is_left_to_the_terminal(room: Room) -> None:
    """Its keys would count twice."""
    room.press("event0", SPACE)
    room.press("event1", PLAY)
    assert room.answers.get(timeout=WAIT_SECONDS) is Answer.YES
    assert room.answers.empty()
    assert room.presses.qsize() == 1
    assert room.buttons.pressed is not None
    assert room.buttons.pressed.code == PLAY


def test_the_wanted_press_may_be_a_keyboards(room: Room) -> None:
    """Such a press answers nothing; control, which has to end the program, is no button."""
    found: queue.Queue[object] = queue.Queue()

    def send() -> None:
        room.press("event0", CONTROL)
        room.press("event0", SPACE)

    waiting = threading.Thread(target=lambda: found.put(room.buttons.next_press(WAIT_SECONDS)))
    waiting.start()
    assert room.buttons._trying.wait(WAIT_SECONDS)
    send()
    pressed = found.get(timeout=WAIT_SECONDS)
    waiting.join(WAIT_SECONDS)
    assert getattr(pressed, "code", None) == SPACE
    assert room.answers.empty()
    assert room.buttons.next_press(0.0) is None


def test_without_a_readable_device_there_is_a_sentence(tmp_path: Path) -> None:
    """The set-up can say it."""
    made = Machine(tmp_path)
    room = Room(made)
    with room.buttons:
        assert not room.buttons.has_devices
        assert "there is no input device with keys" in room.buttons.problem


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ([(True, 1.0), (False, 1.1)], Answer.YES),
        ([(True, 1.0), (False, 1.1), (True, 1.3), (False, 1.4)], Answer.NO),
        ([(True, 1.0), (False, 1.1), (True, 1.3), (False, 1.4), (True, 1.6), (False, 1.7)], Answer.BACK),
        ([(True, 1.0), (False, 1.0 + HELD_SECONDS)], Answer.REPEAT),
        ([(True, 1.0), (False, 1.9)], Answer.YES),  # slow, but not held
    ],
)
def test_the_number_of_presses_is_the_answer(changes: list[tuple[bool, float]], answer: Answer) -> None:
    """As with the terminal's key; a button is held by its up coming late, and answers once."""
    counter, answers = ButtonCounter(), []
    for down, at in changes:
        answers += [counter.tick(at), counter.push(down, at)]
    answers += [counter.tick(changes[-1][1] + MORE_SECONDS), counter.tick(99.0)]
    assert [given for given in answers if given is not None] == [answer]


def test_a_device_that_can_type_is_a_keyboard(machine: Machine) -> None:
    """A pedal with one letter is none."""
    machine.plug_in("event2", "Pedal", 30)

    assert [is_keyboard(device) for device in list_devices(machine.input, machine.sysfs)] == [True, False, False]
