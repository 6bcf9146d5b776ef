"""The watchdog is fed only while the loop turns and sound arrives. The clock is the test's own."""

from __future__ import annotations

from assistant.machine.service.watchdog import LOSS_SECONDS, SOUND_SECONDS, Watchdog


class Watched:
    """A program with a loop and a microphone, on a clock that stands still until `run` moves it."""

    def __init__(self, *, needs_sound: bool = True) -> None:
        self.now = 100.0
        self.feeds: list[float] = []
        self.watchdog = Watchdog(
            lambda: self.feeds.append(self.now), 10.0, needs_sound=needs_sound, clock=lambda: self.now
        )

    def run(self, seconds: float, *, loop: bool = True, sound: bool = True, sound_age: float = 0.0) -> list[float]:
        """Lets time pass in steps of a second. Returns how many seconds after its begin it was fed."""
        begun, before = self.now, len(self.feeds)
        for _ in range(round(seconds)):
            self.now += 1.0
            if sound:
                self.watchdog.sound_came(self.now - sound_age)
            if loop:
                self.watchdog.loop_turned()
        return [fed - begun for fed in self.feeds[before:]]


def test_it_is_fed_once_an_interval_while_all_is_alive() -> None:
    """However often the loop turns, it is fed once in ten seconds."""
    assert Watched().run(30) == [1, 11, 21]


def test_a_loop_that_hangs_feeds_nothing() -> None:
    """While the loop stands still it is not fed, though sound arrives; and it is again when the loop goes on."""
    watched = Watched()
    watched.run(5)
    assert watched.run(60, loop=False) == []
    assert watched.run(5) == [1]


def test_a_microphone_without_a_word_feeds_nothing() -> None:
    """When sound stops arriving it is not fed any more, though the loop turns; and it is again when sound comes."""
    watched = Watched()
    watched.run(5)
    assert [fed for fed in watched.run(60, sound=False) if fed > SOUND_SECONDS] == []
    assert watched.run(5) == [1]


def test_a_microphone_that_never_sends_feeds_only_at_the_start() -> None:
    """A microphone that was opened and sends nothing from the first second on does not count as alive."""
    assert all(fed <= SOUND_SECONDS for fed in Watched().run(60, sound=False))


def test_old_sound_out_of_a_queue_is_no_sign_of_life() -> None:
    """Sound that arrives late by more than some seconds feeds nothing."""
    assert Watched().run(60, sound_age=SOUND_SECONDS + 1.0) == []


def test_a_loss_that_was_told_is_mended_for_a_while() -> None:
    """While a lost microphone is opened again and again it is fed, but not for ever: a new process may find it."""
    watched = Watched()
    watched.run(5)
    watched.watchdog.sound_lost()
    fed = watched.run(LOSS_SECONDS + 60, sound=False)
    assert LOSS_SECONDS - 10 <= max(fed) <= LOSS_SECONDS


def test_a_second_report_of_a_loss_begins_no_new_time() -> None:
    """The time to mend begins with the loss, and ends with the first sound."""
    watched = Watched()
    watched.watchdog.sound_lost()
    watched.run(LOSS_SECONDS, sound=False)
    watched.watchdog.sound_lost()
    assert watched.run(30, sound=False) == []
    assert watched.run(5) == [1]


def test_without_a_microphone_the_loop_alone_counts() -> None:
    """A program that listens to nothing needs no sound, but a loop that turns."""
    watched = Watched(needs_sound=False)
    assert watched.run(25, sound=False) == [1, 11, 21]
    assert watched.run(30, sound=False, loop=False) == []
