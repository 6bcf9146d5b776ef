"""The unit has what a service at boot needs, and systemd accepts it where systemd is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.machine.service.unit import Network, UnitSettings, logs_words, memory_max_bytes, quoted, unit_text

SETTINGS = UnitSettings(
    command=(sys.executable, "-m", "assistant", "run", "--config", "/home/me/my 100% $settings.toml"),
    network=Network.NONE,
    memory_bytes=6 << 30,
    writable=(Path("/home/me/.cache/seesay"), Path("/home/my name/.local/state/seesay")),
    machine_code=Path("/home/my name/.cache/seesay/machine-code"),
)
# systemd's own measure from 0 (safe) to 10, with what a user's systemd can do; a change that opens a door raises it.
MOST_EXPOSED = {Network.NONE: 5.6, Network.LOOPBACK: 6.0, Network.ANY: 6.2}


def lines_of(settings: UnitSettings) -> list[str]:
    return unit_text(settings).splitlines()


def test_it_is_watched_and_started_again() -> None:
    """systemd waits until it is ready, watches it, and starts it again after a fault, but not after a wrong setting."""
    lines = lines_of(SETTINGS)
    for line in (
        "Type=notify",
        "WatchdogSec=30",
        "Restart=on-failure",
        "RestartPreventExitStatus=2",
        "StartLimitIntervalSec=0",
        "WantedBy=default.target",
        "MemoryMax=6144M",
        "Nice=5",
        "ProtectSystem=strict",
    ):
        assert line in lines


def test_the_command_is_quoted_for_systemd() -> None:
    """Blanks, percent signs and dollars of a path stay what they are."""
    (command,) = [line for line in lines_of(SETTINGS) if line.startswith("ExecStart=")]
    assert command.endswith(' run --config "/home/me/my 100%% $$settings.toml"')
    (folders,) = [line for line in lines_of(SETTINGS) if line.startswith("ReadWritePaths=")]
    assert folders == 'ReadWritePaths=-%t -/home/me/.cache/seesay "-/home/my name/.local/state/seesay"'


def test_compiled_arithmetic_is_kept_where_the_service_may_write() -> None:
    """Else every start would compile it again, for some twenty seconds."""
    assert 'Environment="NUMBA_CACHE_DIR=/home/my name/.cache/seesay/machine-code"' in lines_of(SETTINGS)


@pytest.mark.parametrize(
    ("word", "written"),
    [("plain", "plain"), ("", '""'), ("a;b", '"a;b"'), ('say "x"', '"say \\"x\\""'), ("a\\b", '"a\\\\b"')],
)
def test_a_word_is_quoted_where_it_must_be(word: str, written: str) -> None:
    """An ordinary word stays as it is, for whoever reads the unit."""
    assert quoted(word) == written


def test_the_log_has_no_words_unless_asked() -> None:
    """Questions and answers, which are on standard output, go nowhere; messages go to the log."""
    lines = lines_of(SETTINGS)
    assert "StandardOutput=null" in lines
    assert "StandardError=journal" in lines
    assert not logs_words(dict(environment_in(SETTINGS)))
    with_words = replace(SETTINGS, logs_words=True)
    assert "StandardOutput=journal" in lines_of(with_words)
    assert logs_words(dict(environment_in(with_words)))


def environment_in(settings: UnitSettings) -> list[tuple[str, str]]:
    return re.findall(r"^Environment=(\w+)=(.*)$", unit_text(settings), re.MULTILINE)


def test_the_network_is_shut_where_it_is_not_needed() -> None:
    """Without a need there is no such socket at all, for the page only this machine, else all."""
    none, loopback, anywhere = (
        lines_of(replace(SETTINGS, network=network)) for network in (Network.NONE, Network.LOOPBACK, Network.ANY)
    )
    assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK" in none
    assert "IPAddressAllow=localhost" not in none
    assert "IPAddressDeny=any" in loopback
    assert "IPAddressAllow=localhost" in loopback
    assert not any(line.startswith("IPAddress") for line in anywhere)
    assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6" in anywhere


def test_power_limits_can_be_set_only_where_they_are_held() -> None:
    """/sys can be written to only for the power budget."""
    assert "ProtectKernelTunables=yes" not in lines_of(SETTINGS)
    assert "ProtectKernelTunables=yes" in lines_of(replace(SETTINGS, sets_power=False))


def test_options_that_keep_a_users_service_from_starting_are_missing() -> None:
    """These need rights that a user's systemd lacks, or forbid code that is compiled at run time."""
    names = {line.partition("=")[0] for line in lines_of(replace(SETTINGS, sets_power=False))}
    forbidden = {
        "MemoryDenyWriteExecute",
        "PrivateDevices",
        "ProtectClock",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "CapabilityBoundingSet",
        "PrivateNetwork",
        "User",
    }
    assert names & forbidden == set()


def test_the_memory_limit_follows_the_weights() -> None:
    """For Qwen3-VL-2B it is 5.5 GiB packed, more as plain float32, and some even without a model here."""
    assert memory_max_bytes(4_255_140_312, packed=True) == pytest.approx(5.5 * 2**30, rel=0.02)
    assert memory_max_bytes(4_255_140_312, packed=False) > 12 * 2**30
    assert memory_max_bytes(0, packed=True) > 2**31


@pytest.mark.parametrize("network", list(Network))
def test_systemd_accepts_the_unit(network: Network, tmp_path: Path) -> None:
    """`systemd-analyze` finds no mistake in it and does not call it more exposed than it is today.

    Without systemd each line of the unit is at least an assignment or a comment in a section.
    """
    path = tmp_path / "seesay.service"
    path.write_text(unit_text(replace(SETTINGS, network=network)), encoding="utf-8")
    for line in path.read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"|#.*|\[\w+\]|[A-Z][A-Za-z]*=.+", line)
    if shutil.which("systemd-analyze") is None:
        return
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(path)], capture_output=True, text=True, env=environ, check=False
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    if not _analyzes_offline():
        return
    judged = subprocess.run(
        ["systemd-analyze", "security", "--user", "--offline=yes", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    exposed = re.search(r"exposure level for seesay\.service: ([\d.]+)", judged.stdout)
    assert exposed is not None, judged.stderr
    assert float(exposed[1]) <= MOST_EXPOSED[network]


def _analyzes_offline() -> bool:
    """systemd 250 and newer judge a file that is not installed."""
    printed = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"systemd (\d+)", printed)
    return version is not None and int(version[1]) >= 250
