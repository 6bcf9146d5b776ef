"""Reads one page for the eye: its lines as soon as they are recognised, and the sentences in which a voice tells them.

`page_reading` does the same at the pace of a voice, and can go back. Here nobody waits for a voice: whoever consumes
the generator recognises. This file does not know who shows the lines.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.page_reading import (
    LONG_PAGE_LINES,
    MANY_LINES,
    TOO_FAR,
    Advise,
    Judgement,
    PageAdvice,
    advice_in_words,
    has_sure_line,
    no_advice,
)
from assistant.answering.reading.page_text import PageText, Sentence
from assistant.language.phrases import Phrases, ReadingWords

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.reading.interface import Layout, Line, Reader


@dataclass(frozen=True)
class PageReader:
    """What reads a page, and what finds out why it cannot be read well."""

    reader: Reader
    advise: Advise = no_advice


@dataclass(frozen=True)
class PageFound:
    """The lines were found; none of them is recognised yet."""

    layout: Layout
    advice: tuple[PageAdvice, ...]


@dataclass(frozen=True)
class LineRead:
    """The next line of the layout was recognised."""

    line: Line


@dataclass(frozen=True)
class ToldAloud:
    """A sentence for a voice: of the page, with its doubt, or beside it."""

    sentence: str


def read_page(
    pages: PageReader, frame: Frame, phrases: Phrases, cancelled: threading.Event
) -> Iterator[PageFound | LineRead | ToldAloud]:
    """First PageFound, then each line, and each sentence as soon as its lines are there.

    Of a few lines no sentence is told before one of them is sure: the picture may hold no print at all.

    Raises ReaderError, Cancelled.
    """
    words = phrases.reading
    layout = pages.reader.find(frame, cancelled)
    names = pages.advise(frame, layout)
    yield PageFound(layout, tuple(advice_in_words(names, words)))
    if not layout.lines:
        yield ToldAloud(words.no_text)
        return
    text, told = PageText(layout, phrases.abbreviations), _Told(words)
    is_page = len(layout.lines) >= MANY_LINES
    if is_page:
        yield from told.advice(names)
    for line in pages.reader.recognise(frame, layout, 0, cancelled):
        text.add(line)
        yield LineRead(line)
        if not is_page and has_sure_line(text, 2):
            is_page = True
            yield from told.advice(names)
        if is_page:
            yield from told.rest(text, _A_PAGE)
    if not is_page:  # what is taken for print in a picture of other things is no page that could be held better
        judgement = Judgement(is_readable=has_sure_line(text, 1), is_page=False)
        yield from told.advice([name for name in names if name == TOO_FAR])
        if not judgement.is_readable:
            yield ToldAloud(words.nothing_sure)
        yield from told.rest(text, judgement)
    if len(layout.lines) >= LONG_PAGE_LINES:
        yield ToldAloud(words.the_end)


_A_PAGE = Judgement(is_readable=True, is_page=True)


class _Told:
    """The sentences that a voice gets, and how far it has got."""

    def __init__(self, words: ReadingWords) -> None:
        self._words = words
        self._count = 0
        self._before: Sentence | None = None

    def advice(self, names: Sequence[str]) -> Iterator[ToldAloud]:
        for hindrance in advice_in_words(names, self._words):
            yield ToldAloud(hindrance.sentence)

    def rest(self, text: PageText, judgement: Judgement) -> Iterator[ToldAloud]:
        """Every sentence that is complete and was not told yet."""
        for sentence in text.sentences[self._count :]:
            if spoken := judgement.in_words(sentence, text, self._words, self._before):
                self._before = sentence
                yield ToldAloud(spoken)
        self._count = len(text.sentences)
