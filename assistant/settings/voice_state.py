"""What the user set by voice and wants to find again: rate and volume, in $XDG_STATE_HOME/seesay/state.json.

Losing it costs a "slower" or two, so nothing here ever stops the program: a file that is broken, or from a newer version, is
ignored with one line in the log. It does not know the voice; it holds the ranges that config.py holds.
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

# Steps that are heard as steps: about a seventh in rate, 3 dB in volume. A rate set in the config may lie between two.
RATES_WPM = (80, 90, 105, 120, 135, 155, 175, 200, 230, 265, 305, 350, 400, 450)
VOLUMES = (0.1, 0.14, 0.2, 0.28, 0.4, 0.55, 0.75, 1.0)  # none at 0: a voice that is silent cannot say so


@dataclass(frozen=True)
class VoiceState:
    """How the voice speaks now."""

    rate_wpm: int
    volume: float  # 0..1


def slower(state: VoiceState) -> VoiceState:
    """A step slower; the same state where it cannot be slower. Likewise the other three."""
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
    """What was remembered; what was not is taken from `default`, the configuration's."""
    try:
        return dataclasses.replace(default, **_remembered(path))
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s is ignored, rate and volume are the configuration's: %s", path, error)
        return default


def save_state(path: Path, state: VoiceState, *, before: VoiceState | None = None) -> None:
    """Atomic: a power cut leaves the old file or the new one. A folder that cannot be written is a line in the log.

    Only what differs from `before` is remembered, beside what was: who is once told to speak slower keeps the volume that the
    configuration, or another profile, has.
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
    """Some of VoiceState's fields, none where there is no file. Raises OSError, and ValueError in one clear clause."""
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
    """How the voice speaks now. `apply` hands a new state to the synthesizer."""

    def __init__(self, state: VoiceState, apply: Callable[[VoiceState], None], path: Path | None = None) -> None:
        self._state = state
        self._apply = apply
        self._path = path  # None: not remembered

    def change(self, step: Callable[[VoiceState], VoiceState]) -> bool:
        """False where there is no further step."""
        new = step(self._state)
        if new == self._state:
            return False
        before, self._state = self._state, new
        self._apply(new)
        if self._path is not None:
            save_state(self._path, new, before=before)
        return True
