"""Reads one page for the eye: its lines as soon as they are recognised, and the sentences in which a voice tells them.

`page_reading` does the same at the pace of a voice, and can go back. Here nobody waits for a voice: whoever consumes
the generator recognises. This file does not know who shows the lines.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.page_reading import (
    LONG_PAGE_LINES,
    Advise,
    PageAdvice,
    advice_in_words,
    no_advice,
    sentence_in_words,
)
from assistant.answering.page_text import PageText
from assistant.language.phrases import Phrases

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

    Raises ReaderError, Cancelled.
    """
    words = phrases.reading
    layout = pages.reader.find(frame, cancelled)
    advice = tuple(advice_in_words(pages.advise(frame, layout), words))
    yield PageFound(layout, advice)
    for hindrance in advice:
        yield ToldAloud(hindrance.sentence)
    if not layout.lines:
        yield ToldAloud(words.no_text)
        return
    text, told = PageText(layout, phrases.abbreviations), 0
    for line in pages.reader.recognise(frame, layout, 0, cancelled):
        text.add(line)
        yield LineRead(line)
        for number in range(told, len(text.sentences)):
            before = text.sentences[number - 1] if number else None
            yield ToldAloud(sentence_in_words(text.sentences[number], words, before))
        told = len(text.sentences)
    if len(layout.lines) >= LONG_PAGE_LINES:
        yield ToldAloud(words.the_end)
