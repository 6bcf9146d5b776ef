"""Makes the training data: sentences in many synthetic voices, as log-mel features with a phone label for each frame.

`python -m audio.demo_model.dataset WORK espeak 0 22000`, the same with another seed, `… WORK flite 7 9000` and
`… WORK noise 4` write `WORK/<kind>-<seed>.npz`. It knows voices, text and features, but not the network.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.demo_model import corpus, features, flite, noise, plain_text, variants, voices, waves
from audio.demo_model.espeak import Espeak
from audio.demo_model.speech import Speech

TEMPLATE_SHARE, RANDOM_WORDS_SHARE = 0.6, 0.16  # the rest is general English
BANK_SECONDS = 20
PLAIN_WEIGHT = 10  # most installations speak without a variant, so "none" is drawn as often as this many variants


@dataclass
class Part:
    """The utterances of one file. Labels are indices into `names`."""

    names: list[str] = field(default_factory=list)
    frames: list[NDArray[np.float16]] = field(default_factory=list)
    labels: list[NDArray[np.uint8]] = field(default_factory=list)
    pronounced: collections.Counter[tuple[str, str, str]] = field(default_factory=collections.Counter)

    def add(self, placed: waves.Placed) -> None:
        mels = features.fbank(placed.samples)
        for _, name in placed.phones:
            if name not in self.names:
                self.names.append(name)
        starts = np.array([start for start, _ in placed.phones])
        ids = np.array([self.names.index(name) for _, name in placed.phones], np.uint8)
        centres = np.arange(len(mels)) * features.FRAME_SHIFT + features.FRAME_CENTRE
        self.frames.append(mels.astype(np.float16))
        self.labels.append(ids[np.clip(np.searchsorted(starts, centres, side="right") - 1, 0, len(ids) - 1)])

    def save(self, path: Path) -> None:
        lengths = np.array([len(frame) for frame in self.frames])
        pronounced = [[*key, count] for key, count in self.pronounced.items()]
        np.savez(
            path, names=np.array(self.names), lengths=lengths, frames=np.concatenate(self.frames),
            labels=np.concatenate(self.labels), pronounced=np.array(json.dumps(pronounced)),
        )  # fmt: skip
        print(f"{path.name}: {len(lengths)} utterances, {lengths.sum() / 360_000:.1f} h", flush=True)


def texts(rng: random.Random) -> Iterator[str]:
    """An endless stream of training texts from all three sources, none of them held out."""
    words, general, templated = corpus.vocabulary(), plain_text.phrases(6000), corpus.training_sentences(rng)
    while True:
        draw = rng.random()
        if draw < TEMPLATE_SHARE:
            text = next(templated)
        elif draw < TEMPLATE_SHARE + RANDOM_WORDS_SHARE:
            text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 6)))
        else:
            text = rng.choice(general)
        if not corpus.is_held_out(text):
            yield text


def espeak_variants() -> list[str]:
    """The variants to train with: installed ones (neither held out nor effects), random ones, and often none."""
    out = set(voices.HELD_OUT_VARIANTS) | set(voices.EFFECT_VARIANTS)
    kept = [name for name in variants.installed() if name not in out and not name.startswith(voices.EFFECT_PREFIXES)]
    return kept + variants.random_names() + [""] * PLAIN_WEIGHT


def espeak_speaker(work: Path, rng: random.Random) -> Callable[[str], tuple[str, Speech]]:
    """A function that says a text in a random accent, variant, rate and pitch, and names the accent."""
    espeak = Espeak(variants.data_folder(work))
    accents, weights, names = list(voices.ACCENTS), list(voices.ACCENTS.values()), espeak_variants()

    def say(text: str) -> tuple[str, Speech]:
        accent, variant = rng.choices(accents, weights)[0], rng.choice(names)
        voice = f"{accent}+{variant}" if variant else accent
        gap = 0 if rng.random() < 0.8 else rng.randint(1, 6)
        return accent, espeak.speak(text, voice, rng.randint(105, 225), rng.randint(15, 90), rng.randint(20, 90), gap)

    return say


def flite_speaker(work: Path, rng: random.Random, seed: int) -> Callable[[str], tuple[str, Speech]]:
    scratch = work / f"flite-{seed}.wav"

    def say(text: str) -> tuple[str, Speech]:
        voice = rng.choice(voices.FLITE_VOICES)
        pitch_hz = rng.uniform(80, 240) if voice == "kal16" and rng.random() < 0.5 else None
        return voice, flite.speak(text, voice, scratch, rng.uniform(0.75, 1.3), pitch_hz)

    return say


def speech_part(say: Callable[[str], tuple[str, Speech]], count: int, rng: random.Random, seed: int) -> Part:
    part, shaker, source = Part(), np.random.default_rng(seed), texts(rng)
    began = time.monotonic()
    while len(part.frames) < count:
        accent, speech = say(next(source))
        if len(speech.samples) < 2000:  # the synthesiser had nothing to say
            continue
        part.add(waves.place(speech, shaker))
        for word, said in speech.words:
            part.pronounced[accent, word, " ".join(said)] += 1
        if len(part.frames) % 2000 == 0:
            print(f"{len(part.frames)} utterances, {time.monotonic() - began:.0f} s", flush=True)
    return part


def noise_bank(work: Path, seed: int) -> list[NDArray[np.float16]]:
    """The features of pieces of every kind of noise, including babble of training voices."""
    rng, shaker = random.Random(seed), np.random.default_rng(seed)
    say, general, count = espeak_speaker(work, rng), plain_text.phrases(6000), features.RATE_HZ * BANK_SECONDS

    def talk() -> Iterator[NDArray[np.float32]]:
        while True:
            speech = say(rng.choice(general))[1]
            if len(speech.samples) > 2000:
                yield waves.place(speech, shaker).samples

    stretches = [make(count, shaker) for make, copies in noise.BANK.values() for _ in range(copies)]
    talking = talk()
    stretches += [noise.babble(count, talking, rng.choice([2, 3, 4, 6, 8])) for _ in range(noise.BABBLE_IN_BANK)]
    return [features.fbank((stretch * 1000).astype(np.float32)).astype(np.float16) for stretch in stretches]


def main() -> None:
    parser = argparse.ArgumentParser(description="make training data for the small Vosk model")
    parser.add_argument("work", type=Path)
    parser.add_argument("kind", choices=("espeak", "flite", "noise"))
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    path, rng = chosen.work / f"{chosen.kind}-{chosen.seed}.npz", random.Random(chosen.seed)
    if chosen.kind == "noise":
        np.savez(path, bank=np.stack(noise_bank(chosen.work, chosen.seed)))
        return
    if chosen.kind == "espeak":
        say = espeak_speaker(chosen.work, rng)
    else:
        say = flite_speaker(chosen.work, rng, chosen.seed)
    speech_part(say, chosen.count, rng, chosen.seed).save(path)


if __name__ == "__main__":
    main()
