from __future__ import annotations

import threading

import numpy as np
import pytest

from audio.errors import DeviceLost, DeviceMissing
from audio.pcm import AudioChunk
from audio.speaking.voice import SpokenVoice

CHUNK = AudioChunk(np.ones(10, np.int16), 22_050)


class OneTone:
    def synthesize(self, text: str, cancelled: threading.Event | None = None) -> AudioChunk:
        return CHUNK

    def prepare(self, text: str, cancelled: threading.Event) -> None:
        pass


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


class Shop:
    """Gives loudspeakers as long as it is open."""

    def __init__(self) -> None:
        self.open = True
        self.sold: list[FragileSpeaker] = []
        self.asked = 0

    def __call__(self) -> FragileSpeaker:
        self.asked += 1
        if not self.open:
            raise DeviceMissing("no loudspeaker found")
        self.sold.append(FragileSpeaker())
        return self.sold[-1]


class Opening(threading.Event):
    """A turn that is never cancelled. The shop opens after it was waited for twice."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        self.shop.open = self.waits >= 2
        return False


def test_a_sentence_waits_for_the_loudspeaker_to_come_back() -> None:
    """It is then said from its beginning; the loss and the return are told once each."""
    shop, told = Shop(), []
    voice = SpokenVoice(
        OneTone(), shop, patience_seconds=60, on_lost=told.append, on_back=lambda: told.append("it is back")
    )
    shop.sold[0].unplugged, shop.open = True, False
    assert voice.say("Hello.", Opening(shop)) == 1.0
    assert shop.sold[1].played == 1
    assert told == ["no loudspeaker found", "it is back"]
    assert not voice.lost


def test_the_end_of_the_last_sentence_is_said_again() -> None:
    """A loudspeaker that is lost after play() has returned still holds the end of the sentence."""
    shop, never = Shop(), threading.Event()
    voice = SpokenVoice(OneTone(), shop, patience_seconds=60)
    voice.say("Hello.", never)

    def lost(cancelled: threading.Event) -> None:
        raise DeviceLost("gone")

    shop.sold[0].drain = lost
    voice.drain(never)
    assert shop.sold[1].played == 1


def test_a_check_finds_a_loss_and_a_return_while_nothing_is_said() -> None:
    """Each is told once, however often it is checked."""
    shop, told = Shop(), []
    voice = SpokenVoice(OneTone(), shop, on_lost=told.append, on_back=lambda: told.append("it is back"))
    voice.check()
    assert told == []
    shop.sold[0].unplugged, shop.open = True, False
    for _ in range(3):
        voice.check()
    assert told == ["no loudspeaker found"]
    assert voice.lost
    shop.open = True
    for _ in range(3):
        voice.check()
    assert told == ["no loudspeaker found", "it is back"]
    assert len(shop.sold) == 2


def test_a_loudspeaker_that_opens_again_at_once_is_no_loss() -> None:
    """Nobody is told of a restart of the sound server that nobody could hear."""
    shop, told = Shop(), []
    voice = SpokenVoice(OneTone(), shop, on_lost=told.append, on_back=lambda: told.append("it is back"))
    voice.lose()
    assert voice.lost
    voice.check()
    assert (voice.lost, told) == (False, [])
