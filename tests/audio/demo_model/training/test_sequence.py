"""Training on whole rows of phones, beside a sum over all rows that is written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from audio.demo_model.training import sequence

CLASSES = 3


def _follows() -> torch.Tensor:
    labels = [np.array([0, 0, 1, 1, 2, 0, 2]), np.array([1, 2, 5, 2, 0])]  # 5 is ambiguous
    return torch.from_numpy(sequence.transitions(labels, CLASSES)).float()


def test_transitions_are_shares_of_what_followed() -> None:
    """Each row sums to one, and nothing is learnt from an ambiguous label."""
    follows = _follows()
    torch.testing.assert_close(follows.sum(1), torch.ones(CLASSES))
    assert follows[1].tolist() == pytest.approx([0.1 / 3.3, 1.1 / 3.3, 2.1 / 3.3])


def test_log_sum_is_that_over_every_row() -> None:
    """The quick recursion gives what adding up every row of phones does, also of an utterance that ends early."""
    torch.manual_seed(1)
    scores, follows = torch.randn(2, 5, CLASSES) * 4, _follows()
    known = torch.ones(2, 5, dtype=torch.bool)
    known[1, 3:] = False
    found = sequence.log_sum(scores, known, follows)
    for number, length in enumerate((5, 3)):
        rows = [
            sum(float(scores[number, at, phone]) for at, phone in enumerate(row))
            + sum(float(follows[one, other].log()) for one, other in itertools.pairwise(row))
            - np.log(CLASSES)
            for row in itertools.product(range(CLASSES), repeat=length)
        ]
        assert float(found[number]) == pytest.approx(np.logaddexp.reduce(rows), abs=1e-4)


def test_loss_falls_with_the_scores_of_the_right_phones_only() -> None:
    """It is never negative, all but zero where the right row has all the score, and larger where a wrong one has."""
    right = torch.nn.functional.one_hot(torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1]]), CLASSES).float()
    known = torch.ones(1, 8, dtype=torch.bool)
    sure = float(sequence.loss(20 * right, right, known, _follows()))
    even = float(sequence.loss(0 * right, right, known, _follows()))
    wrong = float(sequence.loss(20 * right.flip(2), right, known, _follows()))
    assert 0 <= sure < 0.01 < even < wrong


def test_a_phone_may_begin_one_output_late() -> None:
    """A change one output beside its label costs nothing; two outputs beside it cost much."""
    labels = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1]])
    right, known = torch.nn.functional.one_hot(labels, CLASSES).float(), torch.ones(1, 8, dtype=torch.bool)
    late, later = (torch.roll(labels, steps, 1) for steps in (1, 2))
    late[:, 0], later[:, :2] = 0, 0
    one, two = (
        float(sequence.loss(20 * torch.nn.functional.one_hot(x, CLASSES).float(), right, known, _follows()))
        for x in (late, later)
    )
    assert one < 0.01 < 1 < two


def test_its_gradient_leads_to_the_right_row() -> None:
    """A few steps downhill make the labelled row the best one."""
    labels = torch.tensor([[0, 1, 1, 2, 2, 2]])
    right, known = torch.nn.functional.one_hot(labels, CLASSES).float(), torch.ones(1, 6, dtype=torch.bool)
    scores = torch.zeros(1, 6, CLASSES, requires_grad=True)
    optimizer = torch.optim.Adam([scores], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        sequence.loss(scores, right, known, _follows()).backward()
        optimizer.step()
    best = scores.detach().argmax(2)
    assert ((best == labels) | (best == labels.roll(1, 1)) | (best == labels.roll(-1, 1))).all()
