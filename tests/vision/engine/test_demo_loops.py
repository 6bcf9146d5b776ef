"""The demo model goes round in circles over crowded drawings: the engine cuts that, and changes no other answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vision.demo_model.rendering.free import free_drawing
from vision.engine.engine import Engine
from vision.engine.generation.cycles import CycleDetector
from vision.engine.settings import EngineSettings
from vision.frame import Frame
from vision.interface import AnswerChunk

CHECKPOINT = Path(__file__).parents[3] / "vision" / "demo_model" / "checkpoint"
LOOPING = 62  # a crowded drawing, of which the guardless model says "a green circle, a blue cross" to the end
SEEDS = (0, 2, 4, LOOPING)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Engine, Engine]]:
    """One that cuts loops, and one that does not."""
    guarded = EngineSettings(threads=1, is_demo=True)
    plain = EngineSettings(threads=1, is_demo=True, stops_loops=False)
    with Engine.load(CHECKPOINT, guarded) as first, Engine.load(CHECKPOINT, plain) as second:
        yield first, second


def description(engine: Engine, seed: int) -> list[AnswerChunk]:
    drawing = np.ascontiguousarray(free_drawing(random.Random(seed), crowded=True).picture)
    return list(engine.see(Frame(drawing, captured_at=0.0)).ask("describe the picture"))


def loops(engine: Engine, chunks: list[AnswerChunk]) -> bool:
    detector = CycleDetector()
    for chunk in chunks:
        detector.push(hash(chunk.text), chunk.text)
    return detector.found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crowded_drawing_gets_no_loop(engines: tuple[Engine, Engine], seed: int) -> None:
    """An answer that loops is another one, which does not; all other answers keep their words and probabilities."""
    ours, plain = (description(engine, seed) for engine in engines)
    text, own = ("".join(chunk.text for chunk in chunks) for chunks in (ours, plain))
    assert not loops(engines[0], ours)
    assert loops(engines[1], plain) == (seed == LOOPING)
    if seed == LOOPING:
        assert text != own
        assert text.endswith((".", "…"))
    else:
        told = [[(chunk.text, chunk.log_probabilities) for chunk in chunks] for chunks in (ours, plain)]
        assert told[0] == told[1]
