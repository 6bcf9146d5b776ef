"""Rate and volume by voice: a step at a time, remembered for the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.state import VoiceState, save_state


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
