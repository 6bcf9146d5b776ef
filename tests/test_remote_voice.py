"""The conversation with another computer's engine, as its user hears it.

The tests listen to what is said at the start and when the other computer goes away. The sound card is a virtual one,
and the other computer is a server on loopback. Everything else is what ships.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.cli.demo import demo_scene
from assistant.language.phrases import phrases_for
from assistant.language.speakable import to_spoken
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.test_whole import RunningSeeSay
from tests.virtual_sound import RATE_HZ, VirtualSoundCard, missing_tools
from tests.vision.remote.fake_openai import FakeOpenAI, fails
from vision.demo_model.world import draw

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

PHRASES = phrases_for("en")


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def folder(tmp_path: Path, fake: FakeOpenAI) -> Path:
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        chunk = stranger.synthesize("what color is the circle")
        quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
        samples = np.concatenate([quiet, chunk.samples, quiet])
        write_wav(tmp_path / "color.wav", AudioChunk(samples, chunk.sample_rate_hz))
    settings = f"""
    [seeing]
    camera = "{tmp_path / "picture.png"}"
    [engine]
    backend = "openai"
    [remote]
    base_url = "{fake.base_url}"
    retries = 0
    [conversation]
    picture_seconds = 0.0
    """
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def test_the_start_says_aloud_where_pictures_go_and_an_outage_is_said_before_the_answer(
    card: VirtualSoundCard, folder: Path, fake: FakeOpenAI
) -> None:
    """The other computer answers first. When it fails, this is said, and this machine's answer is right."""
    with RunningSeeSay(card, folder) as seesay:
        with card.record_loudspeaker() as start:
            seesay.wait_for_message("listening")
            wait_for_end(start.path)
        assert is_heard(PHRASES.pictures_leave.format(host="127.0.0.1"), start.samples)
        seesay.wait_for_message("PICTURES LEAVE THIS MACHINE")
        card.play_into_microphone(folder / "color.wav")
        first = seesay.answer()
        assert (first["answer"], first["model"]) == ("A cup. It is red.", "eye at 127.0.0.1")
        fake.usually = fails(500, "out of memory")
        with card.record_loudspeaker() as outage:
            card.play_into_microphone(folder / "color.wav")
            assert seesay.answer()["answer"] == "The circle is red."
        seesay.wait_for_message("out of memory")
        assert is_heard(PHRASES.remote_away_demo, outage.samples)
        assert not is_heard(PHRASES.remote_back, outage.samples)


def wait_for_end(recording: Path, seconds: float = 1.5) -> None:
    """Waits until something has been heard, and then nothing for that long, in a recording that still grows."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        time.sleep(0.2)
        loud = np.abs(np.frombuffer(recording.read_bytes()[: recording.stat().st_size // 2 * 2], np.int16)) > 100
        if loud.any() and not loud[-int(RATE_HZ * seconds) :].any():
            return
    raise AssertionError("nothing is heard, or it never ends")


def is_heard(sentence: str, samples: npt.NDArray[np.int16]) -> bool:
    """Whether the recording contains the assistant's voice with these words.

    Each half second of the words has to be heard at its time. The two sounds are not equal bit for bit, because they
    were resampled in different ways.
    """
    with Synthesizer(rate_wpm=230, volume=0.75, to_spoken=lambda text: to_spoken(text, "")) as own:
        chunk = own.synthesize(sentence)
    said = resample(chunk.samples, chunk.sample_rate_hz, RATE_HZ).astype(np.float64)
    part = RATE_HZ // 2
    # The last part is compared too, because sentences that begin alike differ at their ends.
    begins = [*range(0, len(said) - part, part // 2), len(said) - part]
    shifts = [found_at(said[at : at + part], samples.astype(np.float64)) - at for at in begins]
    together = np.abs(np.array(shifts) - np.median(shifts)) < 0.05 * RATE_HZ
    return bool(together.mean() > 0.8)


def found_at(part: npt.NDArray[np.float64], heard: npt.NDArray[np.float64]) -> int:
    """The place in the recording, in samples, that is most like a part of the sound."""
    if len(heard) < len(part):
        return 0
    length = 1 << (len(heard) + len(part)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(part, length)), length)
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    places = len(heard) - len(part) + 1
    return int(np.argmax(product[:places] / np.sqrt(np.maximum(energy[len(part) :] - energy[:places], 1e9))))
