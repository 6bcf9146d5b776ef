"""What the voice says to a question: the sentences of an answer as they are decoded, advice about a picture, or an
apology.

Its generators run on the pipeline's thread "answer". This file starts no thread and owns no lock, and does not know how
sentences become sound.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from assistant.answering.capture import PictureCapture
from assistant.answering.length import Limit
from assistant.answering.reading.reader_context import NOTHING_READ, QuestionReader
from assistant.answering.reply import (
    NothingAnswered,
    Reply,
    ReplyEvent,
    See,
    SentenceAdded,
    SentenceFinished,
    Wording,
    longest_again,
)
from assistant.answering.speech_queue import EARCON_RATE_HZ, Spoken
from assistant.answering.turn import Question, Rest, Turn
from assistant.answering.visibility import told_instead
from audio.speaking import earcons
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import View

ADVICE_SECONDS = 60.0  # a user who was told of a fault, and asks again within this time, wants an answer all the same

Sentences = Generator[Spoken, None, None]


class ReplyWriter:
    """Turns questions into what is said. It remembers which fault of the pictures the user was told of."""

    def __init__(
        self,
        wording: Wording,
        *,
        wait: Callable[[Turn, PictureCapture], None],
        see_anyway: Callable[[Turn, PictureCapture], None],
        see: See,
        on_text: Callable[[Turn, str], None],
        clock: Callable[[], float],
        play_earcons: bool,
        reader: QuestionReader | None = None,  # None: questions about writing get no help
    ) -> None:
        """`wait` returns when a capture is settled, or raises Cancelled. `see_anyway` has the engine see a faulty
        picture, and `see` has it see any picture, for a second look.

        `on_text` gets each piece of the answer as it is told.
        """
        self._wording = wording
        self._phrases = wording.phrases
        self._wait = wait
        self._see_anyway = see_anyway
        self._see = see
        self._on_text = on_text
        self._clock = clock
        self._play_earcons = play_earcons
        self._reader = reader
        # The fault that the user was told of, and when. It is not told again until a picture comes without that fault.
        self._advised: tuple[Fault, float] | None = None

    def answer(self, turn: Turn, question: Question, look: PictureCapture, limit: Limit | None = None) -> Sentences:
        """The sentences of an answer as they are decoded, or what is said because there can be none.

        Behind an answer that is longer than `limit` it says how to hear the rest, and the turn has it.
        """
        if self._reader is not None:
            self._reader.prepare_for(question.text)
        if (hindrance := self._hindrance(turn, look)) is not None:
            yield from hindrance
            return
        assert look.view is not None
        if not look.asked:
            turn.moments.sight = look.sight
        _note_asked(look)
        view, read = look.view, NOTHING_READ
        turn.moments.picture_taken_at = _taken_at(view)
        if self._reader is not None:
            read = self._reader.read_for(question.text, view, turn.cancelled)
        asked = look.print_told.question_for(question.text, read, view, self._phrases)
        reply = Reply(turn, self._wording, self._clock, look.fault, read)
        yield from self._told(turn, reply.answer(view, asked, limit=limit, see=self._see))
        if reply.is_remembered:
            look.print_told.was_answered()
        yield from self._told(turn, reply.check_numbers(view, question.text, self._see))
        yield from self._rest_offered(turn, reply, Rest(view, read))

    def go_on(self, turn: Turn, rest: Rest, limit: Limit | None) -> Sentences:
        """The sentences of the rest of the answer of `turn.before`, which may be too long as well."""
        view = rest.view
        turn.frame, turn.moments.picture_taken_at = view.frame, _taken_at(view)
        reply = Reply(turn, self._wording, self._clock, None, rest.read)
        yield from self._told(turn, reply.go_on(view, limit))
        yield from self._told(turn, reply.check_numbers(view, turn.asked, self._see))
        yield from self._rest_offered(turn, reply, rest)

    def _rest_offered(self, turn: Turn, reply: Reply, rest: Rest) -> Sentences:
        if reply.has_rest and not turn.cancelled.is_set():
            turn.rest = rest
            yield self._phrases.length.more_left

    def look_again(self, turn: Turn, first: Turn, frame: Frame) -> Sentences:
        """Asks the question of `first` once more about another view of its picture, and says whether that differs."""
        turn.frame, turn.moments.picture_taken_at = frame, frame.captured_at
        reply = Reply(turn, self._wording, self._clock, None)
        events = reply.look_again(
            first.whole_pieces,
            first.asked,
            frame,
            self._see,
            max_new_tokens=longest_again(first),
            is_begin=first.is_cut,
        )
        yield from self._told(turn, events)

    def compare(self, turn: Turn, question: Question, old: PictureCapture, new: PictureCapture) -> Sentences:
        """Both pictures are asked; what the answers were if they differ."""
        for look in (old, new):
            if (hindrance := self._hindrance(turn, look)) is not None:
                yield from hindrance
                return
        assert new.view is not None
        turn.moments.picture_taken_at = _taken_at(new.view)
        reply = Reply(turn, self._wording, self._clock, new.fault or old.fault)
        yield from self._told(turn, reply.compare(question.text, _to_ask(old, new)))

    def frame_of(self, turn: Turn, look: PictureCapture) -> Frame | list[Spoken]:
        """Waits for the picture, which the engine need not have seen. In its place what is said if there is none.

        Raises Cancelled.
        """
        if look.frame is None:
            self._wait(turn, look)
        if look.error is not None and look.frame is None:
            return self.apology(turn, look.error, self._phrases.picture_failed)
        if look.frame is None:
            raise Cancelled("the picture was dropped before it was taken")
        turn.frame = look.frame
        if look.fault is not None and not self.was_advised_of(look.fault):
            return self._advised_instead(turn, look.fault)
        return look.frame

    def advice(self, fault: Fault) -> str:
        """What the user can do about it. From now on the user counts as told."""
        self._advised = fault, self._clock()
        return self._phrases.framing[fault.value].advice

    def was_advised_of(self, fault: Fault) -> bool:
        """Whether the user was told of this fault not long ago. Any thread may ask."""
        if (last := self._advised) is None:
            return False
        advised, at = last
        return fault is advised and self._clock() - at < ADVICE_SECONDS

    def apology(self, turn: Turn, error: BaseException, text: str) -> list[Spoken]:
        """`text`, behind the cue for an error; the turn keeps the error."""
        turn.error = error
        return [earcons.error(EARCON_RATE_HZ), text] if self._play_earcons else [text]

    def _hindrance(self, turn: Turn, look: PictureCapture) -> list[Spoken] | None:
        """Waits for the picture. Then what is said in place of an answer; None where it can be asked.

        Raises Cancelled.
        """
        self._wait(turn, look)
        turn.frame = look.frame
        is_worth_trying = look.is_frame_only if look.fault is None else self.was_advised_of(look.fault)
        if look.view is None and is_worth_trying:
            self._see_anyway(turn, look)
        if look.error is not None:
            return self.apology(turn, look.error, self._phrases.picture_failed)
        if look.view is not None:
            if look.fault is None and not look.asked:
                self._advised = None
            return None
        if look.fault is None:
            raise Cancelled("the picture was dropped before it was seen")
        return self._advised_instead(turn, look.fault)

    def _advised_instead(self, turn: Turn, fault: Fault) -> list[Spoken]:
        self._advised = fault, self._clock()
        sentences = told_instead(turn, fault, self._phrases)
        self._on_text(turn, turn.answer)
        return [*sentences]

    def _told(self, turn: Turn, events: Iterable[ReplyEvent]) -> Sentences:
        for event in events:
            match event:
                case SentenceFinished(spoken=spoken):
                    self._on_text(turn, f" {spoken}" if turn.told else spoken)
                    turn.told.append(spoken)
                    yield spoken
                case SentenceAdded(spoken):
                    self._on_text(turn, f" {spoken}")
                    turn.told.append(spoken)
                    yield spoken
                case NothingAnswered(spoken):
                    yield spoken


def _to_ask(*looks: PictureCapture) -> Iterator[View]:
    """The views one after the other; each counts as asked from the moment it is taken."""
    for look in looks:
        assert look.view is not None  # nothing hindered it
        _note_asked(look)
        yield look.view


def _note_asked(look: PictureCapture) -> None:
    """The picture counts as asked. A view of an earlier picture forgets what was asked about that one."""
    if look.seen_ahead and not look.asked and look.view is not None:
        look.view.forget()
    look.asked = True


def _taken_at(view: View) -> float | None:
    return None if view.frame is None else view.frame.captured_at
