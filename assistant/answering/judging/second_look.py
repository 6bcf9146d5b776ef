"""A second look at a picture: the same question about another view of it, and what both answers say together.

A model that is sure of what it invents cannot be caught by its probabilities. Asked about the same picture a little
smaller and elsewhere, it reads the same again where it has really read, and mostly something else where it guessed.
The question is asked alone: the second look knows neither earlier questions nor what a reader of print has read, since
both would lead it to the first answer. This file does not know when somebody wants a second look, nor who hears it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import Piece, put_in, text_of, without_space_around
from assistant.answering.reading.reader_context import PrintRead
from assistant.language.phrases import Phrases
from assistant.language.same_answer import numbers_of, say_the_same
from assistant.language.sentences import split_sentences

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.interface import View


@dataclass(frozen=True)
class Compared:
    """What is said about two answers to the same question."""

    pieces: tuple[Piece, ...]
    differs: bool


def asked_again(
    question: str,
    frame: Frame,
    see: Callable[[Frame, threading.Event], View],
    cancelled: threading.Event,
    max_new_tokens: int | None = None,
) -> list[Piece]:
    """The whole answer to `question` about `frame`; a part of it after a cancel. Raises Cancelled, VisionError."""
    view = see(frame, cancelled)
    chunks = view.ask(question, max_new_tokens=max_new_tokens, cancelled=cancelled)
    return without_space_around([Piece(chunk.text, chunk.log_probabilities) for chunk in chunks])


def compared(before: Sequence[Piece], now: Sequence[Piece], phrases: Phrases, *, is_begin: bool = False) -> Compared:
    """Puts two answers side by side. Where each has one number, the numbers alone are told.

    `is_begin`: `before` is only the begin of an answer, so it is compared with as many sentences of `now`.
    """
    if is_begin:
        now = begin_like(text_of(before), now, phrases)
    words, old, new = phrases.second_look, text_of(before).strip(), text_of(now).strip()
    numbers = numbers_of(old), numbers_of(new)
    if say_the_same(old, new, phrases):
        return Compared((Piece(words.read_again if numbers[0] else words.seen_again, ()),), differs=False)
    if len(numbers[0]) == len(numbers[1]) == 1 and numbers[0] != numbers[1]:
        first, second = _around(before, numbers[0][0]), _around(now, numbers[1][0])
        return Compared(put_in(words.read_differs, before=first, now=second), differs=True)
    nothing = [Piece(phrases.no_answer, ())]
    told = (_ended(without_space_around(before)), _ended(list(now)) if new else nothing)
    return Compared(put_in(words.differs, before=told[0], now=told[1]), differs=True)


def is_printed(digits: str, read: PrintRead) -> bool:
    """Whether some line that was read holds these digits, however they are grouped there."""
    return any(digits in re.sub(r"\D", "", line.text) for line in read.lines)


def begin_like(before: str, pieces: Sequence[Piece], phrases: Phrases) -> list[Piece]:
    """The pieces of as many sentences as `before` has."""
    sentences = len(split_sentences(before, phrases.abbreviations))
    text, end, at, kept = text_of(pieces), 0, 0, list[Piece]()
    for sentence in split_sentences(text, phrases.abbreviations)[:sentences]:
        end = text.index(sentence, end) + len(sentence)
    for piece in pieces:
        if at < end:
            kept.append(Piece(piece.text[: end - at], piece.log_probabilities))
        at += len(piece.text)
    return kept


def _around(pieces: Sequence[Piece], part: str) -> list[Piece]:
    """The pieces of a part of the text, each with its probability; the part as it is where it is not found."""
    begin = text_of(pieces).find(part)
    if begin < 0:
        return [Piece(part, ())]
    at, found = 0, []
    for piece in pieces:
        text = piece.text[max(0, begin - at) : max(0, begin + len(part) - at)]
        found += [Piece(text, piece.log_probabilities)] if text else []
        at += len(piece.text)
    return found


def _ended(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with a mark at their end, since words follow."""
    last = text_of(pieces)[-1:]
    if not last.isalnum():
        return list(pieces)
    return [*pieces, Piece("." if last.isascii() else "。", ())]
