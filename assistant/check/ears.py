"""Whether the ears understand the assistant's own voice: twenty commands, spoken to a file and heard again.

No microphone and no loudspeaker is used, so it says what the speech model can do, and nothing about a room. It does not
know where a report goes.
"""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.language.command_parser import parse_command
from assistant.language.phrases import Command, Phrases

if TYPE_CHECKING:
    from assistant.wiring.hearing import Ears
    from audio.speaking.voice import Synthesizer

COMMANDS = 20
RATE_WPM = 160  # as people speak; the assistant's own 230 words a minute are for listeners who are used to them
_BEFORE_SECONDS, _AFTER_SECONDS = 0.4, 1.0


@dataclass(frozen=True)
class Heard:
    """One command: what was said, and what was understood of it."""

    said: str
    heard: str  # "" where no words were heard
    is_right: bool  # the same command was understood


def commands_of(phrases: Phrases, count: int = COMMANDS) -> list[str]:
    """A wording of each command in the order of the list, at most `count` of them; longer ones than one word first."""
    wordings = []
    for command in Command:
        known = phrases.commands.get(command, ())
        wordings += [min(known, key=lambda words: (" " not in words, len(words), words))] if known else []
    return wordings[:count]


def hear_commands(
    ears: Ears, synthesizer: Synthesizer, phrases: Phrases, on_heard: Callable[[Heard], None] = lambda heard: None
) -> list[Heard]:
    """Speaks each command into a file and has it heard as `ask --audio` does. Raises AudioError."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for words in commands_of(phrases):
            _write(path, synthesizer, words)
            try:
                heard = ears.hear_file(path)[0].text
            except AssistantError:  # no words were heard
                heard = ""
            is_right = parse_command(heard, phrases) is parse_command(words, phrases) is not None
            found.append(Heard(words, heard, is_right))
            on_heard(found[-1])
    return found


def _write(path: Path, synthesizer: Synthesizer, words: str) -> None:
    sound = synthesizer.synthesize(words)
    rate_hz = sound.sample_rate_hz
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(bytes(2 * int(_BEFORE_SECONDS * rate_hz)))
        file.writeframes(sound.samples.astype("<i2").tobytes())
        file.writeframes(bytes(2 * int(_AFTER_SECONDS * rate_hz)))
