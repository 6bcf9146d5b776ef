"""Remembers the picture that the engine saw last, so that a picture of the same scene need not be seen again.

It stands before the engine and looks like one. `vision.stillness` decides what counts as the same. It does not know
when a picture is taken, by whom, or whether a question will follow.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.stillness import Scene, compare, scene_of

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.interface import Engine, View


@dataclass(frozen=True, eq=False)
class _Seen:
    scene: Scene
    view: View


class SeenPictures:
    """Sees pictures as `vision.interface.SupportsSee` does. Any thread may call it.

    A View that it gives a second time may hold earlier questions: `PictureCapture.seen_ahead` says so, and whoever asks
    has it forget them. Pictures that go to another computer are neither remembered nor compared.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()  # guards the one below
        self._last: _Seen | None = None

    @property
    def stays_here(self) -> bool:
        """True if the next picture is seen on this machine."""
        return self._engine.pictures_go_to is None

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        """The View of the last picture if the frame shows the same scene; else the engine sees the frame.

        Raises Cancelled, VisionError.
        """
        if frame is None or not self.stays_here:
            return self._engine.see(frame, cancelled)
        scene = scene_of(frame)
        if (view := self._view_of(scene)) is not None:
            return view
        view = self._engine.see(frame, cancelled)
        with self._lock:
            # The middle of a picture, which is seen for "look closer", must not take the place of a whole one.
            if self._last is None or self._last.scene.picture_shape == scene.picture_shape:
                self._last = _Seen(scene, view)
        return view

    def has_seen(self, frame: Frame) -> bool:
        """Whether the frame shows the same scene as the last picture, whose View is still in memory."""
        return self._view_of(scene_of(frame)) is not None

    def see_ahead(self, frame: Frame, cancelled: threading.Event) -> None:
        """Has the engine see the frame before anybody asks. The View of the picture before it is given up first.

        Otherwise the engine, which keeps a few Views, might put away the one that the user's questions are about.
        Raises Cancelled, VisionError.
        """
        with self._lock:
            self._last = None
        scene, view = scene_of(frame), self._engine.see(frame, cancelled)
        with self._lock:
            self._last = _Seen(scene, view)

    def _view_of(self, scene: Scene) -> View | None:
        with self._lock:
            last = self._last
        if last is None or last.view.cache_bytes == 0 or compare(last.scene, scene).matters:
            return None
        return last.view
