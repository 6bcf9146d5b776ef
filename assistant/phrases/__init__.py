"""What the assistant says itself and the commands it obeys, a file per language.

A further language is one more file here with a `PHRASES`, and its line in `_LANGUAGES`.
"""

from __future__ import annotations

import enum
import importlib
from collections.abc import Mapping
from dataclasses import dataclass


class Command(enum.Enum):
    """What a user can ask of the assistant itself."""

    STOP = "stop"
    REPEAT = "repeat"
    HELP = "help"
    NEW_PICTURE = "new picture"
    SAME_PICTURE = "same picture"
    QUIT = "quit"


@dataclass(frozen=True)
class Phrases:
    """One language's spoken sentences and command words (lower case, no punctuation)."""

    voice: str  # espeak-ng's voice where the config names none; "" is the system's default
    ready: str
    ready_demo_models: str
    help: str
    not_understood: str
    nothing_to_repeat: str
    no_picture_yet: str
    new_picture: str
    same_picture: str
    no_answer: str
    answer_failed: str
    picture_failed: str
    goodbye: str
    device_lost: str
    device_back: str
    commands: Mapping[Command, tuple[str, ...]]
    fillers_before: tuple[str, ...]
    fillers_after: tuple[str, ...]


_LANGUAGES = ("en", "zh")


def phrases_for(language: str) -> Phrases:
    """The phrases of a language code; an unknown code is a `ValueError` (config checks it first)."""
    if language not in _LANGUAGES:
        raise ValueError(f"no phrases for language {language!r}: known are {', '.join(_LANGUAGES)}")
    phrases = importlib.import_module(f"assistant.phrases.{language}").PHRASES
    assert isinstance(phrases, Phrases)  # a programming error in the language's file, never user input
    return phrases
