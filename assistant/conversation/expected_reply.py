"""How long a reply to the assistant counts without a press or the wake phrase, after it asked back or gave advice.

It knows times and turns. It does not know which words are a yes or a no.
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.answering.turn import Turn
from assistant.conversation.activation import Activation
from audio.listening.hearing import Utterance

REPLY_SECONDS = 10.0  # counted from the last word of "did you ask …?" or of the advice


class ExpectedReply:
    """The reply that is expected, if any. It belongs to the main thread, which calls `tick` a few times a second."""

    def __init__(self, activation: Activation, clock: Callable[[], float]) -> None:
        self._activation = activation
        self._clock = clock
        self._turn: Turn | None = None  # the turn that asks, or the newest one said since
        self._misheard: Utterance | None = None
        self._until = 0.0

    def after(self, turn: Turn, misheard: Utterance | None = None) -> None:
        """Expects a reply until `REPLY_SECONDS` after `turn`, which has begun to be said, ends.

        `misheard` is the utterance that the turn reads back.
        """
        self._turn, self._misheard = turn, misheard
        self._extend()

    def extend_for(self, turn: Turn) -> None:
        """Leaves as much time after `turn` too: a reply may still come after a "louder" or the user's "um"."""
        if self.is_open:
            self.after(turn, self._misheard)

    def forget(self) -> None:
        """Expects no reply any more, because something else was asked or the user stopped the assistant."""
        self._turn = self._misheard = None

    @property
    def is_open(self) -> bool:
        return self._turn is not None and self._clock() <= self._until

    @property
    def misheard(self) -> Utterance | None:
        """The utterance that waits for a yes. None after its time: an hour later "right" means something else."""
        return self._misheard if self._clock() <= self._until else None

    def tick(self) -> None:
        if self._turn is not None and not self._turn.done.is_set():
            self._extend()

    def _extend(self) -> None:
        now = self._clock()
        self._until = now + REPLY_SECONDS
        self._activation.expect(now, REPLY_SECONDS)
