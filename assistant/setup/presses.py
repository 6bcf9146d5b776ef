"""What presses of one key mean: once is yes, twice is no, three times is back, a held key asks for it again.

Other keys say the same at once: n, b or Backspace, and r. A terminal sends characters and not the moments at which a
key goes down and up, so a held key is known by its auto-repeat. This module does not know what is asked, and opens no
device.
"""

from __future__ import annotations

import enum


class Answer(enum.Enum):
    """What the user answers to a question."""

    YES = "yes"
    NO = "no"
    BACK = "back"
    REPEAT = "repeat"
    UNCLEAR = "unclear"  # spoken words that are no answer: the question still waits


MORE_SECONDS = 0.7  # a further press within this time belongs to the same answer
REPEAT_SECONDS = 0.1  # the characters of auto-repeat come every 30 to 50 ms; nobody presses twice within it
_HELD_CHARACTERS = 2  # so many characters of auto-repeat are a held key; one may be a key that bounces
_PRESSES = b" \r\n"
_AT_ONCE = {
    ord("n"): Answer.NO, ord("b"): Answer.BACK, 0x7F: Answer.BACK, 0x08: Answer.BACK, ord("r"): Answer.REPEAT,
}  # fmt: skip


class PressCounter:
    """Counts the presses of one answer. All times are in seconds on one clock."""

    def __init__(self) -> None:
        self._count = self._repeated = 0
        self._last_at = float("-inf")

    @property
    def due_at(self) -> float | None:
        """When `tick` will have an answer, if no press comes before; None: nothing was pressed."""
        return self._last_at + MORE_SECONDS if self._count else None

    def push(self, typed: bytes, at: float) -> Answer | None:
        """Takes characters as they came from the terminal. Returns an answer if one of them is an answer by itself."""
        for character in typed:
            if character in _AT_ONCE:
                self._count = self._repeated = 0
                return _AT_ONCE[character]
            if character not in _PRESSES:
                continue
            if at - self._last_at < REPEAT_SECONDS:
                self._repeated += 1
            else:
                self._count += 1
            self._last_at = at
        return None

    def tick(self, now: float) -> Answer | None:
        """The answer, once no further press can belong to it."""
        if self.due_at is None or now < self.due_at:
            return None
        count, repeated = self._count, self._repeated
        self._count = self._repeated = 0
        if repeated >= _HELD_CHARACTERS:
            return Answer.REPEAT
        return {1: Answer.YES, 2: Answer.NO}.get(count, Answer.BACK)
