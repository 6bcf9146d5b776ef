"""Remembers the rate and the volume that the user set by voice, in $XDG_STATE_HOME/seesay/state.json.

A user who loses them says "slower" once or twice more. So nothing here ever stops the program: a file that is broken,
or from a newer version, is ignored with one line in the log. This module does not know the voice. Its ranges are
config.py's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.files import replace_file, state_folder
from assistant.settings.config import SpeakingConfig

_log = logging.getLogger(__name__)

VERSION = 1
_MAX_FILE_BYTES = 65_536
_RANGES = {
    declared.name: declared.metadata["range"]
    for declared in dataclasses.fields(SpeakingConfig)
    if "range" in declared.metadata
}

# Each step can be heard: it is about a seventh of the rate, and 3 dB of the volume. A rate from the config may lie
# between two.
RATES_WPM = (80, 90, 105, 120, 135, 155, 175, 200, 230, 265, 305, 350, 400, 450, 515, 590, 680, 780, 900)
VOLUMES = (0.1, 0.14, 0.2, 0.28, 0.4, 0.55, 0.75, 1.0)  # no 0: a silent voice could not say that it is silent


@dataclass(frozen=True)
class VoiceState:
    """How fast and how loud the voice speaks."""

    rate_wpm: int
    volume: float  # 0..1


def slower(state: VoiceState) -> VoiceState:
    """The state one step slower, or the same state where there is no slower one. The next three functions are alike."""
    return dataclasses.replace(state, rate_wpm=round(_below(RATES_WPM, state.rate_wpm)))


def faster(state: VoiceState) -> VoiceState:
    return dataclasses.replace(state, rate_wpm=round(_above(RATES_WPM, state.rate_wpm)))


def quieter(state: VoiceState) -> VoiceState:
    return dataclasses.replace(state, volume=_below(VOLUMES, state.volume))


def louder(state: VoiceState) -> VoiceState:
    return dataclasses.replace(state, volume=_above(VOLUMES, state.volume))


def state_path(environ: Mapping[str, str]) -> Path:
    return state_folder(environ) / "state.json"


def load_state(path: Path, default: VoiceState) -> VoiceState:
    """The remembered state. A value that was not remembered is taken from `default`, which is the configuration's."""
    try:
        return dataclasses.replace(default, **_remembered(path))
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s is ignored, rate and volume are the configuration's: %s", path, error)
        return default


def save_state(path: Path, state: VoiceState, *, before: VoiceState | None = None) -> None:
    """Write the state to the file in one step. If the folder cannot be written, there is one line in the log.

    With `before`, only the values that differ from it are changed in the file. So a voice that was once told to speak
    slower keeps the volume of the configuration, or of another profile.
    """
    values = dataclasses.asdict(state)
    if before is not None:
        old = dataclasses.asdict(before)
        values = {name: value for name, value in values.items() if value != old[name]}
        with contextlib.suppress(OSError, ValueError, RecursionError):
            values = {**_remembered(path), **values}
    text = json.dumps({"version": VERSION, **values}) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text)
    except OSError as error:
        _log.warning("rate and volume will not be remembered: cannot write %s: %s", path, error.strerror or error)


def _remembered(path: Path) -> dict[str, Any]:
    """The fields of VoiceState that the file holds; none where there is no file. Raises OSError, ValueError with the
    reason.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {_MAX_FILE_BYTES:,} bytes")
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    if document.get("version") != VERSION:
        raise ValueError(f"its version is {document.get('version')!r}, this program knows {VERSION}")
    values = {name: _clamped(name, document[name]) for name in ("rate_wpm", "volume") if name in document}
    if "rate_wpm" in values:
        values["rate_wpm"] = round(values["rate_wpm"])
    return values


def _clamped(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise ValueError(f"{name} is not a number: {value!r}")
    low, high = _RANGES[name]
    return float(min(high, max(low, value)))


def _below(steps: Sequence[float], value: float) -> float:
    return max((step for step in steps if step < value), default=value)


def _above(steps: Sequence[float], value: float) -> float:
    return min((step for step in steps if step > value), default=value)


class VoiceSettings:
    """The voice's present state, and its changes. `apply` gives a new state to the synthesizer."""

    def __init__(self, state: VoiceState, apply: Callable[[VoiceState], None], path: Path | None = None) -> None:
        self._state = state
        self._apply = apply
        self._path = path  # None: not remembered

    @property
    def rate_wpm(self) -> int:
        """The present rate, in real words per minute."""
        return self._state.rate_wpm

    def change(self, step: Callable[[VoiceState], VoiceState]) -> bool:
        """Go to the next state: apply and remember it. False where there is no further step."""
        new = step(self._state)
        if new == self._state:
            return False
        before, self._state = self._state, new
        self._apply(new)
        if self._path is not None:
            save_state(self._path, new, before=before)
        return True
