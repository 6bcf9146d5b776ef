"""Finds when each phone of a known text is spoken, with the network of a finished model: forced alignment.

Synthesisers other than espeak-ng do not tell their phones in espeak-ng's names. So espeak-ng says which phones the text
has, and the best path of the network's posteriors through them (Viterbi) says when. It knows phones and features, but
neither voices nor training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from audio.demo_model.sounds import features
from audio.demo_model.training import kaldi_io
from audio.demo_model.training.network import PAST, Network, from_layers, padded_length
from audio.demo_model.words import phones

OUTPUT_S = features.SUBSAMPLING * features.FRAME_SHIFT / features.RATE_HZ  # of one output: 0.03 s
WORST_MEAN = -2.5  # mean log-probability of an output on its phone; below it the voice said something else
STAY_COST = 0.1  # nats for each step that a phone lasts

# Phones that one accent or one synthesiser says for another: the better of the two counts.
_ALIKE = {
    "t#": ("t", "d"), "t": ("t#",), "@": ("V", "a#", "I", "3"), "a#": ("@", "V"), "I": ("i", "@"), "i": ("i:", "I"), "0": ("A:", "O:"),
    "A:": ("0",), "O:": ("0", "O@"), "aa": ("a",), "a": ("aa",), "3": ("3:", "@"), "3:": ("3",), "@L": ("l",), "l": ("@L",), "V": ("@",),
    "o@": ("O@",), "O@": ("o@",), "aI@": ("aI",),
}  # fmt: skip


class Aligner:
    """Holds the network of a model folder."""

    def __init__(self, folder: Path) -> None:
        self._network: Network = from_layers(kaldi_io.read_layers(folder / "am" / "final.mdl")).eval()
        self._numbers = {name: number for number, name in enumerate(phones.CLASSES)}

    def posteriors(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-probabilities (outputs, classes), one output for each 30 ms of 16 kHz samples at int16 scale."""
        mels = np.maximum(features.fbank(samples), np.float32(features.ENERGY_FLOOR))
        outputs = (len(mels) + features.SUBSAMPLING - 1) // features.SUBSAMPLING
        after = padded_length(outputs) - PAST - len(mels)
        padded = np.pad(mels, ((PAST, max(0, after)), (0, 0)), mode="edge")[: padded_length(outputs)]
        with torch.no_grad():
            logits = self._network(torch.from_numpy(padded.T[None].copy()))
        return np.asarray(torch.log_softmax(logits[0], 0).T.numpy(), np.float64)

    def align(
        self, samples: NDArray[np.float32], said: list[str], gaps: list[bool]
    ) -> tuple[tuple[float, str], ...] | None:
        """When each phone begins: (first sample, name) in order, with silence where there is some.

        `gaps[i]` is true where silence may stand before phone i; one more stands for the end. None where the network
        does not hear these phones.
        """
        scores = self.posteriors(samples)
        states: list[tuple[str, bool]] = []  # (phone, may be left out)
        for name, gap in zip([*said, ""], gaps, strict=True):
            if gap:
                states.append((phones.SILENCE, True))
            if name:
                states.append((name, False))
        found = best_path(np.stack([self._score(scores, name) for name, _ in states], 1), [may for _, may in states])
        if found is None:
            return None
        path, mean = found
        if mean < WORST_MEAN:
            return None
        changes = [0, *(at for at in range(1, len(path)) if path[at] != path[at - 1])]
        step = features.SUBSAMPLING * features.FRAME_SHIFT
        # Output k is the phone at the middle of its window, so a change lies half a step before that.
        return tuple(
            (max(0.0, at * step + features.FRAME_CENTRE - step / 2) if at else 0.0, states[path[at]][0])
            for at in changes
        )

    def _score(self, scores: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        columns = [self._numbers[name], *(self._numbers[other] for other in _ALIKE.get(name, ()))]
        return np.asarray(scores[:, columns].max(1))


def best_path(scores: NDArray[np.float64], optional: list[bool]) -> tuple[list[int], float] | None:
    """The state at every output, and the mean score, where the states come in order and each lasts one output or more.

    `scores` are (outputs, states). An optional state may be left out; no two of them follow one another. None where
    there are fewer outputs than states.
    """
    outputs, states = scores.shape
    if outputs < states - sum(optional):
        return None
    best = np.full(states, -np.inf)
    best[0] = scores[0, 0]
    if optional[0] and states > 1:
        best[1] = scores[0, 1]
    steps = np.zeros((outputs, states), np.int8)
    may_skip = np.array([index >= 2 and optional[index - 1] for index in range(states)])
    for at in range(1, outputs):
        one = np.concatenate([[-np.inf], best[:-1]])
        two = np.where(may_skip, np.concatenate([[-np.inf, -np.inf], best[:-2]])[:states], -np.inf)
        choices = np.stack([best - STAY_COST * (1 - np.array(optional, float)), one, two])
        steps[at] = choices.argmax(0)
        best = choices.max(0) + scores[at]
    state = states - 1
    if optional[-1] and states > 1 and best[-2] > best[-1]:
        state = states - 2
    if not np.isfinite(best[state]):
        return None
    path = [state]
    for at in range(outputs - 1, 0, -1):
        state -= int(steps[at, state])
        path.append(state)
    path.reverse()
    return path, float(scores[np.arange(outputs), path].mean())
