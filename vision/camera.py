"""Gives the newest picture of a camera on request. A thread reads all the time, so that no old picture waits in a
buffer.

It keeps one picture and no queue (while a burst is wanted, the newest five), opens a failed camera again by itself, and
says in one sentence when it stays away. It does not know what the pictures are for, and everything about OpenCV is in
`video.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType

from vision.settings import OPEN_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

from .errors import CameraLost, CameraMissing, Cancelled, PictureError, VisionError
from .frame import Frame, Rgb
from .picture_size import Size
from .still import PICTURE_SUFFIXES, StillPicture
from .video import SETTING, Video, VideoOptions, describe, open_video

_CLOSE_SECONDS = 1.0
# After a source's own time limit: what it says about its failure is better than what is said here.
_OPENING_GRACE_SECONDS = 0.3
_CANCEL_POLL_SECONDS = 0.05
_FIRST_RETRY_SECONDS = 0.25
_LAST_RETRY_SECONDS = 2.0
# In this time a camera that gives 15 pictures a second gives three. The engine takes much longer to see one.
_BURST_SECONDS = 0.15
_LONGEST_BURST = 5
# A live camera that has given no picture for so long is told to be lost. One that takes its time between two pictures
# gets four times that, at most ten seconds.
_LOST_SECONDS = 2.2
_LOST_INTERVALS = 4
_LONGEST_LOST_SECONDS = 10.0
_WATCH_SECONDS = 0.25
# While nobody wants a picture, one in so many seconds is looked at: a stream that has turned into garbage still gives
# parts that count as pictures.
_LOOK_SECONDS = 0.5

_log = logging.getLogger(__name__)

Opener = Callable[[int | str, VideoOptions], Video]


class Camera:
    """A device (number or /dev path), a stream (URL), a video file or numbered pictures. Opened when it is made.

    What `capture()` promises: a picture that was not taken before the call. For a device that is by its driver's
    time stamp, or, where there is none, by a reading that began after the call. For a stream it was sent after the
    call; what a network camera keeps to itself before sending cannot be known. A recording plays at its own pace from
    the moment it is opened: the picture it shows at the call counts as taken then, and after its end the last stays.

    A device is asked for pictures of `width` x `height` pixels and gives what it can. None asks for nothing. The size
    of everything else is its own.

    `on_lost` gets a sentence when a live camera gives no picture any more, within three seconds, also while nobody
    wants one. `on_back` follows when there are pictures again. Both are called on the thread "camera-watch", which only
    a live camera with an `on_lost` has.

    Raises CameraMissing when it cannot be opened.
    """

    def __init__(
        self,
        source: int | str,
        *,
        open_timeout_seconds: float = OPEN_TIMEOUT_SECONDS,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        width: int | None = None,
        height: int | None = None,
        on_lost: Callable[[str], None] | None = None,
        on_back: Callable[[], None] = lambda: None,
        opener: Opener = open_video,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._on_lost = on_lost
        self._on_back = on_back
        self._options = VideoOptions(open_timeout_seconds, read_timeout_seconds, width, height)
        self._opener = opener
        self._clock = clock
        self._stopping = threading.Event()
        self._changed = threading.Condition()  # guards the six below
        # The newest is the last. While somebody waits a sixth picture replaces the oldest; else there is one, as
        # before.
        self._recent: deque[Frame] = deque(maxlen=_LONGEST_BURST)
        # When the callers that wait in capture() or burst() called. Without any, live pictures are grabbed and not
        # decoded; nor are those from before all the calls.
        self._calls: list[float] = []
        self._opened = False
        self._recording = False
        self._size: Size | None = None
        self._problem: VisionError | None = None
        self._damaged_pictures = 0
        self._first_damage: PictureError | None = None  # where the source says what is wrong
        self._whole_at = clock()  # when the last picture came that is not garbage, as far as that is known
        self._looked_at = clock()
        self._is_whole = True  # as it was at the last look
        self._interval_seconds = 0.0  # between the last two pictures
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._watch = threading.Thread(target=self._tell_losses, name="camera-watch", daemon=True)
        self._thread.start()
        try:
            self._await_opening(open_timeout_seconds)
        except BaseException:
            self._stopping.set()
            raise
        if self._on_lost is not None and self.live:
            self._watch.start()

    @property
    def live(self) -> bool:
        """False for a recording, which may stand still and ends with its last picture."""
        return not self._recording

    @property
    def picture_size(self) -> Size | None:
        """Width and height in pixels of what it gives now; None as long as no picture was decoded."""
        return self._size

    @property
    def damaged_pictures(self) -> int:
        """How many pictures could not be decoded and were passed over. Of a live camera only those that were wanted."""
        return self._damaged_pictures

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        """A picture not older than the call. Raises CameraLost after `timeout_seconds`, Cancelled, PictureError."""
        return self.burst(1, timeout_seconds, cancelled)[-1]

    def burst(
        self,
        pictures: int = 3,
        timeout_seconds: float = 5.0,
        cancelled: threading.Event | None = None,
        within_seconds: float = _BURST_SECONDS,
    ) -> tuple[Frame, ...]:
        """At most so many pictures, oldest first, none older than the call: what comes within `within_seconds` of the
        first.

        There is always one, and never more than five; a recording gives the one that it shows. Raises as capture()
        does.
        """
        wanted = max(1, min(pictures, _LONGEST_BURST))
        called_at = self._clock()
        give_up_at, have_one = called_at + timeout_seconds, False
        with self._changed:
            self._calls.append(called_at)
            try:
                while True:
                    frames = self._frames_since(called_at)[-wanted:]
                    now = self._clock()
                    if frames and not have_one:
                        give_up_at, have_one = now + within_seconds, True
                    if frames and (self._recording or len(frames) == wanted or now >= give_up_at):
                        return frames
                    if cancelled is not None and cancelled.is_set():
                        raise Cancelled("the picture was no longer wanted")
                    if now >= give_up_at:
                        raise CameraLost(
                            f"{describe(self._source)} has given no picture for {timeout_seconds:g} s: check that "
                            "it is plugged in and switched on; it is used again as soon as it is back"
                        )
                    left = give_up_at - now
                    self._changed.wait(left if cancelled is None else min(left, _CANCEL_POLL_SECONDS))
            finally:
                self._calls.remove(called_at)
                while not self._calls and len(self._recent) > 1:
                    self._recent.popleft()  # nobody wants them any more, and each takes some megabytes

    def close(self) -> None:
        """Stop reading. It waits at most one second for a reading that hangs, then CameraLost names the thread."""
        if self._stopping.is_set():
            return
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        if self._watch.ident is not None:
            self._watch.join(_CLOSE_SECONDS)
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            raise CameraLost(
                f'the thread "{self._thread.name}" still waits for {describe(self._source)} after '
                f"{_CLOSE_SECONDS:g} s: it is left behind and ends with the program"
            )

    def __enter__(self) -> Camera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _await_opening(self, timeout_seconds: float) -> None:
        # A stream keeps the limit by itself; this one, a little later, is for what has none, such as a driver that
        # hangs.
        with self._changed:
            self._changed.wait_for(
                lambda: self._opened or self._problem is not None, timeout_seconds + _OPENING_GRACE_SECONDS
            )
            if self._opened:
                return
            raise self._problem or CameraMissing(
                f"{describe(self._source)} did not answer within {timeout_seconds:g} s: check that it is "
                f"switched on, or set {SETTING} to another"
            )

    def _frames_since(self, called_at: float) -> tuple[Frame, ...]:
        if self._stopping.is_set():
            raise CameraLost(f"{describe(self._source)} is closed: no picture can be taken")
        if self._problem is not None:
            raise type(self._problem)(str(self._problem))
        if self._recording and self._recent:
            return (Frame(self._recent[-1].rgb, self._clock()),)
        return tuple(frame for frame in self._recent if frame.captured_at >= called_at)

    # What follows runs in the thread "camera".

    def _run(self) -> None:
        try:
            retry_seconds = _FIRST_RETRY_SECONDS
            while not self._stopping.is_set():
                video = self._open()
                if video is not None:
                    with closing(video):
                        if not video.live:
                            return self._play(video)
                        if self._follow(video):
                            retry_seconds = _FIRST_RETRY_SECONDS
                self._stopping.wait(retry_seconds)
                retry_seconds = min(2 * retry_seconds, _LAST_RETRY_SECONDS)
        except VisionError as problem:
            self._fail(problem)
        except Exception as problem:  # noqa: BLE001 - a thread's boundary: whoever asks next has to hear of it
            self._fail(CameraLost(f"{describe(self._source)} cannot be read any more ({problem!r}); start again"))

    def _open(self) -> Video | None:
        try:
            video = self._opener(self._source, self._options)
        except CameraMissing:
            if self._opened:
                return None  # it was there before: go on trying
            raise
        with self._changed:
            self._opened = True
            self._recording = not video.live
            self._size = video.size
            self._changed.notify_all()
        return video

    def _follow(self, video: Video) -> bool:
        """Read a live source until it fails. Returns True if it gave any picture."""
        any_picture, grabbed_at = False, self._clock()
        while not self._stopping.is_set():
            taken_at = video.grab()
            if taken_at is None:
                return any_picture
            now = self._clock()
            self._interval_seconds, grabbed_at = now - grabbed_at, now
            any_picture = True
            if self._is_whole:
                self._whole_at = now
            if self._calls and self._is_wanted(taken_at):
                self._publish(video, taken_at)
            elif self._on_lost is not None and self._clock() - self._looked_at >= _LOOK_SECONDS:
                self._note(is_whole=video.is_whole())
        return any_picture

    def _note(self, *, is_whole: bool) -> None:
        """Notes that a picture was looked at, for the thread "camera-watch"."""
        self._looked_at, self._is_whole = self._clock(), is_whole
        if is_whole:
            self._whole_at = self._looked_at

    def _is_wanted(self, taken_at: float) -> bool:
        """Whether somebody waits for a picture that was taken then.

        An older one is not decoded. Of a fast camera with large pictures decoding takes longer than the next picture
        does to come, so it would never be known whether the newest is there.
        """
        with self._changed:
            return any(called_at <= taken_at for called_at in self._calls)

    def _play(self, video: Video) -> None:
        """Show a recording at its own pace. After its end the last picture stays."""
        due = self._clock()
        while not self._stopping.wait(max(0.0, due - self._clock())):
            taken_at = video.grab()
            if taken_at is None:
                break
            self._publish(video, taken_at)
            due = max(
                due + video.interval_seconds, self._clock() - 1.0
            )  # a machine that slept does not race to catch up
        if self._stopping.is_set():
            return
        if not self._recent:
            raise self._first_damage or PictureError(
                f"{describe(self._source)} has no picture in it; set {SETTING} to another"
            )
        if self._damaged_pictures:
            _log.warning(
                "%s has ended; %d of its pictures were damaged and passed over",
                describe(self._source),
                self._damaged_pictures,
            )

    def _publish(self, video: Video, taken_at: float) -> None:
        rgb = self._decoded(video)
        self._note(is_whole=rgb is not None)
        if rgb is None:
            return
        with self._changed:
            if not self._calls:
                self._recent.clear()
            self._recent.append(Frame(rgb, taken_at))
            self._size = (rgb.shape[1], rgb.shape[0])
            self._changed.notify_all()

    def _decoded(self, video: Video) -> Rgb | None:
        """The picture last grabbed. One that is damaged is counted, and is no reason to give up."""
        try:
            rgb = video.rgb()
        except PictureError as problem:
            rgb = None
            if self._first_damage is None:
                self._first_damage = problem
                _log.warning("%s; it is passed over, as every further damaged picture is", problem)
        if rgb is None:
            self._damaged_pictures += 1
        return rgb

    def _fail(self, problem: VisionError) -> None:
        with self._changed:
            self._problem = problem
            self._changed.notify_all()

    # What follows runs in the thread "camera-watch".

    def _tell_losses(self) -> None:
        assert self._on_lost is not None
        lost = False
        while not self._stopping.wait(_WATCH_SECONDS):
            age_seconds = self._clock() - self._whole_at
            limit_seconds = max(_LOST_SECONDS, min(_LOST_INTERVALS * self._interval_seconds, _LONGEST_LOST_SECONDS))
            if not lost and age_seconds > limit_seconds:
                lost = True
                self._on_lost(
                    f"{describe(self._source)} has given no picture for {limit_seconds:.0f} s: check that it is plugged "
                    "in and switched on; it is used again as soon as it is back"
                )
            elif lost and age_seconds < _LOST_SECONDS:
                lost = False
                self._on_back()


def open_frame_source(
    source: str,
    *,
    open_timeout_seconds: float = OPEN_TIMEOUT_SECONDS,
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
    width: int | None = None,
    height: int | None = None,
    on_lost: Callable[[str], None] | None = None,
    on_back: Callable[[], None] = lambda: None,
) -> Camera | StillPicture:
    """Open the source that the text names: "0" is a device, "photo.jpg" a still picture, all else a camera.

    `on_lost` and `on_back` are those of `Camera`.

    Raises CameraMissing, PictureError.
    """
    name = source.strip()
    if not name:
        raise CameraMissing(f"{SETTING} is empty: give a device number such as 0, a URL or a file")
    if name.isascii() and name.isdigit():
        camera: int | str = int(name)
    elif Path(name).suffix.lower() in PICTURE_SUFFIXES and "://" not in name and "%" not in Path(name).name:
        return StillPicture(name)
    else:
        camera = name
    return Camera(
        camera,
        open_timeout_seconds=open_timeout_seconds,
        read_timeout_seconds=read_timeout_seconds,
        width=width,
        height=height,
        on_lost=on_lost,
        on_back=on_back,
    )
