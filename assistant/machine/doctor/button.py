"""Checks the button, if the configuration wants one."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.button.input_devices import InputKeys, Key
from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence
from assistant.settings.config import Config

_CHECK = "button"


@dataclass(frozen=True)
class Button:
    wanted: bool  # activation.by names it
    only_way: bool = False  # there is no wake word beside it
    named: bool = False  # [button] names a device or a key
    problem: str = ""  # why no device can be read; "" if one can
    refused: bool = False  # it is there, but this user may not read it


def read_button(config: Config) -> Button:
    ways = config.activation.by.split("+")
    if "button" not in ways:
        return Button(wanted=False)
    wanted = config.button
    with InputKeys(Key(wanted.device, wanted.key)) as keys:
        return Button(True, len(ways) == 1, bool(wanted.device or wanted.key), keys.problem, keys.refused)


def judge_button(found: Button) -> Finding:
    if not found.wanted:
        return ok(_CHECK, "none is asked for (activation.by)")
    if found.refused:
        says = split_sentence(found.problem)[0]
        return failure(_CHECK, says, "sudo usermod -aG input $USER, then log out and in again", missing=True)
    if found.problem:
        says, fix = split_sentence(found.problem)
        return failure(_CHECK, says, fix, missing=True)
    if not found.named:
        return ok(
            _CHECK, "every key of every device that can be read is the button; `seesay button --learn` chooses one"
        )
    return ok(_CHECK, "it can be read")


def check_button(config: Config) -> list[Finding]:
    return [judge_button(read_button(config))]
