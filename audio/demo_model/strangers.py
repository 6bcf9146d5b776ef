"""Measures a model folder with speakers that it has never met: `python -m audio.demo_model.strangers [FOLDER]`.

These voices are for measuring only, never for training, nor for choosing any figure of the model:

- Festival's diphone and HTS voices (packages festival, festvox-kallpc16k, festvox-kdlpc16k, festvox-us-slt-hts). The
  speaker of "kal" also lent flite's kal16, which the model was trained on, so his figure flatters.
- Speakers of Kokoro that were kept out of training (only where its packages are installed).
- Clips of people, one by one: those of the package alsa-utils, and every `NAME.wav` beside a `NAME.txt` in a folder
  of your own.

Each voice says sentences of the held-out templates, whose words the model knows, and those of `phrases.natural`: the
first forty, and the sixty that were written by somebody who knew nothing of the model ("blind"). They are heard in silence, in a room (RT60 0.3 s, noise 15 dB below the speech), and through a
microphone of 8 kHz. A sentence counts as right if every word is right.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.evaluate import MODEL_FOLDER, Ear, Item, Score, with_noise
from audio.demo_model.sounds import noise, waves
from audio.demo_model.synthesis.speech import Samples, Speech
from audio.demo_model.synthesis.voices import HELD_OUT_KOKORO_VOICES
from audio.demo_model.words import corpus

FESTIVAL_VOICES = ("ked_diphone", "cmu_us_slt_arctic_hts", "kal_diphone")
ALSA_FOLDER = Path("/usr/share/sounds/alsa")
ALSA_CLIPS = (
    "Front_Center",
    "Front_Left",
    "Front_Right",
    "Rear_Center",
    "Rear_Left",
    "Rear_Right",
    "Side_Left",
    "Side_Right",
)
SEED = 303  # no other set is drawn with it
ROOM_RT60_S, ROOM_ECHO, ROOM_SNR_DB = 0.3, 0.7, 15.0
NARROW_HZ = 3800  # what a microphone of 8 kHz leaves
Say = Callable[[str], tuple[Samples, int]]


def read_wav(path: Path) -> tuple[Samples, int]:
    """The first channel of a 16-bit WAV file at int16 scale, and its rate in Hz. Raises ValueError for other widths."""
    with wave.open(str(path)) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bits a sample, and only 16 can be read")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return samples[:, 0].astype(np.float32), file.getframerate()


def festival(voice: str, folder: Path) -> Say:
    """A function that speaks in one of Festival's voices. It writes into `folder`."""

    def say(text: str) -> tuple[Samples, int]:
        path = folder / "said.wav"
        command = ["text2wave", "-eval", f"(voice_{voice})", "-o", str(path)]
        subprocess.run(command, input=text, text=True, check=True, capture_output=True)
        return read_wav(path)

    return say


def voices(folder: Path) -> Iterator[tuple[str, Say]]:
    """The strangers that are installed on this machine."""
    if shutil.which("text2wave"):
        known = subprocess.run(
            ["festival", "-b", "(print (voice.list))"], capture_output=True, text=True, check=True
        ).stdout
        for voice in FESTIVAL_VOICES:
            if voice in known:
                yield f"festival {voice}", festival(voice, folder)
    for name in HELD_OUT_KOKORO_VOICES:
        try:
            from audio.demo_model.synthesis.neural import Kokoro

            yield f"kokoro {name}", Kokoro(random.Random(SEED), (name,), is_mixed=False).speak
        except ImportError:
            return


def in_room(items: list[Item], seed: int) -> list[Item]:
    """The items in a room with steady noise."""
    rng = np.random.default_rng(seed)
    echoed = [
        (said, waves.filtered(samples, waves.room_response(ROOM_RT60_S, ROOM_ECHO, rng))) for said, samples in items
    ]
    return with_noise(echoed, noise.shaped, ROOM_SNR_DB, seed)


def narrow(items: list[Item]) -> list[Item]:
    """The items as a microphone with a rate of 8 kHz hears them."""
    return [(said, waves.band_limited(samples, -100, NARROW_HZ)) for said, samples in items]


def spoken(say: Say, sentences: list[str]) -> list[Item]:
    items = []
    for said in sentences:
        samples, rate_hz = say(said)
        items.append((said, waves.place(Speech(samples, rate_hz, ()), None).samples))
    return items


def clips(folder: Path | None) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
    """Recordings of people: name, words, 16 kHz samples."""
    found = [(ALSA_FOLDER / f"{name}.wav", name.replace("_", " ").lower()) for name in ALSA_CLIPS]
    if folder is not None:
        found += [(path, path.with_suffix(".txt").read_text().strip()) for path in sorted(folder.glob("*.wav"))]
    for path, said in found:
        if path.exists():
            samples, rate_hz = read_wav(path)
            yield path.stem, said, waves.place(Speech(samples, rate_hz, ()), None).samples


def summed(name: str, scores: list[Score]) -> Score:
    """Several scores as one."""
    return Score(
        name,
        sum(score.sentences for score in scores),
        sum(score.right for score in scores),
        sum(score.words for score in scores),
        sum(score.word_errors for score in scores),
        tuple(mistake for score in scores for mistake in score.mistakes),
    )


def known_only(sentences: list[str], folder: Path) -> list[str]:
    """The sentences whose words are all in the model's list."""
    known = {line.split()[0] for line in (folder / "graph" / "words.txt").read_text().splitlines()}
    return [text for text in sentences if set(text.split()) <= known]


def report(
    ear: Ear, folder: Path, count: int, natural: int, clip_folder: Path | None, only: str
) -> Iterator[Score | str]:
    """The figures of every voice whose name begins with `only`, then those of all of them together, then the clips."""
    pool = known_only(corpus.held_out_sentences(12 * count, random.Random(SEED)), folder)[:count]
    sums: dict[str, list[Score]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, say) in enumerate(voices(Path(scratch))):
            if not name.startswith(only):
                continue
            clean, free = spoken(say, pool), spoken(say, corpus.NATURAL[:natural])
            blind = spoken(say, corpus.NATURAL_BLIND[:natural])
            sets = {
                "silence": clean, "room": in_room(clean, SEED + number), "8 kHz": narrow(clean),
                "natural, silence": free, "natural, room": in_room(free, SEED + 50 + number),
                "blind, silence": blind, "blind, room": in_room(blind, SEED + 100 + number),
            }  # fmt: skip
            for place, items in sets.items():
                score = ear.score(f"{name}, {place}", items)
                sums.setdefault(place, []).append(score)
                yield score
    for place, scores in sums.items():
        yield summed(f"all strangers, {place}", scores)
    for name, said, samples in clips(clip_folder):
        yield f"clip {name}: {said!r} → {ear.hear(samples)!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the small Vosk model with voices that it has never heard")
    parser.add_argument("folder", type=Path, nargs="?", default=MODEL_FOLDER)
    parser.add_argument("--count", type=int, default=50, help="held-out sentences for each voice")
    parser.add_argument("--natural", type=int, default=60, help="natural sentences of each kind for each voice")
    parser.add_argument("--only", default="", help='voices whose name begins like this, as "festival"')
    parser.add_argument("--clips", type=Path, help="a folder of more recordings: NAME.wav with its words in NAME.txt")
    parser.add_argument("--mistakes", type=int, default=0, help="print up to this many of each set")
    chosen = parser.parse_args()
    ear = Ear(chosen.folder)
    for line in report(ear, chosen.folder, chosen.count, chosen.natural, chosen.clips, chosen.only):
        print(line, flush=True)
        for said, heard in line.mistakes[: chosen.mistakes] if isinstance(line, Score) else ():
            print(f"    {said!r} → {heard!r}")


if __name__ == "__main__":
    main()
