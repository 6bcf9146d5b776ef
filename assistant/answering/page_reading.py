"""Reads one page aloud: has the lines of print found and recognised, and gives the sentences for the voice.

A `PageReading` keeps the frame, the layout and the text of its page, so that any part can be said again after the page
was put down. Its generator runs on the pipeline's thread "answer", which takes no further sentence while two of them
wait for the voice. So the reader is a little ahead of the voice and no more. This file does not know which library
reads, or in which words the user asked for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.answering.reading.page_text import PageText, Sentence, is_doubtful
from assistant.language.phrases import Phrases, ReadingCommand, ReadingWords
from vision.errors import Cancelled, ReaderError

if TYPE_CHECKING:
    from assistant.answering.reply_writer import Sentences
    from assistant.answering.speech_queue import Spoken
    from assistant.answering.turn import Turn
    from vision.frame import Frame
    from vision.reading.interface import Layout, Line, Reader

_log = logging.getLogger(__name__)

LONG_PAGE_LINES = 10  # the end of a shorter page is not told: nobody waits for more of a sign
# In pictures without print up to 6 "lines" were found, such as coins that look like letters. More lines are a page.
MANY_LINES = LONG_PAGE_LINES
# A lone character of a lower confidence is left out where nothing else is sure. docs/reading.md has the figures.
LONE_CHARACTER_FROM = 0.9
MOST_ADVICE = 2  # sentences before the text; more would keep the user waiting for it

TOO_FAR = "too_far"
OPPOSITE_SIDES = (("cut_left", "cut_right"), ("cut_top", "cut_bottom"))
_SIDES = {name for pair in OPPOSITE_SIDES for name in pair}

Advise = Callable[["Frame", "Layout"], Sequence[str]]  # the names of what hinders the reader, the worst first


def no_advice(frame: Frame, layout: Layout) -> Sequence[str]:
    """Finds that nothing hinders the reader."""
    return ()


@dataclass(frozen=True)
class PageAdvice:
    """What hinders the reader, and what the user can do about it."""

    name: str  # for programs
    sentence: str


def advice_in_words(names: Sequence[str], words: ReadingWords) -> list[PageAdvice]:
    """What is told before the text. Who is told to move left and right at once can do neither."""
    too_near = [PageAdvice("too_near", words.too_near) for pair in OPPOSITE_SIDES if set(pair) <= set(names)][:1]
    rest = [PageAdvice(name, words.advice[name]) for name in names if not (too_near and name in _SIDES)]
    return (too_near + rest)[:MOST_ADVICE]


def sentence_in_words(sentence: Sentence, words: ReadingWords, before: Sentence | None, place: int = 0) -> str:
    """The sentence from that place on, with its doubt. `before` is the one that is told right before it."""
    if not sentence.text:
        count = len(sentence.lines)
        return words.unreadable_line if count == 1 else words.unreadable_lines.format(count=count)
    rest = sentence.text[place:].strip()
    if not sentence.is_doubtful:
        return rest
    wording = words.also_doubtful_line if before and before.is_doubtful else words.doubtful_line
    return wording.format(line=rest)


@dataclass(frozen=True)
class Judgement:
    """What the lines of a layout are together. Many lines are a page, whatever the reader thinks of them."""

    is_readable: bool  # False: few lines were found, and none of them is sure
    is_page: bool  # False: few lines were found, and none of more than one character is sure

    def in_words(
        self, sentence: Sentence, text: PageText, words: ReadingWords, before: Sentence | None, place: int = 0
    ) -> str:
        """The sentence from that place on, with its doubt; "" for what is left out. `before` is told right before it."""
        if not self.is_readable:
            wording = words.also_possible_line if before else words.possible_line
            return wording.format(line=sentence.text) if is_said(sentence, text) else ""
        # In one of 30 photographs without print a cup was an 8 with a confidence of 0.99, in others it was none.
        is_unsure = sentence.is_doubtful or (not self.is_page and len(sentence.text) == 1)
        return sentence_in_words(replace(sentence, is_doubtful=is_unsure), words, before, place)


def has_sure_line(text: PageText, characters: int) -> bool:
    """Whether there is a line of so many characters without doubt among those that are recognised."""
    return any(len(line.text) >= characters and not is_doubtful(line) for line in text.lines)


def is_said(sentence: Sentence, text: PageText) -> bool:
    """False for what is left out where no line is sure: "I see no text that I can read" tells of it."""
    characters = len(sentence.text)
    return characters > 1 or (characters == 1 and text.lines[sentence.lines[0][0]].confidence >= LONE_CHARACTER_FROM)


@dataclass(frozen=True)
class Position:
    """A place in the text of a page, where reading begins or goes on."""

    sentence: int  # its number, from 0 on; the number of sentences is the end of the page
    place: int = 0  # in the sentence, in characters


@dataclass(frozen=True)
class _Told:
    """What went to the voice at one time, and where reading goes on if it is cut, and if it is heard."""

    cut: Position
    heard: Position
    sentence: Sentence | None = None  # None: no words of the page


class PageReading:
    """One page. `sentences` belongs to the thread "answer"; any thread may ask for the properties."""

    def __init__(
        self,
        reader: Reader,
        phrases: Phrases,
        *,
        advise: Advise = no_advice,
        on_line: Callable[[Line], None] = lambda line: None,
        on_message: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`on_line` gets each line as soon as it is recognised, and `on_message` what is said beside the text.

        Both are called on the thread "answer".
        """
        self._reader = reader
        self._phrases = phrases
        self._words = phrases.reading
        self._advise = advise
        self._on_line = on_line
        self._on_message = on_message
        self._frame: Frame | None = None
        self._layout: Layout | None = None
        self._text: PageText | None = None
        self._judgement: Judgement | None = None  # None: not judged yet
        self._recognised: Iterator[Line] = iter(())  # the lines that are still to come, for the turn under way
        # What the newest turn gave to the voice, in the order of `Turn.said`, and where it began. How much of that was
        # spoken tells the position.
        self._turn: Turn | None = None
        self._told: list[_Told] = []
        self._begun_at = _Told(Position(0), Position(0))

    @property
    def last_sentence(self) -> Sentence | None:
        """The sentence of the page that is being spoken, or was spoken last. None before the first one."""
        spoken = [told.sentence for told in (self._begun_at, *self._spoken()) if told.sentence is not None]
        return spoken[-1] if spoken else None

    def sentences(
        self, turn: Turn, frame: Callable[[], Frame | list[Spoken]], command: ReadingCommand | int
    ) -> Sentences:
        """Reads on from where the command says; a number is that of a line, from 1 on, and -1 is the last line.

        `frame` waits for the picture; see `AnswerPipeline.read`. Raises Cancelled.
        """
        self._begin_turn(turn)
        try:
            if self._frame is None:
                got = self._got(turn, frame)
                if isinstance(got, list):
                    yield from got
                    return
                self._frame = got
            turn.frame = self._frame
            yield from self._read(turn, self._frame, command)
        except ReaderError as error:
            _log.debug("turn %s cannot read", turn.number, exc_info=error)
            turn.error = error
            yield self._words.failed

    def _got(self, turn: Turn, frame: Callable[[], Frame | list[Spoken]]) -> Frame | list[Spoken]:
        """The frame, or what is said in its place: also where a stop came so early that none was taken."""
        try:
            return frame()
        except Cancelled:
            if turn.cancelled.is_set():
                raise
            return [self._phrases.no_picture_yet]

    def _read(self, turn: Turn, frame: Frame, command: ReadingCommand | int) -> Sentences:
        if self._layout is None:
            self._layout = self._reader.find(frame, turn.cancelled)
            self._text = PageText(self._layout, self._phrases.abbreviations)
        layout, text = self._layout, self._text
        assert text is not None
        if not layout.lines:
            yield self._message(self._words.no_text)
            return
        self._recognised = self._reader.recognise(frame, layout, len(text.lines), turn.cancelled)
        is_first_time = self._judgement is None
        if self._judgement is None:
            has_many = len(layout.lines) >= MANY_LINES
            is_page = has_many or self._has_sure_line(text, 2)
            self._judgement = Judgement(is_page or self._has_sure_line(text, 1), is_page)
            # What is taken for print in a picture of other things is no page that could be held better. But only print
            # was ever found to be too small.
            names = [name for name in self._advise(frame, layout) if is_page or name == TOO_FAR]
            for advice in advice_in_words(names, self._words):
                yield self._message(advice.sentence)
        if not self._judgement.is_readable and (is_first_time or not self._has_words_to_say(text)):
            yield self._message(self._words.nothing_sure)
            if not self._has_words_to_say(text):
                return
        begin = self._begin_of(command, text)
        if begin is None:
            yield self._message(self._words.no_such_line.format(count=len(layout.lines)))
            return
        if not self._has(begin.sentence, text):
            yield self._message(self._words.after_the_end)
            return
        self._begun_at = _Told(begin, begin, self._begun_at.sentence)
        while self._has(begin.sentence, text):
            after = Position(begin.sentence + 1)
            if spoken := self._spoken_form(begin, text):
                self._told.append(_Told(begin, after, text.sentences[begin.sentence]))
                yield spoken
            begin = after
        if len(layout.lines) >= LONG_PAGE_LINES:
            self._told.append(_Told(self._told[-1].cut if self._told else begin, begin))
            yield self._words.the_end

    # Where the voice is.

    def _begin_turn(self, turn: Turn) -> None:
        """Notes where the turn before has got to; it has ended by now."""
        sentence = self.last_sentence
        before = (self._begun_at, *self._spoken())[-1]
        was_heard = self._turn is not None and self._turn.done.is_set() and not self._turn.cancelled.is_set()
        self._begun_at = _Told(before.cut, before.heard if was_heard else before.cut, sentence)
        self._turn, self._told = turn, []
        turn.lines = []

    def _spoken(self) -> list[_Told]:
        """What was given to the voice and has at least begun to be heard."""
        return [] if self._turn is None else self._told[: len(self._turn.said)]

    def _message(self, text: str) -> str:
        """`text`, which is no part of the page: the position stays."""
        self._told.append(_Told(self._begun_at.cut, self._begun_at.heard))
        self._on_message(text)
        return text

    def _begin_of(self, command: ReadingCommand | int, text: PageText) -> Position | None:
        """Where reading begins; None if the page has no such line. Has lines recognised as far as that needs."""
        last, position = self._begun_at.cut, self._begun_at.heard
        match command:
            case ReadingCommand.CONTINUE:
                return position
            case ReadingCommand.BACK:  # in the middle of a sentence, where a line began, its own beginning is before
                return Position(position.sentence if position.place else max(0, position.sentence - 1))
            case ReadingCommand.AGAIN:
                return last
            case ReadingCommand.NEXT:
                return Position(last.sentence + 1)
            case ReadingCommand.NEXT_PARAGRAPH:
                return self._next_paragraph(last.sentence, text)
            case ReadingCommand.FROM_THE_TOP:
                return Position(0)
            case _:
                return self._line(command, text)

    def _next_paragraph(self, number: int, text: PageText) -> Position:
        first = number
        while self._has(number, text) and text.sentences[number].paragraph == text.sentences[first].paragraph:
            number += 1
        return Position(number)

    def _line(self, number: int, text: PageText) -> Position | None:
        assert self._layout is not None
        count = len(self._layout.lines)
        line = count - 1 if number == -1 else number - 1
        if line >= count:
            return None
        while (sentence := text.sentence_of(line)) is None and self._recognise_more(text):
            pass
        assert sentence is not None  # each line of a whole text stands in a sentence
        place = text.sentences[sentence].place_of(line)
        assert place is not None
        return Position(sentence, place)

    # What is said.

    def _has(self, sentence: int, text: PageText) -> bool:
        """Whether there is a sentence of this number. Has lines recognised until it is complete."""
        while sentence >= len(text.sentences):
            if not self._recognise_more(text):
                return False
        return True

    def _recognise_more(self, text: PageText) -> bool:
        """One more line; False if there is none."""
        line = None if text.is_whole else next(self._recognised, None)
        if line is None:
            return False
        text.add(line)
        if self._turn is not None and self._turn.lines is not None:
            self._turn.lines.append(line)
        self._on_line(line)
        return True

    def _has_sure_line(self, text: PageText, characters: int) -> bool:
        """Whether there is a line of so many characters without doubt. Has lines recognised until one is found."""
        while not has_sure_line(text, characters):
            if not self._recognise_more(text):
                return False
        return True

    def _has_words_to_say(self, text: PageText) -> bool:
        """Whether a page without a sure line, whose lines have all come, has one that is said with doubt."""
        return any(is_said(sentence, text) for sentence in text.sentences)

    def _spoken_form(self, begin: Position, text: PageText) -> str:
        """The sentence from that place on, with its doubt. "" for what is left out."""
        assert self._judgement is not None  # before any sentence is told
        told_before = self._told[-1].sentence if self._told else None
        sentence = text.sentences[begin.sentence]
        return self._judgement.in_words(sentence, text, self._words, told_before, begin.place)
