"""Puts the unit where this user's systemd finds it, takes it out, and tells in sentences how the service is.

It runs `systemctl --user`. It does not know what is in the unit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.files import remove, replace_file, unit_folder
from assistant.machine import commands
from assistant.machine.commands import Printed
from assistant.machine.service.unit import FILE_NAME, NAME

_SECONDS = 30.0  # for one call of systemctl; stopping the service may take half of it
_PROPERTIES = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,StatusText,ExecMainStatus,NRestarts,ActiveEnterTimestamp"
)

Run = Callable[[Sequence[str]], Printed]  # runs a command


def run_command(command: Sequence[str]) -> Printed:
    return commands.run(command, _SECONDS)


def unit_path(environ: Mapping[str, str]) -> Path:
    """Where the unit is, once it is installed."""
    return unit_folder(environ) / FILE_NAME


@dataclass(frozen=True)
class State:
    """What systemd tells of the service. Texts are systemd's own words, "" where it says nothing."""

    is_known: bool  # there is a unit
    at_boot: bool  # it is started with this user's systemd
    active: str  # active, activating, deactivating, inactive, failed
    result: str  # why it ended: success, exit-code, watchdog, oom-kill, …
    status: str  # what the program said of itself
    exit_status: int
    restarts: int
    since: str  # the time at which it was last ready


def install(text: str, environ: Mapping[str, str], run: Run = run_command) -> Path:
    """Writes the unit, has it started now and with this user's systemd, and returns its path. Raises AssistantError.

    It does not wait until the service is ready, which may take minutes.
    """
    _require_systemd(run)
    path = unit_path(environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text, new_mode=0o644)
    except OSError as error:
        raise AssistantError(f"the unit cannot be written to {path}: {error.strerror or error}") from None
    _systemctl(run, "daemon-reload")
    _systemctl(run, "enable", "--quiet", FILE_NAME)
    _systemctl(run, "restart", "--no-block", FILE_NAME)
    return path


def uninstall(environ: Mapping[str, str], run: Run = run_command) -> Path:
    """Ends the service and removes its unit, whose path it returns. Raises AssistantError."""
    _require_systemd(run)
    path = unit_path(environ)
    if not path.is_file():
        raise AssistantError(f"no service is installed: there is no {path}")
    _systemctl(run, "disable", "--now", "--quiet", FILE_NAME)
    try:
        remove(path)
    except OSError as error:
        raise AssistantError(f"{path} cannot be removed: {error.strerror or error}") from None
    _systemctl(run, "daemon-reload")
    with contextlib.suppress(AssistantError):  # it fails where nothing has failed
        _systemctl(run, "reset-failed", FILE_NAME)
    return path


def read_state(run: Run = run_command) -> State:
    """Asks systemd how the service is. Raises AssistantError."""
    _require_systemd(run)
    return state_in(_systemctl(run, "show", FILE_NAME, f"--property={_PROPERTIES}"))


def state_in(printed: str) -> State:
    """Reads what `systemctl show` printed: a line for each property, its name and value with = between them."""
    values = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    return State(
        is_known=values.get("LoadState") not in (None, "", "not-found"),
        at_boot=values.get("UnitFileState") == "enabled",
        active=values.get("ActiveState", ""),
        result=values.get("Result", ""),
        status=values.get("StatusText", ""),
        exit_status=_number(values.get("ExecMainStatus", "")),
        restarts=_number(values.get("NRestarts", "")),
        since=values.get("ActiveEnterTimestamp", ""),
    )


_ENDS = {
    "exit-code": "it failed with exit status {exit_status}",
    "signal": "it was ended by a signal",
    "core-dump": "it crashed",
    "watchdog": "it hung, or heard nothing any more, and was ended",
    "timeout": "it was not ready in time",
    "oom-kill": "it took more memory than its limit",
}


def in_words(state: State) -> str:
    """One sentence for people."""
    if not state.is_known:
        return "no service is installed: `seesay service install` does it"
    ended = _ENDS.get(state.result, "").format(exit_status=state.exit_status)
    again = f", started again {state.restarts} {'time' if state.restarts == 1 else 'times'}" if state.restarts else ""
    status = f": {state.status}" if state.status else ""
    if state.active == "active":
        return f"the service runs since {state.since or 'a moment ago'}{again}{status}"
    if state.active == "activating":
        why = f" ({ended}; `seesay service logs` has more)" if ended else ""
        return f"the service is starting{again}{why}{status}"
    if ended:
        return f"the service does not run: {ended}; `seesay service logs` has more"
    return "the service does not run: `systemctl --user start seesay` starts it"


def log_command(lines: int, *, follow: bool) -> list[str]:
    """The command that shows what the service and systemd wrote about it, in the order of time."""
    return ["journalctl", f"--user-unit={NAME}", f"--lines={lines}", *(["--follow"] if follow else ["--no-pager"])]


def _systemctl(run: Run, *arguments: str) -> str:
    printed = run(["systemctl", "--user", *arguments])
    if not printed.worked:
        reason = printed.error or f"it ended with status {printed.status}"
        raise AssistantError(f"`systemctl --user {' '.join(arguments)}` failed: {reason}")
    return printed.out


def is_possible(run: Run = run_command) -> bool:
    """Whether this user's systemd answers, so that a service can be installed."""
    try:
        _require_systemd(run)
    except AssistantError:
        return False
    return True


def _require_systemd(run: Run) -> None:
    printed = run(["systemctl", "--user", "show-environment"])
    if not printed.installed:
        raise AssistantError("this machine has no systemd, so SeeSay cannot be its service: start it by other means")
    if not printed.worked:
        raise AssistantError(
            f"this user's systemd does not answer ({printed.error}): sign in as the user who uses the microphone, and"
            " without sudo or su"
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
