"""The second and third stage of the training: the language side on what the trained encoder sees, then both together.

python -m vision.demo_model.train_language --work FOLDER --minutes 30            # the encoder stays as it is
python -m vision.demo_model.train_language --work FOLDER --minutes 30 --both     # the encoder learns, too
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vision.demo_model.asking.conversations import conversations
from vision.demo_model.rendering.fonts import BUILTIN, held_out_fonts
from vision.demo_model.rendering.scene import Scene
from vision.demo_model.train_eye import token_loss
from vision.demo_model.training.feeding import FREE_SHARE, PictureBatch, fed
from vision.demo_model.training.learning import Average, Optimizers, rate_scale
from vision.demo_model.training.marking import exam, free_exam, mark
from vision.demo_model.training.network import Eyesight, QuickEye, QuickLanguage, to_patches
from vision.demo_model.training.packing import Packer
from vision.demo_model.training.state import MEAN_WEIGHTS, Training, begin, say

BATCH = 8
FRESH = 3  # new pictures per step while the encoder rests; the others were seen before and get new questions
REMEMBERED = 24_000
TALKS = 11
TALKS_ELSEWHERE = 3  # about a picture that is none of the world nearly all answers are the same
BOARDS_TOO = 0.25
LABEL_WEIGHT = 0.3
KEEP = 0.996  # so the mean weights reach back about 250 steps
EVERY_SECONDS = 300.0


class Memory:
    """Keeps what the resting encoder saw in earlier pictures, to ask about them again without encoding them."""

    def __init__(self) -> None:
        self._kept: list[tuple[Tensor, Scene]] = []

    def add(self, sight: Eyesight, scenes: Sequence[Scene | None], rng: random.Random) -> None:
        layers = torch.stack((sight.merged, *sight.deepstack), dim=1)  # (batch, layers, 49, 256) bfloat16
        for one, scene in zip(layers, scenes, strict=True):
            if scene is None:
                continue
            if len(self._kept) < REMEMBERED:
                self._kept.append((one.clone(), scene))
            else:
                self._kept[rng.randrange(REMEMBERED)] = (one.clone(), scene)

    def recall(self, count: int, rng: random.Random) -> tuple[Eyesight, list[Scene]]:
        chosen = rng.sample(self._kept, min(count, len(self._kept)))
        layers = torch.stack([layer for layer, _ in chosen])
        return Eyesight(layers[:, 0], tuple(layers[:, 1:].unbind(1))), [scene for _, scene in chosen]


class Lesson:
    """Computes the loss of one step, with the encoder at rest or learning."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.eye = QuickEye(training.model.model.visual)
        self.language = QuickLanguage(training.model.model.language_model)
        self.packer = Packer(training.tokenizer)
        self.memory = Memory()
        self.rng = random.Random(training.stages * 7919 + 13)

    def answer_loss(self, sight: Eyesight, scenes: Sequence[Scene]) -> Tensor:
        """The mean cross entropy over the tokens of the answers."""
        talks = (TALKS if scene.is_drawn else TALKS_ELSEWHERE for scene in scenes)
        packed, _ = self.packer.pack(
            [conversations(scene, self.rng, count) for scene, count in zip(scenes, talks, strict=True)]
        )
        hidden = self.language(packed.ids, packed.positions, packed.bias, sight)
        wanted = packed.targets >= 0
        return F.cross_entropy(self.language.logits(hidden[wanted]), packed.targets[wanted])

    def at_rest(self, batch: PictureBatch) -> Tensor:
        with torch.no_grad():
            self.memory.add(self.eye(torch.from_numpy(to_patches(batch.pictures))), batch.scenes, self.rng)
        return self.answer_loss(*self.memory.recall(BATCH, self.rng))

    def learning(self, batch: PictureBatch) -> Tensor:
        sight = self.eye(torch.from_numpy(to_patches(batch.pictures)))
        labels = token_loss(self.training.head, sight.merged, torch.from_numpy(batch.labels))
        rows = [row for row, scene in enumerate(batch.scenes) if scene is not None]
        chosen = Eyesight(sight.merged[rows], tuple(layer[rows] for layer in sight.deepstack))
        return self.answer_loss(chosen, [scene for scene in batch.scenes if scene is not None]) + LABEL_WEIGHT * labels


def train_language(
    training: Training,
    minutes: float,
    both: bool,
    muon_rate: float,
    adam_rate: float,
    hold: float,
    free_share: float = FREE_SHARE,
) -> None:
    seed = training.fresh_seed()
    lesson = Lesson(training)
    model = training.model.model
    modules = (model.visual, training.head, model.language_model) if both else (model.language_model,)
    optimizers = Optimizers(modules, muon_rate, adam_rate)
    average = Average(training.model, KEEP)
    papers = {
        "held-out fonts": exam(64, held_out_fonts()),
        "built-in font": exam(32, (BUILTIN,), seed=770_002),
        "free drawings": free_exam(96),
    }
    started = told = time.monotonic()
    losses: list[float] = []
    with fed(seed, BATCH if both else FRESH, BOARDS_TOO if both else 0.0, free_share) as batches:
        for step, batch in enumerate(batches):
            progress = (time.monotonic() - started) / (60 * minutes)
            loss = lesson.learning(batch) if both else lesson.at_rest(batch)
            loss.backward()
            optimizers.step(rate_scale(step, progress, hold=hold))
            average.update()
            losses.append(loss.item())
            training.pictures += len(batch.scenes)
            if step % 50 == 49:
                say(
                    training,
                    f"{'both' if both else 'language'} {progress:.2f} step {step + 1} loss {np.mean(losses[-50:]):.4f}",
                )
            if progress >= 1.0 or time.monotonic() - told > EVERY_SECONDS:
                training.save()
                with average.in_place():
                    training.save(MEAN_WEIGHTS)
                    for name, paper in papers.items():
                        marks = mark(lesson.eye, lesson.language, lesson.packer, paper)
                        say(training, f"  {name}, % right: {marks.line()}")
                told = time.monotonic()
            if progress >= 1.0:
                return


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training state")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--both", action="store_true", help="the eye learns on, with its labels")
    parser.add_argument("--muon-rate", type=float, default=3e-3)
    parser.add_argument("--adam-rate", type=float, default=1.5e-3)
    parser.add_argument("--hold", type=float, default=0.5, help="share of the time at the full rate")
    parser.add_argument("--free-share", type=float, default=FREE_SHARE, help="free drawings among the pictures")
    parser.add_argument("--threads", type=int, default=1)
    given: Any = parser.parse_args(argv)
    torch.set_num_threads(given.threads)
    train_language(
        begin(given.work), given.minutes, given.both, given.muon_rate, given.adam_rate, given.hold, given.free_share
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
