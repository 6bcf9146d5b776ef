"""A page that is read aloud by `seesay run`: a page before the camera, the user's words at the microphone, the real
reader of print, and the voice at the loudspeaker.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.test_whole import RunningSeeSay, transcribed, wait_for_quiet
from tests.virtual_sound import RATE_HZ, Recording, VirtualSoundCard, missing_tools

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

# The words are among those that the embedded speech model knows, so that the voice can be transcribed.
SENTENCES = (
    "The red box is on the table.",
    "The blue door is open today.",
    "Please close the window at night.",
    "The train stops here at seven.",
    "Thank you for reading this page.",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of five lines at 1920 by 1080 pixels, the spoken words, the settings of a headset's user."""
    page = Image.new("RGB", (1920, 1080), (238, 236, 230))
    draw = ImageDraw.Draw(page)
    for number, sentence in enumerate(SENTENCES):
        draw.text((200, 160 + 90 * number), sentence, (20, 20, 25), font=ImageFont.load_default(48))
    page.save(tmp_path / "page.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        for name, words in {"read": "read the text", "stop": "stop talking", "continue": "continue reading"}.items():
            chunk = stranger.synthesize(words)
            quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
            write_wav(
                tmp_path / f"{name}.wav",
                AudioChunk(np.concatenate([quiet, chunk.samples, quiet]), chunk.sample_rate_hz),
            )
    settings = f'[seeing]\ncamera = "{tmp_path / "page.png"}"\n[hearing]\nbarge_in = "any"\n'
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


def wait_for_words(recording: Recording, seconds: float = 30.0) -> None:
    """Waits until half a second of speech is heard; the cues before it are shorter."""
    for _ in range(round(seconds / 0.05)):
        newest = np.abs(recording.samples[-RATE_HZ // 2 :].astype(np.int32))
        if np.count_nonzero(newest.reshape(-1)[: len(newest) // 480 * 480].reshape(-1, 480).max(axis=1) > 200) > 40:
            return
        threading.Event().wait(0.05)
    raise AssertionError("no words were heard")


def test_a_page_is_read_stopped_and_continued(card: VirtualSoundCard, folder: Path) -> None:
    """ "Stop talking" in the second sentence; "continue reading" begins with that sentence and comes to the end."""
    with RunningSeeSay(card, folder) as seesay:
        with card.record_loudspeaker() as greeting:
            seesay.wait_for_message("listening")
            wait_for_quiet(greeting)
        with card.record_loudspeaker() as beginning:
            card.play_into_microphone(folder / "read.wav")
            wait_for_words(beginning)
            card.play_into_microphone(folder / "stop.wav")
            stopped = seesay.answer()
        threading.Event().wait(1.0)
        with card.record_loudspeaker() as recording:
            card.play_into_microphone(folder / "continue.wav")
            rest = seesay.answer()
            wait_for_quiet(recording)
        assert seesay.interrupt() < 2.0
    said = [sentence for sentence in SENTENCES if sentence in stopped["answer"]]
    assert 1 <= len(said) < len(SENTENCES)
    assert stopped["answer"] == " ".join(said)
    assert rest["heard"] == "continue reading"
    assert rest["answer"] == " ".join(SENTENCES[len(said) - 1 :])
    heard = transcribed(recording.samples, folder, "rest")
    assert "close the window at night" in heard
    assert "reading this page" in heard  # the last words of the page
    first = stopped["timings"]["first_sound"]
    sys.stdout.write(f"end of the words to the first word of the page: {first:.2f} s\n")
    loud = np.flatnonzero(np.abs(recording.samples.astype(np.int32)) > 200) / RATE_HZ
    sys.stdout.write(f"longest silence: {np.diff(loud).max():.2f} s\n")
    assert first < 10.0  # a busy machine
