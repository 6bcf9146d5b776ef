"""Checks that this user may open the devices: the groups video, input and audio."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.machine.doctor.finding import Finding, failure, ok, warning
from assistant.settings.config import Config

_CHECK = "groups"
# The device files of each group.
_DEVICES = {"video": "/dev/video*", "input": "/dev/input/event*", "audio": "/dev/snd/pcm*"}
_WHAT = {"video": "the camera", "input": "the button", "audio": "the sound card"}


@dataclass(frozen=True)
class Access:
    """Whether this user may open the devices of a group."""

    group: str
    needed: bool  # by the configuration
    devices: int  # how many there are
    openable: int  # how many of them this process may open
    in_group: bool  # this process is in the group
    listed: bool  # the user is in the group from the next login on


def read_access(config: Config) -> list[Access]:
    mine = set(os.getgroups()) | {os.getegid()}
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run with a user that has no name
        user = ""
    found = []
    for group, pattern in _DEVICES.items():
        devices = list(Path("/").glob(pattern[1:]))
        try:
            entry = grp.getgrnam(group)
        except KeyError:
            in_group = listed = False
        else:
            in_group, listed = entry.gr_gid in mine, user in entry.gr_mem
        mode = os.R_OK if group == "input" else os.R_OK | os.W_OK
        openable = sum(os.access(device, mode) for device in devices)
        found.append(Access(group, _needed(group, config), len(devices), openable, in_group, listed))
    return found


def _needed(group: str, config: Config) -> bool:
    if group == "video":
        return config.seeing.camera.strip().isdigit() or config.seeing.camera.startswith("/dev/")
    if group == "input":
        return "button" in config.activation.by.split("+")
    return True


def groups_missing() -> list[str]:
    """The groups that this user is not in, of those for microphone, loudspeaker and camera.

    Whoever sits at the machine may open its devices without them. A service that starts with the machine may not.
    """
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return []
    missing = []
    for name in ("audio", "video"):
        try:
            entry = grp.getgrnam(name)
        except KeyError:
            continue
        if user != "root" and user not in entry.gr_mem and entry.gr_gid not in os.getgroups():
            missing.append(name)
    return missing


def judge_access(accesses: Iterable[Access]) -> list[Finding]:
    """A session at the machine may open its sound card without the group, so what counts is what can be opened."""
    findings = []
    for access in accesses:
        if not access.needed or not access.devices or access.openable:
            continue
        says = f"this user may not open {_WHAT[access.group]}"
        if access.listed and not access.in_group:
            fix = f"log out and in again: you are in the group {access.group}, but this session began before that"
        else:
            fix = f"sudo usermod -aG {access.group} $USER, then log out and in again"
        if access.group == "audio":  # a sound server that runs may open it for us
            findings.append(warning(_CHECK, says, fix))
        else:
            findings.append(failure(_CHECK, says, fix, missing=True))
    return findings or [ok(_CHECK, "this user may open what is needed of camera, button and sound card")]


def check_groups(config: Config) -> list[Finding]:
    return judge_access(read_access(config))
