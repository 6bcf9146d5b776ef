"""Everything that the conversation reacts to, as one stream: presses of the button, the passing of time, what was heard.

Presses come from the thread "button" and are handed over between two chunks of sound (30 ms), so that the conversation runs on
one thread and needs no lock. A stop must not wait even that long: the button's own thread silences the voice before it puts the
press here. This module does not know what any of the events sets going.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.button.gestures import Press
from audio.hearing import Hearing, HearingEvent


@dataclass(frozen=True)
class Tick:
    """Time has passed: one more chunk of sound has come."""

    at: float  # the end of the chunk, on the source's clock


Event = Press | Tick | HearingEvent
PRESSES_KEPT = 16


class EventQueue:
    """Takes presses from any thread; `events` is for the thread of the conversation."""

    def __init__(self) -> None:
        # The oldest goes when it is full: no sound comes, so nobody takes any, and nobody wants a press of long ago.
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
