"""`seesay check` as a command, and where it is offered."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from assistant.cli.fetch import offer_check
from assistant.cli.main import main
from assistant.machine.doctor.finding import Level
from assistant.machine.doctor.models import check_model_check, judge_check
from assistant.models import catalog
from assistant.models.checked import Result, weights_key, write_result
from assistant.settings.config import Config, EngineConfig

GOOD = Result("2026-11-29", True, True, "60 of 60 drawn pictures right")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder without a configuration or a fetched model, and no state."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEESAY_CONFIG", raising=False)
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.mark.parametrize(
    "arguments",
    [["--minutes", "0"], ["--minutes", "x"], ["--model", "no-such-folder"], ["--html", "no/such/folder.html"]],
)
def test_wrong_use_is_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, and nothing is checked."""
    try:
        status = main(["check", *arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status in (1, 2, 3)
    out, err = capsys.readouterr()
    assert not out
    assert "Traceback" not in err


def test_the_doctor_says_when_the_model_was_checked(tmp_path: Path) -> None:
    """Not yet; then the date and the result; a fault is a failure."""
    folder = tmp_path / "model"
    folder.mkdir()
    for path in catalog.demo_vlm().iterdir():
        (folder / path.name).symlink_to(path)
    config = Config(engine=EngineConfig(model=str(folder)))
    [before] = check_model_check(config)
    assert before.level is Level.WARNING
    assert (before.says, before.fix) == ("the model in use was not checked on this machine yet", "seesay check")
    write_result(weights_key(folder), GOOD)
    [after] = check_model_check(config)
    assert (after.level, after.says) == (Level.OK, "checked on 2026-11-29: 60 of 60 drawn pictures right")
    assert judge_check(Result("2026-11-29", True, False, "x is damaged"), is_demo=False).level is Level.FAILURE
    assert judge_check(Result("2026-11-29", False, True, "not finished"), is_demo=False).level is Level.WARNING
    assert judge_check(None, is_demo=True).level is Level.OK


@pytest.mark.parametrize(
    ("typed", "runs"), [("\n", True), ("y\n", True), ("n\n", False), ("", False), ("later\n", False)]
)
def test_fetch_offers_the_check_to_a_person(typed: str, runs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return or y begins it, with the same settings; the end of the input does not."""
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", Terminal())
    called: list[list[str]] = []
    offer_check(Path("own.toml"), lambda command: called.append(command) or 0)  # type: ignore[func-returns-value]
    assert [command[-3:] for command in called] == ([["check", "--config", "own.toml"]] if runs else [])


def test_fetch_asks_nobody_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script must not wait; it is told the command."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    called: list[list[str]] = []
    offer_check(None, lambda command: called.append(command) or 0)  # type: ignore[func-returns-value]
    assert not called
    assert "`seesay check` proves" in capsys.readouterr().err
