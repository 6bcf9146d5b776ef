"""Is this utterance a command to the assistant itself? Pure and table-driven.

Only a whole utterance is a command, fillers aside: "what does the stop sign say" stays a question.
"""

from __future__ import annotations

import re

from assistant.phrases import Command, Phrases

_SPACE_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


def parse_command(text: str, phrases: Phrases) -> Command | None:
    """The command that `text` gives, or None when it is a question (or empty)."""
    words = _without_fillers(_normalised(text), phrases)
    for command, spoken in phrases.commands.items():
        if words in spoken:
            return command
    return None


def _normalised(text: str) -> str:
    words = " ".join(re.sub(r"[^\w\s']", " ", text.lower()).split())
    return _SPACE_IN_CHINESE.sub("", words)  # Vosk puts spaces between Chinese words, people do not


def _without_fillers(words: str, phrases: Phrases) -> str:
    """Strips fillers from both ends, but never the last word itself ("okay" alone stays)."""
    stripped = True
    while stripped:
        stripped = False
        for filler in phrases.fillers_before:
            if (rest := _after(filler, words)) is not None:
                words, stripped = rest, True
        for filler in phrases.fillers_after:
            if (rest := _before(filler, words)) is not None:
                words, stripped = rest, True
    return words


def _after(filler: str, words: str) -> str | None:
    """What follows the filler, None when it is not there or nothing follows."""
    gap = "" if _is_chinese(filler) else " "
    return words[len(filler + gap) :] or None if words.startswith(filler + gap) else None


def _before(filler: str, words: str) -> str | None:
    gap = "" if _is_chinese(filler) else " "
    return words[: -len(gap + filler)] or None if words.endswith(gap + filler) else None


def _is_chinese(text: str) -> bool:
    return "\u4e00" <= text[0] <= "\u9fff"
