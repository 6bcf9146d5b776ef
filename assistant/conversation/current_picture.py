"""Chooses the picture for a question: the current one, one taken before the question was known, or a new one.

It decides by time. It does not know pixels, what is asked, or how a picture is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from assistant.answering.capture import PictureCapture

if TYPE_CHECKING:
    from vision.frame import Frame


class Looker(Protocol):
    """Takes pictures, as `assistant.answering.pipeline.AnswerPipeline.look` does."""

    def look(self, frame: Frame | None = None, *, closer: bool = False) -> PictureCapture: ...


class Pictures:
    """The current picture, and the one taken ahead. Times are the clock's, in seconds. No call waits."""

    def __init__(
        self,
        looker: Looker,
        clock: Callable[[], float],
        *,
        follow_up_seconds: float,
        ahead_seconds: float,
        looks_ahead: bool = True,
    ) -> None:
        """Sets how long pictures serve. Without `looks_ahead` none is taken before the question is known.

        A follow-up question is about the current picture while that is younger than `follow_up_seconds`. A picture that
        was taken ahead serves words that begin within `ahead_seconds`.
        """
        self._looker = looker
        self._clock = clock
        self._follow_up_seconds = follow_up_seconds
        self._ahead_seconds = ahead_seconds
        self._looks_ahead = looks_ahead
        self.ahead: PictureCapture | None = None  # taken when speech began or at a press; no question used it yet
        self._picture: PictureCapture | None = None  # what follow-up questions are about
        self._compared: PictureCapture | None = None  # what "what has changed" compared `_picture` with
        # Without `looks_ahead`, a picture from before the last press is not used again.
        self._pressed_at = float("-inf")
        self._kept = False  # True from "same picture" to "new picture": the picture does not expire

    # Before the words are known.

    def look_ahead(self) -> None:
        """Takes a picture unless there is one. The engine sees it while the user speaks, so the answer comes sooner."""
        if self._looks_ahead and self.in_hand() is None and not self._is_ahead():
            self.ahead = self._looker.look()

    def look_anew(self) -> None:
        """Takes a new picture, unless the user keeps one: a press asks about what is before the camera now."""
        if not self._kept or self.in_hand() is None:
            self.drop_ahead()
            if self._picture is not None and self._picture.view is None:
                self._picture.cancel()  # the engine still sees it for a stopped answer; the new one must not wait
            if self._looks_ahead:
                self.ahead = self._looker.look()
            else:
                self._pressed_at = self._clock()

    def drop_ahead(self) -> None:
        if self.ahead is not None:
            self.ahead.cancel()
            self.ahead = None

    def _is_ahead(self) -> bool:
        """True if a picture taken at a press or the wake phrase serves words that begin now."""
        ahead = self.ahead
        if ahead is None or not ahead.usable:
            return False
        return self._clock() - ahead.requested_at < self._ahead_seconds

    # Once they are known.

    def for_question(self, began_at: float | None) -> PictureCapture:
        """The picture for a question whose first word came at `began_at`. None stands for now."""
        # A picture that was young enough when the question began still counts at its end: a new one would cost time.
        in_hand = self.in_hand(began_at)
        # A picture was taken ahead because a new one was wanted. If it failed, another new one is taken: the older one
        # is not used again.
        look = in_hand if self.ahead is None else self.ahead if self.ahead.usable else None
        self._picture, self.ahead = look or self._looker.look(), None
        return self._picture

    def for_reading(self, began_at: float | None, was_read: Callable[[PictureCapture], bool]) -> PictureCapture:
        """The picture of a page that is to be read.

        The current one was read if `was_read` says so. Then the user means another page, and a new picture is taken,
        unless the user keeps the current one on purpose.
        """
        picture = self._picture
        if picture is not None and was_read(picture) and not self._kept and self.ahead is None:
            self._picture = self._looker.look()
            return self._picture
        return self.for_question(began_at)

    def for_telling(self) -> PictureCapture | None:
        """The picture that was taken as the user began to speak, or the one that is kept. None if it has no frame yet.

        What the engine does with a picture taken ahead ends, because nobody will ask about that picture.
        """
        picture = self._picture if self._kept else self.ahead
        has_frame = picture is not None and picture.frame is not None  # asked first: a cancel may come before a frame
        self.drop_ahead()
        return picture if has_frame else None

    def in_hand(self, at: float | None = None) -> PictureCapture | None:
        """The picture for a follow-up question at the time `at`: it is usable, and kept on purpose or young enough."""
        picture = self._picture
        if picture is None or not picture.usable:
            return None
        age_seconds = (self._clock() if at is None else at) - picture.requested_at
        is_new = age_seconds < self._follow_up_seconds and picture.requested_at >= self._pressed_at
        return picture if self._kept or is_new else None

    def keep(self) -> bool:
        """Keeps the current picture, however old, because the user asked for it. False if there is none."""
        if self._picture is None or not self._picture.usable:
            self._picture, self.ahead = self.ahead, None
        self.drop_ahead()
        self._kept = self._picture is not None
        return self._kept

    def renew(self) -> None:
        self._picture, self.ahead = self.ahead or self._looker.look(), None
        self._kept = False

    def look_closer(self) -> None:
        """Looks at the middle of the current picture at full resolution.

        A new picture is used if there is no current one, or it is too old or bad.
        """
        picture = self.in_hand() or self.ahead
        is_good = picture is not None and picture.usable and picture.fault is None
        frame = picture.frame if picture is not None and is_good else None
        self.drop_ahead()
        self._picture = self._looker.look(frame.middle()) if frame is not None else self._looker.look(closer=True)

    def to_compare(self) -> tuple[PictureCapture | None, PictureCapture]:
        """The old picture, or None, and a new one. Follow-up questions are about the new one."""
        candidates = (self._picture, self._compared)  # the new picture of the last comparison may be unusable
        old = next((look for look in candidates if look is not None and look.usable), None)
        new = self.ahead or self._looker.look()
        self._picture, self._compared, self.ahead, self._kept = new, old, None, False
        return old, new
