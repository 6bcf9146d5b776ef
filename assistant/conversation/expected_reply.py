"""What the assistant has asked back, or advised, and how long an answer to that counts without a press or the wake phrase.

It knows times and turns; what a yes or a no is, others know.
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.answering.turn import Turn
from assistant.conversation.activation import Activation
from audio.hearing import Utterance

REPLY_SECONDS = 10.0  # from the last word of "did you ask …?", or of the advice


class ExpectedReply:
    """Belongs to the main thread; `tick` is to be called a few times a second."""

    def __init__(self, activation: Activation, clock: Callable[[], float]) -> None:
        self._activation = activation
        self._clock = clock
        self._turn: Turn | None = None  # in which it is asked, or whatever has been said since
        self._misheard: Utterance | None = None
        self._until = 0.0

    def after(self, turn: Turn, misheard: Utterance | None = None) -> None:
        """From the end of `turn`, which has begun to be said; `misheard` is what it reads back."""
        self._turn, self._misheard = turn, misheard
        self._extend()

    def extend_for(self, turn: Turn) -> None:
        """Something else was said in between, a "louder", or by the user an "um": the answer may still come."""
        if self.is_open:
            self.after(turn, self._misheard)

    def forget(self) -> None:
        """Something else has been asked, or nothing is wanted any more."""
        self._turn = self._misheard = None

    @property
    def is_open(self) -> bool:
        return self._turn is not None and self._clock() <= self._until

    @property
    def misheard(self) -> Utterance | None:
        """What waits for a yes; it is not waited for without end: an hour later "right" means something else."""
        return self._misheard if self._clock() <= self._until else None

    def tick(self) -> None:
        if self._turn is not None and not self._turn.done.is_set():
            self._extend()

    def _extend(self) -> None:
        now = self._clock()
        self._until = now + REPLY_SECONDS
        self._activation.expect(now, REPLY_SECONDS)
