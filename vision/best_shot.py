"""The sharpest of a few pictures, and what is wrong with it: judged before the costly look, so that advice comes at once."""

from __future__ import annotations

import threading

from vision.frame import Frame
from vision.framing import Fault, FrozenWatch, judge, sharpest
from vision.interface import FrameSource

BURST_PICTURES = 3


class BestShot:
    """One per camera: a frozen one is known by its pictures over time. Any thread may call it."""

    def __init__(self, frames: FrameSource) -> None:
        self._frames = frames
        self._watch = FrozenWatch(live=frames.live)
        self._watching = threading.Lock()

    def __call__(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        burst = self._frames.burst(BURST_PICTURES, cancelled=cancelled)
        frame = sharpest(burst)
        with self._watching:
            frozen = self._watch.note(burst)
        return frame, judge(frame, frozen).fault
