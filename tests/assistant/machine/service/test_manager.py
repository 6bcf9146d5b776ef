"""Installing, removing and describing the service. A systemd that notes its calls stands in for the real one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.machine.commands import Printed
from assistant.machine.service.manager import (
    State,
    in_words,
    install,
    is_possible,
    log_command,
    read_state,
    state_in,
    uninstall,
    unit_path,
)

RUNNING = """LoadState=loaded
UnitFileState=enabled
ActiveState=active
SubState=running
Result=success
StatusText=listening
ExecMainStatus=0
NRestarts=1
ActiveEnterTimestamp=Sun 2026-11-29 14:00:00 UTC
"""


class Systemd:
    """Notes the commands that it gets. Those whose first word is in `broken` fail."""

    def __init__(self, broken: Sequence[str] = (), shows: str = "", *, installed: bool = True) -> None:
        self.calls: list[str] = []
        self._broken = broken
        self._shows = shows
        self._installed = installed

    def __call__(self, command: Sequence[str]) -> Printed:
        assert command[:2] == ["systemctl", "--user"]
        if not self._installed:
            return Printed(None, error="systemctl is not installed", installed=False)
        action = command[2]
        if action in self._broken:
            return Printed(1, error=f"{action} is refused")
        if action != "show-environment":
            self.calls.append(" ".join(command[2:]))
        return Printed(0, self._shows if action == "show" else "")


def environ_of(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder)}


def test_it_is_installed_started_and_enabled(tmp_path: Path) -> None:
    """The unit lies where systemd looks, systemd reads it, and starts it now and later, without our waiting for it."""
    systemd = Systemd()
    assert is_possible(systemd)
    path = install("[Unit]\n", environ_of(tmp_path), systemd)
    assert path == tmp_path / ".config/systemd/user/seesay.service"
    assert path.read_text(encoding="utf-8") == "[Unit]\n"
    assert systemd.calls == [
        "daemon-reload",
        "enable --quiet seesay.service",
        "restart --no-block seesay.service",
    ]


@pytest.mark.parametrize(
    ("systemd", "words"),
    [(Systemd(installed=False), "no systemd"), (Systemd(["show-environment"]), "does not answer")],
)
def test_without_a_systemd_of_the_user_nothing_is_written(systemd: Systemd, words: str, tmp_path: Path) -> None:
    """Where the service could not run, the user is told so, no unit is left behind, and the set-up does not offer it."""
    assert not is_possible(systemd)
    with pytest.raises(AssistantError, match=words):
        install("[Unit]\n", environ_of(tmp_path), systemd)
    assert not unit_path(environ_of(tmp_path)).exists()


def test_what_systemd_refuses_is_told(tmp_path: Path) -> None:
    """The command and systemd's own reason are in the sentence."""
    with pytest.raises(AssistantError, match=r"`systemctl --user enable .*` failed: enable is refused"):
        install("[Unit]\n", environ_of(tmp_path), Systemd(["enable"]))


def test_it_is_removed(tmp_path: Path) -> None:
    """It is ended before its unit goes. A failure that is not there to be forgotten is no error."""
    install("[Unit]\n", environ_of(tmp_path), Systemd())
    systemd = Systemd(["reset-failed"])
    uninstall(environ_of(tmp_path), systemd)
    assert not unit_path(environ_of(tmp_path)).exists()
    assert systemd.calls == ["disable --now --quiet seesay.service", "daemon-reload"]
    with pytest.raises(AssistantError, match="no service is installed"):
        uninstall(environ_of(tmp_path), systemd)


def test_what_systemd_shows_is_read() -> None:
    """Each property becomes a value; what is missing becomes nothing."""
    state = read_state(Systemd(shows=RUNNING))
    assert state == State(
        is_known=True,
        at_boot=True,
        active="active",
        result="success",
        status="listening",
        exit_status=0,
        restarts=1,
        since="Sun 2026-11-29 14:00:00 UTC",
    )
    assert not state_in("LoadState=not-found\nActiveState=inactive\n").is_known


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("", "the service runs since Sun 2026-11-29 14:00:00 UTC, started again 1 time: listening"),
        ("LoadState=not-found", "no service is installed: `seesay service install` does it"),
        (
            "ActiveState=activating\nResult=exit-code\nExecMainStatus=3\nNRestarts=4\nStatusText=",
            "the service is starting, started again 4 times (it failed with exit status 3; "
            "`seesay service logs` has more)",
        ),
        (
            "ActiveState=failed\nResult=watchdog",
            "the service does not run: it hung, or heard nothing any more, and was ended; "
            "`seesay service logs` has more",
        ),
        ("ActiveState=inactive", "the service does not run: `systemctl --user start seesay` starts it"),
    ],
)
def test_its_state_is_one_sentence(changes: str, words: str) -> None:
    """It runs, is starting, has failed and why, was ended by its user, or is not there."""
    assert in_words(state_in(RUNNING + changes)) == words


def test_the_log_is_that_of_this_service() -> None:
    """The newest lines, and on request those that come."""
    assert log_command(20, follow=False) == ["journalctl", "--user-unit=seesay", "--lines=20", "--no-pager"]
    assert log_command(20, follow=True) == ["journalctl", "--user-unit=seesay", "--lines=20", "--follow"]
