"""Offset and hum are taken out of the sound, and a quiet microphone is made louder between utterances."""

from __future__ import annotations

import numpy as np
import pytest

from audio.listening.conditioning import CORNER_HZ, WANTED_LEVEL, Gain, HighPass, impulse_response, level
from audio.listening.hearing import Hearing
from audio.pcm import Samples
from audio.settings import EndpointSettings
from tests.audio.fakes import LevelVad, ScriptedSource, ScriptedTranscriber

CHUNK = 480
RATE_HZ = 16_000


def tone(frequency_hz: float, amplitude: float = 8000.0, seconds: float = 1.5) -> Samples:
    at = np.arange(round(RATE_HZ * seconds) // CHUNK * CHUNK) / RATE_HZ
    samples: Samples = np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * at)).astype(np.int16)
    return samples


def filtered(samples: Samples, chunk: int = CHUNK) -> Samples:
    high_pass = HighPass()
    return np.concatenate([high_pass.push(samples[at : at + chunk]) for at in range(0, len(samples), chunk)])


@pytest.mark.parametrize(
    ("frequency_hz", "decibels", "tolerance"),
    [(50, -12.0, 0.5), (CORNER_HZ, -3.0, 0.2), (100, -0.2, 0.1), (1000, 0.0, 0.05)],
)
def test_hum_is_weakened_and_voices_are_not(frequency_hz: float, decibels: float, tolerance: float) -> None:
    """The response is that of a Butterworth filter of the fourth order."""
    sound = tone(frequency_hz)
    passed = 20 * np.log10(level(filtered(sound)[RATE_HZ // 2 :]) / level(sound[RATE_HZ // 2 :]))
    assert passed == pytest.approx(decibels, abs=tolerance)


def test_an_offset_is_gone_from_the_first_sample_on() -> None:
    """An offset does not even begin with a thump."""
    offset = np.full(RATE_HZ // CHUNK * CHUNK, 3000, np.int16)
    assert np.abs(filtered(offset)).max() <= 1
    with_tone = filtered(offset + tone(500, 1000, 1.0)[: len(offset)])
    assert abs(float(with_tone.mean())) < 10


def test_the_seams_of_chunks_do_not_show() -> None:
    """The same samples come out however the stream is cut."""
    sound = np.random.default_rng(1).integers(-5000, 5000, 4800).astype(np.int16)
    assert np.array_equal(filtered(sound), filtered(sound, 160))
    assert np.array_equal(filtered(sound), filtered(sound, 4800))


def test_the_response_has_died_out_where_it_is_cut() -> None:
    """What is cut off adds up to less than two steps of a sample, however loud the sound."""
    assert 32_768 * np.abs(impulse_response(4000)[960:]).sum() < 2.2


def test_quiet_speech_is_lifted_from_the_next_utterance_on() -> None:
    """The gain rises by 6 dB after each utterance, up to what makes the loudest chunk loud enough."""
    gain, quiet = Gain(), tone(300, 200)
    factors = []
    for _ in range(4):
        gain.measure(gain.lifted(quiet))
        gain.conclude(was_speech=True)
        factors.append(gain.factor)
    enough = WANTED_LEVEL / level(quiet)
    assert factors == pytest.approx([2.0, 4.0, enough, enough], rel=0.01)
    assert level(gain.lifted(quiet)) == pytest.approx(WANTED_LEVEL, rel=0.01)


def test_loud_speech_takes_the_gain_back_at_once() -> None:
    """A loud voice is never made softer, and it ends the gain that a soft voice needed."""
    gain, loud = Gain(), tone(300, 20_000)
    gain.measure(tone(300, 100))
    gain.conclude(was_speech=True)
    assert gain.factor == 2.0
    gain.measure(gain.lifted(loud))
    gain.conclude(was_speech=True)
    assert gain.factor == 1.0
    assert gain.lifted(loud) is loud


def test_what_was_no_speech_does_not_count() -> None:
    """A click, a cough or silence leave the gain as it is."""
    gain = Gain()
    gain.measure(tone(300, 100))
    gain.conclude(was_speech=False)
    assert gain.factor == 1.0
    gain.conclude(was_speech=True)  # nothing was measured since
    assert gain.factor == 1.0


def test_hearing_takes_an_offset_out_and_lifts_the_second_utterance() -> None:
    """Both stand before everything that listens: detector, transcriber, stop word."""
    source = ScriptedSource("S" * 20 + "." * 30 + "S" * 20 + "." * 30)
    levels: list[float] = []

    class Quiet(LevelVad):
        def is_speech(self, samples: Samples) -> bool:
            levels.append(level(samples))
            return level(samples) > 50

    class Dull(ScriptedSource):
        def chunks(self):  # type: ignore[no-untyped-def]
            for chunk in source.chunks():
                yield type(chunk)((chunk.samples // 10 + 3000).astype(np.int16), chunk.sample_rate_hz, chunk.started_at)

    settings = EndpointSettings(end_silence_seconds=0.6)
    events = list(Hearing(Dull(""), Quiet(), settings, ScriptedTranscriber("one", "two")).events())
    assert [getattr(event, "text", "") for event in events] == ["", "one", "", "two"]
    assert max(levels[:20]) == pytest.approx(100, rel=0.05)
    assert max(levels[50:70]) == pytest.approx(200, rel=0.05)
