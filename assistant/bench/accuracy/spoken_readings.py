"""Measures how surely a reading that is spoken in a noisy workshop gets into the journal of a round.

python -m assistant.bench.accuracy.spoken_readings [--readings 200] [--noise-db 10] [--json]

A synthetic voice that the demo speech model has never heard says a number, in noise of a workshop. The rules of a round
read back what was heard; the voice says yes if that is right, and else no and the number again, in the same noise,
digit by digit where the round asks for that. `--ghosts 30` measures what is heard where nobody speaks. The sound goes through Hearing and the transcribers as in `seesay round`;
only the microphone is left out. It is done once with the grammar for closed answers and once without. It needs
espeak-ng and flite, and says nothing about real people.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from assistant import console
from assistant.bench.accuracy.confidence import GHOSTS, LOUDNESS
from assistant.bench.accuracy.wake_rates import RATE_HZ, Sound, SoundSource
from assistant.inspection.record import STEP
from assistant.inspection.rounds.checklist import Checklist, Number, Station, StepKind
from assistant.inspection.rounds.closed_phrases import phrases_awaited
from assistant.inspection.rounds.moment import (
    Finishing,
    Moment,
    Reaction,
    ReadingBack,
    awaits_closed_answer,
    wants_digits,
)
from assistant.inspection.rounds.progress import Progress
from assistant.inspection.rounds.rules import Rules
from assistant.language.phrases import phrases_for
from assistant.language.spoken_numbers import say_each_digit, say_number
from audio.demo_model import evaluate
from audio.demo_model.sounds import waves
from audio.demo_model.synthesis import flite, voices
from audio.listening.hearing import Hearing, Utterance
from audio.listening.vad import VoiceActivity
from audio.listening.voicing import VowelWatch
from audio.recognition.certainty import TwiceHeard
from audio.recognition.closed_answers import ClosedAnswers
from audio.recognition.grammar import GrammarListener
from audio.recognition.transcriber import VoskTranscriber, unknown_words
from audio.settings import MIN_CONFIDENCE, NOISE_CONFIDENCE, EndpointSettings

LANGUAGE = "en"
# Of a motor, a fan and a street: what runs in a workshop while somebody reads a gauge.
WORKSHOP = ("steady", "hum", "swelling")
MOST_UTTERANCES = 10  # for one reading; whoever was not understood until then gives up
FLITE_EVERY = 4  # readings, of which one is said by the other synthesiser
_AT = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


@dataclass(frozen=True)
class Reading:
    """What a gauge shows, and how it is said."""

    value: Decimal
    unit: str  # as pint reads it, "" for none
    words: str


@dataclass(frozen=True)
class Outcome:
    """How a reading got into the journal, or not."""

    stored: str | None  # None: given up
    utterances: int
    was_right_at_once: bool  # the first read-back was right


@dataclass(frozen=True)
class Rates:
    """The figures. This is the documented object of `--json`, one for each way of hearing and each synthesiser."""

    heard_with: str  # "grammar" or "all words"
    # "espeak-ng", in variants that the model has not heard, or "flite", of which it knows other voices
    synthesiser: str
    readings: int
    right_at_once: int
    stored_right: int
    stored_wrong: int
    given_up: int
    utterances: int  # in all, "yes" and "no" included
    wrong: tuple[str, ...]  # "said → stored"


class Talker:
    """Says texts in voices that the speech model has never heard, in the noise of a workshop."""

    def __init__(self, noise_db: float, seed: int) -> None:
        self._sets = evaluate.Sets("test", 1)
        self._noise_db = noise_db
        self._seed = seed

    def voice(self, number: int) -> Callable[[str], Sound]:
        """The voice of one reading: what it says sounds alike, and the noise is of one kind."""
        rng = random.Random(f"{self._seed} {number}")
        kind = evaluate.NOISE_KINDS[rng.choice(WORKSHOP)]
        accent, variant = rng.choices(list(voices.ACCENTS), list(voices.ACCENTS.values()))[0], self._sets.variants
        name, rate, pitch = f"{accent}+{rng.choice(variant)}", rng.randint(120, 190), rng.randint(30, 70)

        def say(text: str) -> Sound:
            if is_said_by_flite(number):
                with tempfile.TemporaryDirectory() as folder:
                    speech = flite.speak(text, voices.HELD_OUT_FLITE_VOICE, Path(folder) / "said.wav")
            else:
                speech = self._sets.espeak.speak(text, name, rate, pitch)
            clean = waves.place(speech, None, 0.6, 1.2).samples
            return evaluate.with_noise([(text, clean)], kind, self._noise_db, rng.randrange(1 << 30))[0][1]

        return say


class Ears:
    """What hears in a round, between the microphone and the words."""

    def __init__(self, model: Path, *, with_grammar: bool) -> None:
        self._awaited: tuple[str, ...] = ()
        self._is_answer: Callable[[str], bool] = bool
        words = TwiceHeard(VoskTranscriber(model), VoskTranscriber(model))

        def listener_for(phrases: tuple[str, ...]) -> GrammarListener:
            return GrammarListener(model, [phrase for phrase in phrases if not unknown_words(model, [phrase])])

        self._transcriber = ClosedAnswers(
            words,
            lambda: self._awaited,
            listener_for if with_grammar else None,
            lambda text: self._is_answer(text),
            VowelWatch(),
        )
        self._with_grammar = with_grammar

    def hear(self, rules: Rules, moment: Moment, sounds: Iterator[Sound]) -> Iterator[Utterance]:
        """The utterances in the sounds, while the moment of the round lasts."""
        expected = rules.expected(moment)
        self._awaited = phrases_awaited(expected, moment.station.answer, phrases_for(LANGUAGE), LANGUAGE)
        self._is_answer = lambda text: rules.hear(moment, text, _AT) is not None
        is_open = self._with_grammar and awaits_closed_answer(expected)
        hearing = Hearing(
            SoundSource(sounds),
            VoiceActivity(2, needs_vowel=lambda: not is_open),
            EndpointSettings(),
            self._transcriber,
            min_confidence=NOISE_CONFIDENCE,
        )
        return (event for event in hearing.events() if isinstance(event, Utterance))


def is_said_by_flite(number: int) -> bool:
    return number % FLITE_EVERY == 0


def readings(model: Path, count: int, rng: random.Random) -> Iterator[Reading]:
    """Made-up readings in words that the model knows: decimals with units, or whole numbers where it lacks these words."""
    has_decimals = not unknown_words(model, ["minus zero point bar degrees celsius volts percent"])
    for _ in range(count):
        if has_decimals:
            unit = rng.choice(("bar", "°C", "V", "%", ""))
            value = Decimal(rng.randint(-200 if unit == "°C" else 0, 2400)).scaleb(-rng.choice((0, 1, 1, 2)))
        else:
            unit, value = "", Decimal(rng.randint(0, 999))
        yield Reading(value, unit, say_number(value, unit or None, LANGUAGE))


def converse(ears: Ears, say: Callable[[str], Sound], reading: Reading) -> Outcome:
    """One station of a round: the number is said until it was read back rightly and agreed to."""
    rules, moment = _begin(reading.unit)
    was_right_at_once: bool | None = None
    for utterance in range(1, MOST_UTTERANCES + 1):
        back = _read_back(moment)
        if back is not None and was_right_at_once is None:
            was_right_at_once = Decimal(back) == reading.value
        if isinstance(moment.state, Finishing):
            text = "no"  # it was not asked to finish
        elif back is not None:
            text = "yes" if Decimal(back) == reading.value else "no"
        elif wants_digits(moment):
            text = say_each_digit(reading.value, LANGUAGE)
        else:
            text = reading.words
        heard = next(ears.hear(rules, moment, iter([say(text)])), None)
        if heard is None:
            continue
        reaction = _reaction(rules, moment, heard) or rules.ask_again(moment)
        if reaction.record is not None and reaction.record.kind == STEP:
            return Outcome(reaction.record.value, utterance, bool(was_right_at_once))
        moment = reaction.moment
    return Outcome(None, MOST_UTTERANCES, bool(was_right_at_once))


def _begin(unit: str) -> tuple[Rules, Moment]:
    """The rules of a round of one station, a number to be said, and its first moment."""
    rules = Rules(phrases_for(LANGUAGE), LANGUAGE)
    station = Station("gauge", StepKind.SAY, Number(unit), question="what does it show")
    return rules, rules.begin(Progress(Checklist("rates", (station,))), "rates", 0, _AT).moment


def _reaction(rules: Rules, moment: Moment, heard: Utterance) -> Reaction | None:
    """The round's own reaction; None where it was not heard surely enough, or is no answer."""
    if heard.confidence < rules.least_confidence(moment, heard.text, MIN_CONFIDENCE):
        return None
    return rules.hear(moment, heard.text, _AT)


def ghosts(model: Path, minutes: float, seed: int = 3) -> list[str]:
    """The replies that a round hears, with the grammar, in so many minutes of sound in which nobody speaks.

    Half of them pass while a number is awaited, half while one has been read back. Each of the sounds and loudnesses of
    `assistant.bench.accuracy.confidence` has its share.
    """
    ears, (rules, asking) = Ears(model, with_grammar=True), _begin("bar")
    reading_back = rules.hear(asking, "seven point two bar", _AT)
    assert reading_back is not None
    seconds = 60 * minutes / len(GHOSTS) / len(LOUDNESS) / 2
    found = []
    for name, kind in GHOSTS.items():
        for moment in (asking, reading_back.moment):
            rng = np.random.default_rng(seed)
            sounds = ((rms * kind(int(RATE_HZ * seconds), rng)).astype(np.float32) for rms in LOUDNESS)
            found += [
                f"{name}, {type(moment.state).__name__}: {heard.text!r}, {heard.confidence:.2f}"
                for heard in ears.hear(rules, moment, sounds)
                if _reaction(rules, moment, heard) is not None
            ]
    return found


def measure(model: Path, count: int, noise_db: float, *, with_grammar: bool, seed: int = 5) -> list[Rates]:
    """The rates for `count` readings, by synthesiser. The same seed gives the same readings in the same voices, said once more."""
    ears, talker = Ears(model, with_grammar=with_grammar), Talker(noise_db, seed)
    way = "grammar" if with_grammar else "all words"
    by_name = {name: Rates(way, name, 0, 0, 0, 0, 0, 0, ()) for name in ("espeak-ng", "flite")}
    for number, reading in enumerate(readings(model, count, random.Random(seed))):
        outcome = converse(ears, talker.voice(number), reading)
        right = outcome.stored is not None and Decimal(outcome.stored) == reading.value
        wrong = outcome.stored is not None and not right
        name = "flite" if is_said_by_flite(number) else "espeak-ng"
        rates = by_name[name]
        by_name[name] = replace(
            rates,
            readings=rates.readings + 1,
            right_at_once=rates.right_at_once + outcome.was_right_at_once,
            stored_right=rates.stored_right + right,
            stored_wrong=rates.stored_wrong + wrong,
            given_up=rates.given_up + (outcome.stored is None),
            utterances=rates.utterances + outcome.utterances,
            wrong=(*rates.wrong, f"{reading.words} → {outcome.stored}") if wrong else rates.wrong,
        )
    return [rates for rates in by_name.values() if rates.readings]


def table(rows: list[Rates]) -> str:
    """A Markdown table."""
    lines = [
        "| heard with | voices of | readings | right at the first read-back | stored right | stored wrong | given up | utterances a reading |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        shares = (row.right_at_once, row.stored_right, row.stored_wrong, row.given_up)
        cells = " | ".join(f"{share} ({share / row.readings:.1%})" for share in shares)
        lines.append(
            f"| {row.heard_with} | {row.synthesiser} | {row.readings} | {cells} | {row.utterances / row.readings:.1f} |"
        )
    return "\n".join(lines)


def _read_back(moment: Moment) -> str | None:
    """The value that was read back, and that the human now agrees to or not."""
    return moment.state.finding.value if isinstance(moment.state, ReadingBack) else None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=evaluate.MODEL_FOLDER, help="a Vosk model folder")
    parser.add_argument("--readings", type=int, default=200)
    parser.add_argument("--noise-db", type=float, default=10.0, help="so much is the noise below the speech")
    parser.add_argument("--seed", type=int, default=5, help="of the numbers and the voices")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ghosts", type=float, metavar="MINUTES", help="of sound without speech, instead of readings")
    given = parser.parse_args(argv)
    if given.ghosts is not None:
        found = ghosts(given.model, given.ghosts)
        console.result("\n".join([*found, f"{given.ghosts:g} minutes without speech: {len(found)} replies"]))
        return 0
    rows = [
        rates
        for with_grammar in (True, False)
        for rates in measure(given.model, given.readings, given.noise_db, with_grammar=with_grammar, seed=given.seed)
    ]
    console.result(json.dumps([asdict(row) for row in rows], indent=2) if given.json else table(rows))
    for row in () if given.json else rows:
        for wrong in row.wrong:
            console.result(f"{row.heard_with}: {wrong}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
