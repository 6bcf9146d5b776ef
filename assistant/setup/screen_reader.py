"""Takes over rate and voice of a screen reader: from Speech Dispatcher's speechd.conf and Orca's user-settings.conf.

Speech Dispatcher's scale is -100 to 100. Its module for espeak-ng makes words a minute of it: 80, 170 and 449 at -100,
0 and 100, as its espeak-ng.conf has them (EspeakMinRate, EspeakNormalRate, EspeakMaxRate). Orca's scale is 0 to 100,
which it spreads over Speech Dispatcher's. It does not know what the voices sound like.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MIN_WPM, _NORMAL_WPM, _MAX_WPM = 80, 170, 449
_MAX_FILE_BYTES = 1_000_000
_LINE = re.compile(r'^\s*(\w+)\s+"?([^"#\n]*?)"?\s*(?:#.*)?$', re.MULTILINE)
# espeak-ng's variants, as Speech Dispatcher's own module chooses them; MALE1 is the plain voice.
_VARIANTS = {
    "MALE2": "+m2", "MALE3": "+m3", "FEMALE1": "+f1", "FEMALE2": "+f2", "FEMALE3": "+f3", "CHILD_MALE": "+m4",
    "CHILD_FEMALE": "+f5",
}  # fmt: skip


@dataclass(frozen=True)
class Preference:
    """How a screen reader speaks on this machine."""

    program: str  # "Orca" or "Speech Dispatcher"
    rate_wpm: int | None = None  # None: not set
    language: str = ""  # such as "en-gb"
    variant: str = ""  # espeak-ng's, such as "+f2"

    def voice_for(self, language: str, plain_voice: str) -> str:
        """The espeak-ng voice for a language of ours; "" where nothing but our own plain voice follows from it."""
        base = self.language if self.language.partition("-")[0] == language else ""
        if language != "en" and base:  # espeak-ng has other names for Chinese than Speech Dispatcher
            base = ""
        if not base and not self.variant:
            return ""
        return f"{base or plain_voice or language}{self.variant}"


def rate_wpm(rate: float) -> int:
    """Words a minute for a rate of Speech Dispatcher, -100 to 100."""
    rate = min(100.0, max(-100.0, rate))
    span = _NORMAL_WPM - _MIN_WPM if rate < 0 else _MAX_WPM - _NORMAL_WPM
    return round(_NORMAL_WPM + span * rate / 100)


def parse_speech_dispatcher(text: str) -> Preference | None:
    """What speechd.conf sets. None if it sets nothing of this."""
    found = dict(_LINE.findall(text))
    rate: int | None = None
    with contextlib.suppress(KeyError, ValueError):
        rate = rate_wpm(float(found["DefaultRate"]))
    language = found.get("DefaultLanguage", "").strip().lower().replace("_", "-")
    variant = _VARIANTS.get(found.get("DefaultVoiceType", "").strip().upper(), "")
    if rate is None and not language and not variant:
        return None
    return Preference("Speech Dispatcher", rate, language, variant)


def parse_orca(text: str) -> Preference | None:
    """What Orca's settings say of the default profile's voice. None if they say no rate."""
    try:
        document: Any = json.loads(text)
        profiles = document.get("profiles", {})
        voices = profiles.get("default", {}).get("voices") or document.get("general", {}).get("voices") or {}
        voice = voices.get("default", {})
        rate = voice.get("rate")
        language = str((voice.get("family") or {}).get("lang") or "").lower()
    except (ValueError, AttributeError, RecursionError):
        return None
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or rate != rate:
        return None
    return Preference("Orca", rate_wpm(2 * min(99.0, max(0.0, float(rate))) - 98), language)


def screen_reader(environ: Mapping[str, str]) -> Preference | None:
    """This user's screen reader: Orca's settings count before Speech Dispatcher's. None where there is none."""
    home = Path(environ.get("HOME") or Path.home())
    configs = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    orca = parse_orca(_text(data / "orca" / "user-settings.conf"))
    dispatcher = parse_speech_dispatcher(_text(configs / "speech-dispatcher" / "speechd.conf"))
    if orca is None:
        return dispatcher
    if dispatcher is None:
        return orca
    return Preference("Orca", orca.rate_wpm, orca.language or dispatcher.language, dispatcher.variant)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
