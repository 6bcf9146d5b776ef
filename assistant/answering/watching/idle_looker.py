"""The thread "look-ahead": looks at the camera's picture when it stands still and nobody asks anything.

A question about a picture that the engine has seen already is answered at once. Everything that the user does comes
first: it cancels a look ahead between two layers, and none begins while anything is under way. It does not know what is
asked, which power is left (`look_allowance` does), or what counts as the same picture (`vision.stillness` does).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.watching.look_allowance import Cost, LookAllowance
from assistant.answering.watching.seen_pictures import SeenPictures
from vision.errors import Cancelled, VisionError
from vision.stillness import STILL_SECONDS, StillWatch, glimpse_of

if TYPE_CHECKING:
    from assistant.answering.capture import Take
    from vision.frame import Frame
    from vision.interface import FrameSource

MOVING_SECONDS = 0.35  # from one glimpse to the next while something moves: two more tell that it stands still
SETTLED_SECONDS = 1.0  # from one glimpse to the next while nothing moves, or while it has moved for long
MOVING_LONG_SECONDS = 10.0  # a camera that is carried moves all the time, and is watched less often
COMPARE_SECONDS = 3.0  # a still picture is compared with the one that was seen so often, since a digit may change
QUIET_SECONDS = 2.0  # after anything that the user does
LOST_SECONDS = 5.0  # until a camera that gives no picture is asked again
LONGEST_WAIT_SECONDS = 5.0
JOIN_SECONDS = 0.4
_NICENESS = 10  # of the thread: its share of the arithmetic yields to sound and speech

_log = logging.getLogger(__name__)


class IdleLooker:
    """Owns the thread "look-ahead". Use it in a `with`."""

    def __init__(
        self,
        seen: SeenPictures,
        frames: FrameSource,
        take: Take,
        allowance: LookAllowance,
        *,
        in_use: Callable[[], bool],  # True while a user speaks, waits for an answer or hears one
        say: Callable[[str], None] = lambda sentence: None,  # told what it does, and why it does nothing
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seen = seen
        self._frames = frames
        self._take = take
        self._allowance = allowance
        self._in_use = in_use
        self._say = say
        self._clock = clock
        self._watch = StillWatch()
        self._moving_since = clock()
        self._same_until = float("-inf")  # until then a still picture counts as the seen one
        self._was_same = False  # it showed the seen scene when it was compared last, and nothing has moved since
        self._said = ""  # why nothing is done, said last
        self._state = threading.Lock()  # guards the two below
        self._quiet_until = float("-inf")
        self._cancelled = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="look-ahead", daemon=True)

    def __enter__(self) -> IdleLooker:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self.interrupt()
        self._thread.join(JOIN_SECONDS)
        if self._thread.is_alive():
            _log.error("the thread %r did not end within %s s", self._thread.name, JOIN_SECONDS)

    def interrupt(self) -> None:
        """The user does something: a look ahead ends within a layer, and none begins for a while.

        Any thread may call it.
        """
        with self._state:
            self._quiet_until = self._clock() + QUIET_SECONDS
            self._cancelled.set()

    @property
    def looks_in_last_hour(self) -> int:
        """How many looks ahead were finished in the last hour."""
        return self._allowance.looks_in_last_hour

    def step(self) -> float:
        """Takes a glimpse and looks at the picture if that is due. Returns the seconds until the next step.

        The thread calls it again and again. Tests call it without a thread.
        """
        cancelled = self._begin()
        if cancelled is None:
            self._watch.restart()
            return MOVING_SECONDS
        if not self._seen.stays_here:
            return self._do_nothing("pictures would leave this machine", LONGEST_WAIT_SECONDS)
        if (refusal := self._allowance.refusal()) is not None:
            return self._do_nothing(refusal.why, refusal.seconds)
        try:
            return self._step(cancelled)
        except Cancelled:
            return MOVING_SECONDS
        except VisionError as error:
            return self._do_nothing(str(error), LOST_SECONDS)

    def _begin(self) -> threading.Event | None:
        """The event that cancels this step; None if the user does something."""
        with self._state:
            # The event is made before the user's state is asked, so that nothing that the user does is missed.
            cancelled = self._cancelled = threading.Event()
            is_quiet = self._clock() >= self._quiet_until
        return cancelled if is_quiet and not self._in_use() else None

    def _step(self, cancelled: threading.Event) -> float:
        frame = self._frames.capture(cancelled=cancelled)
        if not self._stands_still(frame):
            now = self._clock()
            return SETTLED_SECONDS if now - self._moving_since > MOVING_LONG_SECONDS else MOVING_SECONDS
        self._moving_since = now = self._clock()
        if now < self._same_until:
            return SETTLED_SECONDS
        if self._seen.has_seen(frame):
            self._same_until, self._was_same = now + COMPARE_SECONDS, True
            return SETTLED_SECONDS
        if self._was_same:  # nothing has moved: it may be a flicker, so another picture must say the same
            self._was_same = False
            return SETTLED_SECONDS
        self._look(cancelled)
        return SETTLED_SECONDS

    def _stands_still(self, frame: Frame) -> bool:
        still_seconds = self._watch.note(glimpse_of(frame), self._clock())
        if still_seconds == 0.0:
            self._same_until, self._was_same = float("-inf"), False
        return still_seconds >= STILL_SECONDS

    def _look(self, cancelled: threading.Event) -> None:
        self._allowance.wait()
        frame, fault = self._take(cancelled)
        if fault is not None:  # covered, dark, glaring, frozen or blurred: nobody could be answered about it
            self._report(f"not looked ahead: the picture is {fault.value.replace('_', ' ')}")
            return
        if not self._stands_still(frame):
            return
        began_at = self._clock()
        try:
            self._seen.see_ahead(frame, cancelled)
        except VisionError as error:
            cost = self._allowance.charge(began_at, was_finished=False)
            if isinstance(error, Cancelled):
                self._report(f"looking ahead was interrupted after {cost_in_words(cost)}")
            raise
        cost = self._allowance.charge(began_at, was_finished=True)
        self._said = ""
        self._say(f"looked ahead: {cost_in_words(cost)}")

    def _do_nothing(self, why: str, seconds: float) -> float:
        self._watch.restart()
        if why:
            self._report(f"not looking ahead: {why}")
        return max(MOVING_SECONDS, min(seconds, LONGEST_WAIT_SECONDS))

    def _report(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._say(sentence)

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # where the system does not permit it, the thread is as important as others
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        seconds = MOVING_SECONDS
        while not self._stopping.wait(seconds):
            try:
                seconds = self.step()
            except Exception as error:  # noqa: BLE001 - a thread's boundary: questions are answered as ever
                self._say(f"looking ahead has ended: {error}")
                _log.debug("the thread %r has ended", self._thread.name, exc_info=error)
                return


def cost_in_words(cost: Cost) -> str:
    """The seconds and the joules, and where the joules come from."""
    return (
        f"{cost.seconds:.1f} s, {cost.joules:.0f} J {'measured' if cost.is_measured else 'estimated from the budget'}"
    )
