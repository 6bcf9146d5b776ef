"""Takes a short burst of pictures, chooses the sharpest, and names its fault, if it has one.

The picture is judged before the engine sees it. Seeing takes long, so the advice comes much earlier this way. This
module does not know what the picture is for.
"""

from __future__ import annotations

import threading

from vision.frame import Frame
from vision.framing import Fault, FrozenWatch, judge, sharpest
from vision.interface import FrameSource

BURST_PICTURES = 3


class BestShot:
    """Returns the sharpest frame of a burst, with its fault or None.

    Keep one object for each camera, because a frozen camera is noticed only over several bursts. Any thread may call
    it.
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
