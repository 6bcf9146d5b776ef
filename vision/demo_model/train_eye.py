"""The first stage of the training: the vision encoder alone, on what each image token shows (`training/labels.py`).

python -m vision.demo_model.train_eye --work FOLDER --minutes 30
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vision.demo_model.rendering import drawing
from vision.demo_model.rendering.fonts import held_out_fonts
from vision.demo_model.rendering.free import free_drawing
from vision.demo_model.rendering.scene import random_scene
from vision.demo_model.training import labels
from vision.demo_model.training.feeding import fed
from vision.demo_model.training.learning import Optimizers, rate_scale
from vision.demo_model.training.network import QuickEye, to_patches
from vision.demo_model.training.state import Training, begin, say

BATCH = 32
BOARD_SHARE = 0.7
EVERY_SECONDS = 120.0
# Most tokens show no shape. At full weight they would outweigh the few that do.
NOTHING_WEIGHT = 0.08


def token_loss(head: nn.Module, merged: Tensor, wanted: Tensor) -> Tensor:
    """The sum of the label groups' mean cross entropies. `merged` is (batch, 49, 256), `wanted` (batch, 49, groups)."""
    loss = torch.zeros(())
    for group, logits in enumerate(head(merged.float()).split(labels.CLASSES, dim=-1)):
        weight = torch.ones(logits.shape[-1])
        if group in labels.SHAPE_GROUPS:
            weight[0] = NOTHING_WEIGHT
        truth = wanted[..., group].reshape(-1)
        loss = loss + F.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), truth, weight=weight, ignore_index=labels.IGNORED
        )
    return loss


def held_out_tokens(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches and labels of scenes from a seed of their own, with signs in faces that training never uses."""
    rng, fonts = random.Random(990_001), held_out_fonts()
    layouts = [drawing.place(random_scene(rng), rng.choice(fonts)) for _ in range(count)]
    pictures = np.stack([np.asarray(drawing.render(layout)) for layout in layouts])
    return to_patches(pictures), np.stack([labels.token_labels(layout) for layout in layouts])


def free_tokens(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches and labels of free drawings from a seed of their own."""
    rng = random.Random(990_002)
    drawn = [free_drawing(rng) for _ in range(count)]
    labelled = np.stack([labels.token_labels(one.layout) for one in drawn])
    return to_patches(np.stack([one.picture for one in drawn])), labelled


@torch.no_grad()
def token_scores(eye: QuickEye, head: nn.Module, patches: np.ndarray, wanted: np.ndarray) -> str:
    """The share of tokens that are named right, by label group, among the tokens that show something."""
    merged = torch.cat([eye(torch.from_numpy(part)).merged.float() for part in np.array_split(patches, 8)])
    scores = []
    for group, logits in enumerate(head(merged).split(labels.CLASSES, dim=-1)):
        truth = torch.from_numpy(wanted[..., group])
        shown = (truth != labels.IGNORED) if group < 2 else (truth > 0)
        scores.append(f"{100 * (logits.argmax(-1) == truth)[shown].float().mean():.1f}")
    return " ".join(scores)


def train_eye(
    training: Training, minutes: float, muon_rate: float, adam_rate: float, hold: float, board_share: float
) -> None:
    model, head = training.model, training.head
    eye = QuickEye(model.model.visual)
    optimizers = Optimizers((model.model.visual, head), muon_rate, adam_rate)
    held_out, free = held_out_tokens(96), free_tokens(96)
    started = told = time.monotonic()
    losses: list[float] = []
    with fed(training.fresh_seed(), BATCH, board_share) as batches:
        for step, batch in enumerate(batches):
            progress = (time.monotonic() - started) / (60 * minutes)
            merged = eye(torch.from_numpy(to_patches(batch.pictures))).merged
            loss = token_loss(head, merged, torch.from_numpy(batch.labels))
            loss.backward()
            optimizers.step(rate_scale(step, progress, hold=hold))
            losses.append(loss.item())
            training.pictures += BATCH
            if step % 25 == 24:
                say(training, f"eye {progress:.2f} step {step + 1} loss {np.mean(losses[-25:]):.3f}")
            if progress >= 1.0 or time.monotonic() - told > EVERY_SECONDS:
                told = time.monotonic()
                say(training, f"  held-out tokens, %: {token_scores(eye, head, *held_out)}")
                say(training, f"  free drawings' tokens, %: {token_scores(eye, head, *free)}")
                training.save()
            if progress >= 1.0:
                return


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training state")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--muon-rate", type=float, default=3e-3)
    parser.add_argument("--adam-rate", type=float, default=1.2e-3)
    parser.add_argument("--hold", type=float, default=0.15, help="share of the time at the full rate")
    parser.add_argument("--board-share", type=float, default=BOARD_SHARE, help="share of crowded practice boards")
    parser.add_argument("--threads", type=int, default=1)
    given: Any = parser.parse_args(argv)
    torch.set_num_threads(given.threads)
    train_eye(begin(given.work), given.minutes, given.muon_rate, given.adam_rate, given.hold, given.board_share)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
