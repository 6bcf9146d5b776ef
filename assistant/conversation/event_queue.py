"""One stream of all events that the conversation reacts to: presses of the button, ticks of time, and speech.

Presses come from the thread "button". They are handed over between two chunks of sound (30 ms), so that the
conversation runs on one thread and needs no lock. A stop must not wait even that long, so the button's own thread
silences the voice before it puts the press here. This module does not know what any event causes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.button.gestures import Press
from audio.listening.hearing import Hearing, HearingEvent


@dataclass(frozen=True)
class Tick:
    """Time has passed: one more chunk of sound has come."""

    at: float  # the end of the chunk, on the source's clock


Event = Press | Tick | HearingEvent
PRESSES_KEPT = 16


class EventQueue:
    """Takes presses from any thread. Only the thread of the conversation may iterate over `events`."""

    def __init__(self) -> None:
        # When it is full, the oldest press is dropped. It fills only while no sound comes, and then an old press is
        # no longer wanted.
        self._presses: deque[Press] = deque(maxlen=PRESSES_KEPT)

    def put(self, press: Press) -> None:
        """Adds a press. Any thread may call it; it returns at once."""
        self._presses.append(press)

    def take(self) -> list[Press]:
        """All presses that have come in, the oldest first; afterwards none is left."""
        taken = []
        while self._presses:
            taken.append(self._presses.popleft())
        return taken

    def events(self, hearing: Hearing) -> Iterator[Event]:
        """For each chunk of sound: the presses that came before it, a Tick, and what is heard in it.

        Ends with the sound. Raises what the source of the sound raises (DeviceLost).
        """
        for chunk in hearing.chunks():
            yield from self.take()
            yield Tick(chunk.ended_at)
            yield from hearing.hear(chunk)
        yield from hearing.finish()
