"""The acoustic network, folded into a model file and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from audio.demo_model.sounds.features import ENERGY_FLOOR, MELS
from audio.demo_model.training import kaldi_io
from audio.demo_model.training.network import Network, from_layers, padded_length, widened


def _trained_looking(network: Network) -> Network:
    for norm in network.norms:  # as after training: mean is not 0 and variance is not 1
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    return network.eval()


def test_folded_layers_compute_what_the_network_does() -> None:
    """The plain affine layers written to the model file give the network's own outputs."""
    torch.manual_seed(0)
    network = _trained_looking(Network(7, narrow=12, wide=16))
    mels = torch.clamp(torch.randn(1, MELS, padded_length(5)) * 4 + 10, min=ENERGY_FLOOR)
    expected = network(mels)[0].T.detach().numpy()  # (5, 7)
    frames = dict(enumerate(mels[0].T.numpy().astype(np.float64)))
    before: dict[int, np.ndarray] = {}
    for layer in network.folded():
        now = {}
        for at in frames:
            if all(at + offset in frames for offset in layer.offsets):
                y = layer.weights @ np.concatenate([frames[at + offset] for offset in layer.offsets]) + layer.bias
                y = np.maximum(y, 0) if layer.relu else y
                now[at] = y + before[at] if layer.residual else y
        frames = before = now
    first = min(frames)
    got = np.stack([frames[first + 3 * index] for index in range(5)])
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_layers_of_a_model_file_come_back(tmp_path: Path) -> None:
    """A network that was written to a model file and read again computes the same."""
    torch.manual_seed(0)
    network = _trained_looking(Network(7, narrow=12, wide=16))
    kaldi_io.write_model(tmp_path / "final.mdl", [0, 1], MELS, network.folded(), np.full(7, 1 / 7))
    again = from_layers(kaldi_io.read_layers(tmp_path / "final.mdl")).eval()
    mels = torch.clamp(torch.randn(2, MELS, padded_length(6)) * 4 + 10, min=ENERGY_FLOOR)
    with torch.no_grad():
        torch.testing.assert_close(again(mels), network(mels), atol=2e-3, rtol=1e-3)


def test_a_file_without_layers_is_refused(tmp_path: Path) -> None:
    """A model of another maker gives a sentence, not wrong weights."""
    (tmp_path / "final.mdl").write_bytes(b"\0B<TransitionModel> ")
    with pytest.raises(ValueError, match="no layers of this project's kind"):
        kaldi_io.read_layers(tmp_path / "final.mdl")


def test_wider_network_computes_what_the_small_one_does() -> None:
    """New channels change nothing before they are trained, with the batches' own norms as with the kept ones."""
    torch.manual_seed(0)
    small = _trained_looking(Network(7, narrow=12, wide=16))
    mels = torch.clamp(torch.randn(6, MELS, padded_length(40)) * 4 + 10, min=ENERGY_FLOOR)
    large = widened(small, 20, 28, mels)
    with torch.no_grad():
        expected = small(mels)
        torch.testing.assert_close(large.eval()(mels), expected, atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(large.train()(mels), expected, atol=2e-2, rtol=2e-2)
