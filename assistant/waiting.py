"""When a waiting user is due a cue: at once, then every few seconds, until the first word of the answer.

Pure: it reads a clock, plays nothing and owns no thread; `Speaking` asks it between sentences, so that a cue is never
over speech. It does not know why the answer takes its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.turn import Turn

EVERY_SECONDS = 3.5  # users' studies: silence is the complaint; more often is a nuisance
NEVER = float("inf")


@dataclass(frozen=True)
class _Wait:
    turn: Turn
    next_at: float


class Waiting:
    """`start(turn)` at the end of the question, `end(turn)` at the first word; a cancelled or finished turn ends it by itself.

    One attribute holds all of it, replaced as a whole: any thread may call any of these.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, every_seconds: float = EVERY_SECONDS) -> None:
        self._clock = clock
        self._every_seconds = every_seconds
        self._wait: _Wait | None = None
        self._user_speaks = False

    def start(self, turn: Turn) -> None:
        """The first cue of this kind is due in `every_seconds`: the one that says "I heard you" is played now."""
        now = self._clock()
        self._wait = _Wait(turn, now + self._every_seconds)
        self._user_speaks = False

    def end(self, turn: Turn) -> None:
        """Its first word is on the way; nothing happens when another turn waits by now."""
        wait = self._wait
        if wait is not None and wait.turn is turn:
            self._forget(wait)

    def user_speaks(self, speaks: bool) -> None:
        """Not over the user's words either; and half-duplex, a cue would make the assistant deaf to them."""
        self._user_speaks = speaks

    def due(self) -> Turn | None:
        """The turn that a cue is due for now; the next one is then due `every_seconds` later."""
        wait, now = self._wait, self._clock()
        if wait is None or now < wait.next_at:
            return None
        if wait.turn.cancelled.is_set() or wait.turn.done.is_set():
            self._forget(wait)
            return None
        # From the plan, not from now: a cue that was late does not make all later ones late.
        missed = int((now - wait.next_at) / self._every_seconds)
        following = _Wait(wait.turn, wait.next_at + (missed + 1) * self._every_seconds)
        if self._wait is wait:  # else a new turn began, or this one ended, a moment ago
            self._wait = following
        return None if self._user_speaks else wait.turn

    def seconds_left(self) -> float:
        """Until `due` should be asked again; `NEVER` when nobody waits."""
        wait = self._wait
        return NEVER if wait is None else max(0.0, wait.next_at - self._clock())

    def _forget(self, wait: _Wait) -> None:
        if self._wait is wait:
            self._wait = None
