"""Sampling options give transformers' own results on the same logits, and draws come as often as they should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vision.engine.generation.generate import Scores
from vision.engine.generation.sampling import PUBLISHED, Sampler, drawn, penalized, probabilities, with_presence_penalty
from vision.engine.settings import EngineSettings

VOCABULARY = 1501


def some_logits(seed: int, size: int = VOCABULARY, width: float = 4.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(size) * width).astype(np.float32)


def some_ids(seed: int) -> list[int]:
    """A conversation of 200 tokens, with repetitions."""
    return np.random.default_rng(seed).integers(0, VOCABULARY, 150).repeat(2)[:200].tolist()


def processed(processors: list[Any], ids: list[int], logits: np.ndarray) -> np.ndarray:
    """The logits after transformers' processors, one after the other."""
    import torch
    from transformers import LogitsProcessorList

    given = torch.tensor([ids]), torch.from_numpy(logits)[None].clone()
    return np.asarray(LogitsProcessorList(processors)(*given)[0])


@pytest.mark.parametrize("penalty", [1.0, 1.05, 1.3, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_penalty_is_that_of_transformers(seed: int, penalty: float) -> None:
    """Positive logits are divided and negative ones multiplied, each once, with the same bits."""
    from transformers import RepetitionPenaltyLogitsProcessor

    logits, ids = some_logits(seed), some_ids(seed)
    expected = processed([RepetitionPenaltyLogitsProcessor(penalty)], ids, logits)
    before = logits.copy()
    assert np.array_equal(penalized(logits, set(ids), penalty), expected)
    assert np.array_equal(logits, before)  # the caller's own logits stay as they are


def test_the_penalty_passes_over_ids_beyond_the_head() -> None:
    """As in transformers, a token that the head does not have gets no penalty."""
    from transformers import RepetitionPenaltyLogitsProcessor

    logits, ids = some_logits(9), [3, VOCABULARY, VOCABULARY + 7]
    expected = processed([RepetitionPenaltyLogitsProcessor(1.5)], ids, logits)
    assert np.array_equal(penalized(logits, ids, 1.5), expected)


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_probabilities_are_those_of_transformers(seed: int, temperature: float, top_p: float) -> None:
    """The same tokens are kept with the same probabilities, up to float32 rounding."""
    import torch
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper

    logits = some_logits(seed, width=2.0 + seed)
    kept = processed([TemperatureLogitsWarper(temperature), TopPLogitsWarper(top_p)], [0], logits)
    expected = torch.softmax(torch.from_numpy(kept), -1).numpy()
    ours = probabilities(logits, temperature, top_p)
    if top_p < 1.0:
        assert np.array_equal(ours > 0, np.isfinite(kept))
    np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=1e-7)
    assert ours.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_is_that_of_transformers(seed: int) -> None:
    """After penalty, temperature and top-p, the tokens that may be drawn are those of transformers."""
    from transformers import RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopPLogitsWarper

    logits, ids = some_logits(seed, width=2.0), some_ids(seed)
    chain = [RepetitionPenaltyLogitsProcessor(1.4), TemperatureLogitsWarper(0.6), TopPLogitsWarper(0.5)]
    left = set(np.flatnonzero(np.isfinite(processed(chain, ids, logits))).tolist())
    settings = EngineSettings(temperature=0.6, top_p=0.5, repetition_penalty=1.4, seed=seed)
    sampler, scores = Sampler(settings, ids), Scores.of(logits)
    found = set()
    for _ in range(3000):
        found.add(sampler._picked(scores))
    assert found <= left
    likely = probabilities(penalized(logits, ids, 1.4), 0.6, 0.5) > 0.01
    assert set(np.flatnonzero(likely).tolist()) <= found


def test_draws_come_as_often_as_they_are_probable() -> None:
    """Of 20,000 draws each token gets its share, within five standard deviations."""
    logits = np.array([2.0, 1.0, 0.0, -1.0, 1.0, -30.0], np.float32)
    shares = probabilities(logits, 0.8, 0.95)
    assert np.count_nonzero(shares) == 4
    count, scores = 20_000, Scores.of(logits)
    sampler = Sampler(EngineSettings(temperature=0.8, top_p=0.95, seed=1), [])
    found = np.bincount([sampler.pick(scores) for _ in range(count)], minlength=logits.size)
    assert (np.abs(found - count * shares) <= 5 * np.sqrt(count * shares * (1 - shares))).all()


def test_as_likely_as_the_last_one_kept_is_kept() -> None:
    """Of equally likely tokens none is left out, and one token always stays."""
    assert np.array_equal(probabilities(np.zeros(4, np.float32), 1.0, 0.3), np.full(4, 0.25))
    assert np.array_equal(probabilities(np.array([0, 50, 1], np.float32), 1.0, 0.01), [0, 1, 0])


def test_a_draw_is_always_a_possible_token() -> None:
    """This holds at both ends of the range and at the borders in between."""
    shares = np.array([0.0, 0.25, 0.0, 0.75, 0.0])
    dice = [0.0, 0.2499, 0.25, float(np.nextafter(1.0, 0.0))]
    assert [drawn(shares, die) for die in dice] == [1, 1, 3, 3]


def test_greedy_is_the_likeliest_token() -> None:
    """Without options it is the likeliest token; with a penalty, the likeliest one after it."""
    scores = Scores.of(np.array([1.0, 4.0, 3.0], np.float32))
    assert [Sampler(EngineSettings(), [1]).pick(scores) for _ in range(3)] == [1, 1, 1]
    sampler = Sampler(EngineSettings(repetition_penalty=2.0), [0])
    assert [sampler.pick(scores) for _ in range(3)] == [1, 2, 1]  # said once, a token counts as read


def test_a_low_temperature_is_nearly_greedy() -> None:
    """No logit overflows either."""
    scores = Scores.of(some_logits(4, width=3e4))
    sampler = Sampler(EngineSettings(temperature=0.001, seed=2), [])
    assert {sampler.pick(scores) for _ in range(50)} == {scores.likeliest}


@pytest.mark.parametrize("top_k", [1, 5, 20, VOCABULARY, VOCABULARY + 9])
@pytest.mark.parametrize("seed", range(3))
def test_the_likeliest_tokens_are_those_of_transformers(seed: int, top_k: int) -> None:
    """Top-k comes between temperature and top-p, and tokens as likely as the last one stay."""
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    logits = some_logits(seed)
    warpers = [TemperatureLogitsWarper(0.7), TopKLogitsWarper(top_k), TopPLogitsWarper(0.8)]
    expected = processed(warpers, some_ids(seed), logits)
    found = probabilities(logits, 0.7, 0.8, top_k)
    assert np.array_equal(found > 0, np.isfinite(expected))
    assert probabilities(np.zeros(5, np.float32), 1.0, 1.0, 2).tolist() == [0.2] * 5


def test_the_presence_penalty_counts_each_token_of_the_answer_once() -> None:
    """Tokens of the question get none, and those that the answer begins with do."""
    scores = Scores.of(np.array([3.0, 2.0, 1.0], np.float32))
    sampler = Sampler(EngineSettings(presence_penalty=1.5), [0])
    assert [sampler.pick(scores) for _ in range(4)] == [0, 1, 0, 0]
    assert Sampler(EngineSettings(presence_penalty=1.5), [0], said=[0]).pick(scores) == 1
    assert with_presence_penalty(np.zeros(2, np.float32), [1, 5], 0.5).tolist() == [0.0, -0.5]


def test_a_loop_is_tried_again_with_the_published_settings() -> None:
    """They are those of the model's developers for the Instruct models, with a fixed seed."""
    found = PUBLISHED
    assert (found.temperature, found.top_p, found.top_k) == (0.7, 0.8, 20)
    assert (found.repetition_penalty, found.presence_penalty) == (1.0, 1.5)
    assert found.seed is not None
