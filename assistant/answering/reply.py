"""An answer as it comes into being: decoded text, sentences with their doubt, and the times of the turn, as a stream
of events.

A `Reply` is a generator of events. Whoever iterates it decodes, on the thread that iterates: the voice
(`reply_writer`) or a client of the web server (`assistant.web.answers.answer`). A slow consumer slows only its own answer. It
does not know how sentences are heard or sent, and not where the picture came from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.judging import second_look
from assistant.answering.judging.doubt import (
    Contradiction,
    Doubter,
    DoubtRule,
    Piece,
    Verdict,
    certainty,
    put_in,
    rule_for,
    stricter,
    text_of,
    without_space_around,
)
from assistant.answering.judging.witness import ReadLine, Witness, joined
from assistant.answering.length import LONGEST_TOKENS, Limit, LimitedCutter
from assistant.answering.reading.reader_context import NOTHING_READ, PrintRead
from assistant.answering.turn import Turn
from assistant.answering.visibility import (
    deserves_second_look,
    framing_of,
    is_about_itself,
    is_hidden,
    is_strongly_blurred,
)
from assistant.language.long_numbers import easily_misread, failing_check, kinds_spoken_of
from assistant.language.phrases import Phrases
from assistant.language.same_answer import say_the_same
from assistant.language.sentences import split_sentences
from assistant.language.writing_questions import asks_about_writing
from vision.interface import Cut

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault, Framing
    from vision.interface import AnswerChunk, Finish, View

See = Callable[["Frame", threading.Event], "View"]  # has the engine see a picture; raises Cancelled, VisionError


@dataclass(frozen=True)
class ChunkDecoded:
    """The model gave out some more of its answer."""

    chunk: AnswerChunk


@dataclass(frozen=True)
class SentenceFinished:
    """A sentence is whole, and was judged."""

    text: str  # in the model's words
    spoken: str  # what is said in its place: the same, or with words of doubt, or that no answer can be given


@dataclass(frozen=True)
class DecodingEnded:
    """The model gives out no more.

    The last sentence may still follow, since nothing but the end of the text ends it.
    """

    finish: Finish


@dataclass(frozen=True)
class NothingAnswered:
    """The model ended its answer without a word."""

    spoken: str  # what is said in place of an answer


@dataclass(frozen=True)
class SentenceAdded:
    """The assistant says something of its own behind the answer: what a second look at the picture has given."""

    spoken: str


ReplyEvent = ChunkDecoded | SentenceFinished | DecodingEnded | NothingAnswered | SentenceAdded


@dataclass(frozen=True)
class Wording:
    """How answers are put into words: in which language, and from which thresholds on they are doubted."""

    phrases: Phrases
    doubt: DoubtRule  # of every model but the demo model, which has its own


class Reply:
    """One answer. It fills in `turn`: text, pieces, verdict and moments. Use it once, for `answer` or for `compare`."""

    def __init__(
        self,
        turn: Turn,
        wording: Wording,
        clock: Callable[[], float],
        fault: Fault | None,
        read: PrintRead = NOTHING_READ,
    ) -> None:
        """Binds what an answer depends on.

        `fault`: what is wrong with the picture. A very doubtful answer is withheld only where there is something.
        `read`: the print in the picture. What contradicts it is doubted.
        """
        self.is_remembered = False  # True once the view keeps the question and its answer
        self.has_rest = False  # True once the answer has ended before its end, and the view can go on with it
        self._turn = turn
        self._wording = wording
        self._clock = clock
        because = None if fault is None else wording.phrases.framing[fault.value].because
        self._doubter = Doubter(wording.doubt, wording.phrases.doubt, because)
        self._read = read
        self._was_judged = False
        self._framing: Framing | None = None
        self._agrees: bool | None = None  # whether a second look gave the same answer; None: there was none
        self._witness: Witness | None = None
        if read.lines and turn.question is not None:
            lines = [ReadLine(line.text, line.confidence) for line in read.lines]
            self._witness = Witness(turn.asked, lines, read.is_whole, wording.phrases)

    def answer(
        self,
        view: View,
        question: str,
        *,
        max_new_tokens: int | None = None,
        plain: bool = False,
        limit: Limit | None = None,
        see: See | None = None,
    ) -> Generator[ReplyEvent, None, None]:
        """Ask about one picture. `plain` gives the model's text alone: no sentences are cut, and nothing is doubted.

        After a sentence that withholds the answer nothing more is decoded. Nor is it once the answer is as long as
        `limit` allows: it ends behind a sentence, and `has_rest` tells that `go_on` has more. With `see` a picture that
        deserves it is looked at twice, where the rule says so. The sentences then wait for the second look, since the
        doubt stands before them. Raises as `View.ask` does, and as `see` does.
        """
        turn, cut = self._turn, None if limit is None else Cut()
        is_print = asks_about_writing(turn.asked, self._wording.phrases)
        longest = max_new_tokens if limit is None else limit.longest_tokens
        chunks = view.ask(question, max_new_tokens=longest, cancelled=turn.cancelled, is_print=is_print, cut=cut)

        def look_again(is_begin: bool) -> bool | None:
            assert see is not None  # it is only called where there is one
            return self._second_look_agrees(view, question, see, longest, is_begin=is_begin)

        again = look_again if see is not None and not plain and self._deserves_second_look(view) else None
        nothing = self._wording.phrases.no_answer
        yield from self._answered(chunks, view, cut, limit, nothing, plain=plain, again=again)

    def go_on(self, view: View, limit: Limit | None) -> Generator[ReplyEvent, None, None]:
        """Tell the rest of an answer that was cut, which may be cut again. Raises as `View.go_on` does."""
        cut, cancelled = None if limit is None else Cut(), self._turn.cancelled
        longest = LONGEST_TOKENS if limit is None else limit.longest_tokens
        chunks = view.go_on(max_new_tokens=longest, cancelled=cancelled, cut=cut)
        yield from self._answered(chunks, view, cut, limit, self._wording.phrases.length.that_was_all)

    def _answered(
        self,
        chunks: Iterator[AnswerChunk],
        view: View,
        cut: Cut | None,  # None: there is no limit
        limit: Limit | None,
        nothing: str,  # said in place of an answer without a word
        *,
        plain: bool = False,
        again: Callable[[bool], bool | None] | None = None,  # looks a second time, before anything is said
    ) -> Generator[ReplyEvent, None, None]:
        turn, phrases = self._turn, self._wording.phrases
        cutter = LimitedCutter(phrases.abbreviations, limit, phrases.length.more_left)
        waiting: list[str] = []
        finish: Finish = "cancelled"  # of a view that ends without its stats
        for chunk in chunks:
            if chunk.stats is not None:
                finish = chunk.stats.finish
            self._note(chunk)
            yield ChunkDecoded(chunk)
            if not plain:
                sentences = cutter.push(chunk.text, chunk.tokens)
                if again is None:
                    yield from self._judged(sentences, view)
                else:
                    waiting += sentences
            if self._is_withheld:
                yield DecodingEnded("stop")
                return
            if cut is not None and chunk.stats is None and cutter.is_over:
                cut.behind = cutter.told_to
        is_over = cut is not None and cut.behind is not None and finish == "length"
        if is_over:
            self._forget_behind(cutter.told_to)
        self.has_rest = limit is not None and finish == "length" and view.can_go_on
        turn.is_cut = self.has_rest
        turn.answer = turn.answer.strip()
        self.is_remembered = finish in ("stop", "length")
        yield DecodingEnded(finish)
        if plain:
            return
        if again is not None:
            self._agrees = again(is_over)
        yield from self._judged([*waiting, *([] if is_over else cutter.flush())], view)
        if self._is_withheld:  # nothing was said of the answer, so nobody wants its rest
            self.has_rest = turn.is_cut = False
        if is_over:
            return
        # The mark of an answer that was given up tells nothing, where it is all that was left to tell.
        told = turn.answer if turn.before is None else turn.answer.strip("… ")
        if not told and not turn.cancelled.is_set():
            self._note_sentence()
            yield NothingAnswered(nothing)

    def _forget_behind(self, characters: int) -> None:
        """The answer of the turn is what was told of it."""
        turn, at, kept = self._turn, 0, list[Piece]()
        for piece in self._doubter.pieces:
            if at < characters:
                kept.append(Piece(piece.text[: characters - at], piece.log_probabilities))
            at += len(piece.text)
        turn.answer, turn.pieces = turn.answer[:characters], tuple(kept)

    def compare(self, question: str, views: Iterable[View]) -> Generator[ReplyEvent, None, None]:
        """Ask the same about two pictures, the older one first. The reply says both answers if they differ.

        After a cancel nothing is said, and the next view is not taken from `views`.
        The reply is as doubtful as the less certain of the two answers. Raises as `View.ask` does.
        """
        turn, doubter, phrases = self._turn, self._doubter, self._wording.phrases
        answers: list[list[Piece]] = []
        for view in views:
            first = len(doubter.pieces)
            for chunk in view.ask(question, cancelled=turn.cancelled):
                doubter.hear(chunk.text, chunk.log_probabilities)
            if turn.cancelled.is_set():
                return
            answers.append(without_space_around(doubter.pieces[first:]))
        before, now = answers
        turn.pieces = (Piece(phrases.nothing_changed, ()),)
        if text_of(before) != text_of(now):
            turn.pieces = put_in(phrases.what_changed, before=before, now=now)
        turn.answer = text_of(turn.pieces)
        # No sentence of this text stands in the answers as it is, so the first one is judged by both answers as a
        # whole.
        yield from self._judged(split_sentences(turn.answer, phrases.abbreviations), view)

    def check_numbers(self, view: View, question: str, see: See) -> Generator[ReplyEvent, None, None]:
        """Looks at the picture of `view` a second time if the answer has a number that is easily misread.

        That is a number of 8 and more digits, or with 3 and more equal ones in a row, which no line of print holds. Use
        it once `answer` has ended. Both looks are told if they differ; if they agree, that is said. Raises Cancelled,
        VisionError.
        """
        turn, words = self._turn, self._wording.phrases.second_look
        frame = view.frame
        if frame is None or turn.cancelled.is_set() or self._is_withheld or not self._has_unproved_number():
            return
        yield SentenceAdded(words.looking_again)
        again = second_look.asked_again(question, frame.shifted(), see, turn.cancelled, longest_again(turn))
        if turn.cancelled.is_set():
            return
        compared = second_look.compared(turn.whole_pieces, again, self._wording.phrases, is_begin=turn.is_cut)
        if compared.differs:
            turn.verdict = Verdict.UNSURE
        yield SentenceAdded(text_of(compared.pieces))

    def look_again(
        self,
        first: Sequence[Piece],
        question: str,
        frame: Frame,
        see: See,
        *,
        max_new_tokens: int | None = None,
        is_begin: bool = False,
    ) -> Generator[ReplyEvent, None, None]:
        """Asks the same once more about another view of `frame`, and says whether the answer is `first` again.

        `is_begin`: `first` is only the begin of an answer. Raises Cancelled, VisionError.
        """
        turn = self._turn
        again = second_look.asked_again(question, frame, see, turn.cancelled, max_new_tokens)
        if turn.cancelled.is_set():
            return
        compared = second_look.compared(first, again, self._wording.phrases, is_begin=is_begin)
        turn.pieces, turn.answer = compared.pieces, text_of(compared.pieces)
        turn.verdict = Verdict.UNSURE if compared.differs else Verdict.PLAIN
        self._note_sentence()
        for sentence in split_sentences(turn.answer, self._wording.phrases.abbreviations):
            yield SentenceFinished(sentence, sentence)

    def _deserves_second_look(self, view: View) -> bool:
        rule = self._doubter.rule = rule_for(view.answerer, self._wording.doubt)
        return rule.looks_twice and deserves_second_look(self._framing_of(view))

    def _second_look_agrees(
        self, view: View, question: str, see: See, max_new_tokens: int | None, *, is_begin: bool
    ) -> bool | None:
        """Whether the answer is the same about the picture with stretched levels.

        `is_begin`: it was cut, so it is compared with as many sentences of the other answer. None where that would change nothing: the answer is unsure by itself, or is about no picture.
        """
        turn, phrases = self._turn, self._wording.phrases
        frame, words = view.frame, phrases.doubt
        is_unsure = certainty(self._doubter.pieces, words.formulaic) < self._doubter.rule.hedge_below
        if frame is None or turn.cancelled.is_set() or is_unsure or is_about_itself(turn.answer, phrases):
            return None
        alone = question if turn.question is None else turn.question.text
        again = second_look.asked_again(alone, frame.stretched(), see, turn.cancelled, max_new_tokens)
        if is_begin:
            again = second_look.begin_like(turn.answer, again, phrases)
        return None if turn.cancelled.is_set() else say_the_same(turn.answer, text_of(again), phrases)

    def _has_unproved_number(self) -> bool:
        numbers = easily_misread(self._turn.answer)
        return any(not second_look.is_printed(number, self._read) for number in numbers)

    @property
    def _is_withheld(self) -> bool:
        return self._turn.verdict is Verdict.CANNOT_TELL

    def _note(self, chunk: AnswerChunk) -> None:
        turn = self._turn
        if turn.moments.first_token_at is None:
            turn.moments.first_token_at = self._clock()
        if chunk.stats is not None:
            turn.moments.answer = chunk.stats
        turn.answer += chunk.text
        self._doubter.hear(chunk.text, chunk.log_probabilities)
        turn.pieces = tuple(self._doubter.pieces)

    def _judged(self, sentences: Iterable[str], view: View) -> Generator[ReplyEvent, None, None]:
        """Up to the sentence that withholds the answer, if there is one."""
        turn, doubter = self._turn, self._doubter
        for sentence in sentences:
            framing = self._framing_of(view)
            rule = rule_for(view.answerer, self._wording.doubt)  # another model may have stepped in
            needs_more = is_strongly_blurred(framing) and not is_about_itself(sentence, self._wording.phrases)
            doubter.rule = stricter(rule) if needs_more else rule
            contradiction = self._contradiction_of(sentence)
            hidden = is_hidden(
                sentence,
                framing,
                self._wording.phrases,
                doubts_veiled=doubter.rule.doubts_veiled,
                agrees=self._agrees,
            )
            spoken = doubter.spoken(sentence, contradiction, is_hidden=hidden)
            if contradiction is None and self._fails_its_check(sentence):
                spoken = doubter.doubted(sentence, spoken, self._wording.phrases.second_look)
            turn.verdict, turn.rule = doubter.verdict, doubter.rule
            self._note_sentence()
            yield SentenceFinished(sentence, spoken)
            if self._is_withheld:
                return

    def _framing_of(self, view: View) -> Framing | None:
        """What the picture shows. It is judged once, and only where an answer may be doubted."""
        if self._framing is None and self._doubter.rule.hedge_below > 0 and not self._was_judged:
            self._was_judged, self._framing = True, framing_of(view.frame)
        return self._framing

    def _contradiction_of(self, sentence: str) -> Contradiction | None:
        against = () if self._witness is None else self._witness.readings_against(sentence)
        if not against:
            return None
        words = self._wording.phrases.writing
        return Contradiction(joined(against, words.between_readings), words)

    def _fails_its_check(self, sentence: str) -> bool:
        """Whether a number in the sentence has a check digit that does not fit."""
        spoken_of = kinds_spoken_of(f"{self._turn.asked} {sentence}", self._wording.phrases.second_look.checked_kinds)
        return failing_check(sentence, spoken_of) is not None

    def _note_sentence(self) -> None:
        if self._turn.moments.first_sentence_at is None:
            self._turn.moments.first_sentence_at = self._clock()


def longest_again(turn: Turn) -> int | None:
    """How many tokens a second look has to decode at most: an answer in several parts is longer than others."""
    return None if turn.before is None else LONGEST_TOKENS
