"""Decides whether a question can be answered with yes or no: "is the door open", "can you see a cup".

It is pure and works with the tables of `Phrases`. A question that is missed, or taken by mistake, is answered all the
same: it is only told at another length.
"""

from __future__ import annotations

from assistant.language.phrases import Phrases
from assistant.language.writing_questions import has_one_of


def asks_yes_or_no(question: str, phrases: Phrases) -> bool:
    """True if yes or no is an answer to the question."""
    return has_one_of(phrases.length.yes_or_no, question, phrases)
