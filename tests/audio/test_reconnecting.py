from __future__ import annotations

from audio.reconnecting import ECHO_SECONDS, HalfDuplex, OwnCue


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
