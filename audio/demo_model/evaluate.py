"""Measures a model folder through the unmodified vosk package.

python -m audio.demo_model.evaluate [FOLDER] [--set dev|test]

It knows sentences, voices and noise. It does not know how the model was made, and does not use torch. Every figure of
MODEL_CARD.md comes from here. A sentence counts as right if every word is right.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.sounds import noise, waves
from audio.demo_model.sounds.features import RATE_HZ
from audio.demo_model.synthesis import flite, voices
from audio.demo_model.synthesis.espeak import Espeak
from audio.demo_model.words import corpus, phrases, plain_text

MODEL_FOLDER = Path(__file__).parent / "en"
BLOCK = 1600  # samples given to Vosk at a time
NOISE_KINDS: dict[str, Callable[[int, np.random.Generator], noise.Noise]] = {
    "white": noise.white, "pink": noise.pink, "steady": noise.shaped, "hum": noise.hum, "swelling": noise.modulated,
}  # fmt: skip
ORDINARY_VOICES = ("gmw/en-US", "gmw/en", "gmw/en-GB-x-rp")
ORDINARY_RATES = (140, 160, 175, 200, 220)  # words a minute; espeak-ng's own default is 175, pyttsx3's 200
STOP_GRAMMAR = ("stop", "stop talking", "be quiet", "[unk]")
WAKE_GRAMMAR = ("hey camera", "[unk]")
Item = tuple[str, NDArray[np.float32]]  # the text, and its 16 kHz samples at int16 scale


@dataclass(frozen=True)
class Score:
    """The result of one set of sentences."""

    name: str
    sentences: int
    right: int
    words: int
    word_errors: int
    mistakes: tuple[tuple[str, str], ...]  # (what was said, what was heard)

    def __str__(self) -> str:
        share, rate = 100 * self.right / self.sentences, 100 * self.word_errors / max(1, self.words)
        return f"{self.name:32} {share:5.1f} % of {self.sentences:4} sentences right, word errors {rate:5.2f} %"


def distance(said: list[str], heard: list[str]) -> int:
    """How many words must be changed, added or dropped to get from one to the other."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for at, other in enumerate(heard, 1):
            diagonal, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, diagonal + (word != other))
    return row[-1]


class Ear:
    """Hears samples with a Vosk model."""

    def __init__(self, folder: Path) -> None:
        import vosk  # before torch, or in a process without it

        vosk.SetLogLevel(-1)
        self._vosk: Any = vosk
        began = time.perf_counter()
        self._model = vosk.Model(model_path=str(folder))
        self.load_s = time.perf_counter() - began
        self.heard_s = self.spent_s = 0.0

    def hear(self, samples: NDArray[np.float32], grammar: tuple[str, ...] = ()) -> str:
        arguments = (json.dumps(grammar),) if grammar else ()
        recognizer = self._vosk.KaldiRecognizer(self._model, RATE_HZ, *arguments)
        pcm, texts = np.clip(samples, -32768, 32767).astype("<i2"), []
        began = time.perf_counter()
        for start in range(0, len(pcm), BLOCK):
            if recognizer.AcceptWaveform(pcm[start : start + BLOCK].tobytes()):
                texts.append(json.loads(recognizer.Result())["text"])
        texts.append(json.loads(recognizer.FinalResult())["text"])
        self.spent_s += time.perf_counter() - began
        self.heard_s += len(pcm) / RATE_HZ
        return " ".join(text for text in texts if text)

    def score(self, name: str, items: list[Item]) -> Score:
        pairs = [(said, self.hear(samples)) for said, samples in items]
        errors = sum(distance(said.split(), heard.split()) for said, heard in pairs)
        mistakes = tuple((said, heard) for said, heard in pairs if said != heard)
        words = sum(len(said.split()) for said, _ in pairs)
        return Score(name, len(pairs), len(pairs) - len(mistakes), words, errors, mistakes)


def with_noise(
    items: list[Item], kind: Callable[[int, np.random.Generator], noise.Noise], snr_db: float, seed: int
) -> list[Item]:
    """The items with noise `snr_db` below the mean power of the speech, which is measured where there is speech."""
    rng, noisy = np.random.default_rng(seed), []
    for said, samples in items:
        loud = samples[np.abs(samples) > 0.01 * np.abs(samples).max()].astype(np.float64)
        level = np.sqrt((loud**2).mean()) * 10 ** (-snr_db / 20)
        noisy.append((said, samples + (level * kind(len(samples), rng)).astype(np.float32)))
    return noisy


class Sets:
    """Speaks the sentences of a set in its voices. `dev` and `test` share neither sentences nor voices."""

    def __init__(self, name: str, count: int) -> None:
        self.development = name == "dev"
        self.seed = 202 if self.development else 101
        self.count = count
        self.espeak = Espeak()
        self.variants = voices.DEVELOPMENT_VARIANTS if self.development else voices.TEST_VARIANTS

    def sentences(self, seed_offset: int = 0) -> list[str]:
        return corpus.held_out_sentences(self.count, random.Random(self.seed + seed_offset), self.development)

    def espeak_items(self, sentences: list[str]) -> list[Item]:
        rng, accents, weights = random.Random(self.seed), list(voices.ACCENTS), list(voices.ACCENTS.values())
        items = []
        for said in sentences:
            voice = f"{rng.choices(accents, weights)[0]}+{rng.choice(self.variants)}"
            speech = self.espeak.speak(said, voice, rng.randint(110, 200), rng.randint(25, 75), rng.randint(30, 70))
            items.append((said, waves.place(speech, None).samples))
        return items

    def flite_items(self, sentences: list[str], voice: str) -> list[Item]:
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder) / "said.wav"
            return [(said, waves.place(flite.speak(said, voice, scratch), None).samples) for said in sentences]

    def demo_items(self, voice: str, words_per_minute: int) -> list[Item]:
        questions = corpus.alternatives(phrases.DEMO_QUESTIONS)
        return [
            (said, waves.place(self.espeak.speak(said, voice, words_per_minute), None).samples) for said in questions
        ]

    def babble(self, talkers: int) -> Callable[[int, np.random.Generator], noise.Noise]:
        """Babble of several test voices that speak general English."""
        rng, general = random.Random(self.seed), plain_text.phrases(6000)

        def talk() -> Iterator[NDArray[np.float32]]:
            while True:
                voice = f"gmw/en-US+{rng.choice(self.variants)}"
                speech = self.espeak.speak(rng.choice(general), voice, rng.randint(130, 190))
                yield waves.place(speech, None, 0.05, 0.05).samples

        talking = talk()
        return lambda count, _: noise.babble(count, talking, talkers)


def held_out_scores(ear: Ear, sets: Sets) -> Iterator[Score]:
    """Scores of held-out sentences in held-out voices: clean, and 10 dB above each kind of noise."""
    sentences = sets.sentences()
    clean = sets.espeak_items(sentences)
    yield ear.score("espeak-ng, clean", clean)
    noisy = [
        ear.score(f"espeak-ng, {name} 10 dB", with_noise(clean, kind, 10, sets.seed + index))
        for index, (name, kind) in enumerate(NOISE_KINDS.items())
    ]
    yield from noisy
    yield _sum("espeak-ng, 10 dB, all of these", noisy)
    yield ear.score("espeak-ng, babble of four 10 dB", with_noise(clean, sets.babble(4), 10, sets.seed))
    other = sets.flite_items(sentences, voices.HELD_OUT_FLITE_VOICE)
    yield ear.score(f"flite {voices.HELD_OUT_FLITE_VOICE}, clean", other)
    yield ear.score(f"flite {voices.HELD_OUT_FLITE_VOICE}, pink 10 dB", with_noise(other, noise.pink, 10, sets.seed))


def _sum(name: str, scores: list[Score]) -> Score:
    sentences, right = sum(score.sentences for score in scores), sum(score.right for score in scores)
    words, errors = sum(score.words for score in scores), sum(score.word_errors for score in scores)
    return Score(name, sentences, right, words, errors, ())


def demo_scores(ear: Ear, sets: Sets) -> Iterator[Score]:
    """Scores of the demo's questions and the commands, in the voices that are the default and in held-out ones."""
    for voice in ORDINARY_VOICES:
        for rate in ORDINARY_RATES:
            yield ear.score(f"demo, {voice} {rate}", sets.demo_items(voice, rate))
    for voice in voices.HELD_OUT_VOICES:
        yield ear.score(f"demo, {voice} 165", sets.demo_items(voice, 165))


def grammar_report(ear: Ear, sets: Sets) -> Iterator[str]:
    """Reports how a small run-time grammar finds commands and gives `[unk]` for everything else."""
    commands = [said for said in STOP_GRAMMAR if said != "[unk]"]
    items = sets.espeak_items(commands * 40)
    found = sum(ear.hear(samples, STOP_GRAMMAR) == said for said, samples in items)
    yield f"grammar {STOP_GRAMMAR}: {found} of {len(items)} commands"
    others = sets.espeak_items([said for said in sets.sentences() if "stop" not in said and "quiet" not in said])
    wrong = [
        (said, got) for said, samples in others if (got := ear.hear(samples, STOP_GRAMMAR)).replace("[unk]", "").strip()
    ]
    yield f"grammar, other sentences taken for a command: {len(wrong)} of {len(others)} {wrong[:5]}"
    woken = sets.espeak_items(["hey camera"] * 60)
    found = sum("hey camera" in ear.hear(samples, WAKE_GRAMMAR) for _, samples in woken)
    plain = [item for item in others if "camera" not in item[0]]
    wrong = [(said, got) for said, samples in plain if "hey camera" in (got := ear.hear(samples, WAKE_GRAMMAR))]
    yield f"wake words: {found} of {len(woken)} heard; {len(wrong)} of {len(plain)} other sentences woke it {wrong[:5]}"


def noise_report(ear: Ear, sets: Sets, seconds: int = 60) -> Iterator[str]:
    """Reports the words heard in a minute in which nobody speaks to it, at two loudnesses."""
    kinds = NOISE_KINDS | {"silence": lambda n, _: np.zeros(n), "clicks": noise.clicks, "tones": noise.tones}
    kinds |= {"babble of four": sets.babble(4), "one talker, other text": sets.babble(1)}
    for name, kind in kinds.items():
        counts = []
        for rms in (300.0, 2000.0):
            heard = ear.hear((rms * kind(RATE_HZ * seconds, np.random.default_rng(7))).astype(np.float32)).split()
            counts.append(f"{len(heard)} ({heard.count('[unk]')} [unk])")
        yield f"words a minute in {name:24} quiet {counts[0]}, loud {counts[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the small Vosk model")
    parser.add_argument("folder", type=Path, nargs="?", default=MODEL_FOLDER)
    parser.add_argument("--set", choices=("dev", "test"), default="test")
    parser.add_argument("--count", type=int, default=400, help="held-out sentences")
    parser.add_argument("--only", choices=("held-out", "demo", "grammar", "noise"), help="one group of figures")
    parser.add_argument("--mistakes", type=int, default=0, help="print up to this many of each set")
    chosen = parser.parse_args()
    ear, sets = Ear(chosen.folder), Sets(chosen.set, chosen.count)
    groups: dict[str, Callable[[Ear, Sets], Iterator[Score] | Iterator[str]]] = {
        "held-out": held_out_scores, "demo": demo_scores, "grammar": grammar_report, "noise": noise_report,
    }  # fmt: skip
    for name, report in groups.items():
        if chosen.only in (None, name):
            for line in report(ear, sets):
                print(line, flush=True)
                for said, heard in line.mistakes[: chosen.mistakes] if isinstance(line, Score) else ():
                    print(f"    {said!r} → {heard!r}")
    print(f"loaded in {ear.load_s:.2f} s; real-time factor {ear.spent_s / ear.heard_s:.3f}")


if __name__ == "__main__":
    main()
