"""Trains the acoustic network on the parts that `dataset` wrote, for a given time.

`python -m audio.demo_model.train WORK --minutes 60` writes `WORK/network.pt` (weights, phones, priors). It begins from
the model in `en/`, which knows the phones already. It may be killed at any time: the same command goes on from
`WORK/checkpoint.pt`, which is written every two minutes, and counts only the minutes in which it trained. It knows
features and labels, but neither words nor graphs.
"""

from __future__ import annotations

import argparse
import math
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from audio.demo_model.build import Tuning
from audio.demo_model.sounds.augment import NoiseBank, augmented, paced
from audio.demo_model.sounds.features import ENERGY_FLOOR, SUBSAMPLING
from audio.demo_model.training import kaldi_io, sequence
from audio.demo_model.training.network import PAST, Network, from_layers, padded_length, widened
from audio.demo_model.words import phones

PARTS = ("espeak", "words", "flite", "piper", "kokoro")
LABEL_SMOOTHING = 0.02
SEQUENCES_FROM = 0.1  # of the time; before it a network that was changed or made anew settles on single frames
FRAMES_SHARE = 0.3  # of the loss of single frames from then on
AVERAGED_STEPS = 400  # over which the weights that are kept are averaged
OUTPUTS_A_BATCH = 2800
SHORTEST, LONGEST = 40, 900  # frames of 10 ms
WARM_UP_STEPS = 150
CHECKPOINT_S, LOG_S = 120.0, 60.0
BATCHES_AHEAD = 6  # made by a thread of their own while the network computes
CALIBRATION_BATCHES = 4  # for the batch norms of the network to begin from
MODEL_FOLDER = Path(__file__).parent / "en"
Batch = tuple[torch.Tensor, torch.Tensor]


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

    def judge(self) -> Judge:
        follows = sequence.transitions([row[::SUBSAMPLING] for row in self.labels], len(self.phones))
        priors = np.maximum(self.priors(), Tuning.prior_floor) ** Tuning.prior_power
        return Judge(*(torch.from_numpy(x.astype(np.float32)) for x in (self.targets, np.log(priors), follows)))


@dataclass(frozen=True)
class Judge:
    """What is needed to say how wrong an output is."""

    targets: torch.Tensor  # (labels, classes)
    log_priors: torch.Tensor  # (classes)
    follows: torch.Tensor  # (classes, classes)


@dataclass
class Progress:
    """How far a run has come. The share of the time that is done sets the learning rate."""

    trained_s: float = 0.0
    step: int = 0
    epoch: int = 0
    loss: float = 0.0  # summed over the outputs since the last line of the log
    sequence_loss: float = 0.0
    hits: int = 0
    outputs: int = 0
    waited_s: float = 0.0  # for batches that were not ready

    def line(self, minutes: float) -> str:
        known = max(1, self.outputs)
        return (
            f"{self.trained_s / 60:.1f} of {minutes:.0f} min, epoch {self.epoch}, step {self.step}: "
            f"loss {self.loss / known:.3f}, of sequences {self.sequence_loss / known:.3f}, "
            f"right {self.hits / known:.3f}, waited {self.waited_s:.1f} s for data"
        )

    def begin_line(self) -> None:
        self.loss, self.sequence_loss, self.hits, self.outputs, self.waited_s = 0.0, 0.0, 0, 0, 0.0


def load(work: Path) -> Data:
    """Reads every part below `work`, and gives all labels one numbering.

    Raises FileNotFoundError where there is none.
    """
    parts = [
        np.load(path)
        for kind in PARTS
        for path in sorted(work.glob(f"{kind}-[0-9]*.npz"))
        if "partial" not in path.name
    ]
    if not parts:
        raise FileNotFoundError(f"no training data in {work}: run `python -m audio.demo_model.dataset` first")
    seen = sorted({str(name) for part in parts for name in part["names"]})
    classes = list(phones.CLASSES)
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


def batch_tensors(data: Data, batch: list[int], bank: NoiseBank, rng: np.random.Generator) -> Batch:
    """Features (batch, 40, frames) and labels (batch, outputs), which are −1 where the utterance has ended."""
    skip = int(rng.integers(0, SUBSAMPLING))  # which of the three frames is the one with an output
    spoken = [paced(data.frames[index][skip:], data.labels[index][skip:], rng) for index in batch]
    outputs = (max(len(frames) for frames, _ in spoken) + SUBSAMPLING - 1) // SUBSAMPLING
    needed, inputs, labels = padded_length(outputs), [], []
    for frames, phone_labels in spoken:
        mels = augmented(frames, bank, rng)
        after = max(0, needed - PAST - len(mels))
        inputs.append(np.pad(mels, ((PAST, after), (0, 0)), mode="edge")[:needed])
        label = phone_labels[::SUBSAMPLING]
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


def sequence_loss(logits: torch.Tensor, labels: torch.Tensor, judge: Judge) -> torch.Tensor:
    """The loss of whole utterances (`sequence.loss`), scored as the model will be when it decodes."""
    known = labels >= 0
    scores = Tuning.acoustic_scale * (torch.log_softmax(logits.float(), 1).transpose(1, 2) - judge.log_priors)
    return sequence.loss(scores, judge.targets[labels.clamp(min=0)], known, judge.follows)


def learning_rate(peak: float, step: int, done: float) -> float:
    """The learning rate: a warm-up, then a cosine over the share of the time that is `done`."""
    return peak * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.5 * (1 + math.cos(math.pi * min(1.0, done))) * 0.99 + 0.01)


class Feeder:
    """Makes batches in a thread of its own, endlessly, in a new order each time round."""

    def __init__(self, data: Data, bank: NoiseBank, seed: int) -> None:
        self._data, self._bank, self._rng = data, bank, np.random.default_rng(seed)
        self._grouped = batches([len(frames) for frames in data.frames])
        self._ready: queue.Queue[Batch] = queue.Queue(BATCHES_AHEAD)  # full: the thread waits for the network
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._make, name="feeder", daemon=True)

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def batches_an_epoch(self) -> int:
        return len(self._grouped)

    @property
    def hours(self) -> float:
        return sum(len(self._data.frames[i]) for batch in self._grouped for i in batch) / 360_000

    def next(self) -> Batch:
        """The next batch. Raises RuntimeError where the thread has died."""
        while True:
            try:
                return self._ready.get(timeout=1)
            except queue.Empty:
                if not self._thread.is_alive():
                    raise RuntimeError("the thread that makes the batches has ended: see its error above") from None

    def _drawn(self) -> Iterator[Batch]:
        while True:
            for which in self._rng.permutation(len(self._grouped)):
                yield batch_tensors(self._data, self._grouped[which], self._bank, self._rng)

    def _make(self) -> None:
        for batch in self._drawn():
            while not self._stopping.is_set():
                try:
                    self._ready.put(batch, timeout=0.5)
                    break
                except queue.Full:
                    continue
            if self._stopping.is_set():
                return


@dataclass
class Run:
    """A network with all that is needed to go on training it. `averaged` are its weights over the last steps."""

    network: Network
    averaged: torch.optim.swa_utils.AveragedModel
    optimizer: torch.optim.Optimizer
    narrow: int
    wide: int
    progress: Progress = field(default_factory=Progress)

    def checkpoint(self, work: Path, data: Data) -> None:
        """Saves the network for `build` and the whole run, each in one step, since the process may be killed now."""
        sizes = {"narrow": self.narrow, "wide": self.wide}
        kept = self.averaged.module.state_dict()
        _save(work / "network.pt", {"weights": kept, "phones": data.phones, "priors": data.priors(), **sizes})
        weights, averaged = self.network.state_dict(), self.averaged.state_dict()
        state = {
            "weights": weights,
            "averaged": averaged,
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress),
            **sizes,
        }
        _save(work / "checkpoint.pt", state)


def _averaged(network: Network) -> torch.optim.swa_utils.AveragedModel:
    decay = torch.optim.swa_utils.get_ema_multi_avg_fn(1 - 1 / AVERAGED_STEPS)
    return torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=decay, use_buffers=True)


def _save(path: Path, state: dict[str, object]) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _optimizer(network: Network, peak: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-2)


def resumed(work: Path, classes: int, peak: float) -> Run | None:
    """The run that was stopped in `work`. None where there is none."""
    path = work / "checkpoint.pt"
    if not path.exists():
        return None
    state = torch.load(path, weights_only=False)
    network = Network(classes, state["narrow"], state["wide"])
    network.load_state_dict(state["weights"])
    optimizer = _optimizer(network, peak)
    optimizer.load_state_dict(state["optimizer"])
    averaged = _averaged(network)
    averaged.load_state_dict(state["averaged"])
    return Run(network, averaged, optimizer, state["narrow"], state["wide"], Progress(**state["progress"]))


def begun(classes: int, narrow: int, wide: int, peak: float, start: Path | None, mels: torch.Tensor) -> Run:
    """A new run, from the model in the folder `start`, made wider where it is smaller, or from random weights.

    `mels` (batch, 40, frames) are features to set the batch norms with.
    """
    if start is None:
        network = Network(classes, narrow, wide)
    else:
        network = widened(from_layers(kaldi_io.read_layers(start / "am" / "final.mdl")), narrow, wide, mels)
    return Run(network, _averaged(network), _optimizer(network, peak), narrow, wide)


def calibration(feeder: Feeder) -> torch.Tensor:
    """A few batches as one, cut to the shortest of them."""
    drawn = [feeder.next()[0] for _ in range(CALIBRATION_BATCHES)]
    frames = min(batch.shape[2] for batch in drawn)
    return torch.clamp(torch.cat([batch[:, :, :frames] for batch in drawn]), min=ENERGY_FLOOR)


def train(
    work: Path, minutes: float, narrow: int, wide: int, peak: float, start: Path | None, threads: int, seed: int = 1
) -> None:
    """Trains until `minutes` of training are spent, those of stopped runs in `work` counted in."""
    torch.set_num_threads(threads)
    data = load(work)
    bank = NoiseBank(np.load(next(iter(work.glob("noise-*.npz"))))["bank"])
    judge = data.judge()
    run = resumed(work, len(data.phones), peak)
    torch.manual_seed(seed + (run.progress.step if run else 0))
    with Feeder(data, bank, seed + (run.progress.step if run else 0)) as feeder:
        run = run or begun(len(data.phones), narrow, wide, peak, start, calibration(feeder))
        parameters = sum(p.numel() for p in run.network.parameters())
        print(
            f"{feeder.hours:.1f} h in {feeder.batches_an_epoch} batches, {len(data.phones)} phones, {parameters} parameters, "
            f"from {run.progress.trained_s / 60:.1f} min on",
            flush=True,
        )
        run.network.train()
        logged = saved = time.monotonic()
        while run.progress.trained_s < minutes * 60:
            began = time.monotonic()
            inputs, labels = feeder.next()
            run.progress.waited_s += time.monotonic() - began
            take_step(run, inputs, labels, judge, peak, run.progress.trained_s / (minutes * 60))
            run.progress.epoch = run.progress.step // feeder.batches_an_epoch
            now = time.monotonic()
            run.progress.trained_s += now - began
            if now - logged > LOG_S:
                print(run.progress.line(minutes), flush=True)
                run.progress.begin_line()
                logged = now
            if now - saved > CHECKPOINT_S:
                run.checkpoint(work, data)
                saved = now
    print(run.progress.line(minutes), flush=True)
    run.checkpoint(work, data)


def take_step(run: Run, inputs: torch.Tensor, labels: torch.Tensor, judge: Judge, peak: float, done: float) -> None:
    """One step of training, with `done` of the time over."""
    progress = run.progress
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(peak, progress.step, done)
    with torch.autocast("cpu", torch.bfloat16):
        logits = run.network(inputs)
    loss, hits, outputs = loss_and_hits(logits, labels, judge.targets)
    progress.loss += float(loss.detach()) * outputs
    if done >= SEQUENCES_FROM:
        whole = sequence_loss(logits, labels, judge)
        progress.sequence_loss += float(whole.detach()) * outputs
        loss = FRAMES_SHARE * loss + whole
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 2.0)
    run.optimizer.step()
    run.averaged.update_parameters(run.network)
    progress.step += 1
    progress.hits += hits
    progress.outputs += outputs


def main() -> None:
    parser = argparse.ArgumentParser(description="train the acoustic network of the small Vosk model")
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=60, help="of training in all, stopped runs counted in")
    parser.add_argument("--narrow", type=int, default=256, help="channels before the subsampling layer")
    parser.add_argument("--wide", type=int, default=448, help="channels behind it")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="begin from random weights, not from the model in en/")
    chosen = parser.parse_args()
    start = None if chosen.fresh else MODEL_FOLDER
    train(chosen.work, chosen.minutes, chosen.narrow, chosen.wide, chosen.rate, start, chosen.threads)


if __name__ == "__main__":
    main()
