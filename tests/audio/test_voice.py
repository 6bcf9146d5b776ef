from __future__ import annotations

import threading

import numpy as np
import pytest

from audio.errors import DeviceLost, DeviceMissing
from audio.pcm import AudioChunk
from audio.voice import SpokenVoice

CHUNK = AudioChunk(np.ones(10, np.int16), 22_050)


class OneTone:
    def synthesize(self, text: str) -> AudioChunk:
        return CHUNK


class FragileSpeaker:
    """A loudspeaker that can be unplugged."""

    speaking = False

    def __init__(self) -> None:
        self.unplugged = False
        self.closed = False
        self.played = 0

    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
        if self.closed:
            return None  # like the real one, of which nothing can be heard then
        if self.unplugged:
            raise DeviceLost("gone")
        self.played += 1
        return 1.0

    def drain(self, cancelled: threading.Event) -> None:
        pass

    def mute_device(self) -> None:
        pass

    def check(self) -> None:
        if self.unplugged:
            raise DeviceLost("gone")

    def close(self) -> None:
        self.closed = True


def test_a_lost_loudspeaker_is_opened_again() -> None:
    """The sentence that met the loss is still heard, from the new stream."""
    opened: list[FragileSpeaker] = []

    def open_speaker() -> FragileSpeaker:
        opened.append(FragileSpeaker())
        return opened[-1]

    voice = SpokenVoice(OneTone(), open_speaker)
    opened[0].unplugged = True
    assert voice.say("Hello.", threading.Event()) == 1.0
    assert opened[0].closed
    assert opened[1].played == 1


def test_a_loudspeaker_that_stays_away_is_tried_again_each_time() -> None:
    """While nothing is there each sentence fails with the reason; when it is back, the next one is heard."""
    first = FragileSpeaker()
    first.unplugged = True
    attempts = [first, None, None, FragileSpeaker()]

    def open_speaker() -> FragileSpeaker:
        speaker = attempts.pop(0)
        if speaker is None:
            raise DeviceMissing("no loudspeaker found")
        return speaker

    voice = SpokenVoice(OneTone(), open_speaker)
    for _ in range(2):
        with pytest.raises(DeviceMissing):
            voice.say("Hello.", threading.Event())
    assert voice.say("Hello.", threading.Event()) == 1.0


def test_nothing_is_said_after_a_cancel() -> None:
    """A sentence that was synthesized for a cancelled turn never reaches the device."""
    speaker = FragileSpeaker()
    cancelled = threading.Event()
    cancelled.set()
    assert SpokenVoice(OneTone(), lambda: speaker).say("Hello.", cancelled) is None
    assert speaker.played == 0
