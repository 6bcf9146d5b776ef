"""Measures how often the wake phrase is heard, and how often something else is taken for it.

python -m assistant.bench.accuracy.wake_rates
python -m assistant.bench.accuracy.wake_rates --rooms --voices strangers

Speech is synthesised at that moment, in voices that the demo speech model has never heard. It goes through Hearing,
the wake grammar and Activation as it does in `seesay run`; only the microphone is left out. With `--rooms` each call
comes from a made-up room with steady noise 15 dB below the speech, and so do an hour of reading and sentences that
sound like the phrase. It needs espeak-ng and flite, for `--voices strangers` Festival. It says nothing about real voices
in real rooms.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import console
from assistant.bench.accuracy import rooms
from assistant.conversation.activation import Activation, ActivationSettings, Woken
from assistant.language.phrases import phrases_for
from audio.demo_model import evaluate
from audio.demo_model.sounds import noise, waves
from audio.demo_model.synthesis import flite, voices
from audio.demo_model.synthesis.espeak import Espeak
from audio.demo_model.words import corpus, plain_text
from audio.listening.hearing import Hearing, Utterance
from audio.listening.vad import VoiceActivity
from audio.pcm import SPEECH_FORMAT, AudioChunk
from audio.recognition.grammar import GrammarListener
from audio.recognition.transcriber import VoskTranscriber
from audio.recognition.wake_word import AttentiveTranscriber
from audio.settings import EndpointSettings

RATE_HZ = SPEECH_FORMAT.sample_rate_hz
CHUNK = RATE_HZ * 30 // 1000
PHRASE = phrases_for("en").wake_phrases[0]
# Sentences that sound like the phrase. They are measured by themselves, because nobody says them for hours.
NEAR = (
    "where is the camera|is the camera on|the camera is new|hey there|hey what is that|a camera on the table|hey come here"
    "|hey can you hear me|they came around|look at the camera|hey carol come over|hay on the camera"
)  # fmt: skip

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Rates:
    """The figures that were measured. This is the documented object of `--json`."""

    phrases_said: int
    phrases_heard: int
    questions_said: int  # how many of these had a question in the same breath
    questions_right: int  # every word was right
    other_hours: float
    false_wakes: int
    near_said: int
    near_woke: int
    missed: tuple[str, ...]
    woken_by: tuple[str, ...]

    @property
    def false_wakes_an_hour(self) -> float:
        return self.false_wakes / self.other_hours


@dataclass(frozen=True)
class RoomRates:
    """What was measured in rooms. This is the documented object of `--rooms`."""

    voices: tuple[str, ...]
    said: int  # half of them with a question in the same breath
    heard_in_silence: int
    heard_in_rooms: int
    reading_minutes: float
    woken_by_reading: tuple[str, ...]
    near_said: int
    woken_by_near: tuple[str, ...]
    missed: tuple[str, ...]  # in rooms


class SoundSource:
    """An AudioSource that gives samples from memory."""

    live = False

    def __init__(self, sounds: Iterator[Sound]) -> None:
        self._sounds = sounds
        self.heard_seconds = 0.0

    def chunks(self) -> Iterator[AudioChunk]:
        for sound in self._sounds:
            samples = np.clip(sound, -32768, 32767).astype(np.int16)
            for start in range(0, len(samples) - CHUNK + 1, CHUNK):
                yield AudioChunk(samples[start : start + CHUNK], RATE_HZ, self.heard_seconds)
                self.heard_seconds += CHUNK / RATE_HZ

    def stop(self) -> None:
        self._sounds = iter(())


class WakeEar:
    """All parts between a microphone and a woken assistant, with the embedded speech model."""

    def __init__(self, model: Path = evaluate.MODEL_FOLDER) -> None:
        self._words = VoskTranscriber(model)
        self._wake = GrammarListener(model, [PHRASE])

    def hear(self, source: SoundSource) -> Iterator[Woken | Utterance]:
        """Each time it woke, alone or with a question. Attention is never kept for the next utterance."""
        settings = ActivationSettings(wake_word=True, wake_phrase=PHRASE, listen_seconds=-1.0)
        activation = Activation(settings)
        transcriber = AttentiveTranscriber(self._words, lambda: False, self._wake, PHRASE)
        for event in Hearing(source, VoiceActivity(2), EndpointSettings(), transcriber, min_confidence=0.3).events():
            counted = activation.meant(event)
            if isinstance(counted, (Woken, Utterance)):
                yield counted


def measure(hours: float, said: int, seed: int = 11) -> Rates:
    sets, rng, ear = evaluate.Sets("test", 400), random.Random(seed), WakeEar()
    sets.seed += (
        seed  # new sentences and babble, because the rules of `audio.recognition.wake_word` were chosen on seed 0
    )
    missed: list[str] = []
    heard = questions = right = 0
    questions_to_ask = _other_questions(sets)
    for number in range(said):
        question = rng.choice(questions_to_ask) if number % 2 else ""
        text = f"{PHRASE} {question}".strip()
        voice, sound = _speak(sets, text, rng)
        found = list(ear.hear(SoundSource(iter([sound]))))
        heard += bool(found)
        questions += bool(question)
        right += bool(question) and [u.text for u in found if isinstance(u, Utterance)] == [question]
        if not found or (question and not isinstance(found[0], Utterance)):
            missed.append(f"{voice}: {text}" + (" (only the phrase)" if found else ""))
    near = [text for text in corpus.alternatives(NEAR) for _ in range(5)]
    woke = [t for t in near if list(ear.hear(SoundSource(iter([_speak(sets, t, rng)[1]]))))]
    woken_by, other_hours = _false_wakes(ear, sets, hours, rng)
    return Rates(
        said, heard, questions, right, other_hours, len(woken_by), len(near), len(woke), tuple(missed),
        (*woken_by, *woke),
    )  # fmt: skip


def measure_in_rooms(which: str, said: int, minutes: float, seed: int = 6) -> RoomRates:
    """The same calls in silence and in rooms, then minutes of reading and the near sentences in rooms."""
    ear, rng, draw = WakeEar(), np.random.default_rng(seed), random.Random(seed)
    found = rooms.speakers(which, Espeak())
    drawn = corpus.held_out_sentences(200, random.Random(202), development=which == "dev")
    questions = [text for text in drawn if PHRASE not in text]
    silent = loud = 0
    missed: list[str] = []
    for number in range(said):
        speaker = found[number % len(found)]
        question = draw.choice(questions) if number // len(found) % 2 else ""
        sound = rooms.spoken(speaker, f"{PHRASE} {question}".strip())
        silent += _wakes(ear, sound) != ()
        is_heard = _wakes(ear, rooms.in_room(sound, rng)) != ()
        loud += is_heard
        missed += [] if is_heard else [f"{speaker.name}: {PHRASE} {question}".strip()]
    texts = _english() + 4 * questions
    reading = SoundSource(
        sound for speaker in found for sound in rooms.reading(speaker, texts, 60 * minutes / len(found), rng, room=True)
    )
    by_reading = tuple(str(event) for event in ear.hear(reading))
    near = 2 * corpus.alternatives(NEAR)
    by_near = tuple(
        text
        for number, text in enumerate(near)
        if _wakes(ear, rooms.in_room(rooms.spoken(found[number % len(found)], text), rng))
    )
    names = tuple(speaker.name for speaker in found)
    return RoomRates(
        names, said, silent, loud, reading.heard_seconds / 60, by_reading, len(near), by_near, tuple(missed)
    )


def _wakes(ear: WakeEar, sound: Sound) -> tuple[Woken | Utterance, ...]:
    return tuple(ear.hear(SoundSource(iter([sound]))))


def _false_wakes(ear: WakeEar, sets: evaluate.Sets, hours: float, rng: random.Random) -> tuple[list[str], float]:
    """What woke it by mistake, and the hours: three quarters of other speech, one quarter of noise and babble."""
    kinds: dict[str, tuple[float, Callable[[], Iterator[Sound]]]] = {
        "questions and commands": (0.3, lambda: _sentences(sets, _other_questions(sets), rng)),
        "general English": (0.35, lambda: _sentences(sets, _english(), rng)),
        "another synthesiser": (0.1, lambda: _other_synthesiser(rng)),
        "noise": (0.15, lambda: _noise(dict(evaluate.NOISE_KINDS) | {"clicks": noise.clicks, "tones": noise.tones})),
        "babble": (0.1, lambda: _noise({"of two": sets.babble(2), "of four": sets.babble(4)})),
    }
    woken_by: list[str] = []
    seconds = 0.0
    for name, (share, sounds) in kinds.items():
        source = SoundSource(_for_seconds(sounds(), hours * 3600 * share))
        woken_by += [f"{name}: {waking}" for waking in ear.hear(source)]
        seconds += source.heard_seconds
    return woken_by, seconds / 3600


def _for_seconds(sounds: Iterator[Sound], seconds: float) -> Iterator[Sound]:
    for sound in sounds:
        yield sound
        seconds -= len(sound) / RATE_HZ
        if seconds <= 0:
            return


def _speak(sets: evaluate.Sets, text: str, rng: random.Random) -> tuple[str, Sound]:
    accents, weights = list(voices.ACCENTS), list(voices.ACCENTS.values())
    voice = f"{rng.choices(accents, weights)[0]}+{rng.choice(sets.variants)}"
    speech = sets.espeak.speak(text, voice, rng.randint(120, 200), rng.randint(25, 75), rng.randint(30, 70))
    return voice, waves.place(speech, None, 0.3, 1.0).samples


def _other_questions(sets: evaluate.Sets) -> list[str]:
    """Sentences of the kind that the model knows, without those that begin with the phrase."""
    return [sentence for sentence in sets.sentences() if PHRASE not in sentence]


def _sentences(sets: evaluate.Sets, texts: list[str], rng: random.Random) -> Iterator[Sound]:
    """People who keep talking, with pauses of every length between their sentences."""
    while True:
        sound = _speak(sets, rng.choice(texts), rng)[1]
        yield sound[: len(sound) - rng.randint(0, RATE_HZ)]


@functools.lru_cache(maxsize=1)
def _english() -> list[str]:
    return plain_text.phrases(6000)


def _other_synthesiser(rng: random.Random) -> Iterator[Sound]:
    texts = _english()
    with tempfile.TemporaryDirectory() as folder:
        while True:
            speech = flite.speak(rng.choice(texts), voices.HELD_OUT_FLITE_VOICE, Path(folder) / "said.wav")
            yield waves.place(speech, None, 0.1, 0.5).samples


def _noise(kinds: dict[str, Callable[[int, np.random.Generator], noise.Noise]]) -> Iterator[Sound]:
    rng, level = np.random.default_rng(5), (300.0, 2000.0)
    while True:
        for kind in kinds.values():
            for rms in level:
                yield (rms * kind(RATE_HZ * 20, rng)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the wake phrase")
    parser.add_argument("--hours", type=float, default=2.0, help="of other speech and noise")
    parser.add_argument("--said", type=int, default=100, help="how often the phrase is said")
    parser.add_argument("--rooms", action="store_true", help="measure calls and reading in rooms instead")
    parser.add_argument(
        "--voices", choices=("dev", "strangers"), default="dev", help="of --rooms; strangers: never to choose on"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="of reading in --rooms")
    parser.add_argument("--seed", type=int, default=6, help="of the rooms and sentences of --rooms")
    chosen = parser.parse_args()
    if chosen.rooms:
        console.result(
            json.dumps(asdict(measure_in_rooms(chosen.voices, chosen.said, chosen.minutes, chosen.seed)), indent=1)
        )
        return
    rates = measure(chosen.hours, chosen.said)
    console.result(json.dumps(asdict(rates) | {"false_wakes_an_hour": rates.false_wakes_an_hour}, indent=1))


if __name__ == "__main__":
    main()
