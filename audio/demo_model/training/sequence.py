"""Trains on whole sentences: the right row of phones against all other rows (maximum mutual information).

Frame by frame, a network learns most from frames that no decoder would get wrong. Here the loss is
log Σ exp(score of every row of phones) − log Σ exp(score of the right ones), for each output. A row's score is the sum
of what Vosk adds up as well, scaled acoustic scores with the priors taken out, and of how often one phone follows
another (instead of words, hence "lattice-free": Povey et al., "Purely sequence-trained neural networks for ASR based
on lattice-free MMI", Interspeech 2016). It knows phones and scores, but neither words nor networks.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

TOLERANCE = 1  # outputs by which a phone may begin earlier or later than its label says
_LEAST = 1e-30


def transitions(labels: list[NDArray[np.int64]], classes: int) -> NDArray[np.float64]:
    """How often each phone follows each, (classes, classes), rows sum to 1. `labels` are those of single outputs.

    A label from `classes` on is ambiguous, and not counted.
    """
    counts = np.full((classes, classes), 0.1)
    for row in labels:
        before, after = row[:-1], row[1:]
        known = (before < classes) & (after < classes)
        np.add.at(counts, (before[known], after[known]), 1)
    return np.asarray(counts / counts.sum(1, keepdims=True))


def log_sum(scores: torch.Tensor, known: torch.Tensor, follows: torch.Tensor) -> torch.Tensor:
    """The log of the sum over all rows of phones, (batch).

    `scores` (batch, outputs, classes) may hold −inf for phones that are not allowed, `known` (batch, outputs) is False
    behind an utterance's end, and `follows` (classes, classes) holds the shares of the phone after each phone.
    """
    most = scores.detach().max(2, keepdim=True).values
    emitted = torch.exp(scores - most)
    total = torch.zeros(len(scores))
    forward = torch.full((len(scores), scores.shape[2]), 1.0 / scores.shape[2])
    for at in range(scores.shape[1]):
        forward_next = (forward @ follows if at else forward) * emitted[:, at]
        size = forward_next.sum(1, keepdim=True) + _LEAST
        is_known = known[:, at]
        total = total + torch.where(is_known, size[:, 0].log() + most[:, at, 0], 0.0)
        forward = torch.where(is_known[:, None], forward_next / size, forward)
    return total


def loss(scores: torch.Tensor, right: torch.Tensor, known: torch.Tensor, follows: torch.Tensor) -> torch.Tensor:
    """The mean over all outputs of how much less likely the right rows are than all rows, in nats.

    `right` (batch, outputs, classes) is 1 for each phone that the label of an output may stand for.
    """
    allowed = right.clone()
    for shift in range(1, TOLERANCE + 1):
        allowed[:, shift:] = torch.maximum(allowed[:, shift:], right[:, :-shift])
        allowed[:, :-shift] = torch.maximum(allowed[:, :-shift], right[:, shift:])
    allowed = torch.where(known[:, :, None], allowed, torch.ones_like(allowed))
    masked = scores.masked_fill(allowed == 0, -torch.inf)
    return (log_sum(scores, known, follows) - log_sum(masked, known, follows)).sum() / known.sum()
