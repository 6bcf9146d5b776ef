"""What is said to a question about a picture: the sentences of an answer as they are decoded, advice, an apology.

Generators, run on the thread "answer"; they start no thread and own no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from assistant.answering.capture import PictureCapture
from assistant.answering.doubt import Doubter, DoubtRule, Piece, put_in, rule_for, text_of, without_space_around
from assistant.answering.speech_queue import EARCON_RATE_HZ, Spoken
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import Phrases
from assistant.language.sentences import SentenceCutter, split_sentences
from audio import earcons
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.framing import Fault

ADVICE_SECONDS = 60.0  # who was told of a flaw, and asks again within this, wants an answer all the same

Sentences = Generator[Spoken, None, None]


class ReplyWriter:
    """`wait` returns when a look is settled, or raises Cancelled; `see_anyway` sees a faulty picture on the calling thread."""

    def __init__(
        self,
        phrases: Phrases,
        doubt: DoubtRule,
        *,
        wait: Callable[[Turn, PictureCapture], None],
        see_anyway: Callable[[Turn, PictureCapture], None],
        on_text: Callable[[Turn, str], None],
        clock: Callable[[], float],
        play_earcons: bool,
    ) -> None:
        self._phrases = phrases
        self._doubt = doubt
        self._wait = wait
        self._see_anyway = see_anyway
        self._on_text = on_text
        self._clock = clock
        self._play_earcons = play_earcons
        # What was said, and when: it is not said again of the next pictures, until one is without that fault.
        self._advised: tuple[Fault, float] | None = None

    def answer(self, turn: Turn, question: Question, look: PictureCapture) -> Sentences:
        """The sentences of an answer as they are decoded."""
        if (hindrance := self._hindrance(turn, look)) is not None:
            yield from hindrance
            return
        assert look.view is not None
        if not look.asked:
            look.asked, turn.moments.sight = True, look.sight
        doubter = self._doubter(look.fault)
        cutter = SentenceCutter(self._phrases.abbreviations, early=True)
        for chunk in look.view.ask(question.text, cancelled=turn.cancelled):
            if turn.moments.first_token_at is None:
                turn.moments.first_token_at = self._clock()
            turn.moments.answer = chunk.stats
            turn.answer += chunk.text
            doubter.hear(chunk.text, chunk.log_probabilities)
            turn.pieces = tuple(doubter.pieces)
            doubter.rule = rule_for(look.view.answerer, self._doubt)
            for sentence in cutter.push(chunk.text):
                yield self._told(turn, doubter, sentence)
                if doubter.gave_up:
                    return
        turn.answer = turn.answer.strip()
        for sentence in cutter.flush():
            yield self._told(turn, doubter, sentence)
        if not turn.answer and not turn.cancelled.is_set():
            yield self._phrases.no_answer

    def compare(self, turn: Turn, question: Question, old: PictureCapture, new: PictureCapture) -> Sentences:
        """Both pictures are asked; what the answers were if they differ."""
        for look in (old, new):
            if (hindrance := self._hindrance(turn, look)) is not None:
                yield from hindrance
                return
        doubter = self._doubter(new.fault or old.fault)
        answers: list[list[Piece]] = []
        for look in (old, new):
            assert look.view is not None
            look.asked = True
            first = len(doubter.pieces)
            for chunk in look.view.ask(question.text, cancelled=turn.cancelled):
                doubter.hear(chunk.text, chunk.log_probabilities)
            doubter.rule = rule_for(look.view.answerer, self._doubt)
            if turn.cancelled.is_set():
                return
            answers.append(without_space_around(doubter.pieces[first:]))
        before, now = answers
        turn.pieces = (Piece(self._phrases.nothing_changed, ()),)
        if text_of(before) != text_of(now):
            turn.pieces = put_in(self._phrases.what_changed, before=before, now=now)
        turn.answer = text_of(turn.pieces)
        for sentence in split_sentences(turn.answer, self._phrases.abbreviations):
            # None of it stands in the answers as it is: the first is as sure as both.
            yield self._told(turn, doubter, sentence)
            if doubter.gave_up:
                return

    def advice(self, fault: Fault) -> str:
        """What to do about it; it will not be said again of the next picture."""
        self._advised = fault, self._clock()
        return self._phrases.framing[fault.value].advice

    def was_advised_of(self, fault: Fault) -> bool:
        """Any thread."""
        if (last := self._advised) is None:
            return False
        advised, at = last
        return fault is advised and self._clock() - at < ADVICE_SECONDS

    def apology(self, turn: Turn, error: BaseException, text: str) -> list[Spoken]:
        """`text`, for what failed."""
        turn.error = error
        return [earcons.error(EARCON_RATE_HZ), text] if self._play_earcons else [text]

    def _doubter(self, fault: Fault | None) -> Doubter:
        because = None if fault is None else self._phrases.framing[fault.value].because
        return Doubter(self._doubt, self._phrases.doubt, because)

    def _hindrance(self, turn: Turn, look: PictureCapture) -> list[Spoken] | None:
        """Waits for the picture; what is said in place of an answer, None where it can be asked. Raises Cancelled."""
        self._wait(turn, look)
        # Whoever has been told, and asks again, wants an answer all the same.
        if look.view is None and look.fault is not None and self.was_advised_of(look.fault):
            self._see_anyway(turn, look)
        if look.error is not None:
            return self.apology(turn, look.error, self._phrases.picture_failed)
        if look.view is not None:
            if look.fault is None and not look.asked:
                self._advised = None
            return None
        if look.fault is None:
            raise Cancelled("the picture was dropped before it was seen")
        turn.answer = self.advice(look.fault)
        self._on_text(turn, turn.answer)
        return [*split_sentences(turn.answer, self._phrases.abbreviations)]

    def _told(self, turn: Turn, doubter: Doubter, sentence: str) -> str:
        spoken = doubter.spoken(sentence)
        turn.verdict, turn.rule = doubter.verdict, doubter.rule
        self._on_text(turn, f" {spoken}" if turn.told else spoken)
        turn.told.append(spoken)
        return spoken
