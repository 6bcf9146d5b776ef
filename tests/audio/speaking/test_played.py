"""What is remembered of the sound that went to the loudspeaker."""

import numpy as np

from audio.speaking.played import PlayedSound

RATE_HZ = 16_000
BLOCK = 160


def noted(values, began=100.0, jitter=lambda number: 0.0):
    """A memory of blocks of 10 ms, each with one value; block number n comes `jitter(n)` seconds late."""
    played = PlayedSound()
    for number, value in enumerate(values):
        played.note(np.full(BLOCK, value, np.int16), began + number * 0.01 + jitter(number), RATE_HZ)
    return played


def test_the_sound_of_a_stretch_of_time():
    """It gives the samples between two times, with zeros where it knows of none."""
    played = noted([1, 2, 3])
    assert played.between(100.0, 3 * BLOCK).tolist() == [1] * BLOCK + [2] * BLOCK + [3] * BLOCK
    assert played.between(100.015, BLOCK).tolist() == [2] * 80 + [3] * 80
    assert (
        played.between(99.99, 5 * BLOCK).tolist() == [0] * BLOCK + [1] * BLOCK + [2] * BLOCK + [3] * BLOCK + [0] * BLOCK
    )


def test_silence_is_none():
    """Without sound there is nothing to take out."""
    assert PlayedSound().between(100.0, 800) is None
    assert noted([0, 0, 0]).between(100.0, 480) is None
    assert noted([1, 2, 3]).between(90.0, 480) is None


def test_late_callbacks_move_no_sample():
    """Blocks that follow each other stay together, however late a callback comes."""
    played = noted(range(1, 21), jitter=lambda number: 0.0 if number == 4 else 0.004 * (number % 3 + 1))
    expected = [value for value in range(1, 21) for _ in range(BLOCK)]
    assert played.between(100.0, 20 * BLOCK).tolist() == expected


def test_a_rest_of_the_device():
    """Sound after a rest of the device stands where it was played, with zeros between."""
    played = noted([5, 5])
    played.note(np.full(BLOCK, 7, np.int16), 101.0, RATE_HZ)
    sound = played.between(100.0, RATE_HZ + BLOCK)
    assert sound[: 2 * BLOCK].tolist() == [5] * 2 * BLOCK
    assert not sound[2 * BLOCK : RATE_HZ].any()
    assert sound[RATE_HZ:].tolist() == [7] * BLOCK


def test_another_rate_is_resampled():
    """A loudspeaker of 48,000 Hz gives samples at 16,000 Hz."""
    played = PlayedSound()
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.int16)
    for number in range(100):
        played.note(tone[480 * number : 480 * (number + 1)], 100.0 + 0.01 * number, 48_000)
    wanted = 8000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    assert np.abs(played.between(100.0, RATE_HZ)[200:-200] - wanted[200:-200]).max() < 100


def test_it_forgets():
    """It keeps the last ten seconds only."""
    played = noted([3] * 3000)
    assert played.between(100.0, RATE_HZ) is None
    assert played.between(129.0, RATE_HZ).tolist() == [3] * RATE_HZ
