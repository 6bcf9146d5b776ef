"""`seesay button` lists the devices that have keys. With --learn it finds out which key is the button.

It writes the key that was pressed into the configuration file that seesay reads when it is started like this. It talks
only to the person at the terminal.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant import console
from assistant.button.input_devices import (
    NO_BUTTON,
    DeviceEvent,
    InputDevice,
    InputKeys,
    Key,
    key_name,
    list_devices,
)
from assistant.errors import AssistantError, ButtonMissing
from assistant.files import config_folder
from assistant.settings.config_edit import set_values
from assistant.settings.config_reader import find_config

LEARN_SECONDS = 30.0


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    button = verbs.add_parser("button", parents=[common], help="input devices with keys; which of them is the button")
    button.add_argument("--learn", action="store_true", help="press it, and it is written into the configuration")
    button.set_defaults(do=_button)


def _button(arguments: argparse.Namespace) -> None:
    if arguments.learn:
        learn(arguments.config, os.environ, Path.cwd())
    else:
        show_devices()


def show_devices(devices: list[InputDevice] | None = None) -> None:
    devices = list_devices() if devices is None else devices
    if not devices:
        raise ButtonMissing(
            "this machine has no input device with keys: plug a button in, or use the terminal's space bar"
        )
    for device in devices:
        console.result(f"{device.path}  {device.name}  ({len(device.keys)} keys)")


def learn(
    explicit: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    open_keys: Callable[[Key], InputKeys] = InputKeys,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Waits for a key press and writes that key into the configuration.

    Raises `ButtonMissing` if no device can be read, and `AssistantError` if no key is pressed within 30 s.
    """
    with open_keys(Key("", 0)) as keys:
        if keys.problem:
            raise ButtonMissing(keys.problem)
        console.say(f"press the button now (within {LEARN_SECONDS:g} seconds)")
        pressed = _first_press(keys, clock)
    path = config_to_write(explicit, environ, cwd)
    device = pressed.device.name if pressed.device.name.isprintable() else str(pressed.device.path)
    set_values(path, "button", {"device": device, "key": pressed.code})
    console.result(f"the button is the key {key_name(pressed.code)} of {device!r}; written into {path}")
    console.say('it is listened to when activation.by is "button" or "button+wake_word"')


def config_to_write(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The configuration file that seesay reads when it is started like this.

    If there is none yet, it is the user's own.
    """
    found = find_config(explicit, environ, cwd)
    if found.passed_over:
        console.say(f"seesay: {found.passed_over}")
    return found.path or config_folder(environ) / "config.toml"


def _first_press(keys: InputKeys, clock: Callable[[], float]) -> DeviceEvent:
    until = clock() + LEARN_SECONDS
    while (left := until - clock()) > 0:
        for pressed in keys.read_devices(left):
            if pressed.event.down and pressed.code not in NO_BUTTON:
                return pressed
    raise AssistantError(
        "no key was pressed, or none that may be read: press it within the time, "
        "and see `seesay button` for the devices there are"
    )
