"""How much of the assistant's own voice is taken out of the microphone's sound, and what is left of the user's."""

import numpy as np
import pytest

from audio.listening.conditioning import level
from audio.listening.own_voice import DELAY_SAMPLES, without_own_voice

RATE_HZ = 16_000
LEARNT, WINDOW = 3 * RATE_HZ, RATE_HZ


def speechlike(count: int, seed: int, loudness: float = 3000.0) -> np.ndarray:
    """Noise with the falling spectrum of speech, in syllables."""
    rng = np.random.default_rng(seed)
    sound = np.convolve(rng.standard_normal(count), 0.9 ** np.arange(60), "same")
    syllables = np.clip(np.sin(2 * np.pi * 4 * np.arange(count) / RATE_HZ), 0.05, 1)
    return loudness * sound * syllables / (sound * syllables).std()


def echoed(played: np.ndarray, delay_s: float, seed: int) -> np.ndarray:
    """What a microphone hears of the played sound in a room whose echoes die away within 0.2 s."""
    rng = np.random.default_rng(seed)
    room = rng.standard_normal(RATE_HZ // 5) * np.exp(-np.arange(RATE_HZ // 5) / 800) * 0.05
    room[0] = 0.4
    late = np.pad(played, (round(delay_s * RATE_HZ), 0))
    return np.convolve(late, room)[: len(played)]


def heard_and_played(delay_s: float = 0.13, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    played = speechlike(DELAY_SAMPLES + LEARNT + WINDOW, seed)
    return echoed(played, delay_s, seed)[DELAY_SAMPLES:], played


def samples(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.13, 0.45])
def test_its_own_voice_is_taken_out_after_any_delay(delay_s):
    """Of its own voice, through a room and after a delay of up to half a second, less than a fifth (-14 dB) is left."""
    heard, played = heard_and_played(delay_s)
    rest = without_own_voice(samples(heard), samples(played), LEARNT)
    assert len(rest) == WINDOW
    assert level(rest) < 0.2 * level(samples(heard[LEARNT:]))


def test_the_user_is_left():
    """The user's word comes out as it was, but for what is left of its own voice."""
    heard, played = heard_and_played()
    user = speechlike(WINDOW, 7)
    heard[LEARNT:] += user
    rest = without_own_voice(samples(heard), samples(played), LEARNT)
    assert level(samples(rest - user)) < 0.1 * level(samples(user))


def test_what_another_loudspeaker_plays_is_left():
    """Sound that was not played here is not touched, and nor is anything while the loudspeaker is silent."""
    heard, _ = heard_and_played()
    other, silence = speechlike(DELAY_SAMPLES + len(heard), 9), np.zeros(DELAY_SAMPLES + len(heard))
    for played in (other, silence):
        assert np.array_equal(without_own_voice(samples(heard), samples(played), LEARNT), samples(heard)[LEARNT:])


def test_too_little_is_not_learnt_from():
    """With less than half a second of its own voice nothing is taken out."""
    heard, played = heard_and_played()
    short = samples(heard)[: RATE_HZ // 4 + WINDOW]
    rest = without_own_voice(short, samples(played)[: DELAY_SAMPLES + len(short)], RATE_HZ // 4)
    assert np.array_equal(rest, short[RATE_HZ // 4 :])


def test_an_interrupted_device_makes_nothing_worse():
    """If the device lost sound before the last second, what was learnt is not used, since it would add an echo."""
    heard, played = heard_and_played()
    late = heard_and_played(0.16)[0]
    heard[LEARNT:] = late[LEARNT:]
    assert np.array_equal(without_own_voice(samples(heard), samples(played), LEARNT), samples(heard)[LEARNT:])
