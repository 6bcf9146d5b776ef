"""Draws training pictures in a process of its own, so that drawing and learning overlap. At most a few batches wait.

It knows layouts and labels, but not the network, and imports neither torch nor transformers.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from queue import Full

import numpy as np

from vision.demo_model import drawing
from vision.demo_model.fonts import train_fonts
from vision.demo_model.labels import practice_board, token_labels
from vision.demo_model.scene import Scene, random_scene

WAITING_BATCHES = 6


@dataclass(frozen=True, eq=False)
class PictureBatch:
    """`pictures` (batch, 448, 448, 3) uint8 and `labels` (batch, 49, groups) int64. A practice board has no scene."""

    pictures: np.ndarray
    labels: np.ndarray
    scenes: tuple[Scene | None, ...]


def picture_batch(rng: random.Random, size: int, board_share: float) -> PictureBatch:
    fonts = train_fonts()
    layouts, scenes = [], []
    for _ in range(size):
        scene = None if rng.random() < board_share else random_scene(rng)
        layouts.append(practice_board(rng, fonts) if scene is None else drawing.place(scene, rng.choice(fonts)))
        scenes.append(scene)
    pictures = np.stack([np.asarray(drawing.render(layout)) for layout in layouts])
    return PictureBatch(pictures, np.stack([token_labels(layout) for layout in layouts]), tuple(scenes))


@contextmanager
def fed(seed: int, size: int, board_share: float) -> Iterator[Iterator[PictureBatch]]:
    """An endless iterator of batches that the process "pictures" draws. The process ends with the `with` block.

    The process is spawned and not forked, because a fork hangs after torch has used its threads.
    """
    context = multiprocessing.get_context("spawn")
    waiting: Queue[PictureBatch] = context.Queue(maxsize=WAITING_BATCHES)  # when it is full the process waits
    process = context.Process(
        target=_draw_forever, args=(waiting, seed, size, board_share), name="pictures", daemon=True
    )
    process.start()
    try:
        yield iter(waiting.get, None)
    finally:
        process.terminate()
        process.join(timeout=5)


def _draw_forever(waiting: Queue[PictureBatch], seed: int, size: int, board_share: float) -> None:
    """Draws batches until the training is gone, even if it was killed."""
    training = os.getppid()
    waiting.cancel_join_thread()  # else ending with unread batches would wait for a reader that is gone
    rng = random.Random(seed)
    while os.getppid() == training:
        batch = picture_batch(rng, size, board_share)
        while os.getppid() == training:
            try:
                waiting.put(batch, timeout=5.0)
                break
            except Full:
                continue
