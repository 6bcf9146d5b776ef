"""`seesay service` as its user types it. No service is installed in these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.machine.commands import Printed
from assistant.machine.service import manager


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["service", "install", "--print", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def command(lines: list[str]) -> str:
    (line,) = [line for line in lines if line.startswith("ExecStart=")]
    return line


def test_the_unit_is_printed_and_nothing_is_installed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The service runs `seesay run` of this installation, with nothing in the log of what is said."""
    lines = printed(capsys)
    assert command(lines).endswith(" run")
    assert "StandardOutput=null" in lines
    assert list(tmp_path.iterdir()) == []


def test_the_settings_that_are_in_use_here_go_into_the_unit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The service runs in another folder, so the file is named with its place. The profile and --verbose go along."""
    (tmp_path / "my.toml").write_text("[web]\nport = 9000\n", encoding="utf-8")
    lines = printed(capsys, "--config", "my.toml", "--profile", "cart", "--verbose", "--page")
    assert command(lines).endswith(f" serve --with-voice --config {tmp_path}/my.toml --profile cart --verbose")


def test_options_before_the_action_count_as_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`seesay --profile cart service install` is the same as with the option at the end."""
    assert main(["--profile", "cart", "service", "install", "--print"]) == 0
    assert command(capsys.readouterr().out.splitlines()).endswith(" run --profile cart")


def test_the_page_alone_and_words_in_the_log_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--page-only", "--log-words")
    assert command(lines).endswith(" serve")
    assert "StandardOutput=journal" in lines


def test_a_status_that_is_not_well_has_its_exit_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence comes on standard error with status 1, as every failure does."""
    answers = {"show-environment": Printed(0), "show": Printed(0, "LoadState=not-found\n")}
    monkeypatch.setattr(manager.commands, "run", lambda command, seconds=0.0: answers[command[2]])
    assert main(["service", "status"]) == 1
    assert capsys.readouterr().err == "seesay: no service is installed: `seesay service install` does it\n"


def test_a_service_that_runs_is_told_with_what_it_lacks_for_the_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without lingering it would start at the first sign-in only, so the command for that is named."""
    shown = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nStatusText=listening\n"

    def run(command: list[str], seconds: float = 0.0) -> Printed:
        answers = {"systemctl show": shown, "id -un": "somebody\n", "loginctl show-user": "Linger=no\n"}
        key = f"systemctl {command[2]}" if command[0] == "systemctl" else " ".join(command[:2])
        return Printed(0, answers.get(key, ""))

    monkeypatch.setattr(manager.commands, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["service", "status"]) == 0
    out, err = capsys.readouterr()
    assert out == "the service runs since a moment ago: listening\n"
    assert "loginctl enable-linger" in err
