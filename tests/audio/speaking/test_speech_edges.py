import numpy as np

from audio.speaking.speech_edges import trimmed

RATE_HZ = 22_050
LOUD = np.full(4410, 20_000, np.int16)  # 0.2 s
SILENCE = np.zeros(4410, np.int16)


def test_a_sound_that_is_cut_off_fades_out():
    """Speech that stops in the middle of a sound falls to silence over its last 5 ms, and the pause is added."""
    ended = trimmed(np.concatenate([SILENCE, LOUD]), RATE_HZ, tail_seconds=0.1)
    speech, pause = np.split(ended, [len(ended) - 2205])
    assert not pause.any()
    assert abs(int(speech[-1])) <= 32
    assert np.abs(np.diff(speech[-200:].astype(int))).max() < 400
    assert (speech[220:-110] == 20_000).all()


def test_a_sound_that_begins_at_once_fades_in():
    """Speech without silence before it rises over 2 ms; with silence its first sound keeps its edge."""
    assert trimmed(LOUD, RATE_HZ, 0.1)[0] == 0
    assert trimmed(LOUD, RATE_HZ, 0.1)[60] == 20_000
    assert trimmed(np.concatenate([SILENCE, LOUD]), RATE_HZ, 0.1)[220] == 20_000


def test_silence_around_speech_is_cut():
    """At most 10 ms are left before the first sound, and the wanted tail after the last one."""
    assert len(trimmed(np.concatenate([SILENCE, LOUD, SILENCE]), RATE_HZ, 0.1)) == 220 + 4410 + 2205
    assert len(trimmed(SILENCE, RATE_HZ, 0.1)) == 0
    assert len(trimmed(SILENCE[:0], RATE_HZ, 0.1)) == 0


def test_the_shortest_sound_ends_at_silence():
    """One loud sample is no error, and does not end loud."""
    assert trimmed(np.array([20_000], np.int16), RATE_HZ, 0.0).tolist() == [0]


def test_the_volume_scales_what_is_kept():
    """Half the volume is half the level."""
    assert trimmed(LOUD, RATE_HZ, 0.1, volume=0.5).max() == 10_000
