"""Spoken readings get into the journal through the rules of a round, or not at all."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np
import pytest

from assistant.bench.accuracy.spoken_readings import (
    MOST_UTTERANCES,
    Ears,
    Rates,
    Reading,
    Sound,
    converse,
    ghosts,
    readings,
    table,
)
from assistant.inspection.rounds.moment import Moment
from assistant.inspection.rounds.rules import Rules
from audio.demo_model.evaluate import MODEL_FOLDER
from audio.listening.hearing import Utterance

SEVEN = Reading(Decimal("7.2"), "bar", "seven point two bar")
SILENCE = np.zeros(10, np.float32)


class Script(Ears):
    """Hears one scripted text after the other, whatever was said. None stands for nothing."""

    def __init__(self, *heard: str | None) -> None:
        self.heard = list(heard)

    def hear(self, rules: Rules, moment: Moment, sounds: Iterator[Sound]) -> Iterator[Utterance]:
        text = self.heard.pop(0) if self.heard else None
        if text is not None:
            yield Utterance(text, 0.9, 0.0, 1.0)


def talk(said: list[str]) -> Callable[[str], Sound]:
    def say(text: str) -> Sound:
        said.append(text)
        return SILENCE

    return say


def test_a_number_that_was_heard_wrongly_is_corrected() -> None:
    """The human says no to a wrong read-back, and the number again."""
    said: list[str] = []
    outcome = converse(Script("seven point two bar", "yes"), talk(said), SEVEN)
    assert (outcome.stored, outcome.utterances, outcome.was_right_at_once) == ("7.2", 2, True)
    assert said == ["seven point two bar", "yes"]
    said.clear()
    outcome = converse(Script(None, "seven point ten bar", "no", "seven point two bar", "yes"), talk(said), SEVEN)
    assert (outcome.stored, outcome.utterances, outcome.was_right_at_once) == ("7.2", 5, False)
    assert said == ["seven point two bar", "seven point two bar", "no", "seven point two bar", "yes"]


def test_a_no_that_is_heard_as_a_yes_is_counted_as_stored_wrongly() -> None:
    assert converse(Script("eleven bar", "yes"), talk([]), SEVEN).stored == "11"


def test_who_is_asked_whether_to_finish_says_no() -> None:
    said: list[str] = []
    outcome = converse(Script("seven point two bar", "finish", "no", "yes"), talk(said), SEVEN)
    assert outcome.stored == "7.2"
    assert said == ["seven point two bar", "yes", "no", "yes"]


def test_noise_is_no_reply() -> None:
    """A minute of all the sounds. Only music has vowels, and of these no agreement is made."""
    heard = ghosts(MODEL_FOLDER, 1.0)
    assert [reply for reply in heard if not reply.startswith("music, ")] == []
    assert not any("yes" in reply or "confirm" in reply for reply in heard)


def test_who_is_not_understood_gives_up() -> None:
    outcome = converse(Script(), talk([]), SEVEN)
    assert (outcome.stored, outcome.utterances) == (None, MOST_UTTERANCES)


def test_readings_are_in_words_that_the_model_knows() -> None:
    """The same seed gives the same readings."""
    made = list(readings(MODEL_FOLDER, 5, random.Random(1)))
    assert made == list(readings(MODEL_FOLDER, 5, random.Random(1)))
    assert len({reading.words for reading in made}) == 5


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs the flite command")
def test_real_speech_gets_into_the_journal() -> None:
    """Three readings in hardly any noise: nothing is stored wrongly, and most are stored.

    It runs in a process of its own, because a process can have only one espeak-ng.
    """
    command = [sys.executable, "-m", "assistant.bench.accuracy.spoken_readings"]
    done = subprocess.run(
        [*command, "--readings", "3", "--noise-db", "40", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(done.stdout)
    assert [(rates["heard_with"], rates["synthesiser"], rates["readings"]) for rates in found] == [
        ("grammar", "espeak-ng", 2), ("grammar", "flite", 1), ("all words", "espeak-ng", 2), ("all words", "flite", 1),
    ]  # fmt: skip
    assert all(rates["stored_wrong"] == 0 for rates in found)
    assert all(rates["stored_right"] + rates["given_up"] == rates["readings"] for rates in found)
    assert found[0]["stored_right"] == 2


def test_the_table_has_shares() -> None:
    row = table([Rates("grammar", "flite", 200, 150, 180, 1, 19, 500, ("seven → eleven",))]).splitlines()[-1]
    assert row == "| grammar | flite | 200 | 150 (75.0%) | 180 (90.0%) | 1 (0.5%) | 19 (9.5%) | 2.5 |"
