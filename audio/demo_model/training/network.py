"""The acoustic network: it takes 40 log-mels for each frame and gives a phone class for every third frame.

It knows its own shape, and how to fold itself into the plain affine layers of Vosk's file format. All convolutions
are "valid". The caller repeats the first frame PAST times and the last one FUTURE times, as Vosk does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from audio.demo_model.sounds.features import ENERGY_FLOOR, MELS, SUBSAMPLING

FUTURE = 31  # frames that an output needs from after it: 4 before the subsampling layer, 9 × 3 behind it
PAST = (
    FUTURE + 18
)  # and from before it: the last layer looks back only, since echoes come from there and wait for nobody
_MEAN, _SPREAD = 11.0, 4.0  # of log-mels at ordinary loudness
_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Layer:
    """One convolution. `unit` is the number of input frames for which one of its steps stands.

    Its taps lie around the step, or `shift` steps earlier.
    """

    inputs: int
    outputs: int
    taps: int
    dilation: int
    stride: int
    unit: int
    residual: bool
    shift: int = 0


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
    behind = [(1, 0), (1, 0), (2, 0), (2, 0), (3, 0), (3, 3)]
    return front + [Layer(wide, wide, 3, dilation, 1, SUBSAMPLING, True, shift) for dilation, shift in behind]


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
        """Floored log-mels (batch, 40, 3·n − 2 + PAST + FUTURE) to logits (batch, classes, n)."""
        x = (mels - _MEAN) / _SPREAD
        for layer, convolution, norm in zip(self.layers, self.convolutions, self.norms, strict=True):
            y = torch.relu(norm(convolution(x)))
            x = y + _beside(x, layer) if layer.residual else y
        return self.head(x)  # type: ignore[no-any-return]

    def parts(self, index: int) -> tuple[nn.Conv1d, nn.BatchNorm1d]:
        """The convolution and the batch norm of a layer."""
        return cast("nn.Conv1d", self.convolutions[index]), cast("nn.BatchNorm1d", self.norms[index])

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
            offsets = tuple(
                ((tap - layer.taps // 2) * layer.dilation - layer.shift) * layer.unit for tap in range(layer.taps)
            )
            spliced = np.concatenate([weights[:, :, tap] for tap in range(layer.taps)], axis=1)
            affines.append(Affine(offsets, spliced, bias, relu=True, residual=layer.residual))
        last = _numpy(self.head.weight)[:, :, 0]
        return [*affines, Affine((0,), last, _numpy(self.head.bias), relu=False, residual=False)]


def from_layers(
    read: list[tuple[tuple[int, ...], NDArray[np.float64], NDArray[np.float64]]],
) -> Network:
    """A network that computes what the layers of a model file compute: the inverse of `Network.folded`.

    Its batch norms change nothing. Raises ValueError for layers of another shape.
    """
    narrow, wide, classes = len(read[1][2]), len(read[3][2]), len(read[-1][2])
    network = Network(classes, narrow, wide)
    if len(read) != len(network.layers) + 2:
        raise ValueError(f"the model has {len(read)} layers, not {len(network.layers) + 2}")
    with torch.no_grad():
        for index, layer in enumerate(network.layers):
            offsets, weights, bias = read[index + 1]
            if weights.shape != (layer.outputs, layer.inputs * layer.taps) or len(offsets) != layer.taps:
                raise ValueError(f"layer {index + 1} of the model has another shape: {weights.shape}")
            taps = weights.reshape(layer.outputs, layer.taps, layer.inputs).transpose(0, 2, 1)
            if index == 0:
                bias = bias - taps.sum((1, 2)) * (ENERGY_FLOOR - _MEAN)
                taps = taps * _SPREAD
            convolution, norm = network.parts(index)
            convolution.weight.copy_(torch.from_numpy(taps.copy()))
            _tensor(norm.running_mean).zero_()
            _tensor(norm.running_var).fill_(1 - _NORM_EPSILON)
            norm.weight.fill_(1.0)
            norm.bias.copy_(torch.from_numpy(bias))
        network.head.weight.copy_(torch.from_numpy(read[-1][1].copy())[:, :, None])
        _tensor(network.head.bias).copy_(torch.from_numpy(read[-1][2].copy()))
    return network


@torch.no_grad()
def widened(small: Network, narrow: int, wide: int, mels: torch.Tensor) -> Network:
    """A network with more channels that computes what `small` computes, to go on training from.

    The new channels look at random mixtures of everything and nobody looks at them yet. The batch norms
    take their means and variances from `mels` (batch, 40, frames), because in training each batch is scaled by its own.
    """
    large = Network(small.head.out_channels, narrow, wide)
    x = (mels - _MEAN) / _SPREAD
    for index, layer in enumerate(small.layers):
        (old, old_norm), (new, norm) = small.parts(index), large.parts(index)
        outputs, inputs = layer.outputs, layer.inputs
        new.weight[:outputs, inputs:] = 0.0
        new.weight[:outputs, :inputs] = old.weight
        made = new(x)
        mean, variance = made.mean((0, 2)), made.var((0, 2))
        _tensor(norm.running_mean).copy_(mean)
        _tensor(norm.running_var).copy_(variance)
        gain = old_norm.weight / torch.sqrt(_tensor(old_norm.running_var) + _NORM_EPSILON)
        norm.weight[:outputs] = gain * torch.sqrt(variance[:outputs] + _NORM_EPSILON)
        norm.bias[:outputs] = old_norm.bias + (mean[:outputs] - _tensor(old_norm.running_mean)) * gain
        y = torch.relu(functional.batch_norm(made, mean, variance, norm.weight, norm.bias, eps=_NORM_EPSILON))
        x = y + _beside(x, layer) if layer.residual else y
    large.head.weight[:, wide_of(small) :] = 0.0
    large.head.weight[:, : wide_of(small)] = small.head.weight
    _tensor(large.head.bias).copy_(_tensor(small.head.bias))
    return large


def _beside(x: torch.Tensor, layer: Layer) -> torch.Tensor:
    """The steps of a layer's input (batch, channels, steps) at which it has an output."""
    before, after = layer.dilation + layer.shift, layer.dilation - layer.shift
    return x[:, :, before : x.shape[2] - after]


def wide_of(network: Network) -> int:
    """The channels behind the subsampling layer."""
    return network.layers[-1].outputs


def _tensor(found: torch.Tensor | None) -> torch.Tensor:
    if found is None:
        raise TypeError("a part of the network that should hold numbers holds none")
    return found


def _numpy(tensor: object) -> NDArray[np.float64]:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError("a part of the network that should hold numbers holds none")
    return np.asarray(tensor.detach().numpy(), np.float64)


def padded_length(outputs: int) -> int:
    """The number of input frames that give `outputs` output frames, context included."""
    return SUBSAMPLING * outputs - (SUBSAMPLING - 1) + PAST + FUTURE
