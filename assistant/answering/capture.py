"""A picture being taken and seen, ahead of the question about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.turn import CaptureTimings, Span
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import SupportsSee, View


Take = Callable[[threading.Event], "tuple[Frame, Fault | None]"]  # a picture, and what is wrong with it


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
        self._closer = closer  # of what is taken, only the middle counts
        self.fault: Fault | None = None  # what is wrong with the frame: it is not seen unless asked to anyway
        self._seen_anyway = False  # or about to be
        self.cancelled = threading.Event()
        self.view: View | None = None
        self.error: BaseException | None = None
        self.sight: CaptureTimings | None = None  # when it was taken and seen
        self._taken: Span | None = None  # a faulty one is seen later, if at all
        self.settled = False  # nothing more happens to it, but for a faulty one that is seen anyway
        self.asked = False  # a second question on it is a follow-up: no vision encoder in its timings

    def cancel(self) -> None:
        self.cancelled.set()
        self.settled = True

    @property
    def usable(self) -> bool:
        """Seen, or still on the way to it: a question can be put to it."""
        is_good = self.fault is None or self._seen_anyway
        return self.view is not None or (self.error is None and is_good and not self.cancelled.is_set())

    def see(self, take: Take, engine: SupportsSee, anyway: Callable[[Fault], bool] = lambda fault: False) -> None:
        """Takes the picture and sees it, once; what goes wrong is kept for the turn that asks about it.

        A picture with a fault is seen only where `anyway` says so of that fault.
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
            see_begun_at = self._clock()
            view = engine.see(self.frame, self.cancelled)
            self.sight = CaptureTimings(self.requested_at, taken, (see_begun_at, self._clock()), view.stats)
            self.view = view
        except Cancelled:
            self.cancelled.set()
        except Exception as error:  # noqa: BLE001 - boundary of a look: the turn that needs it tells the user
            self.error = error
        finally:
            self.settled = True
