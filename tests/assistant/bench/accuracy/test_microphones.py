"""The bad microphones are what they say, and cost hardly anything."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.bench.accuracy import microphones
from audio.demo_model.evaluate import MODEL_FOLDER


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
    """Of ten sentences that a good microphone gives, each bad one loses at most one."""
    rows = {row.microphone: row for row in microphones.measure(MODEL_FOLDER, 10)}
    good = rows["good"].right
    assert good >= 7
    for name in ("offset +3000", "offset -3000", "hum 50 Hz, 1000", "peak -36 dB", "peak -1 dB"):
        assert rows[name].right >= good - 1, name
