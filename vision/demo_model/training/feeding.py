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
from pathlib import Path
from queue import Full

import numpy as np

from vision.demo_model.rendering import drawing
from vision.demo_model.rendering.elsewhere import elsewhere
from vision.demo_model.rendering.fonts import train_fonts
from vision.demo_model.rendering.free import free_drawing
from vision.demo_model.rendering.scene import Scene, random_scene
from vision.demo_model.training.labels import practice_board, token_labels

WAITING_BATCHES = 6
CROWD_SHARE = 0.5  # of the practice boards: crowded free drawings, which have no signs
# Shares of the pictures that are no practice boards. The others are scenes of the board world, with its signs.
FREE_SHARE = 0.46
ELSEWHERE_SHARE = 0.14


@dataclass(frozen=True, eq=False)
class PictureBatch:
    """`pictures` (batch, 448, 448, 3) uint8 and `labels` (batch, 49, groups) int64. A practice board has no scene."""

    pictures: np.ndarray
    labels: np.ndarray
    scenes: tuple[Scene | None, ...]


def picture_batch(rng: random.Random, size: int, board_share: float, free_share: float = FREE_SHARE) -> PictureBatch:
    fonts = train_fonts()
    chosen = [_one_picture(rng, fonts, board_share, free_share) for _ in range(size)]
    pictures, layouts, scenes = zip(*chosen, strict=True)
    return PictureBatch(np.stack(pictures), np.stack([token_labels(layout) for layout in layouts]), scenes)


def _one_picture(
    rng: random.Random, fonts: tuple[Path | None, ...], board_share: float, free_share: float
) -> tuple[np.ndarray, drawing.Layout, Scene | None]:
    if rng.random() < board_share:
        if rng.random() < CROWD_SHARE:
            crowd = free_drawing(rng, crowded=True)
            return crowd.picture, crowd.layout, None
        board = practice_board(rng, fonts)
        return np.asarray(drawing.render(board)), board, None
    draw = rng.random()
    if draw < free_share + ELSEWHERE_SHARE:
        free = free_drawing(rng) if draw < free_share else elsewhere(rng)
        return free.picture, free.layout, free.scene
    scene = random_scene(rng)
    layout = drawing.place(scene, rng.choice(fonts))
    return np.asarray(drawing.render(layout)), layout, scene


@contextmanager
def fed(seed: int, size: int, board_share: float, free_share: float = FREE_SHARE) -> Iterator[Iterator[PictureBatch]]:
    """An endless iterator of batches that the process "pictures" draws. The process ends with the `with` block.

    `board_share` is that of the practice boards; of the other pictures, `free_share` are free drawings.

    The process is spawned and not forked, because a fork hangs after torch has used its threads.
    """
    context = multiprocessing.get_context("spawn")
    waiting: Queue[PictureBatch] = context.Queue(maxsize=WAITING_BATCHES)  # when it is full the process waits
    process = context.Process(
        target=_draw_forever, args=(waiting, seed, size, board_share, free_share), name="pictures", daemon=True
    )
    process.start()
    try:
        yield iter(waiting.get, None)
    finally:
        process.terminate()
        process.join(timeout=5)


def _draw_forever(waiting: Queue[PictureBatch], seed: int, size: int, board_share: float, free_share: float) -> None:
    """Draws batches until the training is gone, even if it was killed."""
    training = os.getppid()
    waiting.cancel_join_thread()  # else ending with unread batches would wait for a reader that is gone
    rng = random.Random(seed)
    while os.getppid() == training:
        batch = picture_batch(rng, size, board_share, free_share)
        while os.getppid() == training:
            try:
                waiting.put(batch, timeout=5.0)
                break
            except Full:
                continue
