"""Decides when the program still counts as alive: its loop turns, and sound really arrives from the microphone.

It is pure logic on a clock. It knows neither systemd nor a microphone: it calls a function at each sign of life that is
due, and others tell it what happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Sound that is older than this is no sign of life. The microphone's own watch notices a loss after 2 s.
SOUND_SECONDS = 5.0
# A microphone that was lost, which the user was told, may be away for so long. After that a new process is tried: it may
# find a device that this one cannot, whose list of devices is not read again while a stream of PortAudio hangs.
LOSS_SECONDS = 120.0


class Watchdog:
    """Calls `feed` at most every `every_seconds` seconds, and only while everything is alive.

    Call `loop_turned` each time the program's loop comes around. A loop that hangs does not call it, and so feeds
    nothing. With `needs_sound` the newest sound must be young as well. It must be used on one thread.
    """

    def __init__(
        self,
        feed: Callable[[], None],
        every_seconds: float,
        *,
        needs_sound: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._every_seconds = every_seconds
        self._needs_sound = needs_sound
        self._clock = clock
        self._sound_at = clock()  # the end of the newest sound, on the clock; at first the start of the watch
        self._lost_at: float | None = None  # since when the microphone is known to be lost
        self._fed_at = float("-inf")

    def sound_came(self, ended_at: float) -> None:
        """Sound has arrived that ended at this time of the clock. Sound from a queue may be old."""
        self._sound_at = ended_at
        self._lost_at = None

    def sound_lost(self) -> None:
        """The program has noticed that the microphone is gone, has told so, and tries to get it back."""
        if self._lost_at is None:
            self._lost_at = self._clock()

    def loop_turned(self) -> None:
        """Feeds, if that is due and everything is alive."""
        now = self._clock()
        if now - self._fed_at >= self._every_seconds and self._hears(now):
            self._fed_at = now
            self._feed()

    def _hears(self, now: float) -> bool:
        if not self._needs_sound:
            return True
        if self._lost_at is not None:
            return now - self._lost_at <= LOSS_SECONDS
        return now - self._sound_at <= SOUND_SECONDS
