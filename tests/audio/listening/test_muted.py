"""A microphone that sends nothing but one value is noticed, and its return too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from audio.listening.muted import LONGEST_MUTED_SECONDS, MUTED_SECONDS, MutedWatch
from audio.pcm import AudioChunk

CHUNK_SECONDS = 0.03


class World:
    """A watch, and what it told, each with the time in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[str, float]] = []
        self.watch = MutedWatch(
            lambda: self.told.append(("muted", self.now)), lambda: self.told.append(("heard", self.now))
        )

    def hear(self, seconds: float, value: int = 0, noise: int = 0) -> None:
        for number in range(round(seconds / CHUNK_SECONDS)):
            samples = np.full(480, value, np.int16)
            samples[number % 480] += noise
            self.now += CHUNK_SECONDS
            self.watch.push(AudioChunk(samples, 16_000))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]


def test_a_muted_microphone_is_told_once_and_within_three_seconds() -> None:
    """Also if it stays muted for a minute."""
    world = World()
    world.hear(60.0)
    assert world.kinds == ["muted"]
    assert world.told[0][1] < 3.0


@pytest.mark.parametrize("value", [300, -2900])
def test_a_constant_offset_is_silence_too(value: int) -> None:
    """A sound card may have an offset while its microphone is not connected."""
    world = World()
    world.hear(5.0, value)
    assert world.kinds == ["muted"]


def test_the_first_sound_after_it_is_told() -> None:
    """Once, and at once: one step of one sample is enough."""
    world = World()
    world.hear(3.0)
    world.hear(5.0, noise=1)
    assert world.kinds == ["muted", "heard"]
    assert world.told[1][1] == pytest.approx(3.0 + CHUNK_SECONDS)


def test_the_faintest_noise_is_no_silence() -> None:
    """A working microphone in a silent room is not called muted, nor one that was silent for a moment."""
    world = World()
    world.hear(60.0, noise=1)
    for _ in range(20):
        world.hear(MUTED_SECONDS - 0.1)
        world.hear(0.06, noise=1)
    assert world.told == []


def test_a_microphone_with_a_noise_gate_is_told_of_more_and_more_rarely() -> None:
    """It is silent in every pause of ten seconds for an hour, which is told three times: after 2, 4 and 8 s."""
    world = World()
    for _ in range(360):
        world.hear(9.0)
        world.hear(1.0, noise=500)
    assert world.kinds.count("muted") == 3
    world.hear(LONGEST_MUTED_SECONDS + 1)
    assert world.kinds[-1] == "muted"


def test_a_microphone_that_was_opened_again_begins_anew() -> None:
    """What was told of the one before it is over, so its first sound is not told."""

    class Source:
        live = True

        def chunks(self) -> Iterator[AudioChunk]:
            yield AudioChunk(np.arange(480, dtype=np.int16), 16_000)

        def stop(self) -> None:
            raise AssertionError

    world = World()
    world.hear(3.0)
    assert len(list(world.watch.watched(Source()).chunks())) == 1
    assert world.kinds == ["muted"]
