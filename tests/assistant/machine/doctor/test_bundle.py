"""The file for a bug report has what helps, and nothing that its user would not show to others."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

from assistant.machine.doctor.bundle import log_tail, settings_of, without_secrets, write_bundle
from assistant.machine.doctor.finding import as_text, failure, ok
from assistant.settings.config import Config, JournalConfig, SeeingConfig, WebConfig

HOME = Path("/home/ada")


def entry(identifier: str, message: str, comm: str = "systemd") -> str:
    return json.dumps({"SYSLOG_IDENTIFIER": identifier, "_COMM": comm, "MESSAGE": message})


def test_of_an_address_only_the_host_is_kept() -> None:
    """User, password, path and a token in the query go; a password may hold @ and /."""
    assert without_secrets("rtsp://ada:pw@cam.local:554/live?token=abc", HOME) == "rtsp://cam.local:554/…"
    assert without_secrets("mqtt://a:b@c@broker", HOME) == "mqtt://broker"
    assert without_secrets("rtsp://ada:p/w@cam/live", HOME) == "rtsp://…"
    assert without_secrets("no model at /home/ada/models: run it", HOME) == "no model at ~/models: run it"


def test_the_service_log_has_no_words_of_the_conversation() -> None:
    """Answers begin as the program's messages do, so only systemd's own entries are taken."""
    lines = [
        entry("seesay", "seesay: the letter says that you owe 300 pounds", "seesay"),
        entry("seesay", "you: read my letter", "seesay"),
        entry("systemd", "seesay: it names itself systemd", "seesay"),
        entry("systemd", "seesay.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED"),
        "no JSON",
        "[]",
    ]
    assert log_tail(lines, HOME) == ["seesay.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED"]


def test_the_settings_have_no_prompt_and_no_secret(tmp_path: Path) -> None:
    """The file of a token is named; its content is nowhere in the bundle, and neither is the prompt."""
    token = tmp_path / "token"
    token.write_text("very-secret-token")
    config = replace(
        Config(),
        seeing=replace(SeeingConfig(), camera="rtsp://ada:hunter2@cam/live"),
        journal=replace(JournalConfig(), webhook_url="https://ada:hunter2@host/hook?key=hunter2"),
        web=replace(WebConfig(), token_file=str(token)),
    )
    settings = settings_of(config, HOME)
    assert "prompt" not in settings
    assert settings["seeing"]["camera"] == "rtsp://cam/…"
    path = tmp_path / "report.zip"
    spoken = replace(ok("microphone", "it works"), heard="my pin is one two three")
    assert "my pin" in as_text(spoken)
    findings = [spoken, failure("camera", "the camera at rtsp://ada:hunter2@cam/live cannot be opened", "switch it on")]
    write_bundle(path, findings, config, [entry("seesay", "seesay: a secret answer", "seesay")])
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(contents) == {"report.txt", "report.json", "versions.json", "settings.json", "log.txt"}
    everything = "".join(contents.values())
    for secret in ("hunter2", "very-secret-token", "secret answer", "my pin", config.prompt.text("en")[:30]):
        assert secret not in everything
    assert "rtsp://cam/… cannot be opened" in contents["report.txt"]
    assert json.loads(contents["settings.json"])["web"]["port"] == 8765
    assert "numpy" in json.loads(contents["versions.json"])["packages"]
