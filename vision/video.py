"""Reads a device, a stream, a video file or numbered pictures, one picture at a time.

`open_video` opens one of them by the form of its source. This module knows OpenCV, which it imports when something is
opened. It does not know threads: camera.py decides when to read, and what to do after a failure.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import numpy as np

from vision.settings import OPEN_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

from .errors import CameraMissing, PictureError
from .frame import Rgb
from .jpeg import is_jpeg
from .picture_size import Size, is_enough, sizes_to_ask_for
from .still import load_picture

if TYPE_CHECKING:
    import cv2

SETTING = "seeing.camera in config.toml"  # where a person names the source; in every message about it

# A webcam's first pictures are black or green while it finds its exposure.
_SETTLING_SECONDS = 0.5
# A device is asked for this rate. A burst of three pictures then takes 0.15 s, and a picture that nobody wants is read
# half as often as at the usual 30 a second.
_PICTURES_PER_SECOND = 15.0
# A device gets this share of the time for opening, for all the sizes that it is asked for. After that it may give the
# size that it has by itself, because a small picture is better than none.
_SHARE_FOR_SIZES = 1 / 3
# A grab that waited for this long found no picture in the buffers.
_WAITED_SECONDS = 0.002
# A machine that is too slow for its stream never waits for one. After so many pictures, buffers count as empty all the
# same.
_LONGEST_BACKLOG_PICTURES = 60
# FFmpeg takes a limit of 0 for none at all.
_SHORTEST_OPENING_SECONDS = 0.05
# Numbered pictures have no rate of their own. This is the rate that FFmpeg assumes for them.
_SEQUENCE_PICTURES_PER_SECOND = 25.0
_NUMBERED = re.compile(r"%0?(\d*)d")


class Video(Protocol):
    """Pictures, one after the other. `live` is true for a device or a stream, and false for a recording."""

    live: bool
    interval_seconds: float  # between the pictures of a recording
    size: Size | None  # of the last picture that was decoded; None before the first

    def grab(self) -> float | None:
        """Go on to the next picture. Returns a time (seconds of the clock) before which it was certainly not taken, or
        None where there is no further picture.
        """

    def rgb(self) -> Rgb | None:
        """Decode the picture last grabbed, None where it is damaged.

        Raises PictureError where it is damaged and the source knows what is wrong with which file.
        """

    def is_whole(self) -> bool:
        """Whether the picture last grabbed seems to be one and no garbage. It costs less than to decode it."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class VideoOptions:
    open_timeout_seconds: float = OPEN_TIMEOUT_SECONDS
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    width: int | None = None  # pixels asked of a device; it may give others. None: what it gives by itself
    height: int | None = None


def describe(source: int | str) -> str:
    """A source's name for people. A stream's password is left out."""
    if isinstance(source, int):
        return f"camera {source} (/dev/video{source})"
    if "://" in source:
        parts = urlsplit(source)
        return f"the camera at {parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()}"
    return f"the camera {source}" if source.startswith("/dev/") else f"the video {source}"


def list_cameras(dev: Path = Path("/dev"), names: Path = Path("/sys/class/video4linux")) -> list[str]:
    """The video devices that are there now, as "/dev/video0 (its name)"."""
    found = []
    for device in sorted(dev.glob("video[0-9]*"), key=lambda path: int(path.name[5:])):
        try:
            found.append(f"{device} ({(names / device.name / 'name').read_text().strip()})")
        except OSError:
            found.append(str(device))
    return found


def open_video(source: int | str, options: VideoOptions, clock: Callable[[], float] = time.monotonic) -> Video:
    """Open a device (number or path), a stream's URL, numbered pictures (f_%03d.jpg) or a video file.

    Raises CameraMissing.
    """
    if isinstance(source, int):
        return _open_device(source, Path(f"/dev/video{source}"), options, clock)
    if source.startswith("/dev/"):
        return _open_device(source, Path(source), options, clock)
    if "://" in source:
        return _open_stream(source, options, clock)
    if _NUMBERED.search(Path(source).name):
        return PictureSequence(source, clock)
    return _open_file(source, options, clock)


class OpenCvVideo:
    """One cv2.VideoCapture. It knows how fresh its pictures are.

    A driver that was not read for a while hands out its old buffers first, so a device's picture is as fresh as the
    driver's time stamp says. A stream has no such stamp, and pictures wait for us in three buffers: but when a grab
    had to wait for the network they were empty, and every later grab's picture was sent after that one began. Not
    that grab's own: of a stream without lengths FFmpeg holds each picture back until the next one begins. (Two, where
    pictures are under 2 kB; what a video codec holds back on top is the camera's setting.)
    """

    def __init__(self, capture: cv2.VideoCapture, kind: str, clock: Callable[[], float]) -> None:
        import cv2  # whoever opened the capture has imported it

        self._cv2 = cv2
        self._capture = capture
        self._clock = clock
        self._kind = kind
        self._settled_at = clock() + (_SETTLING_SECONDS if kind == "device" else 0.0)
        self._empty_at = -math.inf  # when the buffers of a stream were last known to be empty
        self._unwaited = 0  # grabs since then
        self._ahead: float | None = None  # what grab() gave for a picture that is already there
        self.size: Size | None = None
        # A stream of known length is a file behind a URL: read without pacing it would be over in a moment.
        self.live = kind == "device" or (kind == "stream" and not capture.get(self._cv2.CAP_PROP_FRAME_COUNT) > 0)
        rate = capture.get(self._cv2.CAP_PROP_FPS)
        self.interval_seconds = 1 / rate if 0.1 <= rate <= 240 else 1 / 25

    def has_picture(self, give_up_at: float) -> bool:
        """Whether a picture that can be decoded comes until then (seconds of the clock). The next grab() gives it
        again.
        """
        while self._clock() < give_up_at:
            taken_at = self.grab()
            if taken_at is None:
                return False
            if self.rgb() is not None:
                self._ahead = taken_at
                return True
        return False

    def grab(self) -> float | None:
        if self._ahead is not None:
            taken_at, self._ahead = self._ahead, None
            return taken_at
        began, cpu_began = self._clock(), time.thread_time()
        try:
            if not self._capture.grab():
                return None
            stamp = self._capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000
        except self._cv2.error:
            return None
        if self._kind == "device":
            return -math.inf if began < self._settled_at else freshness(began, stamp, self._clock())
        if self._kind == "stream":
            # Decoding runs in this thread: what is not its own work was waiting.
            return self._sent_after(began, self._clock() - began - (time.thread_time() - cpu_began))
        return began

    def _sent_after(self, began: float, waited_seconds: float) -> float:
        sent_after = self._empty_at
        self._unwaited += 1
        if waited_seconds > _WAITED_SECONDS or self._unwaited > _LONGEST_BACKLOG_PICTURES:
            self._empty_at, self._unwaited = began, 0
        return sent_after

    def rgb(self) -> Rgb | None:
        rgb = self._decoded()
        if rgb is not None:
            self.size = (rgb.shape[1], rgb.shape[0])
        return rgb

    def is_whole(self) -> bool:
        # A device's driver tells of a damaged picture by itself, and to decode one of 1080 lines takes 10 ms.
        return self._kind == "device" or self._decoded() is not None

    def _decoded(self) -> Rgb | None:
        try:
            good, bgr = self._capture.retrieve()
            if not good or bgr is None:
                return None
            grey = bgr.ndim == 2 or bgr.shape[2] == 1
            code = self._cv2.COLOR_GRAY2RGB if grey else self._cv2.COLOR_BGR2RGB
            return np.asarray(self._cv2.cvtColor(bgr, code), dtype=np.uint8)
        except self._cv2.error:
            return None

    def close(self) -> None:
        self._capture.release()


class MjpegVideo(OpenCvVideo):
    """A stream of JPEG pictures that OpenCV only separates. A picture is decoded when somebody wants it.

    Else all of a camera's pictures would be, in grab(): for 30 a second of 1,920 x 1,080 a third of a core while it
    waits.
    """

    def is_whole(self) -> bool:
        try:
            good, jpeg = self._capture.retrieve()
        except self._cv2.error:
            return False
        return bool(good) and is_jpeg(jpeg.tobytes())

    def _decoded(self) -> Rgb | None:
        try:
            good, jpeg = self._capture.retrieve()
            return load_picture(jpeg.tobytes()) if good else None
        except (self._cv2.error, PictureError):
            return None


def freshness(began: float, stamp: float, now: float) -> float:
    """When a device's picture was taken: the driver's stamp if it lies in the last minute of our clock, else `began`.

    Most drivers stamp with the monotonic clock; some with the wall clock or not at all.
    """
    return stamp if now - 60.0 <= stamp <= now else began


class PictureSequence:
    """Numbered pictures as a recording: any first number, any size, every format and rule of a still picture.

    OpenCV reads such sequences too, but only from a first number near 0, and without the pictures' orientation.
    """

    live = False
    interval_seconds = 1 / _SEQUENCE_PICTURES_PER_SECOND
    size: Size | None = None

    def __init__(self, pattern: str, clock: Callable[[], float]) -> None:
        folder, name = Path(pattern).parent, Path(pattern).name
        digits = _NUMBERED.search(name)
        assert digits is not None, "the caller has looked for the number"
        width = f"{{{digits[1]},}}" if digits[1] else "+"
        matcher = re.compile(rf"{re.escape(name[: digits.start()])}(\d{width}){re.escape(name[digits.end() :])}")
        try:
            numbered = [(int(found[1]), path) for path in folder.iterdir() if (found := matcher.fullmatch(path.name))]
        except OSError as problem:
            raise CameraMissing(_no_pictures(pattern, str(problem.strerror))) from problem
        if not numbered:
            raise CameraMissing(_no_pictures(pattern, "no picture has such a name"))
        self._left = [path for _, path in sorted(numbered, reverse=True)]
        self._clock = clock
        self._current: Path | None = None

    def grab(self) -> float | None:
        self._current = self._left.pop() if self._left else None
        return self._clock() if self._current else None

    def rgb(self) -> Rgb | None:
        rgb = load_picture(self._current) if self._current else None
        if rgb is not None:
            self.size = (rgb.shape[1], rgb.shape[0])
        return rgb

    def is_whole(self) -> bool:
        return self._current is not None

    def close(self) -> None:
        self._left.clear()


def _no_pictures(pattern: str, why: str) -> str:
    return f"no pictures {pattern}: {why}; set {SETTING} to another source"


def _open_device(source: int | str, path: Path, options: VideoOptions, clock: Callable[[], float]) -> Video:
    if not path.exists():
        raise CameraMissing(f"there is no camera at {path}: {_what_is_there()}")
    if not os.access(path, os.R_OK | os.W_OK):
        raise CameraMissing(f"the camera {path} may not be opened: add yourself to the group `video` and log in again")
    _prepare_opencv(options)
    began, opens = clock(), False
    time_for_sizes = _SHARE_FOR_SIZES * options.open_timeout_seconds
    sizes = sizes_to_ask_for(options.width, options.height)
    for place, size in enumerate(sizes, start=1):
        if size is not None and clock() > began + time_for_sizes:
            continue  # no time is left for another size: the device's own comes at the end
        video = _device_of_size(source, size, clock)
        if video is None:
            continue
        opens = True
        # The first pictures may be broken. A size whose pictures stay broken must leave time for the next one.
        give_up_at = began + options.open_timeout_seconds if size is None else clock() + time_for_sizes / 2
        if video.has_picture(give_up_at) and video.size is not None and is_enough(video.size, sizes[place:]):
            return video
        video.close()
    if opens:
        raise CameraMissing(
            f"{describe(source)} opens, but gives no picture: plug it in again, or set {SETTING} to another"
        )
    raise CameraMissing(
        f"{describe(source)} cannot be opened: close other programs that use it, or plug it in again "
        f"({_what_is_there()})"
    )


def _device_of_size(source: int | str, size: Size | None, clock: Callable[[], float]) -> OpenCvVideo | None:
    """The device after it was asked for this size, which it may refuse or change. None if it cannot be opened.

    It is opened anew for every size, because a driver that has refused one may be left in any state.
    """
    import cv2

    # CAP_V4L2 by name: without it OpenCV tries other backends, noisily.
    capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
    try:
        if size is not None and capture.isOpened():
            # In this order: most webcams give large pictures at a good rate only as JPEGs, and a rate belongs to a
            # size. A refusal needs no answer: what counts is the picture that comes.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
            capture.set(cv2.CAP_PROP_FPS, _PICTURES_PER_SECOND)
        is_open = capture.isOpened()
    except cv2.error:
        is_open = False
    if is_open:
        return OpenCvVideo(capture, "device", clock)
    capture.release()
    return None


def _what_is_there() -> str:
    found = list_cameras()
    if found:
        return f"there is {', '.join(found)}; set {SETTING} to one of these"
    return (
        f"this machine has no /dev/video* device; plug a camera in, or set {SETTING} to "
        "a stream's URL, a video or a picture"
    )


def _open_stream(url: str, options: VideoOptions, clock: Callable[[], float]) -> Video:
    """Open it and wait for its first picture, both within the one time limit.

    FFmpeg takes garbage for a stream now and then, and would search it for pictures for ever.
    """
    give_up_at = clock() + options.open_timeout_seconds
    video = None
    if urlsplit(url).scheme in ("http", "https"):
        video = _open_mjpeg(url, options, clock)
    if video is None:
        capture = _ffmpeg(
            url, replace(options, open_timeout_seconds=max(_SHORTEST_OPENING_SECONDS, give_up_at - clock()))
        )
        if not capture.isOpened():
            raise CameraMissing(_not_opened(url))
        video = OpenCvVideo(capture, "stream", clock)
    if not video.has_picture(give_up_at):
        video.close()
        raise CameraMissing(
            f"{describe(url)} answers, but gives no picture within {options.open_timeout_seconds:g} s: check that "
            f"its URL in {SETTING} is the stream's own, and not a web page's"
        )
    return video


def _not_opened(url: str) -> str:
    return (
        f"{describe(url)} cannot be opened: check that it is switched on and on this network, and its URL in {SETTING}"
    )


def _open_mjpeg(url: str, options: VideoOptions, clock: Callable[[], float]) -> OpenCvVideo | None:
    """None for what is not a live stream of JPEG pictures: a video's pictures stand on each other, all have to be
    decoded.
    """
    began = clock()
    capture = _ffmpeg(url, options, decoding=False)
    import cv2  # _ffmpeg has imported it

    if capture.isOpened() and round(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"MJPG"):
        video = MjpegVideo(capture, "stream", clock)
        if video.live:
            return video
    opened = capture.isOpened()
    capture.release()
    if not opened and clock() - began > options.open_timeout_seconds / 2:
        raise CameraMissing(_not_opened(url))  # nobody answers there: it would be waited for a second time
    return None


def _open_file(path: str, options: VideoOptions, clock: Callable[[], float]) -> Video:
    if not Path(path).exists():
        raise CameraMissing(
            f"there is no camera or file {path!r}: set {SETTING} to a device number such as 0, "
            "a path such as /dev/video0, a stream's URL, a video or a picture"
        )
    capture = _ffmpeg(path, options)
    if not Path(path).is_file() or not capture.isOpened():
        raise CameraMissing(f"{path} is not a video that can be read; set {SETTING} to another")
    return OpenCvVideo(capture, "file", clock)


def _ffmpeg(name: str, options: VideoOptions, *, decoding: bool = True) -> cv2.VideoCapture:
    _prepare_opencv(options)
    import cv2

    timeouts = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(options.open_timeout_seconds * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(options.read_timeout_seconds * 1000)),
        *(
            cv2.CAP_PROP_N_THREADS,
            1,
        ),  # the cores are the model's; decoder threads also add a picture of delay each
        *(() if decoding else (cv2.CAP_PROP_FORMAT, -1)),  # retrieve() then gives a picture's bytes as they were sent
    ]
    return cv2.VideoCapture(name, cv2.CAP_FFMPEG, timeouts)


def _prepare_opencv(options: VideoOptions) -> None:
    """Import OpenCV, quiet: what it prints about a camera that is away is said better by our own errors."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # V4L2 knows no timeout of its own but this one, in whole seconds, read when OpenCV is loaded. It has to leave time
    # for the device's own size where a device agrees to another size and then sends nothing.
    silent_seconds = min(options.read_timeout_seconds, _SHARE_FOR_SIZES * options.open_timeout_seconds)
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(max(1, math.ceil(silent_seconds))))
    import cv2

    cv2.setNumThreads(1)  # its idle workers would spin beside the model's
