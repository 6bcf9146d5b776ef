"""Takes a short burst of pictures, chooses the sharpest, and says what is wrong with it.

The picture is judged before the engine sees it, which takes long, so that advice comes at once. This module does not
know what the picture is for.
"""

from __future__ import annotations

import threading

from vision.frame import Frame
from vision.framing import Fault, FrozenWatch, judge, sharpest
from vision.interface import FrameSource

BURST_PICTURES = 3


class BestShot:
    """The sharpest frame of a burst and its fault, or None. One object per camera, since a frozen camera shows over
    time.

    Any thread may call it.
    """

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
