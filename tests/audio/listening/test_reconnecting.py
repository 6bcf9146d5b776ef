from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from audio.errors import DeviceLost, DeviceMissing
from audio.listening import reconnecting
from audio.listening.hearing import AudioSource
from audio.listening.reconnecting import ECHO_SECONDS, HalfDuplex, OwnCue, lasting_events
from tests.audio.fakes import ScriptedSource


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_half_duplex_is_deaf_while_speaking_and_for_the_echo() -> None:
    """Deaf from the first sound until the room is quiet again, and not longer."""
    clock, speaking = Clock(), [False]
    deaf = HalfDuplex(lambda: speaking[0], clock)
    assert not deaf()
    speaking[0] = True
    assert deaf()
    speaking[0] = False
    clock.now += ECHO_SECONDS * 0.9
    assert deaf()
    clock.now += ECHO_SECONDS * 0.2
    assert not deaf()


def test_the_own_cue_is_in_the_room_a_little_longer_than_it_sounds() -> None:
    """The pitches of the newest one, until its echo is gone."""
    clock = Clock()
    sounding: list[tuple[float, ...]] = [()]
    own_cue = OwnCue(lambda: sounding[0], clock)
    assert own_cue() == ()
    sounding[0] = (392.0,)
    assert own_cue() == (392.0,)
    sounding[0] = ()
    clock.now += ECHO_SECONDS * 0.9
    assert own_cue() == (392.0,)
    sounding[0] = (659.3, 880.0)
    assert own_cue() == (659.3, 880.0)
    sounding[0] = ()
    clock.now += ECHO_SECONDS * 1.1
    assert own_cue() == ()


def test_each_attempt_to_open_a_lost_microphone_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is away the caller hears of every attempt, so that the program counts as alive."""
    monkeypatch.setattr(reconnecting, "RETRY_SECONDS", 0.0)
    happened: list[str] = []
    outcomes: list[Exception | None] = [DeviceLost("gone"), DeviceMissing("still gone"), DeviceMissing("gone"), None]

    @contextlib.contextmanager
    def microphone() -> Iterator[AudioSource]:
        if isinstance(outcomes[0], DeviceMissing):
            raise outcomes.pop(0)  # type: ignore[misc]
        yield ScriptedSource(".")  # type: ignore[no-untyped-call]

    def events_of(source: AudioSource) -> Iterator[str]:
        for _ in source.chunks():
            if (error := outcomes.pop(0)) is not None:
                raise error
            yield "heard"

    events = lasting_events(
        microphone,
        events_of,
        on_lost=lambda sentence: happened.append("lost"),
        on_back=lambda: happened.append("back"),
        on_retry=lambda: happened.append("retry"),
    )
    assert list(events) == ["heard"]
    assert happened == ["lost", "retry", "retry", "retry", "back"]
