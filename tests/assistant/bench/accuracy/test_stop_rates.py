"""Stop words over the assistant's own voice, as the program that measures them counts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the espeak-ng command")


def measured(*options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "assistant.bench.accuracy.stop_rates", *options]
    rates: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return rates


def heard(rates: dict[str, Any], said: str) -> list[int]:
    return [one["heard"] for one in rates["heard"] if one["said"] == said]


@needs_espeak
def test_most_stop_words_are_heard_over_its_own_voice() -> None:
    """Of six voices, each of which says each stop word once, ten words are heard; a minute of its own voice is no stop."""
    rates = measured("--count", "1", "--minutes", "1")
    assert sum(heard(rates, "stop")) + sum(heard(rates, "be quiet")) >= 10, rates
    assert rates["self_stops"] == []


@needs_espeak
@pytest.mark.skipif(shutil.which("text2wave") is None, reason="needs Festival's voices")
@pytest.mark.slow
def test_strangers_are_heard_over_its_own_voice() -> None:
    """Each of Festival's voices is heard with its own voice 9 dB below, 19 of 20 and 17 of 20 times, and it stops by nothing."""
    rates = measured("--voices", "strangers")
    assert min(heard(rates, "stop")) >= 19, rates
    assert min(heard(rates, "be quiet")) >= 17, rates
    assert rates["self_stops"] == []
