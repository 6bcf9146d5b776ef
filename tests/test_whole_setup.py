"""`seesay setup` as a blind user has it: heard from the loudspeaker, answered by a key and by voice, with no screen.

The test reads nothing that is printed. It hears the loudspeaker of the virtual sound card, presses the space bar, and
speaks into the microphone.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tomlkit

from assistant.cli.demo import demo_scene
from assistant.setup.devices import can_start_at_boot
from audio.demo_model.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.test_whole import transcribed, wait_for_quiet
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.demo_model.world import draw

ROOT = Path(__file__).parent.parent
QUIET_SECONDS = 1.6  # longer than any pause of a question, and than what is computed between two of its sentences
STEP_SECONDS = 90.0  # for a busy machine

pytestmark = [
    pytest.mark.device,
    pytest.mark.slow,  # it hears every step to its end, which takes a minute or two
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


def spoken(folder: Path, name: str, words: str) -> Path:
    """A WAV file with these words in a voice that the recogniser was not trained on."""
    path = folder / f"{name}.wav"
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        chunk = stranger.synthesize(words)
    quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
    write_wav(path, AudioChunk(np.concatenate([quiet, chunk.samples, quiet]), chunk.sample_rate_hz))
    return path


def test_from_the_first_sound_to_a_conversation(card: VirtualSoundCard, tmp_path: Path) -> None:
    """All steps are heard and answered, the settings keep their comments, and a spoken question is answered aloud."""
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    config = tmp_path / "config.toml"
    camera = f'[seeing]\ncamera = "{tmp_path / "picture.png"}"  # a picture\n'
    config.write_text(f"# mine\n{camera}[speaking]\nrate_wpm = 175\n", encoding="utf-8")
    question = spoken(tmp_path, "color", "what color is the circle")
    keyboard, terminal = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "assistant", "setup", "--config", str(config)],
        env={**card.env, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path), "LANG": "C", "LC_ALL": "C"},
        cwd=tmp_path,
        stdin=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(terminal)
    heard: list[str] = []

    def hear(seconds: float = QUIET_SECONDS) -> None:
        """Waits until something was said and then nothing for `seconds`, and keeps the words."""
        with card.record_loudspeaker() as recording:
            wait_for_quiet(recording, seconds, STEP_SECONDS)
        heard.append(transcribed(recording.samples, tmp_path, f"step-{len(heard)}"))

    def press(times: int = 1) -> None:
        for _ in range(times):
            os.write(keyboard, b" ")
            time.sleep(0.25)

    try:
        hear()  # the welcome
        press()
        hear()  # the loudspeaker
        press()
        with card.record_loudspeaker() as asked:
            wait_for_quiet(asked, 0.5, STEP_SECONDS)  # "say a sentence after the tone", and the tone
            speaking = threading.Thread(target=card.play_into_microphone, args=(question,))
            speaking.start()
            speaking.join()
        hear()  # what it heard
        press()
        hear(0.7)  # the camera: hold a page; then it is silent while the reader loads
        hear()  # what was read of the picture
        press()
        hear()  # all speech counts as a question
        press()
        hear()  # the rate: no, a slower one
        press(2)
        hear()
        press()
        hear()  # keep it
        press()
        hear()  # models: neither all nor speech, but later
        press(2)
        hear()
        press(2)
        hear()
        press()
        if can_start_at_boot():
            hear()  # starting with the machine: no
            press(2)
            hear()
            press()
        hear()  # begin
        press()
        hear(2.5)  # the greeting of the conversation
        with card.record_loudspeaker() as answered:
            card.play_into_microphone(question)
            wait_for_quiet(answered, 1.0, STEP_SECONDS)
        answer = transcribed(answered.samples, tmp_path, "answer")
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait(10)
        os.close(keyboard)
    sys.stdout.write("\n".join(heard) + "\n")
    assert "circle is red" in answer, heard
    text = config.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "# a picture" in text
    assert tomlkit.parse(text)["speaking"] == {"rate_wpm": 155}
