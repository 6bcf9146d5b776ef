"""Input devices, the terminal's space bar, and learning the button.

The devices are pipes that carry the kernel's own event structs.
"""

from __future__ import annotations

import os
import pty
import stat
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.button.gestures import KeyEvent
from assistant.button.input_devices import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, InputKeys, Key, key_name, list_devices
from assistant.button.terminal_key import TerminalKey
from assistant.button.watcher import open_key
from assistant.cli import button
from assistant.cli.button import learn, show_devices
from assistant.errors import AssistantError, ButtonMissing, ConfigError
from assistant.settings.config_edit import set_values, with_values
from assistant.settings.config_reader import load_config
from assistant.settings.toml_text import tomllib

PLAY, SPACE, CONTROL, WIDEST = 164, 57, 29, 582
PATIENCE = 5.0  # reached only if a test fails


class Machine:
    """A /dev/input and a /sys/class/input of the test's own, with named pipes as devices, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.input, self.sysfs = folder / "dev", folder / "sys"
        self.input.mkdir()
        self.sysfs.mkdir()
        self.now = 0.0
        self._writers: dict[str, int] = {}

    def plug_in(self, event: str, name: str, *keys: int) -> Path:
        about = self.sysfs / event / "device"
        (about / "capabilities").mkdir(parents=True)
        (about / "name").write_text(name + "\n")
        words = [sum(1 << key % 64 for key in keys if key // 64 == word) for word in range(12)]
        while len(words) > 1 and words[-1] == 0:
            words.pop()
        (about / "capabilities" / "key").write_text(" ".join(f"{word:x}" for word in reversed(words)) + "\n")
        os.mkfifo(self.input / event)
        return self.input / event

    def unplug(self, event: str) -> None:
        (self.input / event).unlink()
        for path in ("name", "capabilities/key"):
            (self.sysfs / event / "device" / path).unlink()
        (self.sysfs / event / "device" / "capabilities").rmdir()
        (self.sysfs / event / "device").rmdir()
        (self.sysfs / event).rmdir()
        if event in self._writers:
            os.close(self._writers.pop(event))

    def send(self, event: str, *events: tuple[int, int, int]) -> None:
        if event not in self._writers:
            self._writers[event] = os.open(self.input / event, os.O_WRONLY | os.O_NONBLOCK)
        os.write(self._writers[event], b"".join(EVENT.pack(0, 0, *event) for event in events))

    def keys(self, device: str = "", code: int = 0) -> InputKeys:
        return InputKeys(Key(device, code), input_folder=self.input, sysfs_folder=self.sysfs, clock=lambda: self.now)

    def close(self) -> None:
        for writer in self._writers.values():
            os.close(writer)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


def test_devices_are_listed_with_their_keys(machine: Machine) -> None:
    """Name and keys come from sysfs, in the order of the numbers; a device without keys is left out."""
    machine.plug_in("event10", "USB Switch", SPACE)
    machine.plug_in("event2", "Headset", PLAY, WIDEST)
    machine.plug_in("event3", "Lid")
    found = [(device.name, device.keys) for device in list_devices(machine.input, machine.sysfs)]
    assert found == [("Headset", {PLAY, WIDEST}), ("USB Switch", {SPACE})]


def test_downs_and_ups_of_the_key_and_of_no_other(machine: Machine) -> None:
    """Auto-repeat, other keys, other kinds of events and other devices are left out, and the times are the clock's."""
    machine.plug_in("event0", "ACME Headset", PLAY, SPACE)
    machine.plug_in("event1", "Other headphones", SPACE)
    with machine.keys("headset", PLAY) as keys:
        machine.now = 7.0
        machine.send("event0", (4, 4, 9), (EV_KEY, PLAY, 1), (EV_SYN, 0, 0), (EV_KEY, PLAY, 2), (EV_KEY, SPACE, 1))
        machine.send("event0", (EV_KEY, PLAY, 0))
        assert keys.read(PATIENCE) == [KeyEvent(True, 7.0), KeyEvent(False, 7.0)]
        assert keys.problem == ""


@pytest.mark.parametrize("device", ["", "acme", "{path}", "{link}"])
def test_a_device_is_named_by_a_part_of_its_name_or_by_a_path(machine: Machine, tmp_path: Path, device: str) -> None:
    """A device is named by nothing, by a part of its name in any case, by its path, or by a link to it.

    Nothing means any device with the key. The links are those in /dev/input/by-id.
    """
    path = machine.plug_in("event4", "ACME Headset", PLAY)
    (tmp_path / "link").symlink_to(path)
    with machine.keys(device.format(path=path, link=tmp_path / "link"), PLAY) as keys:
        machine.send("event4", (EV_KEY, PLAY, 1))
        assert keys.read(PATIENCE) == [KeyEvent(True, 0.0)]


def test_a_lost_device_is_released_and_found_again(machine: Machine) -> None:
    """If it is pulled out while held, the key counts as released and a sentence says so; plugged in again, it works."""
    machine.plug_in("event0", "Pedal", SPACE)
    with machine.keys("pedal", SPACE) as keys:
        machine.send("event0", (EV_KEY, SPACE, 1))
        assert keys.read(PATIENCE) == [KeyEvent(True, 0.0)]
        machine.now = 1.0
        machine.unplug("event0")
        assert keys.read(PATIENCE) == [KeyEvent(False, 1.0)]
        assert "no input device called 'pedal' with the key space (57)" in keys.problem
        machine.plug_in("event5", "Pedal", SPACE)
        assert keys.read(0) == []  # it looks for the device every second, and not all the time
        assert keys.problem
        machine.now = 2.5
        keys.read(0)
        assert keys.problem == ""
        machine.send("event5", (EV_KEY, SPACE, 1))
        assert keys.read(PATIENCE) == [KeyEvent(True, 2.5)]


def test_an_overflow_of_the_kernel_releases_the_key(machine: Machine) -> None:
    """After SYN_DROPPED an up may be missing, so the key counts as released instead of being held for ever."""
    machine.plug_in("event0", "Pedal", SPACE)
    with machine.keys("", SPACE) as keys:
        machine.send("event0", (EV_KEY, SPACE, 1), (EV_SYN, SYN_DROPPED, 0))
        assert [event.down for event in keys.read(PATIENCE)] == [True, False]


def test_no_permission_is_one_sentence_with_what_to_do(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the device that may not be read and the command that helps."""
    machine.plug_in("event0", "Pedal", SPACE)

    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("assistant.button.input_devices.os.open", refuse)
        keys = machine.keys("", SPACE)
    with keys:
        assert "'Pedal'" in keys.problem
        assert "sudo usermod -aG input $USER" in keys.problem


def test_stop_ends_a_read_at_once_and_close_twice_is_fine(machine: Machine) -> None:
    """It does not wait for the next second, and nothing is left open."""
    keys = machine.keys("", SPACE)
    keys.stop()
    assert keys.read(PATIENCE) == []
    keys.close()
    keys.close()


# The terminal.


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    monkeypatch.setattr(
        "assistant.button.terminal_key.os.tcgetpgrp", lambda number: os.getpgrp()
    )  # without a controlling terminal
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def test_the_space_bar_is_a_short_press(terminal: tuple[int, int]) -> None:
    """A space gives a down and an up; other letters and the repetition of a held key give nothing."""
    typing, number = terminal
    now = 1.0
    with TerminalKey(number, clock=lambda: now) as key:
        assert key.problem == ""
        os.write(typing, b"x ")
        assert key.read(PATIENCE) == [KeyEvent(True, 1.0), KeyEvent(False, 1.0)]
        now = 1.05
        os.write(typing, b" ")
        assert key.read(PATIENCE) == []
        now = 1.3
        os.write(typing, b" ")
        assert key.read(PATIENCE) == [KeyEvent(True, 1.3), KeyEvent(False, 1.3)]


def test_the_terminal_gets_its_mode_back(terminal: tuple[int, int]) -> None:
    """The mode comes back also when the program fails."""
    before = termios.tcgetattr(terminal[1])

    def fail_inside() -> None:
        with TerminalKey(terminal[1]):
            assert termios.tcgetattr(terminal[1]) != before
            raise RuntimeError("something fails")

    with pytest.raises(RuntimeError):
        fail_inside()
    assert termios.tcgetattr(terminal[1]) == before


def test_without_a_terminal_it_says_so() -> None:
    """If standard input is a pipe, one sentence says so, and waiting still works."""
    reader, writer = os.pipe()
    with TerminalKey(reader) as key:
        assert "no terminal" in key.problem
        assert key.read(0) == []
    os.close(reader)
    os.close(writer)


# The choice of the source.


@pytest.mark.parametrize(
    ("device", "code", "refused", "is_terminal", "chosen"),
    [
        ("", 0, False, True, TerminalKey),
        ("terminal", SPACE, False, True, TerminalKey),
        ("pedal", SPACE, False, True, InputKeys),
        ("pedal", SPACE, True, True, TerminalKey),
        ("pedal", SPACE, True, False, InputKeys),
    ],
)
def test_the_source_that_the_config_means(
    monkeypatch: pytest.MonkeyPatch, device: str, code: int, refused: bool, is_terminal: bool, chosen: type
) -> None:
    """It is the space bar if nothing is configured or the device may not be read; a missing device is waited for."""
    said: list[str] = []
    number = pty.openpty() if is_terminal else os.pipe()
    monkeypatch.setattr("assistant.button.terminal_key._standard_input", lambda: number[1])
    monkeypatch.setattr("assistant.button.terminal_key.os.tcgetpgrp", lambda number: os.getpgrp())

    def scan(keys: InputKeys) -> None:
        keys.problem, keys.refused = "no permission", refused

    monkeypatch.setattr(InputKeys, "_scan", scan)
    source = open_key(device, code, grab=False, say=said.append)
    assert type(source) is chosen
    assert len(said) == (1 if refused and is_terminal else 0)
    source.close()
    for each in number:
        os.close(each)


# Learning the button.


def learned(machine: Machine, tmp_path: Path, *events: tuple[int, int, int]) -> Path:
    def open_keys(key: Key) -> InputKeys:
        keys = machine.keys(key.device, key.code)
        machine.send("event0", *events)
        return keys

    config = tmp_path / "home" / "seesay" / "config.toml"
    learn(None, {"XDG_CONFIG_HOME": str(tmp_path / "home")}, tmp_path, open_keys=open_keys, clock=lambda: machine.now)
    return config


def test_learning_writes_what_was_pressed(machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first key that goes down is the button, but not Enter's release or Ctrl; the user's file is made."""
    machine.plug_in("event0", 'The "big" Switch', PLAY, CONTROL, 28)
    config = learned(machine, tmp_path, (EV_KEY, 28, 0), (EV_KEY, CONTROL, 1), (EV_KEY, PLAY, 1), (EV_KEY, 28, 1))
    assert tomllib.loads(config.read_text()) == {"button": {"device": 'The "big" Switch', "key": PLAY}}
    assert "play/pause (164)" in capsys.readouterr().out


def test_learning_writes_into_the_file_that_is_read_here(machine: Machine, tmp_path: Path) -> None:
    """A config.toml in this folder is read before the user's own, so what was learned is written there and used at
    once.
    """
    machine.plug_in("event0", "Switch", PLAY)
    (tmp_path / "config.toml").write_text("# mine\n[seesay]\n[button]\ngrab = true\n")
    others = learned(machine, tmp_path, (EV_KEY, PLAY, 1))
    assert not others.exists()
    assert (tmp_path / "config.toml").read_text().startswith("# mine\n")
    config = load_config(None, {"XDG_CONFIG_HOME": str(tmp_path / "home")}, tmp_path)
    assert (config.button.device, config.button.key, config.button.grab) == ("Switch", PLAY, True)


def test_learning_without_a_press_or_a_device_says_so(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each ends with one sentence and writes no file."""
    with pytest.raises(ButtonMissing, match="no input device"):
        learn(None, {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path, open_keys=lambda key: machine.keys())
    machine.plug_in("event0", "Switch", PLAY)
    monkeypatch.setattr(button, "LEARN_SECONDS", 0.0)
    with pytest.raises(AssistantError, match="no key was pressed"):
        learn(None, {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path, open_keys=lambda key: machine.keys())
    assert not (tmp_path / "seesay").exists()


def test_the_devices_are_shown(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """There is one line for each device; without any, the error says what to do."""
    machine.plug_in("event0", "Switch", PLAY)
    show_devices(list_devices(machine.input, machine.sysfs))
    assert "event0  Switch  (1 keys)" in capsys.readouterr().out
    with pytest.raises(ButtonMissing, match="plug a button in"):
        show_devices([])


def test_key_names() -> None:
    """Known keys have a name, and all keys have their number."""
    assert (key_name(164), key_name(700)) == ("play/pause (164)", "number 700")


# The configuration file.

BEFORE = """# my settings
[hearing]
input_device = "USB"   # the good one

[button]  # the pedal
key = 57               # space
hold_seconds = 0.8
"""


def test_everything_else_in_the_file_stays() -> None:
    """Comments, order and spacing are kept, and a changed value keeps the comment after it."""
    after = with_values(BEFORE, "button", {"device": "Pedal", "key": 164})
    assert tomllib.loads(after)["button"] == {"key": 164, "hold_seconds": 0.8, "device": "Pedal"}
    assert after.splitlines()[:5] == BEFORE.splitlines()[:5]
    assert "key = 164               # space" in after


def test_a_table_is_added_at_the_end() -> None:
    """A table that is missing is added at the end."""
    after = with_values('[hearing]\ninput_device = ""\n', "button", {"key": 1})
    assert after == '[hearing]\ninput_device = ""\n\n[button]\nkey = 1\n'


@pytest.mark.parametrize(("text", "complaint"), [("[button", "not valid TOML"), ("button = 3\n", "'button' as a key")])
def test_a_file_that_cannot_be_changed_is_left_alone(tmp_path: Path, text: str, complaint: str) -> None:
    """The error names the file, and the file is as before."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as error:
        set_values(path, "button", {"key": 1})
    assert str(path) in str(error.value)
    assert path.read_text() == text


def test_the_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last step fails, the old file is complete and no other is beside it; a link and its target's mode stay."""
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text(BEFORE)
    real.chmod(0o640)
    link.symlink_to(real)

    def fail(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("assistant.files.os.replace", fail)
        with pytest.raises(ConfigError, match="No space left"):
            set_values(link, "button", {"key": 164})
    assert real.read_text() == BEFORE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "real.toml"]
    set_values(link, "button", {"key": 164})
    assert "key = 164" in real.read_text()
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
