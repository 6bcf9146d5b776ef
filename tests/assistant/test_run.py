from __future__ import annotations

from assistant.run import ECHO_SECONDS, HalfDuplex


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
