"""Notices a microphone that sends nothing at all, because it is muted or not connected.

Its blocks keep coming, so it does not count as lost, but every sample has the same value. The noise of a working
microphone is never that still. This module does not know what is said about it, nor why the microphone is silent.

A few microphones with a noise gate send such zeros in every pause. They cannot be told from muted ones. So after each
silence that was told and ended by itself, the next one must last twice as long until it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from audio.listening.hearing import AudioSource
    from audio.pcm import AudioChunk, Samples

MUTED_SECONDS = 2.0  # without any change of the samples; the sentence is to come within 3 s
LONGEST_MUTED_SECONDS = 60.0  # until it is told, however often the sound has come back


class MutedWatch:
    """Looks at all the sound of a microphone, before anything filters it.

    `on_muted` is called once for each silence that lasts long enough, and `on_heard` at the first sound after it.
    """

    def __init__(self, on_muted: Callable[[], None], on_heard: Callable[[], None]) -> None:
        self._on_muted = on_muted
        self._on_heard = on_heard
        self._wanted_seconds = MUTED_SECONDS
        self._still_seconds = 0.0
        self._value: int | None = None  # of all samples of the silence so far; None: there is none
        self._told = False

    def watched(self, source: AudioSource) -> AudioSource:
        """A source with the same sound. Give each microphone that is opened, because it begins anew with it."""
        self._still_seconds, self._value, self._told = 0.0, None, False
        return _Watched(source, self.push)

    def push(self, chunk: AudioChunk) -> None:
        """Looks at the next chunk."""
        value = _only_value(chunk.samples)
        if value is None or (self._value is not None and value != self._value):
            self._still_seconds = 0.0
            if self._told:
                self._told = False
                self._on_heard()
        else:
            self._still_seconds += chunk.duration_seconds
        self._value = value
        if not self._told and self._still_seconds >= self._wanted_seconds:
            self._told = True
            self._wanted_seconds = min(2 * self._wanted_seconds, LONGEST_MUTED_SECONDS)
            self._on_muted()


class _Watched:
    """An audio source that shows each chunk to `look` before it gives it out."""

    def __init__(self, source: AudioSource, look: Callable[[AudioChunk], None]) -> None:
        self._source = source
        self._look = look
        self.live = source.live

    def chunks(self) -> Iterator[AudioChunk]:
        for chunk in self._source.chunks():
            self._look(chunk)
            yield chunk

    def stop(self) -> None:
        self._source.stop()


def _only_value(samples: Samples) -> int | None:
    """The value that all samples have; None if they differ, or there are none."""
    if not len(samples) or bool(np.any(samples != samples[0])):
        return None
    return int(samples[0])
