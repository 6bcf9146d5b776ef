"""The protocol of whatever takes over the dialog for a while.

A mode hears the words of the user before the dialog does. It does what they ask for if they are meant for it, and
leaves all others to the dialog. This file has no code that runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.answering.turn import Question, Turn


@dataclass(frozen=True)
class Situation:
    """What the dialog did since the newest turn of the mode. It decides about words that have two meanings."""

    asked: bool  # a question was answered: "go on" then asks for more detail about that
    said: bool  # something was said, such as the time: "repeat" then repeats that


class Mode(Protocol):
    """Takes over the dialog for a while. Belongs to the main thread, and returns at once."""

    @property
    def turn(self) -> Turn | None:
        """The newest turn of the mode, None before the first one."""

    @property
    def is_under_way(self) -> bool:
        """True while the mode has something said."""

    @property
    def answers_questions(self) -> bool:
        """True if a turn of the mode answers a question of the user: "do not keep this" is then about it, too."""

    @property
    def awaits_free_words(self) -> bool:
        """True if the newest turn asked for words of any kind, such as a reason."""

    def take(self, question: Question, situation: Situation) -> Turn | None:
        """Does what the words of `question` ask for, and returns the turn that does it; None: they are not meant.

        The turn may be one that is under way already.
        """

    def repeat(self, question: Question, situation: Situation) -> Turn | None:
        """Says the last words of the mode again, as for a double press; None if others were said last."""
