"""The acoustic network: it takes 40 log-mels for each frame and gives a phone class for every third frame.

It knows its own shape, and how to fold itself into the plain affine layers of Vosk's file format. All convolutions
are "valid". The caller repeats the first and the last frame CONTEXT times, as Vosk does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from audio.demo_model.features import ENERGY_FLOOR, MELS, SUBSAMPLING

CONTEXT = 31  # frames: 4 before the subsampling layer, 9 × 3 behind it
_MEAN, _SPREAD = 11.0, 4.0  # of log-mels at ordinary loudness
_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Layer:
    """One convolution. `unit` is the number of input frames for which one of its steps stands."""

    inputs: int
    outputs: int
    taps: int
    dilation: int
    stride: int
    unit: int
    residual: bool


@dataclass(frozen=True)
class Affine:
    """A layer of the file format: outputs = weights · inputs spliced at `offsets` (in frames) + bias."""

    offsets: tuple[int, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    relu: bool
    residual: bool


def layers(narrow: int, wide: int) -> list[Layer]:
    front = [
        Layer(MELS, narrow, 5, 1, 1, 1, False),
        Layer(narrow, narrow, 3, 1, 1, 1, False),
        Layer(narrow, wide, 3, 1, SUBSAMPLING, 1, False),
    ]
    return front + [Layer(wide, wide, 3, dilation, 1, SUBSAMPLING, True) for dilation in (1, 1, 2, 2, 3)]


class Network(nn.Module):
    """Each layer has a convolution, batch norm and ReLU, and the later ones a residual path. The output is logits."""

    def __init__(self, classes: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.layers = layers(narrow, wide)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(y.inputs, y.outputs, y.taps, stride=y.stride, dilation=y.dilation, bias=False)
            for y in self.layers
        )
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(layer.outputs, eps=_NORM_EPSILON, momentum=0.05) for layer in self.layers
        )
        self.head = nn.Conv1d(wide, classes, 1)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        """Floored log-mels (batch, 40, 3·n − 2 + 2·CONTEXT) to logits (batch, classes, n)."""
        x = (mels - _MEAN) / _SPREAD
        for layer, convolution, norm in zip(self.layers, self.convolutions, self.norms, strict=True):
            y = torch.relu(norm(convolution(x)))
            x = y + x[:, :, layer.dilation : -layer.dilation] if layer.residual else y
        return self.head(x)  # type: ignore[no-any-return]

    def folded(self) -> list[Affine]:
        """The same arithmetic as affine layers only, with batch norm, input scaling and the energy floor folded in."""
        # The first layer computes max(x, floor) − floor.
        affines = [Affine((0,), np.eye(MELS), np.full(MELS, -ENERGY_FLOOR), relu=True, residual=False)]
        for index, (layer, convolution, norm) in enumerate(
            zip(self.layers, self.convolutions, self.norms, strict=True)
        ):
            weights = _numpy(convolution.weight)  # (out, in, taps)
            gain = _numpy(norm.weight) / np.sqrt(_numpy(norm.running_var) + _NORM_EPSILON)
            bias = _numpy(norm.bias) - _numpy(norm.running_mean) * gain
            if index == 0:
                bias = bias + gain * weights.sum((1, 2)) * (ENERGY_FLOOR - _MEAN) / _SPREAD
                weights = weights / _SPREAD
            weights = weights * gain[:, None, None]
            offsets = tuple((tap - layer.taps // 2) * layer.dilation * layer.unit for tap in range(layer.taps))
            spliced = np.concatenate([weights[:, :, tap] for tap in range(layer.taps)], axis=1)
            affines.append(Affine(offsets, spliced, bias, relu=True, residual=layer.residual))
        last = _numpy(self.head.weight)[:, :, 0]
        return [*affines, Affine((0,), last, _numpy(self.head.bias), relu=False, residual=False)]


def _numpy(tensor: object) -> NDArray[np.float64]:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError("a part of the network that should hold numbers holds none")
    return np.asarray(tensor.detach().numpy(), np.float64)


def padded_length(outputs: int) -> int:
    """The number of input frames that give `outputs` output frames, context included."""
    return SUBSAMPLING * outputs - (SUBSAMPLING - 1) + 2 * CONTEXT
