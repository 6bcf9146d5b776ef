import numpy as np
import pytest

from audio.speaking.time_stretch import shortened

RATE_HZ = 22_050


def tone(pitch_hz: float, seconds: float) -> np.ndarray:
    moments = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (8000 * np.sin(2 * np.pi * pitch_hz * moments)).astype(np.int16)


@pytest.mark.parametrize("factor", [1.2, 1.7, 2.6])
@pytest.mark.parametrize("pitch_hz", [90, 150, 240])
def test_a_tone_becomes_shorter_at_the_same_pitch_and_level(pitch_hz: float, factor: float) -> None:
    """Its time is divided by the factor; pitch and level stay, and no part of it fades or clicks."""
    sound = tone(pitch_hz, 2.0)
    short = shortened(sound, RATE_HZ, factor)
    assert len(short) == pytest.approx(len(sound) / factor, abs=1)
    spectrum = np.abs(np.fft.rfft(short.astype(float)))
    assert spectrum.argmax() * RATE_HZ / len(short) == pytest.approx(pitch_hz, rel=0.02)
    levels = [np.abs(block.astype(int)).max() for block in np.array_split(short, len(short) // 400)]
    assert min(levels[1:-1]) > 7000
    assert max(levels) < 8800


def test_the_end_stays_the_end() -> None:
    """What sounds at the beginning and at the end is still there, in its order."""
    sound = np.concatenate([tone(150, 0.5), np.zeros(RATE_HZ, np.int16), tone(300, 0.5)])
    short = shortened(sound, RATE_HZ, 2.0).astype(int)
    quarter = RATE_HZ // 4
    assert np.abs(short[:quarter]).max() > 7000
    assert np.abs(short[quarter + 700 : 3 * quarter - 700]).max() < 400
    assert np.abs(short[3 * quarter : 4 * quarter]).max() > 7000


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_nothing_is_made_longer(factor: float) -> None:
    """A factor of 1 or less, and a sound that is too short to cut, leave the sound as it is."""
    sound = tone(150, 0.2)
    assert shortened(sound, RATE_HZ, factor) is sound
    assert len(shortened(sound[:100], RATE_HZ, 2.0)) == 100
