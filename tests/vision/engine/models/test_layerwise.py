"""The reference that has one layer in memory at a time: its choices are those of the whole network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.check.arithmetic import answered, judged
from tests.vision.engine.reference import Reference
from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.engine import Engine
from vision.engine.models.layerwise import Answered, choices
from vision.engine.settings import EngineSettings
from vision.frame import Frame

QUESTIONS = ("what color is the circle", "how many shapes are there in the picture?", "read it")


def frame(seed: int) -> Frame:
    return Frame(np.random.default_rng(seed).integers(0, 256, (448, 448, 3), dtype=np.uint8), 0.0)


def answers_of(folder: Path) -> list[Answered]:
    with Engine.load(folder, EngineSettings(threads=1), cache=folder.parent / "cache") as engine:
        return [answered(engine, folder, frame(seed), question) for seed, question in enumerate(QUESTIONS)]


@pytest.mark.parametrize("tied", [True, False])
def test_it_chooses_what_the_whole_network_chooses(tmp_path: Path, tied: bool) -> None:
    """Every token of the packed engine is the reference's own, whatever the lengths and whoever has the head."""
    folder = make(tmp_path / "tiny", Tiny(tied=tied, seed=4))
    answers = answers_of(folder)
    reference = Reference(folder)
    for number, (one, question) in enumerate(zip(answers, QUESTIONS, strict=True)):
        theirs = reference.answers(frame(number), (question,), 24)[0]
        assert one.answer[: len(theirs)] == theirs
    shares: list[float] = []
    found = choices(open_checkpoint(folder), answers, 1, shares.append)
    result = judged(answers, found)
    assert result.same_tokens == result.tokens == sum(one.answer_tokens for one in answers)
    assert result.same_answers == len(QUESTIONS)
    assert shares[-1] == pytest.approx(1.0)
    assert shares == sorted(shares)


def test_another_token_is_seen(tmp_path: Path) -> None:
    """An answer with one wrong token counts as another answer, and its lead is told."""
    folder = make(tmp_path / "tiny", Tiny(seed=4))
    answers = answers_of(folder)
    answers[1].read.ids[-3] = (answers[1].read.ids[-3] + 7) % 300
    result = judged(answers, choices(open_checkpoint(folder), answers, 1, lambda share: None))
    assert result.same_answers == 2
    assert result.tokens - 3 <= result.same_tokens < result.tokens
    assert result.farthest > 0.01


def test_a_damaged_weight_is_seen(tmp_path: Path) -> None:
    """Where the packed weights were made from other ones than those on the disk, the tokens differ."""
    folder = make(tmp_path / "tiny", Tiny(seed=4))
    other = make(tmp_path / "other", Tiny(seed=5))
    answers = answers_of(folder)
    result = judged(answers, choices(open_checkpoint(other), answers, 1, lambda share: None))
    assert result.same_tokens < result.tokens / 2


def test_rows_are_read_alone(tmp_path: Path) -> None:
    """Some rows of a matrix are the same as those of the whole."""
    checkpoint = open_checkpoint(make(tmp_path / "tiny", Tiny(seed=4)))
    name = "model.language_model.embed_tokens.weight"
    whole = np.empty(checkpoint.tensors[name].shape, np.float32)
    checkpoint.read_into(name, whole)
    part = np.empty((5, whole.shape[1]), np.float32)
    checkpoint.read_rows(name, 17, part)
    assert np.array_equal(part, whole[17:22])
