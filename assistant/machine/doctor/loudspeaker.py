"""Checks the loudspeaker: speaks a sentence, and listens to the sound server's monitor for it. It keeps no sound."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np

from assistant.language.phrases import phrases_for
from assistant.machine import commands
from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence, warning
from assistant.settings.config import Config
from audio.errors import AudioError
from audio.pcm import SPEECH_FORMAT, Samples, resample

_CHECK = "loudspeaker"
_READY_SECONDS = 1.0  # the recorder of the monitor needs some time until it listens
_TAIL_SECONDS = 0.3  # for the sound that is still on its way to the monitor
HEARD_LIKENESS = 0.5  # from 0 to 1: the same sound has 1 and another one about 0.1
SOFT_PERCENT = 25


@dataclass(frozen=True)
class Played:
    """What became of the sentence."""

    device: str
    named: bool  # the config names the device, which is then perhaps not the one whose monitor was recorded
    likeness: float | None  # of the monitor's sound to what was played, 0..1; None: there is no monitor
    muted: bool | None = None  # the sound server's default output; None: it does not tell
    volume_percent: int | None = None


def judge_played(played: Played) -> Finding:
    name = repr(played.device)
    figures = {
        "likeness": None if played.likeness is None else round(played.likeness, 2),
        "volume_percent": played.volume_percent,
    }
    # The settings are those of the default output, so they say nothing about a device that the config names.
    if played.muted and not played.named:
        return failure(_CHECK, f"{name} is muted", "pactl set-sink-mute @DEFAULT_SINK@ 0", missing=True, **figures)
    if played.volume_percent is not None and played.volume_percent < SOFT_PERCENT and not played.named:
        return warning(
            _CHECK,
            f"{name} is set to {played.volume_percent} % of its volume",
            "pactl set-sink-volume @DEFAULT_SINK@ 70%",
            **figures,
        )
    if played.likeness is None:
        return ok(_CHECK, f"{name} took a sentence; no monitor tells whether it was heard, so you must say", **figures)
    if played.likeness >= HEARD_LIKENESS:
        return ok(_CHECK, f"{name} took a sentence, and the sound server's monitor heard it", **figures)
    fix = "choose the right output in the system's sound settings, or name it in speaking.output_device (`seesay devices`)"
    if played.named:
        return warning(
            _CHECK,
            f"{name} took a sentence, but the default output's monitor did not hear it",
            f"if you heard nothing, {fix}",
            **figures,
        )
    return failure(_CHECK, f"{name} took a sentence, but nothing of it came out", fix, missing=True, **figures)


def likeness(recording: Samples, wanted: Samples) -> float:
    """How much a part of the recording has the shape of `wanted`, from 0 to 1, at whatever loudness. Same rates."""
    if len(recording) < len(wanted) or not np.any(wanted):
        return 0.0
    size = len(recording) + len(wanted)
    both = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(wanted, size))
    at = int(np.fft.irfft(both, size)[: len(recording) - len(wanted) + 1].argmax())
    found, sought = recording[at : at + len(wanted)].astype(np.float64), wanted.astype(np.float64)
    length = float(np.linalg.norm(found) * np.linalg.norm(sought))
    return float(found @ sought) / length if length else 0.0


def check_loudspeaker(config: Config) -> list[Finding]:
    from audio.speaking.playback import Loudspeaker
    from audio.speaking.synthesizer import Synthesizer

    speaking, phrases = config.speaking, phrases_for(config.conversation.language)
    try:
        with Synthesizer(speaking.voice or phrases.voice, speaking.rate_wpm, speaking.volume) as synthesizer:
            sentence = synthesizer.synthesize(phrases.ready)
        with _monitor() as recording:
            loudspeaker = Loudspeaker(speaking.output_device or None)
            try:
                loudspeaker.play(sentence, threading.Event())
                loudspeaker.drain(threading.Event())
            finally:
                loudspeaker.close()
            time.sleep(_TAIL_SECONDS)
    except AudioError as problem:
        says, fix = split_sentence(str(problem))
        return [failure(_CHECK, says, fix, missing=True)]
    wanted = resample(sentence.samples, sentence.sample_rate_hz, SPEECH_FORMAT.sample_rate_hz)
    heard = recording.samples()
    return [
        judge_played(
            Played(
                loudspeaker.device.name,
                named=bool(speaking.output_device),
                likeness=None if heard is None else likeness(heard, wanted),
                muted=muted_in(commands.run(["pactl", "get-sink-mute", "@DEFAULT_SINK@"]).out),
                volume_percent=volume_in(commands.run(["pactl", "get-sink-volume", "@DEFAULT_SINK@"]).out),
            )
        )
    ]


def muted_in(printed: str) -> bool | None:
    """What `pactl get-sink-mute` tells; None for anything else."""
    return {"Mute: yes": True, "Mute: no": False}.get(printed.strip())


def volume_in(printed: str) -> int | None:
    """The loudest channel's volume in percent, of what `pactl get-sink-volume` tells."""
    return max((int(percent) for percent in re.findall(r"(\d+)%", printed)), default=None)


class _Recording:
    """The monitor's sound in a nameless file, which is gone as soon as it is closed."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file
        self._samples: Samples | None = None

    def finish(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            data = self._file.read()
            self._samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2") if data else None

    def samples(self) -> Samples | None:
        """At 16,000 Hz. None if there was no monitor."""
        return self._samples


@contextmanager
def _monitor() -> Iterator[_Recording]:
    """Records what the default output plays, where the sound server's `parec` is installed."""
    with tempfile.TemporaryFile() as file:
        try:
            recorder = subprocess.Popen(
                ["parec", "--device=@DEFAULT_MONITOR@", f"--rate={SPEECH_FORMAT.sample_rate_hz}", "--channels=1",
                 "--format=s16le", "--latency-msec=20"],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError:
            yield _Recording(None)
            return
        recording = _Recording(file)
        try:
            until = time.monotonic() + _READY_SECONDS
            while recorder.poll() is None and time.monotonic() < until and not os.fstat(file.fileno()).st_size:
                time.sleep(0.02)
            yield recording
        finally:
            recorder.terminate()
            try:
                recorder.wait(1.0)
            except subprocess.TimeoutExpired:
                recorder.kill()
                recorder.wait()
            recording.finish()
