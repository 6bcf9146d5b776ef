"""When to play a cue to a waiting user: once when the speech seems to be over, then every few seconds until the first
word.

This is pure logic: it reads a clock, but plays nothing and owns no thread. `SpeechQueue` asks it between sentences, so
no cue sounds over speech. It does not know why the answer takes so long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.answering.turn import Turn

EVERY_SECONDS = 3.5  # users' studies: silence is the complaint; more often is a nuisance
NEVER = float("inf")


@dataclass(frozen=True)
class _Wait:
    turn: Turn
    next_at: float


class WaitingCues:
    """Call `start(turn)` at the end of the question and `end(turn)` at the first word of the answer.

    A turn that is cancelled or done ends its cues by itself. Any thread may call it, since the state is one attribute
    that is replaced as a whole.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, every_seconds: float = EVERY_SECONDS) -> None:
        self._clock = clock
        self._every_seconds = every_seconds
        self._wait: _Wait | None = None
        self._user_speaks = False
        self._acknowledged_at: float | None = None

    def acknowledge(self) -> None:
        """Notes that the cue "I heard you" is played now: the user has paused, and has probably finished."""
        self._acknowledged_at = self._clock()

    def start(self, turn: Turn) -> bool:
        """Begins the wait. True: the cue "I heard you" was not played yet, so play it now.

        The next is due afterwards.
        """
        now, acknowledged_at = self._clock(), self._acknowledged_at
        first = acknowledged_at is None or now - acknowledged_at >= self._every_seconds
        began = now if acknowledged_at is None or first else acknowledged_at
        self._wait = _Wait(turn, began + self._every_seconds)
        self._user_speaks = False
        self._acknowledged_at = None
        return first

    def end(self, turn: Turn) -> None:
        """Ends the wait of this turn, whose first word is on the way. Another turn's wait goes on."""
        wait = self._wait
        if wait is not None and wait.turn is turn:
            self._forget(wait)

    def user_speaks(self, speaks: bool) -> None:
        """No cue is due while the user speaks. `speaks` is False only at the end of the speech, not at a pause."""
        self._user_speaks = speaks
        if speaks:
            self._acknowledged_at = None  # what was taken for the end was not, or it was that of another utterance

    def due(self) -> Turn | None:
        """The turn whose cue is due now, or None. The next cue is then due `every_seconds` later."""
        wait, now = self._wait, self._clock()
        if (acknowledged_at := self._acknowledged_at) is not None and now >= acknowledged_at + self._every_seconds:
            self._acknowledged_at = None  # no question came of it
        if wait is None or now < wait.next_at:
            return None
        if wait.turn.cancelled.is_set() or wait.turn.done.is_set():
            self._forget(wait)
            return None
        # The plan counts, not the time now: a late cue must not make all later ones late.
        missed = int((now - wait.next_at) / self._every_seconds)
        following = _Wait(wait.turn, wait.next_at + (missed + 1) * self._every_seconds)
        if self._wait is wait:  # else a new turn began, or this one ended, a moment ago
            self._wait = following
        return None if self._user_speaks else wait.turn

    def seconds_left(self) -> float:
        """Seconds until `due` should be asked again; `NEVER` when nobody waits."""
        wait, acknowledged_at = self._wait, self._acknowledged_at
        next_at = NEVER if wait is None else wait.next_at
        if acknowledged_at is not None:  # the question is about to come: whoever asks stays awake for its cues
            next_at = min(next_at, acknowledged_at + self._every_seconds)
        return max(0.0, next_at - self._clock())

    def _forget(self, wait: _Wait) -> None:
        if self._wait is wait:
            self._wait = None
