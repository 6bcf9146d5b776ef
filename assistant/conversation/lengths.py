"""How long an answer to a question may be, by what kind of question it is.

Whoever asks whether a door is open waits for one word, and whoever has a letter read wants all of it. It is pure, and
does not know how an answer is cut.
"""

from __future__ import annotations

import enum
import math

from assistant.answering.length import Limit
from assistant.language.phrases import Phrases
from assistant.language.writing_questions import asks_about_writing
from assistant.language.yes_or_no_questions import asks_yes_or_no
from assistant.settings.config import LengthConfig


class QuestionKind(enum.Enum):
    """The kinds of questions whose answers may be of different lengths."""

    DESCRIBE = "describe"  # all that are of no other kind
    READ = "read"
    DETAIL = "detail"
    YES_NO = "yes_no"


def kind_of(question: str, phrases: Phrases) -> QuestionKind:
    """The kind of a question in the user's words. "Is it written there" is one for yes or no."""
    if asks_yes_or_no(question, phrases):
        return QuestionKind.YES_NO
    return QuestionKind.READ if asks_about_writing(question, phrases) else QuestionKind.DESCRIBE


def limit_of(kind: QuestionKind, config: LengthConfig, rate_wpm: int) -> Limit | None:
    """How much of an answer is told at a time, by a voice of this rate. None: all of it."""
    seconds, tokens = getattr(config, f"{kind.value}_seconds"), getattr(config, f"{kind.value}_tokens")
    if not seconds and not tokens:
        return None
    return Limit(seconds or math.inf, tokens or math.inf, rate_wpm)
