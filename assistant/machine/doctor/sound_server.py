"""Checks the sound server, whether it stays after logout, and Bluetooth headsets whose microphone is off."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.machine import commands
from assistant.machine.commands import Printed
from assistant.machine.doctor.finding import Finding, ok, warning
from assistant.machine.lingering import ENABLE, is_lingering, read_lingering
from assistant.settings.config import Config

_CHECK = "sound-server"
_PROFILE = re.compile(r"^\s+(?P<name>\S.*?): .*\((?P<facts>[^()]*)\)\s*$")
_CALLING_PROFILES = ("headset", "handsfree")  # HSP and HFP: one channel each way, with the microphone


@dataclass(frozen=True)
class Server:
    """What `pactl info` printed, and whether this session has the folder in which a server has its socket."""

    info: Printed
    has_runtime_folder: bool


def read_server(environ: Mapping[str, str] = os.environ) -> Server:
    return Server(commands.run(["pactl", "info"]), bool(environ.get("XDG_RUNTIME_DIR") or environ.get("PULSE_SERVER")))


def judge_server(found: Server) -> Finding:
    if not found.info.installed:
        return warning(
            _CHECK, "pactl is not installed, so the sound server cannot be checked", "sudo apt install pulseaudio-utils"
        )
    if found.info.worked:
        name = re.search(r"^Server Name: (.*)$", found.info.out, re.MULTILINE)
        return ok(_CHECK, f"{name[1] if name else 'a sound server'} answers")
    if found.info.status is None:
        return warning(
            _CHECK,
            "the sound server does not answer: it hangs",
            "systemctl --user restart pipewire pipewire-pulse wireplumber (or: pulseaudio --kill; pulseaudio --start)",
        )
    if not found.has_runtime_folder:
        return warning(
            _CHECK,
            "this session has no XDG_RUNTIME_DIR, so no sound server of a user is found (sudo? su? a cron job?)",
            "sign in as the user who uses the microphone, and start seesay without sudo",
        )
    return warning(
        _CHECK,
        "no sound server is running; only one program at a time can then use a sound device",
        "systemctl --user start pipewire pipewire-pulse wireplumber (or: pulseaudio --start)",
    )


def judge_linger(printed: Printed | None) -> Finding | None:
    """The sound server ends when its user's last session ends, unless lingering is enabled. None: nobody can tell."""
    if (lingers := is_lingering(printed)) is None:
        return None
    if lingers:
        return ok(_CHECK, "it stays after logout, because lingering is enabled")
    return warning(
        _CHECK,
        "it ends when you log out, so SeeSay is deaf on a box where nobody is signed in",
        ENABLE,
    )


@dataclass(frozen=True)
class Card:
    """A card of `pactl list cards`."""

    name: str
    description: str
    active_profile: str
    profiles: Mapping[str, int]  # the available profiles' names and how many microphones each has


def cards_in(listing: str) -> list[Card]:
    """Reads the output of `pactl list cards`, PulseAudio's or PipeWire's, in English."""
    return [_card(text) for text in re.split(r"^Card #", listing, flags=re.MULTILINE)[1:]]


def _card(text: str) -> Card:
    profiles: dict[str, int] = {}
    in_profiles = False
    for line in text.splitlines():
        if re.match(r"^\s*Profiles:\s*$", line):
            in_profiles = True
        elif in_profiles and (found := _PROFILE.match(line)) and "sources:" in found["facts"]:
            if "available: no" not in found["facts"]:
                sources = re.search(r"sources: (\d+)", found["facts"])
                profiles[found["name"]] = int(sources[1]) if sources else 0
        elif in_profiles:
            in_profiles = False
    return Card(
        _first(r"^\s*Name: (\S+)", text),
        _first(r'device\.description = "(.*)"', text),
        _first(r"^\s*Active Profile: (\S+)", text),
        profiles,
    )


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""


def judge_bluetooth(cards: list[Card]) -> list[Finding]:
    """A Bluetooth headset plays music in a profile (A2DP) that has no microphone. A calling profile has one."""
    findings = []
    for card in cards:
        if not card.name.startswith("bluez"):
            continue
        name = card.description or card.name
        if card.profiles.get(card.active_profile, 0):
            findings.append(ok("bluetooth", f"{name} has its microphone on, with the profile {card.active_profile}"))
            continue
        calling = [
            profile for profile, sources in card.profiles.items() if sources and profile.startswith(_CALLING_PROFILES)
        ]
        if calling:
            # mSBC sends 16,000 Hz; the older CVSD sends 8,000 Hz, which speech models hear badly.
            best = next((profile for profile in calling if "msbc" in profile), calling[0])
            fix = f"pactl set-card-profile {card.name} {best}"
        else:
            fix = "use another microphone, or pair the headset anew and allow calls"
        says = f"{name} plays music in the profile {card.active_profile}, in which its microphone is off"
        findings.append(warning("bluetooth", says, fix))
    return findings


def check_sound_server(config: Config) -> list[Finding]:
    server = judge_server(read_server())
    findings = [server]
    linger = judge_linger(read_lingering())
    if linger is not None:
        findings.append(linger)
    return findings


def check_bluetooth(config: Config) -> list[Finding]:
    printed = commands.run(["pactl", "list", "cards"])
    if not printed.worked:
        return [warning("bluetooth", "no sound server tells its headsets", "see the check sound-server")]
    found = judge_bluetooth(cards_in(printed.out))
    return found or [ok("bluetooth", "no Bluetooth headset is connected")]
