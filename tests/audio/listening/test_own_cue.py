import numpy as np
import pytest

from audio.listening.own_cue import without_cue
from audio.pcm import resample
from audio.speaking import earcons

CUES = [earcons.listening, earcons.thinking, earcons.waiting, earcons.error]
CHUNK = 480


def leaking(cue, begins_at=137, gain=0.3):
    """The cue as a microphone hears it. It begins somewhere within a chunk, with silence before and after it."""
    samples = resample(cue.samples, cue.sample_rate_hz, 16_000) * gain
    sound = np.zeros((len(samples) + begins_at) // CHUNK * CHUNK + 2 * CHUNK)
    sound[begins_at : begins_at + len(samples)] = samples
    return np.round(sound).astype(np.int16).reshape(-1, CHUNK)


def power(samples):
    return float(np.mean(samples.astype(float) ** 2))


@pytest.mark.parametrize("make", CUES)
@pytest.mark.parametrize("begins_at", [0, 137, 300, 451])
def test_a_cue_is_recognised_wherever_it_begins(make, begins_at):
    """Every chunk that holds the cue counts as mostly cue, also those in which it begins and ends."""
    cue = make(22_050)
    for chunk in leaking(cue, begins_at):
        rest = without_cue(chunk, cue.pitches_hz)
        assert rest.mostly_cue or power(chunk) < 100


@pytest.mark.parametrize("make", CUES)
def test_hardly_anything_of_a_cue_is_left(make):
    """Less than a thirtieth of the cue's power is left, and next to nothing where the cue is steady."""
    cue = make(22_050)
    chunks = leaking(cue)
    rests = [without_cue(chunk, cue.pitches_hz).samples for chunk in chunks]
    assert sum(map(power, rests)) < sum(map(power, chunks)) / 30


@pytest.mark.parametrize("make", CUES)
def test_other_sound_stays(make):
    """Other sound keeps most of its power and is not taken for a cue: here noise, in tests/test_pause_cue.py speech."""
    cue = make(22_050)
    noise = np.random.default_rng(0).normal(0, 2000, (40, CHUNK)).astype(np.int16)
    rests = [without_cue(chunk, cue.pitches_hz) for chunk in noise]
    assert not any(rest.mostly_cue for rest in rests)
    assert sum(power(rest.samples) for rest in rests) > 0.8 * sum(map(power, noise))


def test_sound_over_a_cue_is_no_cue():
    """Sound that is four times as strong as the cue over which it comes is not taken for a cue."""
    cue = earcons.thinking(22_050)
    chunks = leaking(cue)
    rng = np.random.default_rng(0)
    loudest = max(map(power, chunks))
    for chunk in chunks:
        sound = rng.normal(0, 2 * np.sqrt(loudest), CHUNK)
        rest = without_cue(np.round(chunk + sound).astype(np.int16), cue.pitches_hz)
        assert not rest.mostly_cue
        assert np.corrcoef(rest.samples, sound)[0, 1] > 0.9
