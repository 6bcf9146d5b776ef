"""Trains the acoustic network on the parts that `dataset` wrote, for a given time, with checkpoints.

`python -m audio.demo_model.train WORK --minutes 55` writes `WORK/network.pt` (weights, phones, priors). It knows
features and labels, but neither words nor graphs. It uses one core.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from audio.demo_model import phones
from audio.demo_model.augment import NoiseBank, augmented
from audio.demo_model.features import SUBSAMPLING
from audio.demo_model.network import CONTEXT, Network, padded_length

LABEL_SMOOTHING = 0.02
OUTPUTS_A_BATCH = 2800
SHORTEST, LONGEST = 40, 900  # frames of 10 ms
WARM_UP_STEPS = 150


@dataclass(frozen=True)
class Data:
    """All utterances. A label is a row of `targets` (labels, classes), with 1 for every phone that it may stand for."""

    phones: list[str]
    targets: NDArray[np.float32]
    frames: list[NDArray[np.float16]]
    labels: list[NDArray[np.int64]]

    def priors(self) -> NDArray[np.float64]:
        """How often each phone class occurs. An ambiguous label counts for its classes in equal shares."""
        counts = np.bincount(np.concatenate(self.labels), minlength=len(self.targets))
        shares = counts @ (self.targets / self.targets.sum(1, keepdims=True))
        return np.asarray(shares / shares.sum(), np.float64)


def load(work: Path) -> Data:
    """Reads every `espeak-*.npz` and `flite-*.npz` below `work`, and gives all labels one numbering."""
    parts = [np.load(path) for path in sorted([*work.glob("espeak-*.npz"), *work.glob("flite-*.npz")])]
    if not parts:
        raise FileNotFoundError(f"no training data in {work}: run `python -m audio.demo_model.dataset` first")
    seen = sorted({str(name) for part in parts for name in part["names"]})
    classes = [phones.SILENCE] + [
        name for name in seen if name != phones.SILENCE and not name.startswith(phones.FLITE_PREFIX)
    ]
    names = classes + [name for name in seen if name.startswith(phones.FLITE_PREFIX)]
    targets = np.zeros((len(names), len(classes)), np.float32)
    for row, name in enumerate(names):
        meant = phones.FLITE_TO_PHONES.get(name.removeprefix(phones.FLITE_PREFIX), (phones.SILENCE,))
        for phone in meant if row >= len(classes) else (name,):
            targets[row, classes.index(phone)] = 1
    frames, labels = [], []
    for part in parts:
        renumber = np.array([names.index(str(name)) for name in part["names"]])
        edges = np.cumsum(part["lengths"])[:-1]
        frames += np.split(part["frames"], edges)
        labels += np.split(renumber[part["labels"]], edges)
    return Data(classes, targets, frames, labels)


def batches(lengths: list[int]) -> list[list[int]]:
    """Batches of utterances of about the same length, with at most OUTPUTS_A_BATCH output frames."""
    order = sorted((i for i, length in enumerate(lengths) if SHORTEST < length < LONGEST), key=lengths.__getitem__)
    grouped: list[list[int]] = [[]]
    for index in order:  # sorted by length, so this one is the longest of its batch so far
        if lengths[index] * (len(grouped[-1]) + 1) > OUTPUTS_A_BATCH * SUBSAMPLING:
            grouped.append([])
        grouped[-1].append(index)
    return grouped


def batch_tensors(
    data: Data, batch: list[int], bank: NoiseBank, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (batch, 40, frames) and labels (batch, outputs), which are −1 where the utterance has ended."""
    skip = int(rng.integers(0, SUBSAMPLING))  # which of the three frames is the one with an output
    outputs = (max(len(data.frames[i]) for i in batch) - skip + SUBSAMPLING - 1) // SUBSAMPLING
    needed, inputs, labels = padded_length(outputs), [], []
    for index in batch:
        mels = augmented(data.frames[index][skip:], bank, rng)
        after = max(0, needed - CONTEXT - len(mels))
        inputs.append(np.pad(mels, ((CONTEXT, after), (0, 0)), mode="edge")[:needed])
        label = data.labels[index][skip::SUBSAMPLING]
        labels.append(np.pad(label, (0, outputs - len(label)), constant_values=-1))
    return torch.from_numpy(np.stack(inputs)).transpose(1, 2).contiguous(), torch.from_numpy(np.stack(labels))


def loss_and_hits(logits: torch.Tensor, labels: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, int, int]:
    """The loss (smoothed −log of the probability of any right phone), and how many of how many outputs were right."""
    known = labels >= 0
    log_probability = torch.log_softmax(logits.float(), 1).transpose(1, 2)[known]  # (outputs, classes)
    wanted = targets[labels[known]]
    right = (log_probability.exp() * wanted).sum(1).clamp(min=1e-8)
    loss = -((1 - LABEL_SMOOTHING) * right.log().mean() + LABEL_SMOOTHING * log_probability.mean())
    hits = wanted.gather(1, log_probability.argmax(1, keepdim=True)).sum()
    return loss, int(hits), int(known.sum())


def learning_rate(peak: float, step: int, done: float) -> float:
    """The learning rate: a warm-up, then a cosine over the share of the time that is `done`."""
    return peak * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.5 * (1 + math.cos(math.pi * min(1.0, done))) * 0.99 + 0.01)


def save(path: Path, network: Network, data: Data, narrow: int, wide: int) -> None:
    """Saves atomically, because a script that exports a half-trained network may read the file at any moment."""
    partial = path.with_suffix(".partial")
    state = {
        "weights": network.state_dict(),
        "phones": data.phones,
        "priors": data.priors(),
        "narrow": narrow,
        "wide": wide,
    }
    torch.save(state, partial)
    partial.replace(path)


def train(work: Path, minutes: float, narrow: int, wide: int, peak: float, resume: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    data, rng = load(work), np.random.default_rng(2 if resume else 1)
    bank = NoiseBank(np.load(next(iter(work.glob("noise-*.npz"))))["bank"])
    network, targets = Network(len(data.phones), narrow, wide), torch.from_numpy(data.targets)
    if resume:
        network.load_state_dict(torch.load(work / "network.pt", weights_only=False)["weights"])
    optimizer = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-2)
    grouped = batches([len(frames) for frames in data.frames])
    hours = sum(len(data.frames[i]) for batch in grouped for i in batch) / 360_000
    parameters = sum(p.numel() for p in network.parameters())
    print(
        f"{hours:.1f} h, {len(data.phones)} phones, {parameters} parameters, {len(grouped)} batches",
        data.phones,
        flush=True,
    )
    began, step, epoch, seen = time.monotonic(), 0, 0, [0.0, 0, 0]
    network.train()
    while (time.monotonic() - began) < minutes * 60:
        for which in rng.permutation(len(grouped)):
            done = (time.monotonic() - began) / (minutes * 60)
            if done >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(peak, step, done)
            inputs, labels = batch_tensors(data, grouped[which], bank, rng)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(inputs)
            loss, hits, outputs = loss_and_hits(logits, labels, targets)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            step += 1
            seen = [seen[0] + float(loss.detach()) * outputs, seen[1] + hits, seen[2] + outputs]
            if step % 100 == 0:
                minute = (time.monotonic() - began) / 60
                print(
                    f"{minute:.1f} min, epoch {epoch}, step {step}: loss {seen[0] / seen[2]:.3f}, right {seen[1] / seen[2]:.3f}",
                    flush=True,
                )
                seen = [0.0, 0, 0]
            if step % 500 == 0:
                save(work / "network.pt", network, data, narrow, wide)
        epoch += 1
    save(work / "network.pt", network, data, narrow, wide)


def main() -> None:
    parser = argparse.ArgumentParser(description="train the acoustic network of the small Vosk model")
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--narrow", type=int, default=192, help="channels before the subsampling layer")
    parser.add_argument("--wide", type=int, default=256, help="channels behind it")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--resume", action="store_true", help="go on from WORK/network.pt (with a lower --rate)")
    chosen = parser.parse_args()
    train(chosen.work, chosen.minutes, chosen.narrow, chosen.wide, chosen.rate, chosen.resume)


if __name__ == "__main__":
    main()
