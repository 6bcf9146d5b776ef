"""Measures whether the recogniser's certainty tells right sentences from wrong ones, for any Vosk model.

    python -m assistant.bench.accuracy.confidence [FOLDER]                  voices for development: choose with these
    python -m assistant.bench.accuracy.confidence [FOLDER] --voices strangers   voices for measuring only
    python -m assistant.bench.accuracy.confidence [FOLDER] --ghosts 30      minutes of sound in which nobody speaks

Each sentence is spoken, heard, and right if every word is. For every measure of certainty it prints the AUC, which is
the chance that a right sentence has a higher value than a wrong one, and how many of the wrong ones lie below the value
that 5 % of the right ones do not reach. Then it prints the operating points in force, and the sum that fits best, for
`audio.recognition.certainty`. The ghosts go through the voice detector and Hearing as in `seesay run`.

It needs espeak-ng and flite; the strangers need Festival. It says nothing about real voices in real rooms.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import console
from assistant.bench.accuracy.wake_rates import SoundSource
from assistant.language.command_parser import asks_nothing, parse_command
from assistant.language.phrases import phrases_for
from audio.demo_model import evaluate, strangers
from audio.demo_model.sounds import noise
from audio.demo_model.words import corpus, plain_text
from audio.listening.hearing import Hearing, SpeechRejected, Utterance
from audio.listening.vad import VoiceActivity
from audio.recognition.certainty import FASTER, UNDERSTOOD_CONFIDENCE, Faster, TwiceHeard, agreement, certainty
from audio.recognition.grammar import UNKNOWN, parse_words
from audio.recognition.transcriber import Transcript, VoskTranscriber, load_recognizer
from audio.settings import MIN_COMMAND_CONFIDENCE, MIN_CONFIDENCE, NOISE_CONFIDENCE, EndpointSettings

RATE_HZ = 16_000
BLOCK = 480
SEED = 5
NOISE_DB = 8.0  # below the speech
LOST_SHARE = 0.05  # of the right sentences, at the operating point
# This limit of Vosk's own mean confidence loses that share of the voices for choosing, with the embedded model: it would
# be in force if each utterance were heard once.
LEAST_HEARD_ONCE = 0.94
Sound = NDArray[np.int16]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """A sentence that was heard, and every measure of how sure that is. A higher value is surer."""

    place: str  # the set that it belongs to
    said: str
    text: str
    measures: dict[str, float]

    @property
    def is_right(self) -> bool:
        return self.text == self.said


class Ear:
    """Hears a sound in all ways that the measures need."""

    def __init__(self, folder: Path) -> None:
        self._once = load_recognizer(folder)
        self._best = load_recognizer(folder)
        self._best.SetMaxAlternatives(10)
        self._unknown = load_recognizer(folder, [])
        self._unknown.SetMaxAlternatives(1)
        self._faster = load_recognizer(folder)
        for recognizer in (self._once, self._faster):
            recognizer.SetWords(True)

    def hear(self, place: str, said: str, sound: Sound) -> Heard | None:
        """None if no word was heard, which nobody can take for an answer."""
        words = [word for word in parse_words(decoded(self._once, sound)) if word.text != UNKNOWN]
        if not words:
            return None
        again = " ".join(
            word.text for word in parse_words(decoded(self._faster, Faster(FASTER).push(sound))) if word.text != UNKNOWN
        )
        confidences = [word.confidence for word in words]
        heard = Transcript(" ".join(word.text for word in words), sum(confidences) / len(words))
        ranked = [json.loads(piece).get("alternatives", []) for piece in decoded(self._best, sound)]
        garbage = [json.loads(piece).get("alternatives", []) for piece in decoded(self._unknown, sound)]
        seconds = words[-1].ended_s - words[0].started_s
        return Heard(
            place,
            said,
            heard.text,
            {
                "mean confidence": heard.confidence,
                "least confidence": min(confidences),
                "product of confidences": float(np.prod(confidences)),
                "margin to the next alternative": min(map(_margin, ranked), default=0.0),
                "lead over garbage, a second": (_score(ranked) - _score(garbage)) * RATE_HZ / len(sound),
                "usual pace": -abs(len(words) / max(0.1, seconds) - 2.8),
                "agreement": agreement(heard.text.split(), again.split()),
                "certainty": certainty(heard, again),
            },
        )


def decoded(recognizer: Any, sound: Sound) -> list[str]:
    """The results that Vosk gives for a whole sound, as JSON."""
    pieces = []
    for start in range(0, len(sound), BLOCK):
        if recognizer.AcceptWaveform(sound[start : start + BLOCK].tobytes()) == 1:
            pieces.append(recognizer.Result())
    pieces.append(recognizer.FinalResult())
    recognizer.Reset()
    return pieces


def _margin(alternatives: Sequence[dict[str, Any]]) -> float:
    """How far the best path's score is above that of the next one with other words; 30 if there is none."""
    if not alternatives or not alternatives[0]["text"]:
        return 30.0
    others = [other for other in alternatives[1:] if other["text"] != alternatives[0]["text"]]
    return float(alternatives[0]["confidence"] - others[0]["confidence"]) if others else 30.0


def _score(pieces: Sequence[Sequence[dict[str, Any]]]) -> float:
    return sum(float(alternatives[0]["confidence"]) for alternatives in pieces if alternatives)


# Sounds.


def development(count: int) -> Iterator[tuple[str, str, Sound]]:
    """Sentences of voices that figures may be chosen on. Two of these sets are hardly ever heard rightly."""
    sets = evaluate.Sets("dev", count)
    sentences, english = sets.sentences(), plain_text.phrases(6000)
    random.Random(SEED).shuffle(english)
    clean, other = sets.espeak_items(sentences), sets.flite_items(sentences, "slt")
    commands = [text for text in COMMANDS for _ in range(max(1, count // 20))]
    yield from _items("espeak-ng, silence", clean)
    yield from _items("espeak-ng, room", strangers.in_room(clean, SEED))
    yield from _items("espeak-ng, noise", evaluate.with_noise(clean, noise.shaped, NOISE_DB, SEED))
    yield from _items("flite, silence", other)
    yield from _items("flite, room", strangers.in_room(other, SEED))
    yield from _items("commands, room", strangers.in_room(sets.espeak_items(commands), SEED))
    yield from _items("other English", sets.espeak_items(english[:count]))


COMMANDS = (
    "repeat", "say that again", "slower", "louder", "spell that", "more detail", "look closer", "read the text", "new picture",
    "what has changed", "status", "what time is it", "help", "go back", "next",
)  # fmt: skip


def strange(count: int, folder: Path) -> Iterator[tuple[str, str, Sound]]:
    """Sentences of voices that are for measuring only."""
    pool = strangers.known_only(corpus.held_out_sentences(12 * count, random.Random(strangers.SEED)), folder)[:count]
    natural = corpus.NATURAL[:count]
    with tempfile.TemporaryDirectory() as scratch:
        for name, say in strangers.voices(Path(scratch)):
            clean, free = strangers.spoken(say, pool), strangers.spoken(say, natural)
            yield from _items(f"{name}, silence", clean)
            yield from _items(f"{name}, room", strangers.in_room(clean, strangers.SEED))
            yield from _items(f"{name}, natural", free)
            yield from _items(f"{name}, natural, room", strangers.in_room(free, strangers.SEED))


def _items(place: str, items: Sequence[evaluate.Item]) -> Iterator[tuple[str, str, Sound]]:
    for said, samples in items:
        yield place, said, np.clip(samples, -32768, 32767).astype(np.int16)


# Figures.


def auc(right: Floats, wrong: Floats) -> float:
    """The chance that a right sentence has a higher value than a wrong one; half of it if they are equal."""
    if not len(right) or not len(wrong):
        return float("nan")
    above = np.sign(right[:, None] - wrong[None]) / 2 + 0.5
    return float(above.mean())


def operating_point(right: Floats, wrong: Floats) -> tuple[float, float]:
    """A threshold below which at most `LOST_SHARE` of the right ones lie, and the share of the wrong ones below it."""
    if not len(right) or not len(wrong):
        return float("nan"), float("nan")
    threshold = float(np.sort(right)[int(len(right) * LOST_SHARE)])
    return threshold, float((wrong < threshold).mean())


def report(heard: Sequence[Heard]) -> Iterator[str]:
    right, wrong = [item for item in heard if item.is_right], [item for item in heard if not item.is_right]
    for place in dict.fromkeys(item.place for item in heard):
        here = [item for item in heard if item.place == place]
        yield f"{place:34} {sum(item.is_right for item in here):4} of {len(here):4} right"
    yield f"{'measure':32} {'AUC':>6} {'of the wrong below, at 5 % of the right':>40}"
    for name in heard[0].measures:
        good, bad = _values(right, name), _values(wrong, name)
        threshold, share = operating_point(good, bad)
        yield f"{name:32} {auc(good, bad):6.3f} {share:32.0%} < {threshold:.3f}"
    for name, least in (
        ("reading it back", UNDERSTOOD_CONFIDENCE), ("a question", MIN_CONFIDENCE), ("a command", MIN_COMMAND_CONFIDENCE),
    ):  # fmt: skip
        lost, caught = _values(right, "certainty") < least, _values(wrong, "certainty") < least
        yield f"less than {least} is too little for {name}: {lost.mean():.1%} of the right, {caught.mean():.1%} of the wrong"
    offset, weights = fitted(heard, ("mean confidence", "agreement"))
    yield f"the best sum: {offset:+.2f} {weights[0]:+.2f} times the mean confidence {weights[1]:+.2f} times the agreement"


def _values(heard: Sequence[Heard], name: str) -> Floats:
    return np.array([item.measures[name] for item in heard], np.float64)


def fitted(heard: Sequence[Heard], names: Sequence[str]) -> tuple[float, Floats]:
    """Offset and weights of the logistic regression of being right on these measures, a little ridged."""
    values = np.stack([_values(heard, name) for name in names], 1)
    wanted = np.array([item.is_right for item in heard], np.float64)
    columns = np.column_stack([np.ones(len(values)), values])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):  # Newton's method
        chance = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (wanted - chance) - 0.01 * weights
        curve = (columns * (chance * (1 - chance))[:, None]).T @ columns + 0.01 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return float(weights[0]), weights[1:]


# Ghosts.


def fan(count: int, rng: np.random.Generator) -> noise.Noise:
    """Broad noise, the hum of a motor, and the beat of the blades."""
    time = np.arange(count) / RATE_HZ
    blades = 1 + 0.3 * np.sin(2 * np.pi * 11.0 * time)
    return (noise.pink(count, rng) + 0.7 * noise.hum(count, rng)) * blades


def keyboard(count: int, rng: np.random.Generator) -> noise.Noise:
    """Keys in bursts: each is a knock of 8 ms and a softer one when it comes up."""
    sound, at = 0.01 * rng.standard_normal(count), 0
    while at < count:
        for delay, loudness in ((0, 1.0), (int(RATE_HZ * rng.uniform(0.06, 0.12)), 0.4)):
            length = min(int(RATE_HZ * 0.008), count - at - delay)
            if length > 0:
                fading = np.exp(-np.arange(length) / (RATE_HZ * 0.002))
                sound[at + delay : at + delay + length] += loudness * 4 * fading * rng.standard_normal(length)
        at += int(RATE_HZ * (rng.uniform(0.08, 0.25) if rng.random() < 0.85 else rng.uniform(0.5, 3.0)))
    return sound


def music(count: int, rng: np.random.Generator) -> noise.Noise:
    """Notes of a plucked string with overtones, two a second, and now and then a chord."""
    sound, at = np.zeros(count), 0
    while at < count:
        length = min(int(RATE_HZ * rng.uniform(0.3, 1.2)), count - at)
        time = np.arange(length) / RATE_HZ
        for _ in range(1 if rng.random() < 0.6 else 3):
            pitch = 110.0 * 2 ** (rng.integers(0, 36) / 12)
            for overtone in range(1, 7):
                if pitch * overtone < RATE_HZ / 2:
                    fading = np.exp(-time * (2.0 + overtone))
                    sound[at : at + length] += fading * np.sin(2 * np.pi * pitch * overtone * time) / overtone
        at += int(RATE_HZ * rng.uniform(0.2, 0.7))
    return sound


GHOSTS: dict[str, Callable[[int, np.random.Generator], noise.Noise]] = {
    "fan": fan, "keyboard": keyboard, "music": music, "tones": noise.tones, "clicks": noise.clicks,
    "silence": lambda count, rng: 0.002 * rng.standard_normal(count),
}  # fmt: skip
LOUDNESS = (200.0, 800.0, 3000.0)  # root mean square, of 32,767


@dataclass(frozen=True)
class Ghost:
    """Words that were heard where nobody spoke."""

    sound: str
    text: str
    confidence: float  # Vosk's own
    certainty: float  # 0 where Hearing took the sound for noise all the same


class _Noting:
    """A transcriber that remembers what it heard last."""

    def __init__(self, transcriber: VoskTranscriber) -> None:
        self._transcriber = transcriber
        self.accept, self.reset = transcriber.accept, transcriber.reset
        self._heard = Transcript("", 0.0)

    def finish(self) -> Transcript:
        self._heard = self._transcriber.finish()
        return self._heard

    def taken(self) -> Transcript:
        """What was heard since the last call, without text if nothing was."""
        heard, self._heard = self._heard, Transcript("", 0.0)
        return heard


def ghosts(folder: Path, minutes: float, seed: int = SEED) -> Iterator[Ghost]:
    """What was heard as words. Each kind of sound has its share of the minutes."""
    first = _Noting(VoskTranscriber(folder))
    transcriber = TwiceHeard(first, VoskTranscriber(folder))
    seconds = 60 * minutes / len(GHOSTS) / len(LOUDNESS)
    for name, kind in GHOSTS.items():
        rng = np.random.default_rng(seed)
        sounds = iter([(rms * kind(int(RATE_HZ * seconds), rng)).astype(np.float32) for rms in LOUDNESS])
        source = SoundSource(sounds)
        hearing = Hearing(source, VoiceActivity(2), EndpointSettings(), transcriber, min_confidence=NOISE_CONFIDENCE)
        for event in hearing.events():
            if isinstance(event, (Utterance, SpeechRejected)) and (heard := first.taken()).text:
                yield Ghost(
                    name, heard.text, heard.confidence, event.confidence if isinstance(event, Utterance) else 0.0
                )


def ghost_report(found: Sequence[Ghost], minutes: float) -> Iterator[str]:
    """Each ghost, and a last line of what they would bring about."""
    for ghost in found:
        yield f"{ghost.sound}: {ghost.text!r}, Vosk's confidence {ghost.confidence:.2f}, certainty {ghost.certainty:.3f}"
    english = phrases_for("en")
    commands = [parse_command(ghost.text, english) for ghost in found]
    answered = sum(ghost.certainty >= MIN_CONFIDENCE for ghost in found)
    read_back = sum(
        ghost.certainty < MIN_CONFIDENCE
        and ghost.certainty >= (UNDERSTOOD_CONFIDENCE if command is None else NOISE_CONFIDENCE)
        and not asks_nothing(ghost.text, english)
        for ghost, command in zip(found, commands, strict=True)
    )
    once = [sum(ghost.confidence >= least for ghost in found) for least in (0.5, LEAST_HEARD_ONCE)]
    yield (
        f"{minutes:g} minutes without speech: {answered} answered, {read_back} read back, of {len(found)} that were heard; "
        f"by Vosk's own confidence {once[0]} would be answered from 0.5 on, and {once[1]} from {LEAST_HEARD_ONCE} on"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="measure how far the recogniser's certainty can be trusted")
    parser.add_argument("folder", type=Path, nargs="?", default=evaluate.MODEL_FOLDER)
    parser.add_argument("--voices", choices=("development", "strangers"), default="development")
    parser.add_argument("--count", type=int, default=60, help="sentences of each set")
    parser.add_argument("--ghosts", type=float, metavar="MINUTES", help="of sound without speech, instead of sentences")
    parser.add_argument("--seed", type=int, default=SEED, help="of the sounds without speech")
    chosen = parser.parse_args(arguments)
    if chosen.ghosts is not None:
        for line in ghost_report(list(ghosts(chosen.folder, chosen.ghosts, chosen.seed)), chosen.ghosts):
            console.result(line)
        return
    ear = Ear(chosen.folder)
    sounds = development(chosen.count) if chosen.voices == "development" else strange(chosen.count, chosen.folder)
    heard = [item for sound in sounds if (item := ear.hear(*sound)) is not None]
    for line in report(heard):
        console.result(line)


if __name__ == "__main__":
    main()
