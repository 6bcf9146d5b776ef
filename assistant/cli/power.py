"""`seesay power` shows which power readings and limits this machine offers.

`seesay power cap` limits its power until Ctrl-C or while a command runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant import console
from assistant.cli.options import config_of
from assistant.errors import AssistantError, PowerError, UsageError
from assistant.machine.power.keeper import Budget, PowerKeeper, budget_of, make_governor, state_file
from assistant.machine.power.limits import PowerLimits
from assistant.machine.power.overview import as_json, as_table, overview
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.restored_settings import AlreadyHeld, RestoredSettings, left_over
from assistant.machine.power.sysfs import SensorValue, Sysfs
from assistant.settings.config import PowerConfig

_LOOK_SECONDS = 1.0
_OWN_END_SECONDS, _COMMAND_END_SECONDS = 2.0, 5.0
_FEWEST_WATTS, _MOST_WATTS = 3.0, 500.0

Wait = Callable[[float], object]


def show(config: PowerConfig, *, json: bool, sysfs: Sysfs | None = None, wait: Wait | None = None) -> None:
    """Prints the table or the JSON object. Raises PowerError if the machine offers no reading and no limit."""
    sysfs, wait = sysfs or Sysfs(), wait or threading.Event().wait
    put_back_what_was_left(sysfs, state_file(os.environ))
    reader = PowerReader(sysfs)
    wait(_LOOK_SECONDS)  # watts are worked out from two energy readings, so some time has to pass between them
    budget, governs = budget_of(config), config.govern == "on"
    machine = overview(sysfs, reader.sample(), budget)
    if json:
        console.result(console.as_json_line(as_json(machine, budget, governs=governs)))
    else:
        console.result(as_table(machine, budget, governs=governs))
    if not machine.tells and not machine.can_cap:
        raise PowerError("this machine tells no watts and no temperature, and permits no limit (a virtual machine?)")


def put_back_what_was_left(sysfs: Sysfs, state: Path) -> None:
    """Puts back the power limits that a killed run left behind. Prints nothing if there are none."""
    if not left_over(state, sysfs):
        return
    try:
        with RestoredSettings(sysfs, state) as borrowed:
            if borrowed.left_over and not borrowed.not_put_back:
                console.say("the power limits that a killed run had left are back to what they were")
    except AlreadyHeld:
        console.say("a seesay that runs now has changed power limits; they come back when it ends")
    except PowerError as error:
        console.say(str(error))


def cap(
    config: PowerConfig,
    watts: float | None,
    command: Sequence[str],
    *,
    sysfs: Sysfs | None = None,
    wait: Wait | None = None,
) -> None:
    """Limits the machine until Ctrl-C, or while `command` runs. Raises PowerError if no limit is permitted."""
    sysfs, wait = sysfs or Sysfs(), wait or threading.Event().wait
    budget = budget_of(config)
    # --watts is for the processor alone, so the watts of the other parts (`other_watts`) are not subtracted
    if watts is not None:
        budget = Budget(watts, 0.0, config.max_temperature_c)
    reader = PowerReader(sysfs)
    wait(_LOOK_SECONDS)
    machine = overview(sysfs, reader.sample(), budget)
    if not machine.can_cap:  # This comes before the lock: where nothing can be limited, nobody needs to hold the lock.
        raise PowerError(
            f"the power cannot be limited here: {machine.power_limit.why}; {machine.frequency_steps.why or machine.sample.package_watts.why}"
            "; docs/power.md says what can be done"
        )
    with contextlib.ExitStack() as stack:
        limits = PowerLimits(sysfs, stack.enter_context(RestoredSettings(sysfs, state_file(os.environ))))
        governor = make_governor(sysfs, budget, limits, None, reader, console.say)
        if governor.setting.limit_watts is None and not machine.can_follow:
            raise PowerError("the power cannot be limited here; docs/power.md says what can be done")
        stack.enter_context(PowerKeeper(reader, governor, limits, say=console.say))
        held = limits.cap(budget.package_watts) if governor.setting.limit_watts is not None else None
        console.say(f"{_how_held(budget.package_watts, held)}; what was there comes back at the end")
        if command:
            _run(command)
        else:
            console.say("Ctrl-C ends it")
            while True:
                wait(60.0)


def _how_held(watts: float, held: SensorValue[float] | None) -> str:
    """Tells only what was read back. Whether a lower frequency is enough turns out only while it runs."""
    if held is None or held.value is None:
        return f"the processor is to take {watts:g} W at most: watched once a second, and its frequency lowered until it does"
    lower = f" ({watts:g} W are no reason to raise it)" if held.value < watts - 0.05 else ""
    return f"the processor is held at {held.value:g} W by its own limit (PL1 and PL2), which it has taken{lower}"


def _run(command: Sequence[str]) -> None:
    """Runs the command to its end. Raises CommandFailed with the command's own exit status."""
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}") from None
    try:
        status = process.wait()
    except KeyboardInterrupt:
        _end(process)
        raise
    if status:
        raise CommandFailed(command[0], status)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waits for the command to end, then terminates it, then kills it.

    A Ctrl-C at a terminal has reached the command already, so it first gets time to end by itself: a second signal
    would interrupt its clean-up. A SIGTERM to this program has not reached the command.
    """
    for patience_seconds, push in ((_OWN_END_SECONDS, process.terminate), (_COMMAND_END_SECONDS, process.kill)):
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            push()
    process.wait()


class CommandFailed(AssistantError):
    """The command that ran under a limit failed. Its exit status becomes ours."""

    def __init__(self, name: str, status: int) -> None:
        ended = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        super().__init__(f"{name} {ended}")
        self.exit_status = 128 - status if status < 0 else status


# The verb.


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    power = verbs.add_parser("power", parents=[common], help="what this machine tells of its power; limit it")
    power.add_argument("--json", action="store_true", help="print one JSON object")
    power.set_defaults(do=_show)
    actions = power.add_subparsers(title="instead", metavar="cap")
    capping = actions.add_parser(
        "cap",
        usage="seesay power cap [-h] [--watts W] [-- COMMAND ...]",
        help="limit it until Ctrl-C, or while a command runs",
    )
    capping.add_argument(
        "--watts", type=_watts, metavar="W", help="for the processor (default: the config's budget less other_watts)"
    )
    capping.add_argument("command", nargs="*", metavar="COMMAND", help="runs under the limit; its status is the result")
    capping.set_defaults(do=_cap)


def _watts(text: str) -> float:
    try:
        watts = float(text)
    except ValueError:
        watts = 0.0
    if not _FEWEST_WATTS <= watts <= _MOST_WATTS:
        raise argparse.ArgumentTypeError(f"{_FEWEST_WATTS:g} to {_MOST_WATTS:g} are expected, not {text!r}")
    return watts


def _show(arguments: argparse.Namespace) -> None:
    show(config_of(arguments).power, json=arguments.json)


def _cap(arguments: argparse.Namespace) -> None:
    cap(config_of(arguments).power, arguments.watts, arguments.command)
