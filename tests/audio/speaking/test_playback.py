import threading

import numpy as np
import pytest

from audio.speaking.playback import PlayQueue, _Sound

BLOCK = 480  # 10 ms at 48,000 Hz


def sound():
    return _Sound(threading.Event())


def played(queue, blocks=1, now=1.0):
    out = np.full(BLOCK * blocks, 99, np.int16)
    for begin in range(0, len(out), BLOCK):
        queue.fill(out[begin : begin + BLOCK], now)
    return out


def queue_with(*sounds, samples=BLOCK * 10, level=1000):
    queue = PlayQueue(48_000)
    for one in sounds:
        queue.put(one, np.full(samples, level, np.int16))
        one.complete = True
    return queue


def test_an_empty_queue_is_silence():
    """With nothing queued the block is all zeros, and nothing counts as starved."""
    queue = PlayQueue(48_000)
    assert not played(queue, 5).any()
    assert queue.starved == 0


def test_pieces_follow_each_other_without_a_gap():
    """Pieces of odd sizes come out sample after sample, and then silence."""
    queue = PlayQueue(48_000)
    one = sound()
    ramp = np.arange(1, 2001, dtype=np.int16)
    for begin in range(0, 2000, 333):
        queue.put(one, ramp[begin : begin + 333])
    one.complete = True
    out = played(queue, 6)
    assert np.array_equal(out[:2000], ramp)
    assert not out[2000:].any()
    assert (queue.starved, queue.empty) == (0, True)


def test_the_first_sample_has_its_time():
    """A sound's beginning is the time of the block that held its first sample."""
    first, second = sound(), sound()
    queue = queue_with(first, second, samples=BLOCK * 2)
    played(queue, 1, now=5.0)
    assert (first.started_at, second.started_at) == (5.0, None)
    played(queue, 2, now=6.0)
    assert (first.started_at, second.started_at) == (5.0, 6.0)


@pytest.mark.parametrize("how", ["cancelled", "silenced"])
def test_silent_within_one_block(how):
    """Once cancelled or silenced, only a short fade of the next block is heard, then nothing."""
    one, two = sound(), sound()
    queue = queue_with(one, two)
    played(queue, 3)
    if how == "cancelled":
        one.cancelled.set()
        two.cancelled.set()
    else:
        queue.mute_device()
    out = played(queue, 10)
    fade = out[:192].astype(int)  # 4 ms
    assert (np.diff(fade) <= 0).all()
    assert np.abs(np.diff(fade)).max() <= 1000 / 100
    assert not out[192:].any()
    assert queue.empty
    assert queue.starved == 0


def test_cancelling_a_sound_spares_the_next():
    """A cancelled sound makes way at once for another turn's sound behind it."""
    one, two = sound(), sound()
    queue = queue_with(one, two)
    played(queue, 1)
    one.cancelled.set()
    assert played(queue, 1)[-1] == 1000
    assert two.started_at is not None


def test_a_sound_cancelled_before_it_began_is_never_heard():
    """Cancelled while still queued: not a sample of it, and no beginning."""
    one = sound()
    queue = queue_with(one)
    one.cancelled.set()
    assert not played(queue, 3).any()
    assert one.started_at is None


def test_a_gap_inside_a_sound_is_counted():
    """Blocks that stay silent while a sound is not yet complete are underruns."""
    queue = PlayQueue(48_000)
    one = sound()
    queue.put(one, np.ones(BLOCK, np.int16))
    played(queue, 3)
    assert queue.starved == 2
    queue.put(one, np.ones(BLOCK, np.int16))
    one.complete = True
    played(queue, 3)
    assert queue.starved == 2


def test_queued_seconds_shrink_as_they_are_played():
    """What is queued is known in seconds, half-taken pieces included."""
    queue = queue_with(sound())
    assert queue.queued_seconds == pytest.approx(0.1)
    played(queue, 4)
    assert queue.queued_seconds == pytest.approx(0.06)


@pytest.mark.parametrize("how", ["cancelled", "silenced"])
def test_what_nobody_will_hear_is_not_audible(how):
    """A sound that was cancelled or silenced while it waits is queued still, but does not count as speaking."""
    one = sound()
    queue = queue_with(one)
    assert queue.audible
    if how == "cancelled":
        one.cancelled.set()
    else:
        queue.mute_device()
    assert not queue.audible
    assert not queue.empty
