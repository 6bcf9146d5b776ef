"""Makes the training data: sentences in many synthetic voices, as log-mel features with a phone label for each frame.

`python -m audio.demo_model.dataset WORK espeak 0 22000`, the same with another seed, and the other kinds write
`WORK/<kind>-<seed>.npz`. A process does one of them, so that several cores make several at a time:

- `words`: every word of the vocabulary in every accent of espeak-ng, so that none is without a pronunciation.
- `espeak` and `flite`: sentences, with phones from the synthesiser itself.
- `piper` and `kokoro`: sentences in neural voices, with phones that `alignment` finds. Each sentence is kept in TAKES
  different speeds, rooms and microphones, because these voices are slow and few.
- `noise`: the noise that is added in training.

It knows voices, text and features, but not the network that is being trained.
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

from audio.demo_model.sounds import features, noise, waves
from audio.demo_model.synthesis import flite, neural, variants, voices
from audio.demo_model.synthesis.espeak import Espeak
from audio.demo_model.synthesis.speech import Speech
from audio.demo_model.words import corpus, plain_text

TEMPLATE_SHARE, RANDOM_WORDS_SHARE = 0.6, 0.16  # the rest is general English
BANK_SECONDS = 20
WORDS_AT_ONCE = 4
TAKES = {"piper": 3, "kokoro": 6}
# How many times as long a take of a neural voice may become (and lower by as much). Piper's only voice is a man's:
# a third shorter he has the pitch and the throat of a woman, and as he also speaks slower at times, not her haste.
STRETCH = {"piper": (0.68, 1.15), "kokoro": (0.85, 1.3)}
ALIGNED_AS = "gmw/en-US"  # the voice of espeak-ng that tells a neural voice's phones
MODEL_FOLDER = Path(__file__).parent / "en"
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
        partial = path.with_suffix(".partial.npz")  # a killed process leaves no half of a file behind
        np.savez(
            partial, names=np.array(self.names), lengths=lengths, frames=np.concatenate(self.frames),
            labels=np.concatenate(self.labels), pronounced=np.array(json.dumps(pronounced)),
        )  # fmt: skip
        partial.replace(path)
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


def words_part(work: Path, rng: random.Random, seed: int) -> Part:
    """Every word of the vocabulary once in each accent, a few at a time."""
    part, shaker, espeak, words = (
        Part(),
        np.random.default_rng(seed),
        Espeak(variants.data_folder(work)),
        corpus.vocabulary(),
    )
    for accent in voices.ACCENTS:
        rng.shuffle(words)
        for start in range(0, len(words), WORDS_AT_ONCE):
            text = " ".join(words[start : start + WORDS_AT_ONCE])
            speech = espeak.speak(text, accent, rng.randint(120, 200), rng.randint(30, 70), rng.randint(30, 70))
            pairs = speech.words or tuple(
                pair for word in text.split() for pair in espeak.speak(word, accent).words
            )  # espeak-ng joined two words, so each is said alone
            for word, said in pairs:
                part.pronounced[accent, word, " ".join(said)] += 1
            part.add(waves.place(speech, shaker))
    return part


def neural_part(voice: neural.NeuralVoice, kind: str, count: int, work: Path, rng: random.Random, seed: int) -> Part:
    """Sentences of a neural voice, until there are `count` utterances (each sentence gives several).

    A sentence in which the present model does not find the phones is left out.
    """
    from audio.demo_model.training.alignment import Aligner  # it needs torch

    part, shaker, source = Part(), np.random.default_rng(seed), texts(rng)
    espeak, aligner = Espeak(variants.data_folder(work)), Aligner(MODEL_FOLDER)
    began, left_out = time.monotonic(), 0
    while len(part.frames) < count:
        text = next(source)
        samples, rate_hz = voice.speak(text)
        if len(samples) < 2000:
            continue
        clean = waves.place(Speech(samples, rate_hz, ()), None, 0.15, 0.15)
        said, gaps = espeak.phones_of(text, ALIGNED_AS)
        found = aligner.align(clean.samples, said, gaps) if said else None
        if found is None:
            left_out += 1
            continue
        speech = Speech(clean.samples, features.RATE_HZ, found)
        for _ in range(TAKES[kind]):
            part.add(waves.place(speech, shaker, stretch=STRETCH[kind]))
        if len(part.frames) // TAKES[kind] % 200 == 0:
            print(
                f"{len(part.frames)} utterances, {left_out} sentences left out, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    print(f"{left_out} sentences left out, {time.monotonic() - began:.0f} s", flush=True)
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
    parser.add_argument("kind", choices=("words", "espeak", "flite", "piper", "kokoro", "noise"))
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="utterances")
    chosen = parser.parse_args()
    work, kind, seed, count = chosen.work, chosen.kind, chosen.seed, chosen.count
    work.mkdir(parents=True, exist_ok=True)
    path, rng = work / f"{kind}-{seed}.npz", random.Random(seed)
    if kind == "noise":
        np.savez(path, bank=np.stack(noise_bank(work, seed)))
    elif kind == "words":
        words_part(work, rng, seed).save(path)
    elif kind == "espeak":
        speech_part(espeak_speaker(work, rng), count, rng, seed).save(path)
    elif kind == "flite":
        speech_part(flite_speaker(work, rng, seed), count, rng, seed).save(path)
    else:
        voice = neural.Piper(rng) if kind == "piper" else neural.Kokoro(rng)
        neural_part(voice, kind, count, work, rng, seed).save(path)


if __name__ == "__main__":
    main()
