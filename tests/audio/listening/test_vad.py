import numpy as np
import pytest

from audio.listening.vad import VoiceActivity
from audio.listening.voicing import VowelWatch
from audio.pcm import resample
from audio.speaking.synthesizer import Synthesizer


def voiced_share(samples, seconds_to_settle=1.0, needs_vowel=lambda: True):
    """The share of chunks taken for speech once the background is known."""
    vad = VoiceActivity(needs_vowel=needs_vowel)
    decisions = [vad.is_speech(samples[i : i + 480]) for i in range(0, len(samples) - 479, 480)]
    settled = decisions[int(seconds_to_settle / 0.03) :]
    return sum(settled) / len(settled)


def noise(level, seconds=10.0):
    samples = np.random.default_rng(7).standard_normal(int(16_000 * seconds)) * level
    return samples.clip(-32768, 32767).astype(np.int16)


@pytest.fixture(scope="module")
def question():
    with Synthesizer() as synthesizer:
        spoken = synthesizer.synthesize("How many circles are there in the picture?")
    return resample(spoken.samples, spoken.sample_rate_hz, 16_000)


def test_silence_is_not_speech():
    """Digital silence and a faint hiss are not speech."""
    assert voiced_share(np.zeros(160_000, np.int16)) == 0.0
    assert voiced_share(noise(10)) == 0.0


def shaped(power, seconds=10.0):
    """Noise whose spectrum falls with frequency to this power: 0 is hiss, 0.5 a fan, 1 rumble and wind."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(int(16_000 * seconds)))
    rank = np.maximum(np.arange(len(spectrum)), 20)
    wave = np.fft.irfft(spectrum / rank**power)
    return wave / wave.std()


TIME = np.arange(160_000) / 16_000
NOISES = {
    "hiss": shaped(0.0) * 1500,
    "loud hiss": shaped(0.0) * 6000,
    "fan": shaped(0.5) * 1500,
    "wind": shaped(1.0) * 3000 * (1 + np.sin(2 * np.pi * 2 * TIME)),
    "hum": 3000 * np.sign(np.sin(2 * np.pi * 50 * TIME)),
    "whistle": 5000 * np.sin(2 * np.pi * 440 * TIME),
    "beeps": 5000 * np.sin(2 * np.pi * 880 * TIME) * (TIME % 1.2 < 0.3),
    "knocks": shaped(0.0) * 4000 * (TIME % 1.3 < 0.1),
    "bursts": shaped(0.5) * 3000 * (TIME % 1.7 < 0.4),
    "rubbing": shaped(0.5) * 1500 * (1 + np.sin(2 * np.pi * 4 * TIME)),
}


@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_not_speech(kind):
    """Steady, swelling or knocking, noise is not speech, from its first moment on."""
    samples = NOISES[kind].clip(-32768, 32767).astype(np.int16)
    assert voiced_share(samples, seconds_to_settle=0.0) < 0.01


def test_speech_is_speech(question):
    """Most of a spoken question is speech, from its first chunk on, loud or quiet."""
    for level in (1.0, 0.05):
        quiet = (question * level).astype(np.int16)
        assert voiced_share(quiet, seconds_to_settle=0.0) > 0.7


def test_speech_over_noise_is_speech(question):
    """At 10 dB above a steady noise, speech still stands out."""
    power = np.sqrt(np.mean(question.astype(float) ** 2))
    background = noise(power / 10**0.5, seconds=2.0)
    with_noise = np.concatenate([background.astype(float), question + noise(power / 10**0.5, 10.0)[: len(question)]])
    assert voiced_share(with_noise.clip(-32768, 32767).astype(np.int16), 2.0) > 0.4


def test_the_gate_of_vowels_can_be_opened(question):
    """A whisper has no vowels. It is speech only while none is needed, and a watch of its own finds none in it."""
    spectrum = np.fft.rfft(question.astype(float))
    phases = np.exp(2j * np.pi * np.random.default_rng(3).random(len(spectrum)))
    envelope = np.repeat(np.sqrt(np.mean(question[: len(question) // 480 * 480].reshape(-1, 480) ** 2.0, axis=1)), 480)
    hiss = np.fft.irfft(np.abs(spectrum) * phases, len(question))[: len(envelope)]
    whisper = np.concatenate([np.zeros(16_000), hiss / hiss.std() * envelope]).clip(-32768, 32767).astype(np.int16)
    assert voiced_share(whisper) == 0.0
    assert voiced_share(whisper, needs_vowel=lambda: False) > 0.3
    watch = VowelWatch()
    watch.accept(whisper)
    assert not watch.has_heard
    watch.accept(question)
    assert watch.has_heard
    watch.reset()
    assert not watch.has_heard
