"""The text of the systemd unit, as a pure function of its settings.

It is a unit of the user's own systemd, because microphone, loudspeaker and sound server belong to the user. It does not
know where the text is stored or how systemd is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

NAME = "seesay"
FILE_NAME = f"{NAME}.service"
WATCHDOG_SECONDS = (
    30  # A loaded machine may need some seconds for the end of a sentence; a deaf one is noticed by then.
)
RESTART_SECONDS = 10
# What the program takes beside the weights: 0.75 GiB for the model's buffers (vision/engine/models/memory.py), 0.54 GB
# for reading print, 0.5 GB for speech, and room for the pictures and the cache of other files.
ROOM_BYTES = 5 << 29
PACKED_SHARE = 0.75  # weights of 16 bits are packed into 12
FLOAT32_SHARE = 3.0  # 4 bytes for each 2, and for a while a part of them twice while they are loaded
_NO_WORDS = "SEESAY_NO_WORDS_IN_LOG"  # set in the environment of a service whose log has no words of its users
_MEBIBYTE = 1 << 20


class Network(Enum):
    """Which sockets the service may open beside local ones."""

    NONE = "none"
    LOOPBACK = "loopback"
    ANY = "any"


@dataclass(frozen=True)
class UnitSettings:
    """What the unit depends on."""

    command: tuple[str, ...]  # the program and its arguments
    network: Network
    memory_bytes: int  # the most that the service may take
    writable: tuple[Path, ...]  # the folders that it may write to, beside temporary ones
    machine_code: Path  # where compiled arithmetic is kept, in one of them
    sets_power: bool = True  # it may write to /sys, where the power limits are
    logs_words: bool = False  # questions and answers get into the log


def unit_text(settings: UnitSettings) -> str:
    """The unit.

    Some common options are missing on purpose. MemoryDenyWriteExecute would forbid the arithmetic that is compiled at
    run time. PrivateDevices, ProtectClock, ProtectKernelModules, ProtectKernelLogs and CapabilityBoundingSet need
    rights that a user's systemd does not have, so the service would not start. What needs a user namespace
    (ProtectSystem and the like) is left aside by systemd where the system allows none.
    """
    output = "journal" if settings.logs_words else "null"
    families = "AF_UNIX AF_NETLINK" if settings.network is Network.NONE else "AF_UNIX AF_NETLINK AF_INET AF_INET6"
    lines = [
        "# Written by `seesay service install`, which replaces it; `systemctl --user edit seesay` makes changes that stay.",
        "[Unit]",
        "Description=SeeSay, a voice and camera assistant",
        "After=sound.target pipewire.service pipewire-pulse.service wireplumber.service pulseaudio.service",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(quoted(word, in_command=True) for word in settings.command)}",
        "# It is started again after a crash, a missing device or a hang, but not after a wrong setting (2).",
        "Restart=on-failure",
        "RestartPreventExitStatus=2",
        f"RestartSec={RESTART_SECONDS}",
        f"WatchdogSec={WATCHDOG_SECONDS}",
        "TimeoutStartSec=15min",
        "TimeoutStopSec=15",
        "# Standard output has what was said and answered; messages and errors come on standard error.",
        f"StandardOutput={output}",
        "StandardError=journal",
        *([] if settings.logs_words else [f"Environment={_NO_WORDS}=1"]),
        "# Compiled arithmetic would else be kept beside the program, where the service may not write.",
        f"Environment={quoted(f'NUMBA_CACHE_DIR={settings.machine_code}')}",
        "# The sound server, which may have no priority of its own, comes before the arithmetic.",
        "Nice=5",
        f"MemoryMax={-(-settings.memory_bytes // _MEBIBYTE)}M",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        f"ReadWritePaths=-%t {' '.join(quoted(f'-{folder}') for folder in settings.writable)}",
        "PrivateTmp=yes",
        "ProtectControlGroups=yes",
        *([] if settings.sets_power else ["ProtectKernelTunables=yes"]),
        f"RestrictAddressFamilies={families}",
        *([] if settings.network is Network.ANY else ["IPAddressDeny=any"]),
        *(["IPAddressAllow=localhost"] if settings.network is Network.LOOPBACK else []),
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallErrorNumber=EPERM",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return "\n".join(lines) + "\n"


def logs_words(environ: Mapping[str, str]) -> bool:
    """Whether messages may have words in them that were spoken or answered. False in a service that was not asked to."""
    return not environ.get(_NO_WORDS)


def quoted(word: str, *, in_command: bool = False) -> str:
    """A word as systemd reads it back. % begins a specifier, so it is doubled, and so is $ in a command."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if in_command:
        escaped = escaped.replace("$", "$$")
    is_plain = escaped == word and word and not any(sign in word for sign in " \t\n';#")
    return word if is_plain else '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def memory_max_bytes(weights_bytes: int, *, packed: bool) -> int:
    """The limit for a model whose weights take so many bytes on the disk, with 16 bits each. 0: no model here.

    Packed weights are a mapped file, which counts as well: a limit below it would make every answer wait for the disk.
    """
    return int(weights_bytes * (PACKED_SHARE if packed else FLOAT32_SHARE)) + ROOM_BYTES
