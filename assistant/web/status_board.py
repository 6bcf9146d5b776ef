"""What the assistant is doing: its state, the last question and answer, whether by voice or by page, and its round.

It does not know who shows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.inspection.round_shown import RoundShown

# Characters of an answer that are shown. A page that was read has many more, and the status is asked for every second.
LONGEST_SHOWN = 4000
STATES = ("idle", "listening", "thinking", "speaking")


@dataclass(frozen=True)
class Posted:
    last_question: str | None = None
    last_answer: str | None = None


def no_round() -> RoundShown | None:
    """What a board shows of a round where none runs."""
    return None


class Board:
    """Any thread may write and read. A reader gets one immutable value."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posted = Posted()
        # One of STATES: the state of the conversation by voice, if there is one.
        self.voice_state: Callable[[], str] = lambda: "idle"
        # How the inspection round by voice stands, if there is one. It is called on the server's threads.
        self.round_now: Callable[[], RoundShown | None] = no_round

    def asked(self, question: str) -> None:
        with self._lock:
            self._posted = Posted(question, None)

    def answered(self, answer: str) -> None:
        with self._lock:
            shown = answer if len(answer) <= LONGEST_SHOWN else f"{answer[:LONGEST_SHOWN]} …"
            self._posted = replace(self._posted, last_answer=shown)

    @property
    def posted(self) -> Posted:
        return self._posted

    def state(self, *, at_work: bool) -> str:
        """One of STATES. `at_work` is True while a question of the page or of a program is being answered."""
        voice = self.voice_state()
        return "thinking" if at_work and voice in ("idle", "listening") else voice
