"""The bad microphones are what they say, and cost hardly anything."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from assistant.bench.accuracy import microphones


def test_the_distortions_are_what_they_say() -> None:
    """An offset moves the mean, a level moves the peak, and hum adds one frequency."""
    sound = np.random.default_rng(1).normal(0, 1000, 16_000)
    distort = microphones.MICROPHONES
    assert distort["offset +3000"](sound).mean() == pytest.approx(3000 + sound.mean())
    assert np.abs(distort["peak -36 dB"](sound)).max() == pytest.approx(32_768 * 10 ** (-36 / 20))
    added = np.abs(np.fft.rfft(distort["hum 50 Hz, 1000"](sound) - sound)) / 8000
    assert added.argmax() == 50
    assert added[50] == pytest.approx(1000, rel=0.01)


def test_bad_microphones_lose_hardly_a_sentence() -> None:
    """Of ten sentences that a good microphone gives, each bad one loses at most one.

    A process of its own measures it, because a process can hold only one espeak-ng.
    """
    command = [sys.executable, "-m", "assistant.bench.accuracy.microphones", "--sentences", "10", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    right = {row["microphone"]: row["right"] for row in json.loads(done.stdout)}
    assert right["good"] >= 7
    for name in ("offset +3000", "offset -3000", "hum 50 Hz, 1000", "peak -36 dB", "peak -1 dB"):
        assert right[name] >= right["good"] - 1, name
