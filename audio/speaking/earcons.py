"""Earcons, which are short cues that are not speech: listening, thinking, waiting, error,
camera, and the notes of the light meter.

They are computed, not read from files. It does not know when a cue is played: the conversation decides that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audio.pcm import AudioChunk

_FADE_SECONDS = 0.012  # a shorter fade would click


@dataclass(frozen=True, eq=False)
class Earcon(AudioChunk):
    """A cue and the pitches that it is made of.

    `audio.listening.own_cue` needs the pitches to take the cue out of the microphone's sound.
    """

    pitches_hz: tuple[float, ...] = ()


def listening(rate_hz: int) -> Earcon:
    """Two rising notes: the user may speak."""
    return _melody([(659.3, 0.08), (880.0, 0.12)], 0.25, rate_hz)


def thinking(rate_hz: int) -> Earcon:
    """One soft low note: the question was heard."""
    return _melody([(392.0, 0.1)], 0.1, rate_hz)


def waiting(rate_hz: int) -> Earcon:
    """A tick, lower and softer than `thinking`: the answer is still on its way. It is repeated every few seconds."""
    return _melody([(329.6, 0.07)], 0.065, rate_hz)


def error(rate_hz: int) -> Earcon:
    """Two falling notes: something did not work."""
    return _melody([(440.0, 0.1), (293.7, 0.14)], 0.28, rate_hz)


def camera(rate_hz: int) -> Earcon:
    """Two short high notes with a lower one between them: somebody else looks through the camera."""
    return _melody([(1046.5, 0.06), (784.0, 0.06), (1046.5, 0.06)], 0.2, rate_hz)


def brightness(pitch_hz: float, pitch_before_hz: float, rate_hz: int) -> Earcon:
    """A short note of the light meter. It names the note before it as well, whose echo may still be heard."""
    note = _melody([(pitch_hz, 0.12)], 0.12, rate_hz)
    return replace(note, pitches_hz=tuple(dict.fromkeys((pitch_hz, pitch_before_hz))))


def _melody(notes: list[tuple[float, float]], peak: float, rate_hz: int) -> Earcon:
    """`notes` are (pitch in Hz, seconds); `peak` is a fraction of full scale."""
    wave = np.concatenate([_note(pitch_hz, seconds, rate_hz) for pitch_hz, seconds in notes])
    samples = np.round(wave * peak * 32767).astype(np.int16)
    return Earcon(samples, rate_hz, pitches_hz=tuple(pitch_hz for pitch_hz, _ in notes))


def _note(pitch_hz: float, seconds: float, rate_hz: int) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    fade = np.minimum(1.0, np.minimum(time, time[-1] - time) / _FADE_SECONDS)
    # The second harmonic keeps the note audible on a loudspeaker with no bass; 1.25 keeps
    # the sum within ±1.
    tone = np.sin(2 * np.pi * pitch_hz * time) + 0.25 * np.sin(4 * np.pi * pitch_hz * time)
    shaped: npt.NDArray[np.float64] = tone / 1.25 * np.sin(fade * np.pi / 2) ** 2
    return shaped
