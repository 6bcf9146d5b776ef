import numpy as np
import pytest

from audio.microphone import BlockQueue, ChunkClock, _mixed


def block(number):
    return np.full(4, number, np.int16)


def test_blocks_come_out_in_order():
    """The reader gets every block in the order in which they were recorded."""
    queue = BlockQueue(10)
    for number in range(5):
        queue.put(block(number), float(number))
    assert [queue.get(0).started_at for _ in range(5)] == [0, 1, 2, 3, 4]
    assert queue.get(0) is None
    assert queue.overruns == 0


def test_a_slow_reader_loses_the_oldest():
    """When nobody reads, the oldest blocks go, and each is counted."""
    queue = BlockQueue(3)
    for number in range(10):
        queue.put(block(number), float(number))
    assert queue.overruns == 7
    assert [queue.get(0).started_at for _ in range(3)] == [7, 8, 9]


def test_chunk_times_hold_against_late_blocks():
    """Blocks that arrive late, alone or in a burst at the beginning, hardly move the chunk times."""
    clock = ChunkClock(48_000)
    lateness = np.random.default_rng(1).uniform(0.0, 0.03, 300)
    lateness[:10] = 0.3
    lateness[10::20] = 0.0
    errors = []
    for number in range(300):
        true_time = 100.0 + number * 0.02
        clock.block(true_time + lateness[number], 960)
        if number % 3 == 2:
            errors += [clock.chunk(480) - (true_time - 0.04), clock.chunk(480) - (true_time - 0.01)]
    assert max(np.abs(errors[10:])) < 0.005


def test_lost_blocks_show_in_the_times():
    """After a second of lost blocks, the chunk times are a second on."""
    clock = ChunkClock(16_000)
    clock.block(5.0, 480)
    assert clock.chunk(480) == pytest.approx(5.0)
    clock.block(6.03, 480)
    assert clock.chunk(480) == pytest.approx(6.03)


@pytest.mark.parametrize("side", [0, 1])
def test_sound_on_one_side_is_heard(side):
    """A stereo device may have its sound on one side only, so the mean of both is taken."""
    block = np.zeros((4, 2), np.int16)
    block[:, side] = [100, -100, 32767, -32768]
    assert _mixed(block).tolist() == [50, -50, 16384, -16384]
    assert _mixed(block[:, side : side + 1]).tolist() == block[:, side].tolist()
