"""Voices that the speech model has never heard, and rooms around them, for the figures about wake and stop words.

The voices for choosing are espeak-ng variants of the development set and flite's held-out speaker. The strangers are
Festival's and are for measuring only: no rule and no number may be chosen on them. It knows no recogniser.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.demo_model import strangers
from audio.demo_model.sounds import noise, waves
from audio.demo_model.sounds.features import RATE_HZ
from audio.demo_model.synthesis import flite, voices
from audio.demo_model.synthesis.espeak import Espeak
from audio.demo_model.synthesis.speech import Samples, Speech

RT60_S = (0.3, 0.6)
ECHO = 0.7  # the amplitude of all echoes, where the direct sound has 1
SNR_DB = 15.0
QUIET_BEFORE_S, QUIET_AFTER_S = 1.5, 1.2  # a room's noise is there before anybody speaks, and afterwards
_DEVELOPMENT_ACCENTS = ("gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-US", "gmw/en-GB-scotland")


@dataclass(frozen=True)
class Speaker:
    """One voice. `say` gives its words as samples at any scale, and their rate in Hz."""

    name: str
    say: strangers.Say


def speakers(which: str, espeak: Espeak, folder: Path | None = None) -> list[Speaker]:
    """The voices for choosing ("dev") or for measuring only ("strangers"). They write into `folder`.

    Raises ValueError where no stranger is installed.
    """
    folder = folder or Path(tempfile.mkdtemp(prefix="seesay-voices-"))
    if which == "dev":
        named = zip(_DEVELOPMENT_ACCENTS, voices.DEVELOPMENT_VARIANTS, strict=True)
        return [
            *(_espeak(espeak, f"{accent}+{variant}", 130 + 18 * n) for n, (accent, variant) in enumerate(named)),
            Speaker(f"flite {voices.HELD_OUT_FLITE_VOICE}", _flite(folder)),
        ]
    found = [Speaker(name, say) for name, say in strangers.voices(folder) if name.startswith("festival")]
    if not found:
        raise ValueError("no strangers: install festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts")
    return found


def _espeak(espeak: Espeak, voice: str, words_per_minute: int) -> Speaker:
    def say(text: str) -> tuple[Samples, int]:
        return espeak.speak(text, voice, words_per_minute).samples, espeak.rate_hz

    return Speaker(voice, say)


def _flite(folder: Path) -> strangers.Say:
    def say(text: str) -> tuple[Samples, int]:
        speech = flite.speak(text, voices.HELD_OUT_FLITE_VOICE, folder / "flite.wav")
        return speech.samples, speech.rate_hz

    return say


def spoken(speaker: Speaker, text: str) -> Samples:
    """The text at 16 kHz and an ordinary loudness, with the silence of a room before and after it."""
    samples, rate_hz = speaker.say(text)
    return waves.place(Speech(samples, rate_hz, ()), None, QUIET_BEFORE_S, QUIET_AFTER_S).samples


def in_room(samples: Samples, rng: np.random.Generator, snr_db: float = SNR_DB) -> Samples:
    """The samples in a room of its own, with steady noise `snr_db` below the speech from the beginning to the end."""
    echoed = waves.filtered(samples, waves.room_response(rng.uniform(*RT60_S), ECHO, rng))
    loud = echoed[np.abs(echoed) > 0.01 * np.abs(echoed).max()].astype(np.float64)
    level = np.sqrt((loud**2).mean()) * 10 ** (-snr_db / 20)
    return np.asarray(echoed + level * noise.shaped(len(echoed), rng), np.float32)


def reading(
    speaker: Speaker, texts: list[str], seconds: float, rng: np.random.Generator, room: bool
) -> Iterator[Samples]:
    """Somebody who reads for `seconds`: eight phrases in a breath, in one room after the other."""
    while seconds > 0:
        text = ", ".join(texts[place] for place in rng.integers(0, len(texts), 8)) + "."
        samples, rate_hz = speaker.say(text)
        sound = waves.place(Speech(samples, rate_hz, ()), None, 0.2, float(rng.uniform(0.2, 1.0))).samples
        seconds -= len(sound) / RATE_HZ
        yield in_room(sound, rng) if room else sound
