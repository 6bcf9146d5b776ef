"""SeeSay opens no network connection: strace watches every process of a spoken turn for sockets.

Strace needs permission to trace. Where a container does not give it, the tests are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.cli.demo import demo_scene
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.test_whole import TURN_SECONDS, RunningSeeSay, wait_for_quiet
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.demo_model.world import draw

# These sockets reach only this machine: the sound server's, and those by which the kernel reports its devices.
LOCAL = ("AF_UNIX", "AF_NETLINK")
# strace continues an interrupted call on a later line, but the arguments are on the first line.
SOCKET = re.compile(r"\bsocket(?:pair)?\((\w+)")


def why_not_traceable() -> str | None:
    """The reason why strace does not work here, as a sentence for pytest.skip, or None if it works."""
    if shutil.which("strace") is None:
        return "no strace: apt install strace"
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {tried.stderr.strip()[:200]}" if tried.returncode else None


@pytest.fixture(scope="module", autouse=True)
def _traceable() -> None:
    if reason := why_not_traceable():
        pytest.skip(reason)


def watched_by_strace(trace: Path) -> list[str]:
    """The command that runs a program under strace.

    The network calls of the program and of all processes that it starts are written into the file `trace`.
    """
    return ["strace", "-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", str(trace)]


def network_sockets(trace: Path) -> list[str]:
    """The lines of a trace that open a socket which could reach another machine."""
    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if (opened := SOCKET.search(line)) and opened[1] not in LOCAL]


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))",
        "import socket; socket.socket(socket.AF_INET6).bind(('::1', 0))",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'])",
        "import threading, socket; threading.Thread(target=socket.socket).start()",
    ],
)
def test_a_socket_that_could_reach_another_machine_is_seen(tmp_path: Path, code: str) -> None:
    """A socket of any protocol is seen, also on loopback, in a thread and in a child process."""
    subprocess.run([*watched_by_strace(tmp_path / "trace"), sys.executable, "-W", "ignore", "-c", code], check=False)
    (seen,) = network_sockets(tmp_path / "trace")
    assert "AF_INET" in seen


def test_a_local_socket_is_none(tmp_path: Path) -> None:
    """A local socket, such as that of a sound server, is not reported."""
    code = "import socket; socket.socket(socket.AF_UNIX); socket.socketpair()"
    subprocess.run([*watched_by_strace(tmp_path / "trace"), sys.executable, "-W", "ignore", "-c", code], check=True)
    assert "socket" in (tmp_path / "trace").read_text()
    assert network_sockets(tmp_path / "trace") == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the picture, the spoken words and the settings."""
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        for name, words in {"color": "what color is the circle", "quit": "quit"}.items():
            chunk = stranger.synthesize(words)
            quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
            samples = np.concatenate([quiet, chunk.samples, quiet])
            write_wav(tmp_path / f"{name}.wav", AudioChunk(samples, chunk.sample_rate_hz))
    (tmp_path / "config.toml").write_text(f'[seeing]\ncamera = "{tmp_path / "picture.png"}"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_a_spoken_turn_opens_no_socket_to_the_network(folder: Path) -> None:
    """From the start through a question and its spoken answer to the end no such socket is opened, not even on
    loopback.
    """
    trace = folder / "trace"
    with VirtualSoundCard() as card, RunningSeeSay(card, folder, under=watched_by_strace(trace)) as seesay:
        with card.record_loudspeaker() as greeting:
            seesay.wait_for_message("listening")
            wait_for_quiet(greeting)
        with card.record_loudspeaker() as recording:
            card.play_into_microphone(folder / "color.wav")
            answer = seesay.answer()
            wait_for_quiet(recording)
        card.play_into_microphone(folder / "quit.wav")
        assert seesay.process.wait(TURN_SECONDS) == 0
    assert answer["answer"] == "The circle is red."
    assert "pulse" in trace.read_text(encoding="utf-8", errors="replace"), "the trace has not even the sound server"
    assert network_sockets(trace) == []
