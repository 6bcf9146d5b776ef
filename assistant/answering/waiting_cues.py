"""When a waiting user is due a cue: as soon as the speech seems to be over, then every few seconds until the answer's first word.

Pure: it reads a clock, plays nothing and owns no thread; `SpeechQueue` asks it between sentences, so that a cue is never
over speech. It does not know why the answer takes its time.
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
    """`start(turn)` at the end of the question, `end(turn)` at the first word; a cancelled or finished turn ends it by itself.

    One attribute holds all of it, replaced as a whole: any thread may call any of these.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, every_seconds: float = EVERY_SECONDS) -> None:
        self._clock = clock
        self._every_seconds = every_seconds
        self._wait: _Wait | None = None
        self._user_speaks = False
        self._acknowledged_at: float | None = None

    def acknowledge(self) -> None:
        """The cue that says "I heard you" is played now: the user has paused, and probably said all of it."""
        self._acknowledged_at = self._clock()

    def start(self, turn: Turn) -> bool:
        """The first cue of this kind is due `every_seconds` after the one that says "I heard you"; True: play that now."""
        now, acknowledged_at = self._clock(), self._acknowledged_at
        first = acknowledged_at is None or now - acknowledged_at >= self._every_seconds
        began = now if acknowledged_at is None or first else acknowledged_at
        self._wait = _Wait(turn, began + self._every_seconds)
        self._user_speaks = False
        self._acknowledged_at = None
        return first

    def end(self, turn: Turn) -> None:
        """Its first word is on the way; nothing happens when another turn waits by now."""
        wait = self._wait
        if wait is not None and wait.turn is turn:
            self._forget(wait)

    def user_speaks(self, speaks: bool) -> None:
        """Not over the user's words either. False is their end; a pause is no end."""
        self._user_speaks = speaks
        if speaks:
            self._acknowledged_at = None  # what was taken for the end was not, or it was that of another utterance

    def due(self) -> Turn | None:
        """The turn that a cue is due for now; the next one is then due `every_seconds` later."""
        wait, now = self._wait, self._clock()
        if (acknowledged_at := self._acknowledged_at) is not None and now >= acknowledged_at + self._every_seconds:
            self._acknowledged_at = None  # no question came of it
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
        """Until `due` should be asked again; `NEVER` when there is no reason to."""
        wait, acknowledged_at = self._wait, self._acknowledged_at
        next_at = NEVER if wait is None else wait.next_at
        if acknowledged_at is not None:  # the question is about to come: whoever asks stays awake for its cues
            next_at = min(next_at, acknowledged_at + self._every_seconds)
        return max(0.0, next_at - self._clock())

    def _forget(self, wait: _Wait) -> None:
        if self._wait is wait:
            self._wait = None
