"""Marks answers as right or wrong, by kind of question, on scenes and faces that no training saw.

An answer is right if every one of its tokens, including the end mark, is the most probable one after those before it.
This is the same as generating it greedily. It is used while training and in the tests; `evaluate.py` also runs the
real generation.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vision.demo_model.asking.conversations import conversation
from vision.demo_model.asking.questions import Conversation, QuestionAnswer, questions
from vision.demo_model.rendering import drawing
from vision.demo_model.rendering.elsewhere import elsewhere
from vision.demo_model.rendering.free import free_drawing
from vision.demo_model.rendering.scene import Scene, random_scene
from vision.demo_model.training.network import Eyesight, QuickEye, QuickLanguage, to_patches
from vision.demo_model.training.packing import Answered, Packed, Packer

HELD_OUT_SEED = 770_001
AT_ONCE = 16


@dataclass(frozen=True)
class Marks:
    asked: Counter[str]
    right: Counter[str]
    wrong: tuple[tuple[QuestionAnswer, str], ...] = ()

    def share(self, kind: str) -> float:
        return self.right[kind] / self.asked[kind]

    def line(self) -> str:
        return " ".join(f"{kind} {100 * self.share(kind):.1f}({self.asked[kind]})" for kind in sorted(self.asked))


@dataclass(frozen=True, eq=False)
class Exam:
    """Pictures as patches (count, 196, 3072) uint8, and the questions about each."""

    patches: np.ndarray
    asked: tuple[tuple[Conversation, ...], ...]


def exam(count: int, fonts: Sequence[Path | None], seed: int = HELD_OUT_SEED) -> Exam:
    """`count` scenes from `seed`. Each has one first question of each sort and four freer conversations."""
    rng = random.Random(seed)
    scenes = [random_scene(rng) for _ in range(count)]
    pictures = np.stack([np.asarray(drawing.draw(scene, rng.choice(fonts))) for scene in scenes])
    return Exam(to_patches(pictures), tuple(_asked(scene, rng) for scene in scenes))


def free_exam(count: int, seed: int = HELD_OUT_SEED) -> Exam:
    """`count` pictures from `seed`: free drawings, and every fourth one none of the world. Asked about as in `exam`."""
    rng = random.Random(seed)
    drawn = [elsewhere(rng) if number % 4 == 3 else free_drawing(rng) for number in range(count)]
    return Exam(to_patches(np.stack([one.picture for one in drawn])), tuple(_asked(one.scene, rng) for one in drawn))


def _asked(scene: Scene, rng: random.Random) -> tuple[Conversation, ...]:
    return (*((pair,) for pair in questions(scene, rng)), *(conversation(scene, rng) for _ in range(4)))


@torch.no_grad()
def mark(eye: QuickEye, language: QuickLanguage, packer: Packer, paper: Exam) -> Marks:
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong = []
    for start in range(0, len(paper.asked), AT_ONCE):
        sight = eye(torch.from_numpy(paper.patches[start : start + AT_ONCE]))
        packed, answered = packer.pack(paper.asked[start : start + AT_ONCE], limit=600)
        guesses = best_next(language, packed, sight)
        for place in answered:
            kind = place.turn.kind
            asked[kind] += 1
            if _is_right(place, packed, guesses):
                right[kind] += 1
            else:
                wrong.append((place.turn, _as_ids(place, guesses)))
    return Marks(asked, right, tuple(wrong))


def best_next(language: QuickLanguage, packed: Packed, sight: Eyesight) -> torch.Tensor:
    """The most probable next token (batch, n) at each position of an answer, and -1 elsewhere."""
    hidden = language(packed.ids, packed.positions, packed.bias, sight)
    wanted = packed.targets >= 0
    guesses = torch.full_like(packed.ids, -1)
    guesses[wanted] = language.logits(hidden[wanted]).argmax(-1)
    return guesses


def _is_right(place: Answered, packed: Packed, guesses: torch.Tensor) -> bool:
    span = (place.row, slice(place.begin, place.end))
    return bool((guesses[span] == packed.targets[span]).all())


def _as_ids(place: Answered, guesses: torch.Tensor) -> str:
    return " ".join(str(token) for token in guesses[place.row, place.begin : place.end].tolist())
