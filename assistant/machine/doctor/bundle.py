"""Writes what helps to understand a fault into a ZIP file: report, versions, settings, the end of the service's log.

There are no pictures, no words that were spoken or answered, and no secrets in it: the file is made to be sent to
others. Of an address only the host is kept, and the home folder is replaced.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import re
import zipfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.files import replacing
from assistant.machine import commands
from assistant.machine.doctor.finding import Finding, as_json, as_text
from assistant.settings.config import Config

# An address may hold a password before its host, and a token behind it.
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^\s/?#'\"]*@)?(?P<host>[^\s/?#'\"]*)(?P<rest>[^\s'\"]*)", re.IGNORECASE
)
_LOG_LINES = 300
# Keys whose values are the user's own words.
_PRIVATE = ("prompt",)


def without_secrets(text: str, home: Path | None = None) -> str:
    """Leaves of each address only its scheme and host, and ~ of the home folder."""
    text = _ADDRESS.sub(_host_alone, text)
    home = Path.home() if home is None else home
    return text.replace(str(home), "~") if home != Path("/") else text


def _host_alone(found: re.Match[str]) -> str:
    if "@" in found["rest"]:  # a password with a slash in it looks like a host and a path
        return found["scheme"] + "…"
    return found["scheme"] + found["host"] + ("/…" if len(found["rest"]) > 1 else "")


def settings_of(config: Config, home: Path | None = None) -> dict[str, Any]:
    """The settings in force, without the prompt. A file of a token is named, and never read."""
    tables = {
        table: values
        for table, values in dataclasses.asdict(config).items()
        if isinstance(values, dict) and table not in _PRIVATE
    }
    tables["source"] = {"file": config.source}
    return {
        table: {key: without_secrets(value, home) if isinstance(value, str) else value for key, value in values.items()}
        for table, values in tables.items()
    }


def versions() -> dict[str, Any]:
    return {
        "seesay": __version__,
        "python": platform.python_version(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "") if Path("/etc/os-release").exists() else "",
        "kernel": platform.release(),
        "packages": dict(sorted(_installed())),
    }


def _installed() -> Iterable[tuple[str, str]]:
    return {(one.metadata["Name"], one.version) for one in metadata.distributions() if one.metadata["Name"]}


def log_tail(lines: Iterable[str], home: Path | None = None) -> list[str]:
    """The newest messages of systemd about the service: its starts, its ends, and their exit status.

    `lines` are those of `journalctl --output=json`. What the program itself printed is left out: questions and answers
    are in it, and their lines look like its messages.
    """
    told = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("SYSLOG_IDENTIFIER") == "systemd" and entry.get("_COMM") == "systemd":
            told.append(without_secrets(str(entry.get("MESSAGE", "")), home))
    return told[-_LOG_LINES:]


def read_log() -> list[str]:
    """The newest entries of this user's service `seesay`, everything included; [] where there is none."""
    printed = commands.run(
        ["journalctl", "--user", "--unit=seesay", "--output=json", "--no-pager", f"--lines={10 * _LOG_LINES}"]
    )
    return printed.out.splitlines() if printed.worked else []


def write_bundle(path: Path, findings: Sequence[Finding], config: Config, log: Sequence[str]) -> None:
    """Writes the file in one step, readable by its user alone. Raises OSError."""
    findings = [dataclasses.replace(finding, heard="") for finding in findings]
    parts = {
        "report.txt": "\n".join(as_text(finding) for finding in findings) + "\n",
        "report.json": _json([as_json(finding) for finding in findings]),
        "versions.json": _json(versions()),
        "settings.json": _json(settings_of(config)),
        "log.txt": "".join(line + "\n" for line in log_tail(log)),
    }
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, without_secrets(text))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
