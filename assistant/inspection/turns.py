"""Keeps each turn of a conversation in the journal, and deletes the one that is not to be kept.

It does not know devices, nor who asked. A call never waits for the disk.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import TYPE_CHECKING, Any

from assistant.answering import report
from assistant.errors import JournalError
from assistant.inspection.journal import local_now
from assistant.inspection.keeper import JournalKeeper
from assistant.inspection.record import TURN, Entry, Record
from assistant.language.phrases import Phrases

if TYPE_CHECKING:
    from assistant.answering.turn import Turn
    from vision.frame import Frame

DELETE_SECONDS = 10.0  # the longest that the confirmation of a deletion waits for the disk
TURNS_KNOWN = 8  # "do not keep this" is about one of the newest turns


class TurnJournal:
    """The journal as the conversation and the web server use it. Any thread may call it."""

    def __init__(
        self,
        keeper: JournalKeeper,
        phrases: Phrases,
        pack: Callable[[Frame], bytes],  # makes a JPEG file; called on the thread that writes
        *,
        profile: str = "",
        language: str = "",
        handed_to: str = "",  # the computers that get the records, for a sentence; "": none does
        weights_sha256: Callable[[str], str] = lambda model: "",  # of the model with this name
        now: Callable[[], dt.datetime] = local_now,
    ) -> None:
        self.keeper = keeper
        self._phrases = phrases
        self._pack = pack
        self._profile = profile
        self._language = language
        self._handed_to = handed_to
        self._weights_sha256 = weights_sha256
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[int, Future[Entry]] = {}  # by the number of the turn, the newest last
        self._unwanted: set[int] = set()  # numbers of turns that are not to be kept

    def ended(self, turn: Turn, model: str, *, answer: str | None = None, source: str = "voice") -> None:
        """Keeps a turn that has ended. A turn without a question, which only says something, is not kept.

        `model` is the name of the model that answers; a turn that asked none has none. `answer` stands for the turn's
        own words. `source` is "voice" or "web".
        """
        if turn.question is None or turn.timings is None or turn.question.has_own_record:
            return
        record, frame = self._record_of(turn, model, answer, source), turn.frame
        if turn.number in self._unwanted:
            return
        # Without the lock: a failure is said aloud from here, and the voice has locks of its own.
        kept = self.keeper.keep(record, None if frame is None else lambda: self._pack(frame))
        with self._lock:
            is_unwanted = turn.number in self._unwanted  # the user may just have said so
            if not is_unwanted:
                self._kept[turn.number] = kept
            while len(self._kept) > TURNS_KNOWN:
                del self._kept[next(iter(self._kept))]
        if is_unwanted:
            self.keeper.forget(kept)

    def how(self, turn: Turn, model: str) -> dict[str, Any]:
        """The fields of a record that tell how the answer of a turn came about: model, weights, joules, timings."""
        told = report.turn_as_json(turn, model)
        return {
            "model": told["model"] or "",
            "weights_sha256": self._weights_sha256(model) if turn.by_model else "",
            "joules": told["joules"],
            "timings": told["timings"],
        }

    def forget(self, turns: Sequence[Turn]) -> Callable[[], str]:
        """Deletes turns and their pictures for good. One that has not ended will not be kept.

        The function that is returned waits for the disk, and gives the sentence that says how it went.
        """
        with self._lock:
            self._unwanted |= {turn.number for turn in turns}
            kept = [self._kept.pop(turn.number) for turn in turns if turn.number in self._kept]
        deletions = [self.keeper.forget(each) for each in kept]
        words = self._phrases.journal

        def outcome() -> str:
            if not turns:
                return words.nothing_to_forget
            try:
                for deletion in deletions:
                    deletion.result(DELETE_SECONDS)
            except (JournalError, TookTooLong):
                return words.not_forgotten
            if self._handed_to:
                return words.forgotten_here.format(hosts=self._handed_to)
            return words.forgotten

        return outcome

    def farewell(self) -> str:
        """How many records could not be kept, in words; "" if none."""
        count, words = len(self.keeper.not_kept), self._phrases.journal
        if count == 0:
            return ""
        return words.one_not_kept if count == 1 else words.several_not_kept.format(count=count)

    def _record_of(self, turn: Turn, model: str, answer: str | None, source: str) -> Record:
        told = report.turn_as_json(turn, model)
        seconds_ago = 0.0 if turn.timings is None else turn.timings.total
        details = {"source": source, "tokens": told["tokens"]}
        if turn.cancelled.is_set():
            details["stopped"] = True
        if turn.error is not None:
            details["error"] = str(turn.error)
        return Record(
            TURN,
            self._now() - dt.timedelta(seconds=seconds_ago),  # when it was asked
            profile=self._profile,
            language=self._language,
            question=told["heard"],
            confidence=told["confidence"],
            answer=told["answer"] if answer is None else answer,
            doubt=told["doubt"],
            details=details,
            **self.how(turn, model),
        )
