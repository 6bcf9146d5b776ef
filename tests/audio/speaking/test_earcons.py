import numpy as np
import pytest

from audio.listening.own_cue import without_cue
from audio.speaking import earcons

ALL = [earcons.listening, earcons.thinking, earcons.waiting, earcons.error, earcons.camera]


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


@pytest.mark.parametrize("pitch_hz", [262.0, 640.0, 1568.0])
def test_a_note_of_the_light_meter_is_its_pitch(pitch_hz):
    """It is short and soft, sounds as high as it says, and names the note before it too, each once."""
    note = earcons.brightness(pitch_hz, 300.0, 16_000)
    level = np.abs(note.samples.astype(int)) / 32767
    assert note.duration_seconds <= 0.15
    assert 0.05 <= level.max() <= 0.15
    assert np.abs(np.fft.rfft(note.samples.astype(float), 16_000)).argmax() == pytest.approx(pitch_hz, abs=5)
    assert note.pitches_hz == (pitch_hz, 300.0)
    assert earcons.brightness(pitch_hz, pitch_hz, 16_000).pitches_hz == (pitch_hz,)


@pytest.mark.parametrize("pitch_hz", [262.0, 640.0, 1568.0])
def test_a_note_of_the_light_meter_is_taken_out_of_the_microphone(pitch_hz):
    """The user's stop is heard while it sounds: what is left of it is much softer than it was."""
    note = earcons.brightness(pitch_hz, 440.0, 16_000)
    for begin in range(0, len(note.samples) - 480, 480):
        chunk = note.samples[begin : begin + 480]
        left = without_cue(chunk, note.pitches_hz)
        assert np.abs(left.samples.astype(int)).max() <= 0.1 * np.abs(chunk.astype(int)).max() + 2
