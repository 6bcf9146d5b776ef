"""A picture that is being taken and seen before the question about it is known.

It does not know threads or questions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.reading.reader_context import PrintTold
from assistant.answering.turn import CaptureTimings, Span
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import FrameSource, SupportsSee, View


Take = Callable[[threading.Event], "tuple[Frame, Fault | None]"]  # gives a picture, and what is wrong with it


def any_picture(frames: FrameSource) -> Take:
    """Takes the picture that the source gives, and finds nothing wrong with it."""

    def take(cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        return frames.capture(cancelled=cancelled), None

    return take


class PictureCapture:
    """From the wish for a picture to the View of it, or to what went wrong on the way."""

    def __init__(
        self,
        requested_at: float,
        frame: Frame | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        closer: bool = False,
    ) -> None:
        self._clock = clock
        self.requested_at = requested_at  # monotonic seconds
        self.frame = frame  # None: still to be taken
        self._closer = closer  # only the middle of the picture is seen
        self.fault: Fault | None = None  # what is wrong with the frame; the engine then sees it only on demand
        self._seen_anyway = False  # or about to be
        self.cancelled = threading.Event()
        self._unseen = threading.Event()  # set: the engine does not see it, or stops doing so
        self.view: View | None = None
        self.error: BaseException | None = None
        self.sight: CaptureTimings | None = None  # when it was taken and seen
        self._taken: Span | None = None  # when the frame was taken: a faulty one may be seen later
        self.settled = False  # it was seen, or failed, or was cancelled, or is faulty
        self._unwanted: threading.Event | None = None  # set when the newest question about it is cancelled
        self.print_told = PrintTold()  # of the view
        self.asked = False  # a later question is a follow-up, whose timings have no vision encoder
        self.seen_ahead = False  # the view is that of an earlier picture of the same scene, and may hold questions

    def cancel(self) -> None:
        self.cancelled.set()
        self._unseen.set()
        self.settled = True

    def await_until(self, cancelled: threading.Event) -> None:
        """Notes that a question waits for this picture, until `cancelled` is set."""
        self._unwanted = cancelled

    @property
    def awaited(self) -> bool:
        """True while a question waits for this picture."""
        return self._unwanted is not None and not self._unwanted.is_set()

    def keep_frame(self) -> None:
        """Only the frame is wanted: the engine does not see it, and what it has begun of that ends.

        Nothing happens where it was seen already. A question about the picture has it seen by `want_seen`.
        """
        if self.view is None:
            self._unseen.set()

    def want_seen(self, cancelled: threading.Event) -> None:
        """The next `see` has the engine see it after all, and ends when `cancelled` is set."""
        self.cancelled = self._unseen = cancelled

    @property
    def is_frame_only(self) -> bool:
        """True if the picture was taken, and the engine was kept from seeing it."""
        return self.view is None and self.error is None and self._unseen.is_set() and not self.cancelled.is_set()

    @property
    def usable(self) -> bool:
        """Whether a question can be asked about it: it was seen, or is still on the way to that."""
        is_good = self.fault is None or self._seen_anyway
        return self.view is not None or (self.error is None and is_good and not self.cancelled.is_set())

    def see(self, take: Take, engine: SupportsSee, anyway: Callable[[Fault], bool] = lambda fault: False) -> None:
        """Takes the picture and has the engine see it, once. An error is kept for the turn that asks about the picture.

        A picture with a fault is seen only if `anyway` says so for that fault.
        """
        if self.view is not None or self.error is not None or self.cancelled.is_set():
            return
        begun_at = self._clock()
        try:
            if self.frame is None:
                frame, fault = take(self.cancelled)
                self._seen_anyway = fault is not None and anyway(fault)  # before others can know of the fault
                self.frame, self.fault = frame.middle() if self._closer else frame, fault
            taken = self._taken = self._taken or (begun_at, self._clock())
            if self.fault is not None and not anyway(self.fault):
                return
            if self._unseen.is_set():
                return
            see_begun_at = self._clock()
            view = engine.see(self.frame, self._unseen)
            seen = (see_begun_at, self._clock())
            height, width = self.frame.rgb.shape[:2]
            self.seen_ahead = view.frame is not self.frame
            stats = None if self.seen_ahead else view.stats
            self.sight = CaptureTimings(self.requested_at, taken, seen, stats, (width, height))
            self.view = view
        except Cancelled:
            if not self.is_frame_only:
                self.cancelled.set()
        except Exception as error:  # noqa: BLE001 - boundary of a look: the turn that needs it tells the user
            self.error = error
        finally:
            self.settled = True
