"""Reads print with PP-OCRv6: `OcrReader` finds the lines of a frame, and recognises them one by one.

It loads the models at the first call, and gives their memory back after some time without a call. It knows how a page
may be turned and how a line is cut out of the frame. It does not know what the networks do inside (ppocr.py), in which
order lines are read (order.py), nor what is done with the text.
"""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from vision.errors import Cancelled, ReaderError
from vision.frame import Frame, Rgb
from vision.reading.interface import FoundLine, Layout, Line, Quad, Rotation
from vision.reading.order import paragraphs_of
from vision.reading.ppocr import Boxes, Models, failures, first_look_scale, has_closer_look

Corners = NDArray[np.float32]  # (4, 2): top left, top right, bottom right and bottom left as the reader sees them

# A line counts for the page's turn if it is longer than it is high by this ratio.
_LONG_RATIO = 1.5
# So many lines, the longest ones, decide whether the page is upside down.
_JUDGED_LINES = 10
# If the classifier's mean is nearer to one half than this, or if it judged fewer lines, two are recognised both ways.
_UNSURE = 0.3
_FEW_LINES = 3
_BOTH_WAYS_LINES = 2
# A line is cut out at most this high; the recogniser sees 48 pixels.
_CROP_HEIGHT_PX = 96
# Lines that are higher than this share of the picture are suspicious: print that is too small for the first look makes
# one box of the page, or of the table under it.
_HUGE_SHARE = 0.15
# A line that only the second look finds is lower than this share of the picture's longest side.
_SMALL_SHARE = 0.03
# Print whose boxes are no higher than this, in pixels of the first look, may be too small to be recognised, …
_LOW_PRINT_PX = 22.0
# … which two of its lines tell by their confidence: below this, hardly a line is read without a fault.
_SAMPLED_LINES, _HARDLY_RECOGNISED = 2, 0.93
# Who waits for another call's step looks so often whether it was cancelled itself.
_LOOK_SECONDS = 0.1


class OcrReader:
    """Reads print with PP-OCRv6, English and Chinese; a `Reader` (interface.py). Any thread may call it.

    `threads` is the number of threads that compute. The models load at the first call or by `warm`, and their memory
    is given back by `close`, or `idle_seconds` after the last call.
    """

    def __init__(
        self,
        threads: int = 2,
        idle_seconds: float = 300.0,
        load: Callable[[int], Models] = Models,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._load = load
        self._clock = clock
        self._lock = threading.RLock()
        self._models: Models | None = None
        self._used_at = 0.0  # by `clock`, when the last call ended
        self._closed = threading.Event()  # ends the thread that watches the idle time
        self._watcher: threading.Thread | None = None

    @property
    def is_loaded(self) -> bool:
        return self._models is not None

    def warm(self) -> None:
        """Loads the models on a thread of its own, so that the first call need not wait for it. Returns at once.

        Where loading fails nothing is said: the next call raises the error.
        """
        threading.Thread(target=self._warm, name="reader-warm", daemon=True).start()

    def find(self, frame: Frame, cancelled: threading.Event | None = None) -> Layout:
        """Where the lines of print stand, in reading order. Raises ReaderError, Cancelled."""
        with self._using(cancelled) as models:
            boxes = _boxes_in(np.ascontiguousarray(frame.rgb), models, cancelled)
            _raise_if(cancelled)
            rotation = _rotation_of(boxes, frame.rgb, models)
            _raise_if(cancelled)
            is_too_small = _is_too_small(boxes, rotation, frame.rgb, models)
            _raise_if(cancelled)
        quads = [_quad(_named(box, rotation)) for box in boxes]
        lines = tuple(
            FoundLine(quads[index], number) for number, indices in enumerate(paragraphs_of(quads)) for index in indices
        )
        return Layout(lines, rotation, is_too_small)

    def recognise(
        self, frame: Frame, layout: Layout, first: int = 0, cancelled: threading.Event | None = None
    ) -> Iterator[Line]:
        """The lines of `layout` from the number `first` on, each when it is asked for.

        Raises ReaderError, Cancelled.
        """
        for index in range(first, len(layout.lines)):
            found = layout.lines[index]
            with self._using(cancelled) as models:
                crop = _cut_out(frame.rgb, _corners(found.quad))
                text, confidence = models.text_in(crop)
            yield Line(index, found.quad, found.paragraph, text.strip(), confidence)

    def release_if_idle(self) -> bool:
        """Gives the memory back if the last call ended `idle_seconds` ago. Returns whether nothing is loaded now."""
        with self._lock:
            if self._models is not None and self._clock() - self._used_at >= self._idle_seconds:
                self._release()
            return self._models is None

    def close(self) -> None:
        """Gives the memory of the models back. A later call loads them again."""
        with self._lock:
            self._closed.set()
            self._release()

    @contextmanager
    def _using(self, cancelled: threading.Event | None) -> Iterator[Models]:
        """Holds the lock and the loaded models for one step of work, and notes when it ended."""
        _raise_if(cancelled)
        while not self._lock.acquire(timeout=_LOOK_SECONDS):
            _raise_if(cancelled)
        try:
            _raise_if(cancelled)
            with failures():
                yield self._loaded()
        finally:
            self._used_at = self._clock()
            self._lock.release()

    def _warm(self) -> None:
        try:
            with self._using(None):
                pass
        except (ReaderError, Cancelled):
            return

    def _loaded(self) -> Models:
        """Call it with the lock held."""
        if self._models is None:
            self._models = self._load(self._threads)
            self._closed = threading.Event()
            self._watcher = threading.Thread(target=self._watch, args=(self._closed,), name="reader-idle", daemon=True)
            self._watcher.start()
        return self._models

    def _watch(self, closed: threading.Event) -> None:
        """Gives the memory back when it is time; runs as long as models are loaded."""
        while not closed.wait(max(1.0, self._used_at + self._idle_seconds - self._clock())):
            if self.release_if_idle():
                return

    def _release(self) -> None:
        """Call it with the lock held."""
        if self._models is None:
            return
        self._closed.set()
        self._models = None
        gc.collect()
        _trim_heap()


def _raise_if(cancelled: threading.Event | None) -> None:
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("reading was cancelled")


def _boxes_in(rgb: Rgb, models: Models, cancelled: threading.Event | None) -> Boxes:
    """The lines of the first look; of the second one where the first found nothing, or took a page for one line."""
    boxes = models.boxes_in(rgb)
    if len(boxes) and float(np.median(_heights(boxes))) < _HUGE_SHARE * min(rgb.shape[:2]):
        return boxes
    if not has_closer_look(rgb):
        return boxes
    _raise_if(cancelled)
    closer = models.boxes_in(rgb, closely=True)
    # What the first look missed is small. A large box is the detector's error.
    small: Boxes = closer[_heights(closer) < _SMALL_SHARE * max(rgb.shape)]
    return small if len(small) >= _FEW_LINES or not len(boxes) else boxes


def _is_too_small(boxes: Boxes, rotation: Rotation, rgb: Rgb, models: Models) -> bool:
    """Whether low print is hardly recognised, by its two longest lines.

    The height alone does not tell: the detector makes every box some 19 of its pixels high, also around lower print.
    """
    if not len(boxes):
        return False
    corners = [_named(box, rotation) for box in boxes]
    heights = [float(np.hypot(*(quad[3] - quad[0]))) for quad in corners]
    if float(np.median(heights)) * first_look_scale(*rgb.shape[:2]) > _LOW_PRINT_PX:
        return False
    longest = sorted(corners, key=lambda quad: -float(np.hypot(*(quad[1] - quad[0]))))[:_SAMPLED_LINES]
    return float(np.mean([models.text_in(_cut_out(rgb, quad))[1] for quad in longest])) < _HARDLY_RECOGNISED


def _heights(boxes: Boxes) -> Corners:
    """Of each box the shorter side of its bounding box."""
    heights: Corners = (boxes.max(axis=1) - boxes.min(axis=1)).min(axis=1)
    return heights


def _rotation_of(boxes: Boxes, rgb: Rgb, models: Models) -> Rotation:
    """The turn that puts the page upright: by the direction of its long lines, and by a classifier of upside-down
    ones.
    """
    if not len(boxes):
        return 0
    lengths = [_longest_edge(box) for box in boxes]
    upright = sum(abs(x) for x, y in lengths if abs(x) >= abs(y))
    sideways = sum(abs(y) for x, y in lengths if abs(y) > abs(x))
    rotations: tuple[Rotation, Rotation] = (0, 180) if upright >= sideways else (90, 270)
    # Lines that run the other way, such as a word on a book's back beside the page, tell nothing about the page.
    along = [
        number
        for number, (x, y) in enumerate(lengths)
        if (abs(x) >= abs(y)) == (rotations[0] == 0) and (x, y) != (0, 0)
    ]
    if not along:  # nothing but single letters and figures: a cup with an E on it is upright more often than not
        return 0
    longest = sorted(along, key=lambda number: -max(map(abs, lengths[number])))[:_JUDGED_LINES]
    crops = [_cut_out(rgb, _named(boxes[number], rotations[0])) for number in longest]
    turned = float(np.mean(models.upside_down(crops)))
    if abs(turned - 0.5) < _UNSURE or len(crops) < _FEW_LINES:
        few = crops[:_BOTH_WAYS_LINES]
        as_it_is = sum(models.text_in(crop)[1] for crop in few)
        turned = float(sum(models.text_in(np.ascontiguousarray(crop[::-1, ::-1]))[1] for crop in few) > as_it_is)
    return rotations[1] if turned > 0.5 else rotations[0]


def _longest_edge(box: Corners) -> tuple[float, float]:
    """The longer of a box's two directions, in pixels; (0, 0) where neither is clearly longer."""
    first, second = box[1] - box[0], box[2] - box[1]
    long, short = sorted((first, second), key=lambda edge: -float(np.hypot(*edge)))
    if np.hypot(*long) < _LONG_RATIO * np.hypot(*short):
        return 0.0, 0.0
    return float(long[0]), float(long[1])


_READING_DIRECTION = {0: (1.0, 0.0), 90: (0.0, -1.0), 180: (-1.0, 0.0), 270: (0.0, 1.0)}  # by the turn that is needed


def _named(box: Corners, rotation: Rotation) -> Corners:
    """The corners of a box, given clockwise, beginning with the one that is the reader's top left."""
    edges = np.roll(box, -1, axis=0) - box
    lengths = np.maximum(np.hypot(edges[:, 0], edges[:, 1]), 1e-6)
    along = edges @ np.array(_READING_DIRECTION[rotation]) / lengths
    return np.roll(box, -int(np.argmax(along)), axis=0)


def _quad(corners: Corners) -> Quad:
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in corners)
    return Quad(top_left, top_right, bottom_right, bottom_left)


def _corners(quad: Quad) -> Corners:
    return np.array([quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left], np.float32)


def _cut_out(rgb: Rgb, corners: Corners) -> Rgb:
    """The part of the picture within the corners, straightened, at full resolution up to a height of 96 pixels."""
    import cv2

    height = max(1.0, float(np.hypot(*(corners[3] - corners[0]))), float(np.hypot(*(corners[2] - corners[1]))))
    width = max(1.0, float(np.hypot(*(corners[1] - corners[0]))), float(np.hypot(*(corners[2] - corners[3]))))
    left, top = np.floor(np.clip(corners.min(axis=0), 0, None)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = np.ascontiguousarray(rgb[top:bottom, left:right])
    if 0 in part.shape:
        return np.zeros((1, 1, 3), np.uint8)
    corners = corners - np.array([left, top], np.float32)
    # A larger line is reduced first, by averaging: a perspective warp picks single pixels, and would lose thin strokes.
    reduction = min(1.0, _CROP_HEIGHT_PX / height)
    if reduction < 1.0:
        part = np.asarray(cv2.resize(part, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA), np.uint8)
        corners, width, height = corners * reduction, width * reduction, height * reduction
    size = max(1, round(width)), max(1, round(height))
    wanted = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    straight = cv2.warpPerspective(
        part,
        cv2.getPerspectiveTransform(corners, wanted),
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(straight, np.uint8)


def _trim_heap() -> None:
    """glibc keeps what was freed; this hands it to the system. Nothing happens where the C library has no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
