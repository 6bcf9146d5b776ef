"""`seesay setup` as a blind user has it: heard from the loudspeaker, answered by a key and by voice, with no screen.

The test reads nothing that is printed. It hears the loudspeaker of the virtual sound card, presses the space bar, and
speaks into the microphone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import tomlkit

from assistant.button.input_devices import EV_KEY
from assistant.cli.demo import demo_scene
from assistant.machine.service.manager import is_possible
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.assistant.button.test_input_devices import Machine
from tests.test_whole import transcribed, wait_for_quiet
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.demo_model.world import draw

ROOT = Path(__file__).parent.parent
QUIET_SECONDS = 1.6  # longer than any pause of a question, and than what is computed between two of its sentences
PLAY = 164
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


class SettingUp:
    """`seesay setup` in a process of its own, with a terminal for its key, and somebody who listens to it."""

    def __init__(
        self, card: VirtualSoundCard, folder: Path, config: Path, *options: str, under: Sequence[str] = ()
    ) -> None:
        self._card = card
        self._folder = folder
        self._keyboard, terminal = pty.openpty()
        self.heard: list[str] = []
        self.program = subprocess.Popen(
            [*under, sys.executable, "-m", "assistant", "setup", "--config", str(config), *options],
            env={**card.env, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder), "LANG": "C", "LC_ALL": "C"},
            cwd=folder,
            stdin=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(terminal)

    def __enter__(self) -> SettingUp:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.program.poll() is None:
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait(10)
        os.close(self._keyboard)
        sys.stdout.write("\n".join(self.heard) + "\n")

    def hear(self, seconds: float = QUIET_SECONDS) -> None:
        """Waits until something was said and then nothing for `seconds`, and keeps the words."""
        with self._card.record_loudspeaker() as recording:
            wait_for_quiet(recording, seconds, STEP_SECONDS)
        self.heard.append(transcribed(recording.samples, self._folder, f"step-{len(self.heard)}"))

    def press(self, times: int = 1) -> None:
        for _ in range(times):
            os.write(self._keyboard, b" ")
            time.sleep(0.25)

    def try_microphone(self, sentence: Path) -> None:
        """Waits for "say a sentence after the tone", and the tone, and then speaks."""
        with self._card.record_loudspeaker() as asked:
            wait_for_quiet(asked, 0.5, STEP_SECONDS)
            speaking = threading.Thread(target=self._card.play_into_microphone, args=(sentence,))
            speaking.start()
            speaking.join()


def test_from_the_first_sound_to_a_conversation(card: VirtualSoundCard, tmp_path: Path) -> None:
    """All steps are heard and answered, the settings keep their comments, and a spoken question is answered aloud."""
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    config = tmp_path / "config.toml"
    camera = f'[seeing]\ncamera = "{tmp_path / "picture.png"}"  # a picture\n'
    config.write_text(f"# mine\n{camera}[speaking]\nrate_wpm = 175\n", encoding="utf-8")
    question = spoken(tmp_path, "color", "what color is the circle")
    with SettingUp(card, tmp_path, config) as setup:
        setup.hear()  # the welcome
        setup.press()
        setup.hear()  # the loudspeaker
        setup.press()
        setup.try_microphone(question)
        setup.hear()  # what it heard
        setup.press()
        setup.hear(0.7)  # the camera: hold a page; then it is silent while the reader loads
        setup.hear()  # what was read of the picture
        setup.press()
        setup.hear()  # all speech counts as a question
        setup.press()
        setup.hear()  # the rate: no, a slower one
        setup.press(2)
        setup.hear()
        setup.press()
        setup.hear()  # keep it
        setup.press()
        setup.hear()  # models: neither all nor speech, but later
        setup.press(2)
        setup.hear()
        setup.press(2)
        setup.hear()
        setup.press()
        if is_possible():
            setup.hear()  # starting with the machine: no
            setup.press(2)
            setup.hear()
            setup.press()
        setup.hear()  # begin
        setup.press()
        setup.hear(2.5)  # the greeting of the conversation
        with card.record_loudspeaker() as answered:
            card.play_into_microphone(question)
            wait_for_quiet(answered, 1.0, STEP_SECONDS)
        answer = transcribed(answered.samples, tmp_path, "answer")
    assert "circle is red" in answer, setup.heard
    text = config.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "# a picture" in text
    assert tomlkit.parse(text)["speaking"] == {"rate_wpm": 155}


def test_by_voice_and_a_button_of_its_own(card: VirtualSoundCard, tmp_path: Path) -> None:
    """A headset's button answers and is taken; once the microphone understands, spoken words answer too."""
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    config = tmp_path / "config.toml"
    config.write_text(f'[seeing]\ncamera = "{tmp_path / "picture.png"}"\n', encoding="utf-8")
    yes, no, question = (
        spoken(tmp_path, name, words)
        for name, words in (("yes", "yes"), ("no", "no"), ("q", "what color is the circle"))
    )
    machine = Machine(tmp_path)
    machine.plug_in("event3", "ACME Headset", PLAY)
    under = [sys.executable, "-m", "tests.fault_program", str(tmp_path / "dev"), str(tmp_path / "sys")]
    with contextlib.closing(machine), SettingUp(card, tmp_path, config, "--no-start", under=under) as setup:

        def press(times: int = 1) -> None:
            for _ in range(times):
                machine.send("event3", (EV_KEY, PLAY, 1))
                time.sleep(0.1)
                machine.send("event3", (EV_KEY, PLAY, 0))
                time.sleep(0.2)

        setup.hear()  # the welcome
        press()
        setup.hear()  # the loudspeaker
        press()
        setup.try_microphone(question)
        setup.hear()  # what it heard
        card.play_into_microphone(yes)
        setup.hear(0.7)  # the camera: hold a page; then it is silent while the reader loads
        setup.hear()  # what was read of the picture
        card.play_into_microphone(yes)
        setup.hear()  # all speech counts as a question
        card.play_into_microphone(no)
        setup.hear()  # the wake words
        card.play_into_microphone(no)
        setup.hear()  # a press
        card.play_into_microphone(yes)
        setup.hear()  # the headset's button, which has answered before
        card.play_into_microphone(yes)
        setup.hear()  # the rate
        press()
        setup.hear()  # keep it
        press()
        setup.hear()  # kept, and the next question
    assert "yes no back" in setup.heard[2], setup.heard
    kept = tomlkit.parse(config.read_text(encoding="utf-8"))
    assert kept["activation"] == {"by": "button"}, setup.heard
    assert kept["button"] == {"device": "ACME Headset", "key": PLAY}
