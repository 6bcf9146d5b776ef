"""Which picture is meant: the one in hand, one that is taken ahead of the question, or a new one.

It knows times, not pixels, and neither what is asked nor how a picture is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from assistant.answering.capture import PictureCapture

if TYPE_CHECKING:
    from vision.frame import Frame


class Looker(Protocol):
    """See `assistant.answering.pipeline.AnswerPipeline.look`."""

    def look(self, frame: Frame | None = None, *, closer: bool = False) -> PictureCapture: ...


class Pictures:
    """Times are the clock's, in seconds. None of the calls waits."""

    def __init__(
        self, looker: Looker, clock: Callable[[], float], *, follow_up_seconds: float, ahead_seconds: float
    ) -> None:
        """A follow-up stays on a picture younger than the one; one taken ahead serves words that begin within the other."""
        self._looker = looker
        self._clock = clock
        self._follow_up_seconds = follow_up_seconds
        self._ahead_seconds = ahead_seconds
        self.ahead: PictureCapture | None = None  # taken at the onset of speech, or a press; not yet asked about
        self._picture: PictureCapture | None = None  # what follow-up questions are about
        self._compared: PictureCapture | None = None  # with that one, by "what has changed"
        self._kept = False  # "same picture": no expiry until "new picture"

    # Before the words are known.

    def look_ahead(self) -> None:
        """The idea that makes it fast: the picture is seen while the user is still speaking."""
        if self.in_hand() is None and not self._is_ahead():
            self.ahead = self._looker.look()

    def look_anew(self) -> None:
        """A press of the button means what is before the camera now, unless the user keeps a picture."""
        if not self._kept or self.in_hand() is None:
            self.drop_ahead()
            if self._picture is not None and self._picture.view is None:
                self._picture.cancel()  # still being seen for an answer that was stopped: the new one need not wait
            self.ahead = self._looker.look()

    def drop_ahead(self) -> None:
        if self.ahead is not None:
            self.ahead.cancel()
            self.ahead = None

    def _is_ahead(self) -> bool:
        """One taken at the press of the button, or at the wake phrase, for the words that begin now."""
        ahead = self.ahead
        if ahead is None or not ahead.usable:
            return False
        return self._clock() - ahead.requested_at < self._ahead_seconds

    # Once they are known.

    def for_question(self, began_at: float | None) -> PictureCapture:
        """What the words mean that began to be said then; None: just now."""
        # What was young enough then is not too old at the question's end, when a new one would have to be waited for.
        in_hand = self.in_hand(began_at)
        # One that was taken ahead was to be new: if it is no good, another new one, and never the one before it.
        look = in_hand if self.ahead is None else self.ahead if self.ahead.usable else None
        self._picture, self.ahead = look or self._looker.look(), None
        return self._picture

    def in_hand(self, at: float | None = None) -> PictureCapture | None:
        """The picture that a follow-up stays on: still usable, kept on purpose or young enough."""
        picture = self._picture
        if picture is None or not picture.usable:
            return None
        age_seconds = (self._clock() if at is None else at) - picture.requested_at
        return picture if self._kept or age_seconds < self._follow_up_seconds else None

    def keep(self) -> bool:
        """From now on the one there is, an old one too: the user asks for it by name. False: there is none."""
        if self._picture is None or not self._picture.usable:
            self._picture, self.ahead = self.ahead, None
        self.drop_ahead()
        self._kept = self._picture is not None
        return self._kept

    def renew(self) -> None:
        self._picture, self.ahead = self.ahead or self._looker.look(), None
        self._kept = False

    def look_closer(self) -> None:
        """The middle of the one in hand, at its full resolution; of a new one where there is none, or it is too old or bad."""
        picture = self.in_hand() or self.ahead
        is_good = picture is not None and picture.usable and picture.fault is None
        frame = picture.frame if picture is not None and is_good else None
        self.drop_ahead()
        self._picture = self._looker.look(frame.middle()) if frame is not None else self._looker.look(closer=True)

    def to_compare(self) -> tuple[PictureCapture | None, PictureCapture]:
        """The old one, None where there is none, and a new one, which follow-ups are about."""
        candidates = (self._picture, self._compared)  # the new one of last time may have been no good
        old = next((look for look in candidates if look is not None and look.usable), None)
        new = self.ahead or self._looker.look()
        self._picture, self._compared, self.ahead, self._kept = new, old, None, False
        return old, new
