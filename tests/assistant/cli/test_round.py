"""`seesay round`: its profile, its journal, and what it refuses before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.cli.main import main
from assistant.inspection.rounds.checklist import Checklist
from assistant.settings.config import Config, JournalConfig
from assistant.wiring import conversation
from assistant.wiring.assembly import Assembly
from assistant.wiring.inspection import simulated
from assistant.wiring.web import SideServer

EXAMPLE = Path(__file__).parents[3] / "docs/examples/pump-room.toml"


class Started:
    """What the conversation was started with."""

    config: Config
    checklist: Checklist
    side_server: SideServer | None


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """An empty home, and a conversation that ends at once."""
    found = Started()

    def run(assembly: Assembly, *, checklist: Checklist, side_server: SideServer | None, **rest: Any) -> None:
        found.config, found.checklist, found.side_server = assembly.config, checklist, side_server

    monkeypatch.setattr(conversation, "run", run)
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("SEESAY_CONFIG", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_a_round_uses_the_cart_unless_a_profile_is_named(started: Started, tmp_path: Path) -> None:
    """By the command line or by the configuration. The journal is on in any case."""
    assert main(["round", str(EXAMPLE)]) == 0
    assert started.config.conversation.profile == "cart"
    assert started.config.activation.by == "wake_word"
    assert started.config.journal.enabled
    assert started.checklist.title == "Pump room"
    assert main(["round", str(EXAMPLE), "--profile", "headset"]) == 0
    assert (started.config.conversation.profile, started.config.hearing.barge_in) == ("headset", "any")
    assert started.config.journal.enabled
    (tmp_path / "own.toml").write_text('[conversation]\nprofile = "button"\n', encoding="utf-8")
    assert main(["round", str(EXAMPLE), "--config", "own.toml"]) == 0
    assert started.config.conversation.profile == "button"


def test_the_page_stands_beside_a_round_if_it_is_asked_for(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others need the token as ever, and options that would have no effect are wrong use."""
    assert main(["round", str(EXAMPLE)]) == 0
    assert started.side_server is None
    assert main(["round", str(EXAMPLE), "--with-page", "--port", "0"]) == 0
    assert isinstance(started.side_server, SideServer)
    for options, problem in (
        (["--with-page", "--host", "0.0.0.0"], "give --token-file FILE"),
        (["--port", "8000"], "--host, --port and --token-file say where the page is: give --with-page too"),
        (["--with-page", "--simulate", "pictures", "answers"], "leave out --simulate or --with-page"),
    ):
        assert main(["round", str(EXAMPLE), *options]) == 2
        assert problem in capsys.readouterr().err


def test_records_of_a_simulated_round_stay_on_this_machine(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webhook that gets the records of real rounds gets none of made-up ones."""
    kept: list[JournalConfig] = []
    monkeypatch.setattr(simulated, "files_of", lambda *given: None)
    monkeypatch.setattr(simulated, "run_simulated", lambda assembly, *rest: kept.append(assembly.config.journal))
    (tmp_path / "own.toml").write_text('[journal]\nwebhook_url = "https://plant.example/in"\n', encoding="utf-8")
    assert main(["round", str(EXAMPLE), "--config", "own.toml", "--simulate", "pictures", "answers"]) == 0
    assert [(journal.enabled, journal.webhook_url, journal.mqtt_url) for journal in kept] == [(True, "", "")]


def test_a_checklist_that_is_missing_is_wrong_use(started: Started, capsys: pytest.CaptureFixture[str]) -> None:
    """In one sentence."""
    assert main(["round", "none.toml"]) == 2
    assert capsys.readouterr().err == "seesay: cannot read the checklist none.toml: No such file or directory.\n"


def test_the_items_are_those_of_the_language(
    started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Chinese round refuses an item that is a Chinese command."""
    (tmp_path / "zh.toml").write_text('[conversation]\nlanguage = "zh"\n', encoding="utf-8")
    (tmp_path / "round.toml").write_text(
        'title = "t"\n[[station]]\nname = "a"\nstep = "say"\nquestion = "q"\nanswer = "one of"\nitems = ["跳过"]\n',
        encoding="utf-8",
    )
    assert main(["round", "round.toml"]) == 0
    assert main(["round", "round.toml", "--config", "zh.toml"]) == 2
    assert "items has '跳过', which is a command or an answer of every round" in capsys.readouterr().err
