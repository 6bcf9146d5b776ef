"""Writes and reads `am/final.mdl`: Kaldi's binary transition model and nnet3 network, as the Vosk library reads them.

It knows the file format only: numbers and names in, bytes out, and the layers back from a file that it wrote itself.
All phones have the same topology: one state, a self-loop and a way forward. Phone p has the transition ids 2p − 1
(self-loop) and 2p (forward).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audio.demo_model.training import kaldi_matrix
from audio.demo_model.training.network import Affine

_STAY = 0.5  # probability of the self-loop


class Writer:
    """Writes Kaldi's binary primitives. Every method returns the writer, so that calls read like the file."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0B")

    def token(self, text: str) -> Writer:
        self.data += text.encode() + b" "
        return self

    def raw(self, text: str) -> Writer:
        self.data += text.encode()
        return self

    def int32(self, *values: int) -> Writer:
        for value in values:
            self.data += b"\4" + struct.pack("<i", value)
        return self

    def float32(self, *values: float) -> Writer:
        for value in values:
            self.data += b"\4" + struct.pack("<f", value)
        return self

    def float64(self, value: float) -> Writer:
        self.data += b"\10" + struct.pack("<d", value)
        return self

    def boolean(self, value: bool) -> Writer:
        self.data += b"T" if value else b"F"
        return self

    def int_vector(self, values: Sequence[int]) -> Writer:
        self.data += b"\4" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()
        return self

    def vector(self, values: ArrayLike) -> Writer:
        floats = np.asarray(values, "<f4")
        self.token("FV").int32(len(floats))
        self.data += floats.tobytes()
        return self

    def matrix(self, values: ArrayLike) -> Writer:
        self.data += kaldi_matrix.encoded(values)
        return self


def _transition_model(out: Writer, classes: Sequence[int]) -> None:
    """Writes the transition model. `classes[p − 1]` is the network's output for phone p."""
    phones = list(range(1, len(classes) + 1))
    out.token("<TransitionModel>").token("<Topology>")
    out.int_vector(phones).int_vector([-1] + [0] * len(phones))  # every phone uses topology 0
    out.int32(1).int32(2)  # one topology, two states
    out.int32(0).int32(2).int32(0).float32(_STAY).int32(1).float32(1 - _STAY)  # state 0: two transitions
    out.int32(-1).int32(0).token("</Topology>")  # state 1: final
    out.token("<Triples>").int32(len(phones))
    for phone, output in zip(phones, classes, strict=True):
        out.int32(phone, 0, output)
    out.token("</Triples>").token("<LogProbs>")
    out.vector([0.0] + [math.log(_STAY), math.log(1 - _STAY)] * len(phones))
    out.token("</LogProbs>").token("</TransitionModel>")


def _tdnn(out: Writer, layer: Affine) -> None:
    out.token("<TdnnComponent>").token("<LearningRate>").float32(0.001).token("<TimeOffsets>").int_vector(layer.offsets)
    out.token("<LinearParams>").matrix(layer.weights).token("<BiasParams>").vector(layer.bias)
    out.token("<OrthonormalConstraint>").float32(0.0).token("<UseNaturalGradient>").boolean(False)
    out.token("<NumSamplesHistory>").float32(2000.0).token("<AlphaInOut>").float32(4.0, 4.0)
    out.token("<RankInOut>").int32(20, 80).token("</TdnnComponent>")


def _nonlinearity(out: Writer, kind: str, dim: int) -> None:
    out.token(f"<{kind}>").token("<Dim>").int32(dim).token("<ValueAvg>").vector([]).token("<DerivAvg>").vector([])
    out.token("<Count>").float64(0.0).token("<NumDimsSelfRepaired>").float64(0.0).token("<NumDimsProcessed>").float64(
        0.0
    )
    out.token("<SelfRepairScale>").float32(1e-5).token(f"</{kind}>")


def _network(out: Writer, inputs: int, affines: Sequence[Affine], priors: ArrayLike) -> None:
    graph, before, last = [f"input-node name=input dim={inputs}"], "input", "input"
    for index, layer in enumerate(affines):
        graph.append(f"component-node name=l{index}.affine component=l{index}.affine input={before}")
        before = f"l{index}.affine"
        if layer.relu:
            graph.append(f"component-node name=l{index}.relu component=l{index}.relu input={before}")
            before = f"l{index}.relu"
        if layer.residual:
            before = f"Sum({before}, {last})"
        last = before
    graph.append(f"component-node name=posterior component=posterior input={before}")
    graph.append("output-node name=output input=posterior objective=linear")
    out.token("<Nnet3>").raw("\n" + "\n".join(graph) + "\n\n")
    out.token("<NumComponents>").int32(len(affines) + sum(layer.relu for layer in affines) + 1)
    for index, layer in enumerate(affines):
        _tdnn(out.token("<ComponentName>").token(f"l{index}.affine"), layer)
        if layer.relu:
            _nonlinearity(
                out.token("<ComponentName>").token(f"l{index}.relu"), "RectifiedLinearComponent", len(layer.bias)
            )
    _nonlinearity(out.token("<ComponentName>").token("posterior"), "LogSoftmaxComponent", len(affines[-1].bias))
    out.token("</Nnet3>")
    out.token("<LeftContext>").int32(0).token("<RightContext>").int32(0)  # Vosk computes them itself
    out.token("<Priors>").vector(priors)


def write_model(path: Path, classes: Sequence[int], inputs: int, affines: Sequence[Affine], priors: ArrayLike) -> None:
    """Writes the whole file.

    `classes[p − 1]` is the output of phone p; `priors` has one value per output and sums to 1.
    """
    out = Writer()
    _transition_model(out, classes)
    _network(out, inputs, affines, priors)
    path.write_bytes(out.data)


def read_layers(path: Path) -> list[tuple[tuple[int, ...], NDArray[np.float64], NDArray[np.float64]]]:
    """The affine layers of a file that `write_model` wrote: offsets, weights (out, in · offsets) and bias of each.

    Raises ValueError where the file has no such layers, since models of other makers hold other kinds.
    """
    data = path.read_bytes()
    layers, at = [], 0
    while (at := data.find(b"<TdnnComponent>", at)) >= 0:
        place = data.index(b"<TimeOffsets>", at) + len(b"<TimeOffsets> ") + 1
        (count,) = struct.unpack_from("<i", data, place)
        offsets = tuple(int(offset) for offset in np.frombuffer(data, "<i4", count, place + 4))
        place = data.index(b"<LinearParams>", place) + len(b"<LinearParams> ")
        try:
            weights, end = kaldi_matrix.decoded(data, place)
        except ValueError as problem:
            raise ValueError(f"{path}: {problem}") from None
        rows = len(weights)
        place = data.index(b"<BiasParams>", end) + len(b"<BiasParams> FV ") + 5
        bias = np.frombuffer(data, "<f4", rows, place)
        layers.append((offsets, weights, bias.astype(np.float64)))
        at = place
    if not layers:
        raise ValueError(f"{path}: no layers of this project's kind are in it")
    return layers
