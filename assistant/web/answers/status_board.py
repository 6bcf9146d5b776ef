"""What the assistant is doing: its state, the last question and answer of each who asked, and its round.

It does not know who may see which question: whoever shows them says so.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.inspection.round_shown import RoundShown

# Characters of an answer that are shown. A page that was read has many more, and the status is asked for every second.
LONGEST_SHOWN = 4000
BY_VOICE = "voice"  # who asked beside this machine
MOST_ASKERS = 64  # the one who has not asked for longest is forgotten
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
        self._posted: OrderedDict[str, Posted] = OrderedDict()  # by who asked; who asked last is the last one
        # One of STATES: the state of the conversation by voice, if there is one.
        self.voice_state: Callable[[], str] = lambda: "idle"
        # How the inspection round by voice stands, if there is one. It is called on the server's threads.
        self.round_now: Callable[[], RoundShown | None] = no_round

    def asked(self, question: str, asker: str = BY_VOICE) -> None:
        with self._lock:
            self._posted[asker] = Posted(question, None)
            self._posted.move_to_end(asker)
            if len(self._posted) > MOST_ASKERS:
                self._posted.popitem(last=False)

    def answered(self, answer: str, asker: str = BY_VOICE) -> None:
        """Puts the answer beside the last question of the same asker."""
        with self._lock:
            if (posted := self._posted.get(asker)) is not None:
                shown = answer if len(answer) <= LONGEST_SHOWN else f"{answer[:LONGEST_SHOWN]} …"
                self._posted[asker] = Posted(posted.last_question, shown)

    def newest(self, is_shown: Callable[[str], bool] = lambda asker: True) -> Posted:
        """The last question, with its answer, of those askers for whom `is_shown` returns True."""
        with self._lock:
            for asker in reversed(self._posted):
                if is_shown(asker):
                    return self._posted[asker]
        return Posted()

    def state(self, *, at_work: bool) -> str:
        """One of STATES. `at_work` is True while a question of the page or of a program is being answered."""
        voice = self.voice_state()
        return "thinking" if at_work and voice in ("idle", "listening") else voice
