import os
import subprocess
from pathlib import Path

import pytest

from audio.echo import echo_cancelled_input, find_echo_cancelled, use_source

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
    """What `pactl` lists counts."""
    _pactl(tmp_path, "printf '3\\tmic.echo-cancel\\tm\\tf\\tIDLE\\n'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert echo_cancelled_input() == "mic.echo-cancel"


def test_without_pactl_there_is_none(tmp_path, monkeypatch):
    """Not an error: plain ALSA has no such thing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert echo_cancelled_input() is None


def test_a_server_that_fails_is_none(tmp_path, monkeypatch):
    """Nor is a server that is down, or hangs."""
    _pactl(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert echo_cancelled_input() is None

    def hangs(*args, **options):
        raise subprocess.TimeoutExpired("pactl", 2.0)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert echo_cancelled_input() is None


def test_the_source_is_told_to_the_sound_library(monkeypatch):
    """Through the variable that its client library reads."""
    monkeypatch.setenv("PULSE_SOURCE", "other")
    use_source("mic.echo-cancel")
    assert os.environ["PULSE_SOURCE"] == "mic.echo-cancel"
