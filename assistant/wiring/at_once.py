"""Which commands are answered from one picture without the model, for a typed question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.conversation.at_once import COMMANDS, telling
from assistant.language.phrases import Command, Phrases

if TYPE_CHECKING:
    from assistant.answering.pipeline import TellJob
    from vision.reading.interface import Reader


def job_at_once(command: Command | None, phrases: Phrases, reader: Reader | None = None) -> TellJob | None:
    """The job that tells it; None if the model is needed. One picture has a light but no light meter."""
    if command is Command.LIGHT_METER:
        command = Command.LIGHT
    return telling(command, phrases, reader=reader) if command in COMMANDS and command is not None else None
