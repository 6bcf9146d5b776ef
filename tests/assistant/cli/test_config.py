"""`seesay config`: what is in force, where it comes from, and the file with all defaults."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from assistant.cli import config as verb
from assistant.cli.main import main
from assistant.settings.config import BUILT_IN, Config
from assistant.settings.config_reader import SHIPPED_FILE, parse_config


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder without a configuration or remembered settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_settings_in_force_are_printed_with_where_they_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are printed as a configuration file, with the origin after each value."""
    Path("config.toml").write_text("# SeeSay\n[speaking]\nrate_wpm = 150\n")
    assert main(["config", "--profile", "headset"]) == 0
    out, err = capsys.readouterr()
    assert f"rate_wpm = 150  # {tmp_path}/config.toml, line 3\n" in out
    assert 'barge_in = "any"  # profile headset, built in\n' in out
    assert 'profile = "headset"  # --profile\n' in out
    assert "volume = 0.75  # default\n" in out
    assert err == ""
    printed = parse_config(out, str(tmp_path / "config.toml"))
    assert printed == parse_config("[speaking]\nrate_wpm = 150\n", str(tmp_path / "config.toml"), "headset")


def test_as_json_it_is_one_object_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The object has the file that is read, or null, and the settings."""
    assert main(["config", "--json"]) == 0
    out = capsys.readouterr().out
    printed = json.loads(out)
    assert out.count("\n") == 1
    assert printed["file"] is None
    assert printed["settings"]["web"]["port"] == {"value": 8765, "origin": "default", "line": None}


def test_what_was_set_by_voice_is_what_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was set by voice overrides the configuration, so it is shown in its place."""
    state = tmp_path / ".local" / "state" / "seesay" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"version": 1, "rate_wpm": 265}')
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    assert f"rate_wpm = 265  # set by voice, {state}\n" in out
    assert "volume = 0.75  # default\n" in out


def test_another_program_s_file_is_passed_over_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`seesay` works in a web project's folder and says what it did not read; --config takes the file all the same."""
    Path("config.toml").write_text('baseURL = "https://example.org/"\n')
    assert main(["config"]) == 0
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "config.toml was passed over, because it does not say that it is SeeSay's" in err
    assert 'camera = "0"  # default\n' in out
    assert main(["config", "--config", "config.toml"]) == 2
    assert "unknown key 'baseURL'" in capsys.readouterr().err


def test_the_defaults_are_the_whole_commented_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is printed byte for byte as it ships, and as a configuration it changes nothing."""
    assert main(["config", "--defaults"]) == 0
    out, err = capsys.readouterr()
    assert out == SHIPPED_FILE.read_text(encoding="utf-8")
    assert err == ""
    Path("config.toml").write_text(out, encoding="utf-8")
    assert main(["config"]) == 0
    printed = parse_config(capsys.readouterr().out, "x")
    assert dataclasses.replace(printed, source=BUILT_IN) == Config()


def test_defaults_that_were_edited_are_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user who edits the file of a checkout is told that some of its values are not the defaults."""
    edited = tmp_path / "edited.toml"
    edited.write_text("[speaking]\nrate_wpm = 150\n")
    monkeypatch.setattr(verb, "SHIPPED_FILE", edited)
    assert main(["config", "--defaults"]) == 0
    out, err = capsys.readouterr()
    assert out == edited.read_text()
    assert err == f"seesay: {edited} was edited: some of these values are not the defaults\n"


def test_a_profile_that_is_not_there_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing profile has the same error and status as with every verb."""
    assert main(["config", "--profile", "hedset"]) == 2
    assert "did you mean 'headset'?" in capsys.readouterr().err
