import numpy as np
import pytest

from audio import earcons

ALL = [earcons.listening, earcons.thinking, earcons.waiting, earcons.error]


@pytest.mark.parametrize("earcon", ALL)
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 48_000])
def test_short_quiet_and_without_clicks(earcon, rate_hz):
    """A cue lasts at most 250 ms, stays below 0.3 of full scale, and begins and ends at nothing."""
    chunk = earcon(rate_hz)
    level = np.abs(chunk.samples.astype(int)) / 32767
    assert chunk.sample_rate_hz == rate_hz
    assert 0.05 <= chunk.duration_seconds <= 0.25
    assert 0.05 <= level.max() <= 0.3
    assert level[0] == 0.0
    assert level[-1] < 0.003
    # A click is a jump: no step may exceed what the highest partial (1,760 Hz) can do.
    steepest = 2 * np.pi * 1760 / rate_hz * 0.3
    assert np.abs(np.diff(chunk.samples.astype(int))).max() / 32767 <= steepest


def test_they_are_told_apart():
    """The cues differ in length or pitch by a lot."""
    peaks = set()
    for earcon in ALL:
        samples = earcon(16_000).samples.astype(float)
        half = len(samples) // 2
        pitches = [np.abs(np.fft.rfft(part, 16_000)).argmax() for part in (samples[:half], samples[half:])]
        peaks.add(tuple(round(pitch / 50) for pitch in pitches))
    assert len(peaks) == len(ALL)
