import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio.listening.barge_in import level_of
from audio.listening.echo import echo_cancelled_input, echo_cancelled_output, find_echo_cancelled, use_sink, use_source
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.virtual_sound import VirtualSoundCard, missing_tools

SOURCES = (
    "0\talsa_output.pci.analog-stereo.monitor\tmodule-alsa-card.c\ts16le 2ch 48000Hz\tIDLE\n"
    "1\talsa_input.pci.analog-stereo\tmodule-alsa-card.c\ts16le 2ch 48000Hz\tIDLE\n"
)


@pytest.mark.parametrize(
    "name", ["alsa_input.usb.echo-cancel", "echocancel_source", "Echo-Cancel Source", "mic.echo_cancel"]
)
def test_an_echo_cancelled_source_is_known_by_its_name(name):
    """PulseAudio's and PipeWire's usual names are both found, among others."""
    line = f"7\t{name}\tmodule-echo-cancel.c\tfloat32le 1ch 32000Hz\tSUSPENDED\n"
    assert find_echo_cancelled(SOURCES + line) == name


def test_no_such_source_is_none():
    """A plain sound card has none; the monitor of an echo-cancelled loudspeaker is no microphone."""
    assert find_echo_cancelled(SOURCES) is None
    assert find_echo_cancelled(SOURCES + "9\tspk.echo-cancel.monitor\tx\ty\tIDLE\n") is None
    assert find_echo_cancelled("") is None
    assert find_echo_cancelled("Connection failure: Connection refused") is None


def _pactl(folder: Path, script: str) -> None:
    program = folder / "pactl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_sound_server_is_asked(tmp_path, monkeypatch):
    """The source is found in what `pactl` lists."""
    _pactl(tmp_path, "printf '3\\tmic.echo-cancel\\tm\\tf\\tIDLE\\n'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert echo_cancelled_input() == "mic.echo-cancel"


def test_without_pactl_there_is_none(tmp_path, monkeypatch):
    """Without `pactl` there is no such source, which is no error: plain ALSA has none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert echo_cancelled_input() is None


def test_a_server_that_fails_is_none(tmp_path, monkeypatch):
    """A server that is down, or hangs, counts as no source and is no error."""
    _pactl(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert echo_cancelled_input() is None

    def hangs(*args, **options):
        raise subprocess.TimeoutExpired("pactl", 2.0)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert echo_cancelled_input() is None


def test_both_ends_are_told_to_the_sound_library(monkeypatch):
    """Both ends are set by the environment variables that the sound server's client library reads."""
    monkeypatch.setenv("PULSE_SOURCE", "other")
    monkeypatch.setenv("PULSE_SINK", "other")
    use_source("mic.echo-cancel")
    use_sink("speaker.echo-cancel")
    assert (os.environ["PULSE_SOURCE"], os.environ["PULSE_SINK"]) == ("mic.echo-cancel", "speaker.echo-cancel")


SPEAK_AND_LISTEN = """
import sys, threading
from pathlib import Path
from assistant.settings.config_reader import parse_config
from assistant.wiring.devices import use_echo_cancellation
use_echo_cancellation(parse_config("", "x"))
import numpy as np
from audio.microphone import Microphone
from audio.speaking.playback import Loudspeaker
from audio.wav import read_wav
heard = []
with Microphone(None) as microphone, Loudspeaker(None) as loudspeaker:
    def listen():
        for chunk in microphone.chunks():
            heard.append(chunk.samples)
    ear = threading.Thread(target=listen)
    ear.start()
    never = threading.Event()
    loudspeaker.play(read_wav(Path(sys.argv[1])), never)
    loudspeaker.drain(never)
    microphone.stop()
    ear.join()
tail = np.concatenate(heard)[-2 * 16_000:].astype(float)
print(np.sqrt(np.mean(tail * tail)))
"""


@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_its_own_voice_is_taken_out_by_the_sound_server(tmp_path):
    """With PulseAudio's own canceller, which is not the default device, both ends are found and hardly any leak
    stays."""
    with Synthesizer(rate_wpm=200) as synthesizer:
        words = synthesizer.synthesize("A cup of coffee stands on a stack of books, " * 2)
    write_wav(tmp_path / "voice.wav", words)
    with VirtualSoundCard() as card:
        card.leak(0.0)
        card.pactl(
            *("load-module", "module-echo-cancel", "aec_method=webrtc", "source_master=mic", "sink_master=spk"),
            *("source_name=mic.echo-cancel", "sink_name=speaker.echo-cancel"),
        )
        card.pactl("set-default-source", "mic")
        card.pactl("set-default-sink", "spk")
        done = subprocess.run(
            [sys.executable, "-c", SPEAK_AND_LISTEN, str(tmp_path / "voice.wav")],
            env={**card.env, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    left = float(done.stdout) / level_of(words.samples)
    sys.stdout.write(f"its own voice in the microphone: {20 * np.log10(left + 1e-9):.0f} dB by the canceller\n")
    assert left < 0.2


def test_the_loudspeaker_to_it_is_found_in_the_same_way(tmp_path, monkeypatch):
    """The loudspeaker that belongs to it is found among the sinks."""
    _pactl(tmp_path, "[ \"$3\" = sinks ] && printf '4\\tspeaker.echo-cancel\\tm\\tf\\tIDLE\\n'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert echo_cancelled_output() == "speaker.echo-cancel"
