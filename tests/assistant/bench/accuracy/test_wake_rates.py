"""How often the wake phrase is heard, and how often something else is taken for it, on the whole path."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audio.demo_model.words import corpus

MODEL = Path(corpus.__file__).parents[1] / "en"

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the espeak-ng command")


@needs_espeak
@pytest.mark.slow
def test_hits_and_false_wakes() -> None:
    """At least 95 of 100 wake phrases are heard, and two hours of other speech and noise wake it at most once."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant.bench.accuracy.wake_rates"], capture_output=True, text=True, check=True
    )
    rates = json.loads(done.stdout)
    assert rates["other_hours"] >= 2.0
    assert rates["phrases_heard"] >= 0.95 * rates["phrases_said"], rates["missed"]
    assert rates["false_wakes_an_hour"] <= 0.5, rates["woken_by"]


@needs_espeak
def test_a_few_hits_and_no_false_wake() -> None:
    """A short version of the test above covers the whole path, from the sound to the question."""
    command = [sys.executable, "-m", "assistant.bench.accuracy.wake_rates", "--said", "8", "--hours", "0.01"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rates = json.loads(done.stdout)
    assert rates["phrases_heard"] >= 7, rates["missed"]
    assert rates["questions_right"] >= 3, rates["missed"]
    assert rates["false_wakes"] == 0, rates["woken_by"]


@needs_espeak
def test_a_few_calls_in_rooms() -> None:
    """In rooms with noise most calls are heard, and reading wakes nothing."""
    command = [
        sys.executable,
        "-m",
        "assistant.bench.accuracy.wake_rates",
        "--rooms",
        "--said",
        "6",
        "--minutes",
        "0.5",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rates = json.loads(done.stdout)
    assert rates["heard_in_silence"] == 6
    assert rates["heard_in_rooms"] >= 4, rates["missed"]
    assert rates["woken_by_reading"] == []


@needs_espeak
@pytest.mark.skipif(shutil.which("text2wave") is None, reason="needs Festival's voices")
@pytest.mark.slow
def test_strangers_in_rooms() -> None:
    """Of 60 calls of voices of another synthesiser in rooms 54 are heard, and an hour of their reading wakes nobody."""
    command = [sys.executable, "-m", "assistant.bench.accuracy.wake_rates", "--rooms", "--voices", "strangers"]
    done = subprocess.run([*command, "--said", "60"], capture_output=True, text=True, check=True)
    rates = json.loads(done.stdout)
    assert rates["heard_in_rooms"] >= 54, rates["missed"]
    assert rates["reading_minutes"] >= 60
    assert rates["woken_by_reading"] == []
