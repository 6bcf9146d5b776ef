"""`seesay setup` and `seesay fetch` as commands, without devices."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.main import main
from assistant.cli.setup import set_up
from assistant.errors import ConfigError, UsageError
from assistant.settings.config import Config
from assistant.settings.config_edit import set_tables
from assistant.setup.dialogue import Dialogue
from assistant.setup.keys import Keys
from assistant.setup.presses import Answer


def test_keys_come_from_any_input() -> None:
    """Each answer comes once; the end of the input is an error and not an endless wait."""
    reader, writer = os.pipe()
    with Keys(reader) as keys:
        os.write(writer, b"n")
        assert keys.wait(10.0) is Answer.NO
        assert keys.pressed.is_set()
        assert keys.wait(0.0) is None
        os.write(writer, b"b")
        assert keys.wait(10.0) is Answer.BACK
        os.close(writer)
        with pytest.raises(UsageError, match="no more keys"):
            keys.wait(10.0)
    os.close(reader)


def test_what_was_pressed_before_a_question_does_not_answer_it() -> None:
    """Presses from before are dropped, but the end of the input stays known."""
    reader, writer = os.pipe()
    with Keys(reader) as keys:
        os.write(writer, b"n")
        assert keys.pressed.wait(10.0)
        os.close(writer)
        while keys._thread.is_alive():
            keys._thread.join(0.1)
        keys.forget()
        assert not keys.pressed.is_set()
        with pytest.raises(UsageError):
            keys.wait(1.0)
    os.close(reader)


@pytest.mark.parametrize(("writes", "said"), [(False, "nothing was changed"), (True, "the settings are kept in ")])
def test_ctrl_c_says_whether_something_was_written(
    writes: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the settings are kept the file is as it was; afterwards its path is named."""
    reader, writer = os.pipe()
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")

    def interrupted(self: Dialogue) -> bool:
        if writes:
            set_tables(path, {"speaking": {"rate_wpm": 200}})
        raise KeyboardInterrupt

    monkeypatch.setattr("assistant.setup.keys.Keys", lambda: Keys(reader))
    monkeypatch.setattr(Dialogue, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        set_up(Config(), path)
    assert said in capsys.readouterr().err
    assert path.read_text().startswith("# mine\n")
    assert ("rate_wpm" in path.read_text()) is writes
    os.close(reader)
    os.close(writer)


def test_several_tables_are_written_in_one_step(tmp_path: Path) -> None:
    """A table that cannot be written leaves all others as they were, and comments stay."""
    path = tmp_path / "config.toml"
    path.write_text("# mine\nseeing = 3\n")
    with pytest.raises(ConfigError):
        set_tables(path, {"speaking": {"rate_wpm": 200}, "seeing": {"camera": "1"}})
    assert path.read_text() == "# mine\nseeing = 3\n"
    path.write_text("# mine\n[seeing]\ncamera = '0'  # front\n")
    set_tables(path, {"speaking": {"rate_wpm": 200}, "seeing": {"camera": "1"}})
    assert path.read_text().startswith('# mine\n[seeing]\ncamera = "1"  # front\n')
    assert "rate_wpm = 200" in path.read_text()


@pytest.mark.parametrize(("option", "which"), [("--speech", "speech"), ("--eye", "vision"), (None, "all")])
def test_one_model_alone_can_be_fetched(
    option: str | None, which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an option it is both."""
    asked: list[object] = []

    def fetch(language: str, which: str, progress: Callable[..., Any]) -> list[Path]:
        asked.append((language, which))
        return [tmp_path]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SEESAY_CONFIG", raising=False)
    monkeypatch.setattr("assistant.models.fetch.fetch", fetch)
    assert main(["fetch", *([option] if option else [])]) == 0
    assert asked == [("en", which)]
