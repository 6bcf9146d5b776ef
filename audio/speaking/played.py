"""Remembers what went to the loudspeaker in the last seconds, and when, so that it can be taken out of the microphone's
sound.

The device's callback notes each block, which only appends to a bounded queue. Whoever listens asks for a stretch of
time. Blocks that follow each other are placed by their samples, because the times of callbacks jitter by milliseconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from audio.pcm import SPEECH_FORMAT, Samples, resample

_KEPT_BLOCKS = 1000  # 10 s of blocks of 10 ms
_SLIP_SECONDS = 0.15  # a block that comes so much too late begins a stretch of its own: the device has rested


@dataclass(frozen=True, eq=False)
class _Block:
    samples: Samples
    at: float
    rate_hz: int


class PlayedSound:
    """`note` is called on the device's thread and `between` on any other. It needs no lock: appending is atomic."""

    def __init__(self) -> None:
        self._blocks: deque[_Block] = deque(maxlen=_KEPT_BLOCKS)

    def note(self, samples: Samples, at: float, rate_hz: int) -> None:
        """Takes the next block, a copy of which nobody writes to. `at` is its time.monotonic()."""
        self._blocks.append(_Block(samples, at, rate_hz))

    def between(self, started_at: float, count: int) -> Samples | None:
        """`count` samples at 16,000 Hz from `started_at` (monotonic seconds) on, with zeros where nothing was played.

        None if nothing but silence was played then.
        """
        whole = np.zeros(count, np.int16)
        for stretch in _stretches(tuple(self._blocks), started_at - 1.0):
            rate_hz = stretch[0].rate_hz
            sizes = np.cumsum([0, *(len(block.samples) for block in stretch)])
            # A callback may come late and never early, so the earliest of all tells when the stretch began.
            began = min(block.at - size / rate_hz for block, size in zip(stretch, sizes[:-1].tolist(), strict=True))
            sound = resample(
                np.concatenate([block.samples for block in stretch]), rate_hz, SPEECH_FORMAT.sample_rate_hz
            )
            place = round((began - started_at) * SPEECH_FORMAT.sample_rate_hz)
            first, end = max(0, place), min(count, place + len(sound))
            if first < end:
                whole[first:end] = sound[first - place : end - place]
        return whole if whole.any() else None


def _stretches(blocks: tuple[_Block, ...], since: float) -> list[list[_Block]]:
    """The blocks from `since` on, cut where the device rested or another one took its place."""
    stretches: list[list[_Block]] = []
    due = 0.0  # when the next block of the stretch should come
    for block in blocks:
        if block.at < since:
            continue
        follows = stretches and block.rate_hz == stretches[-1][0].rate_hz and block.at - due < _SLIP_SECONDS
        if not follows:
            stretches.append([])
            due = block.at
        stretches[-1].append(block)
        due += len(block.samples) / block.rate_hz
    return stretches
