"""Keeps listening to a microphone that may come and go, and tells when it must not be listened to.

A program that runs but is deaf is what users forgive least, so a lost microphone is opened again and again until it is
back. This module does not know what is heard, or what the user is told about a loss. It opens no device of its own; a
function that it is given does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from audio.listening.hearing import AudioSource
    from audio.pcm import AudioChunk

Event = TypeVar("Event")

ECHO_SECONDS = 0.3  # so long after the last word the room and the sound server still carry it
RETRY_SECONDS = 1.0  # between attempts to open a lost microphone; one takes about 5 ms where there is no sound server


class HalfDuplex:
    """Tells when to ignore the microphone, since without echo cancellation the assistant would hear itself.

    A call returns True while the assistant speaks and for 0.3 s after. It must be called often, as it looks only then.
    """

    def __init__(self, speaking: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._speaking = speaking
        self._clock = clock
        self._deaf_until = float("-inf")

    def __call__(self) -> bool:
        now = self._clock()
        if self._speaking():
            self._deaf_until = now + ECHO_SECONDS
        return now < self._deaf_until


class OwnCue:
    """Tells the pitches (Hz) of our own cue that the microphone may hear.

    A call returns those of the cue that sounds now or that sounded up to 0.3 s ago, else (). The microphone is listened
    to while a cue sounds, because the user may be speaking. `Hearing` removes the cue from the sound instead.
    """

    def __init__(
        self, sounding_pitches_hz: Callable[[], tuple[float, ...]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sounding_pitches_hz = sounding_pitches_hz
        self._clock = clock
        self._pitches_hz: tuple[float, ...] = ()
        self._until = float("-inf")

    def __call__(self) -> tuple[float, ...]:
        now = self._clock()
        if pitches_hz := self._sounding_pitches_hz():
            self._pitches_hz, self._until = pitches_hz, now + ECHO_SECONDS
        return self._pitches_hz if now < self._until else ()


def lasting_events(
    open_microphone: Callable[[], AbstractContextManager[AudioSource]],
    events_of: Callable[[AudioSource], Iterator[Event]],
    on_lost: Callable[[str], None],
    on_back: Callable[[], None],
    on_retry: Callable[[], None] = lambda: None,
) -> Generator[Event, None, None]:
    """Yields what is heard, across losses of the microphone. Raises AudioError if the first one cannot be opened.

    `on_lost` is called once for each loss, with a sentence that says what happened. `on_back` is called at the first
    sound after a loss. `on_retry` is called before each attempt to open a lost microphone again.
    """
    from audio.errors import AudioError, DeviceLost

    waiting = threading.Event()  # it is never set; waiting for it can be interrupted by Ctrl-C
    lost = False

    def sound_came() -> None:
        nonlocal lost
        if lost:
            on_back()
        lost = False

    while True:
        try:
            with open_microphone() as microphone:
                yield from events_of(Heralded(microphone, sound_came))
                return
        except AudioError as error:
            if not lost and not isinstance(error, DeviceLost):
                raise
            if not lost:
                on_lost(str(error))
            lost = True
            waiting.wait(RETRY_SECONDS)
            on_retry()


class Heralded:
    """An audio source that calls `sound_came` at its first sound, because an opened device may send nothing."""

    def __init__(self, source: AudioSource, sound_came: Callable[[], None]) -> None:
        self._source = source
        self._sound_came = sound_came
        self.live = source.live

    def chunks(self) -> Iterator[AudioChunk]:
        chunks = self._source.chunks()
        for first in chunks:
            self._sound_came()
            yield first
            break
        yield from chunks

    def stop(self) -> None:
        self._source.stop()
