"""Checks the microphone: records for some seconds and judges level, noise, offset and loss. It keeps no sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence, warning
from assistant.models import catalog
from assistant.settings.config import Config
from audio.errors import AudioError
from audio.pcm import CHUNK_SECONDS, SPEECH_FORMAT, Samples

_CHECK = "microphone"
_SECONDS = 2.0
_SPOKEN_SECONDS = 5.0
_SETTLING_SECONDS = 0.3  # many microphones begin with a click

# Levels in dB below full scale (dBFS), where a square wave at full scale has 0. They are rules of thumb and were not
# measured: speech at arm's length is taken to be at -40 to -20 dBFS, and a quiet room at -75 to -50 dBFS.
SILENT_DBFS = -80.0  # a microphone that works is never more silent, because its own noise is louder
NOISY_DBFS = -35.0
SOFT_SPEECH_DBFS = -48.0
LARGEST_OFFSET = 0.03  # of full scale
LARGEST_CLIPPED_SHARE = 0.001
_CLIPPED = 32_700  # of 32,767


@dataclass(frozen=True)
class Heard:
    """What a recording measures."""

    device: str
    seconds: float
    floor_dbfs: float  # a tenth of the chunks of 30 ms are as quiet
    loud_dbfs: float  # a tenth of the chunks are as loud
    offset: float  # the mean, as a share of full scale
    clipped_share: float
    constant: bool  # all samples are the same
    overruns: int = 0
    speech_wanted: bool = False  # the user was asked to speak
    words: str | None = None  # what the speech model heard; None: it was not asked


def measure(
    device: str, samples: Samples, *, overruns: int = 0, speech_wanted: bool = False, words: str | None = None
) -> Heard:
    """Measures a recording at 16,000 Hz. The offset is taken out of the levels."""
    seconds = SPEECH_FORMAT.seconds_of(len(samples))
    size = SPEECH_FORMAT.samples_in(CHUNK_SECONDS)
    sound = samples[: len(samples) // size * size].astype(np.float64) / 32_768
    if not len(sound):
        return Heard(device, seconds, -120.0, -120.0, 0.0, 0.0, True, overruns, speech_wanted, words)
    offset = float(sound.mean())
    levels = 20 * np.log10(np.sqrt(np.mean((sound - offset).reshape(-1, size) ** 2, axis=1)) + 1e-6)
    return Heard(
        device,
        seconds,
        floor_dbfs=float(np.percentile(levels, 10)),
        loud_dbfs=float(np.percentile(levels, 90)),
        offset=offset,
        clipped_share=float(np.mean(np.abs(samples.astype(np.int32)) >= _CLIPPED)),
        constant=bool(np.all(samples == samples[0])),
        overruns=overruns,
        speech_wanted=speech_wanted,
        words=words,
    )


def judge_heard(heard: Heard) -> list[Finding]:
    """Of several faults the first one that explains the others is told first."""
    name = repr(heard.device)
    figures = {
        "floor_dbfs": round(heard.floor_dbfs, 1),
        "loud_dbfs": round(heard.loud_dbfs, 1),
        "offset": round(heard.offset, 4),
        "clipped_share": round(heard.clipped_share, 5),
        "overruns": heard.overruns,
    }
    other = "or name another one in hearing.input_device (`seesay devices`)"
    if heard.seconds == 0:
        return [
            failure(_CHECK, f"{name} opens, but sends no sound", f"unplug it and plug it in, {other}", missing=True)
        ]
    if heard.constant:
        fix = f"switch its mute off, at its cable or with `pactl set-source-mute @DEFAULT_SOURCE@ 0`, {other}"
        return [
            failure(
                _CHECK, f"{name} sends nothing but zeros: it is muted or not connected", fix, missing=True, **figures
            )
        ]
    findings = []
    if abs(heard.offset) > LARGEST_OFFSET:
        findings.append(
            warning(
                _CHECK,
                f"{name} has a DC offset of {abs(heard.offset):.0%} of full scale: its signal does not lie around zero",
                "use another socket or a USB microphone; the sound card gives this microphone the wrong supply",
                **figures,
            )
        )
    if heard.clipped_share > LARGEST_CLIPPED_SHARE:
        findings.append(
            warning(
                _CHECK,
                f"{name} is too loud: {heard.clipped_share:.1%} of the sound is cut off",
                "pactl set-source-volume @DEFAULT_SOURCE@ 50%, or speak from farther away",
                **figures,
            )
        )
    if heard.loud_dbfs < (SOFT_SPEECH_DBFS if heard.speech_wanted else SILENT_DBFS):
        findings.append(
            warning(
                _CHECK,
                f"{name} is too quiet: {heard.loud_dbfs:.0f} dBFS where it is loudest",
                f"pactl set-source-volume @DEFAULT_SOURCE@ 100%, come closer, {other}",
                **figures,
            )
        )
    if heard.floor_dbfs > NOISY_DBFS:
        findings.append(
            warning(
                _CHECK,
                f"{name} hears {heard.floor_dbfs:.0f} dBFS of noise even where it is quietest",
                "find what hums or blows near it; lower its volume; a headset hears less of the room",
                **figures,
            )
        )
    if heard.overruns:
        findings.append(
            warning(
                _CHECK,
                f"{heard.overruns} blocks of {name} were lost in {heard.seconds:.0f} s",
                "end programs that keep the processor busy",
                **figures,
            )
        )
    if heard.words == "":
        findings.append(
            warning(
                _CHECK,
                "the speech model heard no words in what you said",
                "speak English or the language that conversation.language names, closer to the microphone; or `seesay fetch`",
                **figures,
            )
        )
    if findings:
        return findings
    says = f"{name} works: noise at {heard.floor_dbfs:.0f} dBFS, loudest at {heard.loud_dbfs:.0f} dBFS"
    return [replace(ok(_CHECK, says, **figures), heard=heard.words or "")]


def record(device: str, seconds: float, clock: Callable[[], float] = time.monotonic) -> tuple[str, Samples, int]:
    """Records so many seconds at 16,000 Hz: the device's name, the sound, the blocks that were lost.

    Raises AudioError.
    """
    from audio.microphone import Microphone

    with Microphone(device or None) as microphone:
        until = clock() + _SETTLING_SECONDS + seconds
        began = clock() + _SETTLING_SECONDS
        pieces = []
        for chunk in microphone.chunks():
            if chunk.started_at >= began:
                pieces.append(chunk.samples)
            if clock() >= until:
                break
        sound = np.concatenate(pieces) if pieces else np.empty(0, np.int16)
        return microphone.device.name, sound, microphone.overruns


def check_microphone(config: Config) -> list[Finding]:
    return _check(config, spoken=False)


def check_spoken(config: Config) -> list[Finding]:
    """Like `check_microphone`, while the user speaks. What is heard is in the finding."""
    return _check(config, spoken=True)


def _check(config: Config, *, spoken: bool) -> list[Finding]:
    from audio.recognition.transcriber import VoskTranscriber

    device = config.hearing.input_device
    try:
        name, sound, overruns = record(device, _SPOKEN_SECONDS if spoken else _SECONDS)
    except AudioError as problem:
        return [_unusable(problem)]
    words = None
    if spoken and len(sound):
        transcriber = VoskTranscriber(catalog.speech_folder(config))
        transcriber.accept(sound)
        words = transcriber.finish().text
    return judge_heard(measure(name, sound, overruns=overruns, speech_wanted=spoken, words=words))


def _unusable(problem: AudioError) -> Finding:
    says, fix = split_sentence(str(problem))
    return failure(_CHECK, says, fix, missing=True)
