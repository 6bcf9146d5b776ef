"""`seesay run` as systemd runs it: it tells that it is ready and alive, and its messages hold no words of its user.

The sound card is a virtual one, and a socket of the test stands in for systemd.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.cli.demo import demo_scene
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.test_whole import START_SECONDS, TURN_SECONDS, RunningSeeSay, wait_for_quiet
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.demo_model.world import draw

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]
QUESTION, ANSWER = "what color is the circle", "The circle is red."
_LIMIT_SECONDS = 6  # of the watchdog; systemd's is longer
# of computing before it listens, on the thread that has to listen; it is 0.7 s here, with any model
_MOST_START_SECONDS = 2.0
_CLOCK_TICKS = 100  # USER_HZ: in this unit the kernel tells processor time


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the picture, the spoken words and the settings."""
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        for name, words in {"color": QUESTION, "quit": "quit"}.items():
            chunk = stranger.synthesize(words)
            quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
            samples = np.concatenate([quiet, chunk.samples, quiet])
            write_wav(tmp_path / f"{name}.wav", AudioChunk(samples, chunk.sample_rate_hz))
    (tmp_path / "config.toml").write_text(f'[seeing]\ncamera = "{tmp_path / "picture.png"}"\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def systemd(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))
        listening.settimeout(START_SECONDS)
        yield listening


def test_a_service_tells_how_it_is_and_keeps_its_users_words_to_itself(folder: Path, systemd: socket.socket) -> None:
    """It is ready when it listens, lives until "quit", and prints a spoken turn on standard output only."""
    with VirtualSoundCard() as card:
        card.env |= {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(_LIMIT_SECONDS * 1_000_000)}
        with RunningSeeSay(card, folder) as seesay:
            with card.record_loudspeaker() as greeting:
                assert systemd.recv(1000) == b"READY=1\nSTATUS=listening"
                started_seconds = main_thread_seconds(seesay.process.pid)
                seesay.wait_for_message("listening")
                wait_for_quiet(greeting)
            card.play_into_microphone(folder / "color.wav")
            answer = seesay.answer()
            assert [systemd.recv(1000) for _ in range(2)] == [b"WATCHDOG=1"] * 2
            threading.Event().wait(0.5)  # half-duplex: it does not listen until the answer has faded in the room
            card.play_into_microphone(folder / "quit.wav")
            assert seesay.process.wait(TURN_SECONDS) == 0
        messages = "".join(seesay.messages)
    assert (answer["heard"], answer["answer"]) == (QUESTION, ANSWER)
    assert QUESTION not in messages
    assert ANSWER not in messages
    assert started_seconds < _MOST_START_SECONDS
    systemd.setblocking(False)
    told = []
    while not told or not told[-1].startswith(b"STOPPING=1"):
        told.append(systemd.recv(1000))
    assert set(told[:-1]) <= {b"WATCHDOG=1"}


def main_thread_seconds(pid: int) -> float:
    """The processor time of a process's first thread, user and system together (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
