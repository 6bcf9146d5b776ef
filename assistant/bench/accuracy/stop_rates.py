"""Measures how many stop words are heard over the assistant's own voice, and how often it stops itself.

python -m assistant.bench.accuracy.stop_rates

The assistant's voice leaks into the microphone, some decibels below the user's word. Both are mixed as arrays, as they
are or each in a room of its own, and go to the stop ear with the embedded speech model. It needs espeak-ng and flite,
for `--voices strangers` Festival. It says nothing about real voices.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from assistant import console
from assistant.bench.accuracy import rooms
from assistant.language.phrases import phrases_for
from assistant.language.sentences import split_sentences
from audio import pcm
from audio.demo_model import evaluate
from audio.demo_model.sounds import noise, waves
from audio.demo_model.sounds.features import RATE_HZ
from audio.demo_model.synthesis.espeak import Espeak
from audio.demo_model.synthesis.speech import Samples, Speech
from audio.demo_model.words import corpus
from audio.listening.barge_in import StopListener, VoskSpotter
from audio.listening.conditioning import HighPass
from audio.listening.hearing import StopHeard
from audio.pcm import AudioChunk
from audio.speaking.speech_rate import engine_rate

CHUNK = RATE_HZ * 30 // 1000
STOP_PHRASES = phrases_for("en").stop_words
SAID, OTHER = ("stop", "be quiet"), "another sentence"
OWN_VOICE, OWN_RATE_WPM = "gmw/en-US", 235  # the defaults of `speaking`
_DELAY_S = 0.12  # from the program over the loudspeaker and the microphone back to it
USER_LEVEL = 3000.0  # root mean square of the parts that sound
# Texts that the assistant says: answers of both models, its own phrases, and words that sound like a stop.
ANSWERS = (
    "The circle is at the top left.",
    "There are three squares and two triangles.",
    "The word at the top says open.",
    "A cup of coffee stands on top of a stack of books.",
    "I am not sure, but it looks like a bus at the next step of the road.",
    "A man in a dark coat walks past the shop on the corner.",
    "The red square is at the bottom right, and the blue star is on top of it.",
    "It is a laptop on a wooden desk, with a lamp to its left.",
    "The label says: spot cleaner, shake before use, keep out of reach of children.",
    "Two people sit on a bench; one of them looks at a phone.",
    "The clock shows a quarter past four.",
    "I see a bottle, a plate with some bread, and a pot of soup on the stove.",
    "There is a door in front of you, slightly to the right, and it is half open.",
    "The display reads twenty three point five degrees.",
    "It is quite dark. Please point the camera at something brighter.",
    "The number on the house is forty two.",
    "A small dog is asleep on the sofa.",
    "The traffic light is green, and nobody is on the crossing.",
    "This is a box of crackers, opened at the top.",
    "I am ready. Ask me what I see.",
)


@dataclass(frozen=True)
class Heard:
    """How often one speaker was heard to say a stop word."""

    speaker: str
    said: str  # the word, or OTHER for sentences without a stop word
    times: int
    heard: int


@dataclass(frozen=True)
class Rates:
    """The figures that were measured. This is the documented object of `--json`."""

    leak_db: float  # of the assistant's voice, against the user's
    in_rooms: bool
    knows_played: bool  # the stop ear was told what the loudspeaker played
    heard: tuple[Heard, ...]
    own_minutes: float
    self_stops: tuple[str, ...]  # the time in seconds and the word


def own_speech(espeak: Espeak, seconds: float) -> Samples:
    """The assistant's own sentences one after the other, its help included, which says "stop"."""
    sentences = (*ANSWERS, *split_sentences(phrases_for("en").help))
    wpm = engine_rate(OWN_RATE_WPM).setting
    rendered = [_placed(espeak.speak(text, OWN_VOICE, wpm).samples, espeak.rate_hz, 0.1) for text in sentences]
    pieces: list[Samples] = []
    for piece in itertools.cycle(rendered):
        pieces.append(piece)
        if sum(map(len, pieces)) >= seconds * RATE_HZ:
            break
    return np.concatenate(pieces)[: round(seconds * RATE_HZ)]


def stops(samples: Samples, played: Samples | None, spotter: VoskSpotter) -> Iterator[StopHeard]:
    """The stop words that are heard while the assistant speaks. `played` is what went to its loudspeaker; None: unknown."""

    def played_from(started_at: float, count: int) -> pcm.Samples | None:
        if played is None:
            return None
        place = round((started_at + _DELAY_S) * RATE_HZ)
        part = played[max(0, place) : place + count]
        padded = np.pad(part, (max(0, -place), max(0, count + min(0, place) - len(part))))
        return padded.astype(np.int16)

    # A busy machine would ask the recogniser less often, which is no matter of hearing, so its own time alone counts.
    listener = StopListener(spotter, STOP_PHRASES, clock=time.thread_time, played=played_from)
    high_pass = HighPass()  # as in Hearing
    whole = np.clip(samples, -32768, 32767).astype(np.int16)
    for begin in range(0, len(whole) - CHUNK + 1, CHUNK):
        heard = listener.hear(AudioChunk(high_pass.push(whole[begin : begin + CHUNK]), RATE_HZ, begin / RATE_HZ))
        if heard is not None:
            yield heard


@dataclass(frozen=True)
class Bench:
    """What is measured with, and in which surroundings."""

    spotter: VoskSpotter
    rng: np.random.Generator
    leak_db: float
    in_rooms: bool
    knows_played: bool  # the stop ear is told what the loudspeaker plays, as in the program

    def mixed(self, own: Samples, word: Samples, at_s: float) -> Samples:
        """The word over its own voice at a time, each in a room of its own and with noise if wanted."""
        heard, said = self.leaked(own), word
        if self.in_rooms:
            said = _echoed(np.pad(word, (0, RATE_HZ // 2)), self.rng)
        said = _scaled(said, USER_LEVEL)
        begin = round(at_s * RATE_HZ)
        part = heard[begin : begin + len(said)]
        part += said[: len(part)]
        if self.in_rooms:
            level = USER_LEVEL * 10 ** (-rooms.SNR_DB / 20)
            heard = heard + (level * noise.shaped(len(heard), self.rng)).astype(np.float32)
        return heard

    def leaked(self, own: Samples) -> Samples:
        """What the microphone hears of its own voice."""
        return _scaled(_echoed(own, self.rng) if self.in_rooms else own, USER_LEVEL * 10 ** (self.leak_db / 20))

    def stops(self, heard: Samples, own: Samples) -> Iterator[StopHeard]:
        return stops(heard, own if self.knows_played else None, self.spotter)


def measure(bench: Bench, which: str, count: int, minutes: float) -> Rates:
    """Each speaker says each of `SAID` and other sentences `count` times over its speech; then it speaks alone."""
    espeak = Espeak()
    own = _scaled(own_speech(espeak, 90.0), USER_LEVEL)
    drawn = corpus.held_out_sentences(400, random.Random(202), development=which == "dev")
    questions = itertools.cycle([text for text in drawn if _is_other(text)])
    heard = []
    for speaker, text in itertools.product(rooms.speakers(which, espeak), (*SAID, OTHER)):
        found = 0
        for _ in range(count):
            said = next(questions) if text == OTHER else text
            word = _audible(_placed(*speaker.say(said), 0.0))
            at = float(bench.rng.uniform(3.0, 4.5))
            begin = round(bench.rng.uniform(0.0, 80.0) * RATE_HZ)
            piece = own[begin : begin + round((at + 2.0) * RATE_HZ)]
            ended = at + len(word) / RATE_HZ
            stopped = bench.stops(bench.mixed(piece, word, at), piece)
            found += any(at < stop.ended_at and stop.started_at < ended for stop in stopped)
        heard.append(Heard(speaker.name, text, count, found))
        console.say(f"{speaker.name}: {text} {found} of {count}")
    alone = _scaled(own_speech(espeak, 60 * minutes), USER_LEVEL)
    self_stops = tuple(f"{stop.started_at:.1f} {stop.text}" for stop in bench.stops(bench.leaked(alone), alone))
    return Rates(bench.leak_db, bench.in_rooms, bench.knows_played, tuple(heard), minutes, self_stops)


def _is_other(text: str) -> bool:
    return not set(text.split()) & {word for phrase in STOP_PHRASES for word in phrase.split()}


def _placed(samples: Samples, rate_hz: int, tail_s: float) -> Samples:
    return waves.place(Speech(samples, rate_hz, ()), None, 0.0, tail_s).samples


def _audible(samples: Samples) -> Samples:
    """The samples from the first that can be heard to the last."""
    loud = np.flatnonzero(np.abs(samples) > 0.03 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def _scaled(samples: Samples, level: float) -> Samples:
    """The samples with this root mean square, of the parts that sound."""
    loud = samples[np.abs(samples) > 0.01 * np.abs(samples).max()].astype(np.float64)
    return np.asarray(samples * (level / np.sqrt((loud**2).mean())), np.float32)


def _echoed(samples: Samples, rng: np.random.Generator) -> Samples:
    return waves.filtered(samples, waves.room_response(rng.uniform(*rooms.RT60_S), rooms.ECHO, rng))


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the stop words over the assistant's own voice")
    parser.add_argument("--voices", choices=("dev", "strangers"), default="dev", help="strangers: never to choose on")
    parser.add_argument("--count", type=int, default=20, help="how often each voice says each word")
    parser.add_argument("--leak-db", type=float, default=-9.0, help="level of its own voice against the user's")
    parser.add_argument("--minutes", type=float, default=10.0, help="of its own speech, to count its self-stops")
    parser.add_argument("--rooms", action="store_true", help="put both voices into rooms, with noise at 15 dB")
    parser.add_argument("--unaware", action="store_true", help="do not tell the stop ear what the loudspeaker plays")
    chosen = parser.parse_args()
    spotter = VoskSpotter(evaluate.MODEL_FOLDER, STOP_PHRASES)
    bench = Bench(spotter, np.random.default_rng(4), chosen.leak_db, chosen.rooms, not chosen.unaware)
    rates = measure(bench, chosen.voices, chosen.count, chosen.minutes)
    console.result(json.dumps(asdict(rates), indent=1))


if __name__ == "__main__":
    main()
