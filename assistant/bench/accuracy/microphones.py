"""Measures what a bad microphone costs: an offset, hum, a level too low or too high.

python -m assistant.bench.accuracy.microphones [--sentences 30] [--model FOLDER] [--json]

Each sentence is said by a synthetic voice that the demo speech model has never heard, with the soft noise of a
microphone behind it. The same sound then goes through Hearing as it is, and as each bad microphone would give it. It
needs espeak-ng, and says nothing about real people.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant import console
from assistant.bench.accuracy.wake_rates import CHUNK, Sound, SoundSource
from assistant.models import catalog
from audio.demo_model import evaluate
from audio.listening.hearing import Hearing, Utterance
from audio.listening.vad import VoiceActivity
from audio.pcm import SPEECH_FORMAT
from audio.recognition.transcriber import VoskTranscriber
from audio.settings import EndpointSettings

FULL_SCALE = 32_768
SILENCE_SECONDS = 1.2  # before and after each sentence
NOISE_RMS = 6.0  # of the microphone at its full level: -75 dB of full scale
Distortion = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def _hum(frequency_hz: float, amplitude: float) -> Distortion:
    def add(sound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        at = np.arange(len(sound)) / SPEECH_FORMAT.sample_rate_hz
        # The mains have odd harmonics, too. A tenth of the third one is usual.
        first = np.sin(2 * np.pi * frequency_hz * at)
        return np.asarray(sound + amplitude * (first + 0.1 * np.sin(6 * np.pi * frequency_hz * at)))

    return add


def _peak(decibels: float) -> Distortion:
    """The loudest sample is at `decibels` of full scale. Above 0 the peaks are cut off."""

    def scale(sound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(sound * (FULL_SCALE * 10 ** (decibels / 20) / np.abs(sound).max()))

    return scale


MICROPHONES: dict[str, Distortion] = {
    "good": lambda sound: sound,
    "offset +3000": lambda sound: sound + 3000,
    "offset -3000": lambda sound: sound - 3000,
    "hum 50 Hz, 1000": _hum(50, 1000),
    "hum 60 Hz, 1000": _hum(60, 1000),
    "peak -36 dB": _peak(-36),
    "peak -48 dB": _peak(-48),
    "peak -1 dB": _peak(-1),
    "peak +6 dB, cut off": _peak(6),
}


@dataclass(frozen=True)
class Row:
    """The figures of one microphone. A sentence is right if it is one utterance with every word right."""

    microphone: str
    sentences: int
    right: int
    unheard: int  # sentences without any utterance


def sounds(count: int) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    """Sentences and their sound at 16,000 Hz, with silence around and a microphone's noise behind them."""
    sets = evaluate.Sets("test", count)
    rng = np.random.default_rng(sets.seed)
    silence = np.zeros(SPEECH_FORMAT.samples_in(SILENCE_SECONDS))
    for said, samples in sets.espeak_items(sets.sentences()):
        sound = np.concatenate([silence, samples.astype(np.float64), silence])
        yield said, sound + rng.normal(0.0, NOISE_RMS, len(sound))


def measure(model: Path, count: int) -> list[Row]:
    """One row for each microphone. Raises SpeechModelError if the model cannot be loaded."""
    transcriber = VoskTranscriber(model)
    clean = list(sounds(count))
    rows = []
    for name, distort in MICROPHONES.items():
        heard = _heard(transcriber, [distort(sound) for _, sound in clean])
        right = sum(texts == [said] for texts, (said, _) in zip(heard, clean, strict=True))
        rows.append(Row(name, len(clean), right, sum(not texts for texts in heard)))
    return rows


def _heard(transcriber: VoskTranscriber, said: list[npt.NDArray[np.float64]]) -> list[list[str]]:
    """The texts of the utterances in each of the sounds, which one Hearing hears one after the other."""
    pcm: list[Sound] = [np.clip(np.round(sound), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16) for sound in said]
    source = SoundSource(iter(pcm))
    hearing = Hearing(source, VoiceActivity(), EndpointSettings(), transcriber)
    ends = np.cumsum([len(sound) // CHUNK * CHUNK / SPEECH_FORMAT.sample_rate_hz for sound in pcm])
    texts: list[list[str]] = [[] for _ in said]
    for event in hearing.events():
        if isinstance(event, Utterance):
            texts[int(np.searchsorted(ends, event.ended_at))].append(event.text)
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description="measure what a bad microphone costs")
    parser.add_argument("--sentences", type=int, default=30)
    parser.add_argument("--model", type=Path, default=catalog.demo_speech("en"))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    rows = measure(chosen.model, chosen.sentences)
    if chosen.json:
        console.result(json.dumps([asdict(row) for row in rows], indent=2))
        return
    for row in rows:
        console.result(f"{row.microphone:22} {row.right:3} of {row.sentences} right, {row.unheard} not heard at all")


if __name__ == "__main__":
    main()
