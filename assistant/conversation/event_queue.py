"""Presses on their way from the thread "button" to the conversation on the main thread.

They are taken between two blocks of sound (30 ms), so that the conversation needs no lock. What must not wait even that long, a
stop, is done on the button's own thread before it comes here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from assistant.button.gestures import Press
from audio.hearing import AudioSource
from audio.pcm import AudioChunk


class PressInbox:
    def __init__(self) -> None:
        # When full (no sound comes, so nobody takes any), the oldest goes: nobody wants a press of long ago.
        self._presses: deque[Press] = deque(maxlen=16)

    def put(self, press: Press) -> None:
        """From any thread; returns at once."""
        self._presses.append(press)

    def take(self) -> list[Press]:
        """All there are, oldest first."""
        taken = []
        while self._presses:
            taken.append(self._presses.popleft())
        return taken

    def deliver_between(
        self, source: AudioSource, on_press: Callable[[Press], None], tick: Callable[[], None] = lambda: None
    ) -> AudioSource:
        """The source itself; before each of its chunks `on_press` gets what has come in, on the thread that listens.

        Then `tick`: time goes by.
        """
        return _Delivering(source, self, on_press, tick)


class _Delivering:
    def __init__(
        self, source: AudioSource, inbox: PressInbox, on_press: Callable[[Press], None], tick: Callable[[], None]
    ) -> None:
        self._source = source
        self._inbox = inbox
        self._on_press = on_press
        self._tick = tick
        self.live = source.live

    def chunks(self) -> Iterator[AudioChunk]:
        for chunk in self._source.chunks():
            for press in self._inbox.take():
                self._on_press(press)
            self._tick()
            yield chunk

    def stop(self) -> None:
        self._source.stop()
