"""Reads the print in a picture for a question about writing, and puts what was read before the question as data.

`QuestionReader` reads for a short time only, the largest lines and those in the middle first, because reading a whole
page takes longer than a user waits for an answer. What it has read of a picture is kept as long as the picture is. It
runs on the thread that answers, after the engine has seen the picture: both need all cores of a small processor, so
that side by side each would only slow the other. An error of the reader costs the help and never the answer.

It does not know which library reads, nor whether an answer agrees with what was read (`witness`).
"""

from __future__ import annotations

import itertools
import logging
import math
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from assistant.language.figures import Kind, figures_in
from assistant.language.writing_questions import asks_about_writing, has_one_of
from vision.errors import Cancelled, QuestionError

if TYPE_CHECKING:
    from assistant.language.phrases import Phrases
    from vision.frame import Frame
    from vision.interface import View
    from vision.reading.interface import FoundLine, Layout, Line, Reader

_log = logging.getLogger(__name__)

# So long a question waits for the reader. Finding the lines is one step, and is not broken off: where it takes longer
# than this, the two most important lines are recognised all the same, which takes some tenths of a second.
READING_SECONDS = 2.5
FEWEST_LINES = 2
# The lines that are told to the model take at most about so many tokens: two small cores read 25 to 60 tokens a second.
MOST_TOKENS = 120
# Another computer's engine is sent the newest eight questions of a conversation, and knows nothing of older ones.
TOLD_AGAIN_AFTER = 7  # questions
LONGEST_PROMPT = 2000  # characters: the engine takes no longer question
LONGEST_LINE = 200  # characters; the rest of a longer line is left out


@dataclass(frozen=True)
class PrintRead:
    """The print of one picture, as far as it was read."""

    lines: tuple[Line, ...] = ()  # with text, in the order in which a person reads them
    by_weight: tuple[Line, ...] = ()  # the same, the largest ones in the middle first
    is_whole: bool = False  # no line that was found is left out


NOTHING_READ = PrintRead()


class QuestionReader:
    """Reads for questions about writing. Any thread may call it, and each picture is read once."""

    def __init__(
        self,
        reader: Reader,
        phrases: Phrases,
        *,
        seconds: float = READING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        warm: Callable[[], None] = lambda: None,
    ) -> None:
        """`warm` has the reader load its models on another thread."""
        self.phrases = phrases
        self._reader = reader
        self._seconds = seconds
        self._clock = clock
        self._kept: WeakKeyDictionary[Frame, _Reading] = WeakKeyDictionary()
        self._state = threading.Lock()  # guards the one above; it is only ever held for a moment
        self._has_failed = False
        self._warm = warm

    def prepare_for(self, question: str) -> None:
        """Has the models loaded while the engine still looks at the picture, if the question is about writing.

        That takes one core for about a second; reading itself would take all of them. It returns at once.
        """
        if asks_about_writing(question, self.phrases):
            self._warm()

    def read_for(self, question: str, view: View, cancelled: threading.Event) -> PrintRead:
        """What is printed in the picture of `view`; nothing if the question is about something else.

        A further question about the picture costs nothing, unless the time was too short for all lines and none of
        those that were read has what is asked for, such as a date. Then it is read on, for as long again.
        Nothing is read for the demo model: it takes no instructions, and its own doubt was measured. Raises Cancelled.
        """
        frame = view.frame
        if frame is None or view.answerer.is_demo or not asks_about_writing(question, self.phrases):
            return NOTHING_READ
        with self._state:
            kept = self._kept.get(frame)
        if kept is None or (kept.has_more and self._lacks(question, kept.read)):
            kept = self._read_on(frame, kept, cancelled)
            with self._state:
                self._kept[frame] = kept
        return kept.read

    def _lacks(self, question: str, read: PrintRead) -> bool:
        """Whether what the question asks for, such as a date, is in no line that was read."""
        wanted = _kinds_asked_for(question, self.phrases)
        return bool(wanted) and not any(
            figure.kind in wanted for line in read.lines for figure in figures_in(line.text)
        )

    def _read_on(self, frame: Frame, kept: _Reading | None, cancelled: threading.Event) -> _Reading:
        ends_at = self._clock() + self._seconds
        layout, lines = (None, []) if kept is None else (kept.layout, list(kept.lines))
        enough = len(lines) + FEWEST_LINES
        try:
            layout = layout or _by_weight(self._reader.find(frame, cancelled), frame)
            for line in self._reader.recognise(frame, layout.layout, len(lines), cancelled):
                lines.append(line)
                if len(lines) >= enough and self._clock() >= ends_at:
                    break
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - boundary of the reader: without it the model answers all the same
            if not self._has_failed:
                _log.warning("print cannot be read, so questions about writing are answered without it: %s", error)
            self._has_failed = True
            _log.debug("it failed here", exc_info=error)
        return _Reading(layout, tuple(lines))


@dataclass(frozen=True)
class _ByWeight:
    """A layout with its most important lines first."""

    layout: Layout
    places: tuple[int, ...]  # for each of its lines the place in the order in which a person reads

    def read(self, lines: Sequence[Line]) -> PrintRead:
        weighty = [replace(line, index=self.places[line.index], text=_one_line(line.text)) for line in lines]
        told = tuple(line for line in weighty if line.text)
        is_whole = len(lines) == len(self.layout.lines)
        return PrintRead(tuple(sorted(told, key=lambda line: line.index)), told, is_whole)


def _by_weight(layout: Layout, frame: Frame) -> _ByWeight:
    height, width = frame.rgb.shape[:2]

    def weight(found: FoundLine) -> float:
        """The height of its letters, up to halved towards the corners of the picture."""
        quad = found.quad
        corners = (quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left)
        x, y = sum(corner[0] for corner in corners) / 4, sum(corner[1] for corner in corners) / 4
        off_middle = math.hypot(x / width - 0.5, y / height - 0.5) / math.hypot(0.5, 0.5)
        return math.dist(quad.top_left, quad.bottom_left) * (1 - 0.5 * min(1.0, off_middle))

    places = sorted(range(len(layout.lines)), key=lambda place: -weight(layout.lines[place]))
    lines = tuple(layout.lines[place] for place in places)
    return _ByWeight(replace(layout, lines=lines), tuple(places))


@dataclass(frozen=True)
class _Reading:
    """How far a picture was read."""

    layout: _ByWeight | None  # None: the reader failed before it had found the lines
    lines: tuple[Line, ...]

    @cached_property
    def read(self) -> PrintRead:
        return NOTHING_READ if self.layout is None else self.layout.read(self.lines)

    @property
    def has_more(self) -> bool:
        return self.layout is not None and len(self.lines) < len(self.layout.layout.lines)


# The text for the model.


class PrintTold:
    """Which lines one view was told, so that each is told once and not with every question."""

    def __init__(self) -> None:
        self._questions_ago: dict[int, int] = {}  # from the index of a line to the questions since it was told
        self._telling: list[int] = []  # the lines that go with the question that is being asked

    def forget(self) -> None:
        """Notes that the view has forgotten all questions."""
        self._questions_ago = {}

    def question_for(self, question: str, read: PrintRead, view: View, phrases: Phrases) -> str:
        """What to ask the view: the question, and before it those lines that it needs and does not know yet."""
        if self._questions_ago and not _is_remembered(question, view):
            self.forget()
        self._telling = []
        lines = [line for line in lines_for(question, read, phrases) if line.index not in self._questions_ago]
        if not lines:
            return question
        text = with_print(question, lines, phrases)
        try:
            view.remembers(text)
        except QuestionError:  # there is room for the question alone, or not even for that
            return question
        self._telling = [] if text == question else [line.index for line in lines]
        return text

    def was_answered(self) -> None:
        """Notes that the view keeps the question and its answer. A question that was cancelled it does not keep."""
        older = {index: ago + 1 for index, ago in self._questions_ago.items() if ago < TOLD_AGAIN_AFTER - 1}
        self._questions_ago = {**older, **dict.fromkeys(self._telling, 0)}


def _is_remembered(question: str, view: View) -> bool:
    try:
        return view.cache_bytes > 0 and view.remembers(question)
    except QuestionError:
        return True  # the question is not asked, so nothing is forgotten


def lines_for(question: str, read: PrintRead, phrases: Phrases) -> list[Line]:
    """The lines that are told with a question, in the order of the page.

    Of many lines those come first that have what is asked for, a time or a number. Then come the largest ones and those
    in the middle of the picture.
    """
    wanted = _kinds_asked_for(question, phrases)
    first = {line.index for line in read.lines if wanted & {figure.kind for figure in figures_in(line.text)}}
    tokens = MOST_TOKENS
    told = []
    for line in sorted(read.by_weight, key=lambda line: line.index not in first):
        takes = tokens_at_most(line.text)
        if takes <= tokens:
            tokens -= takes
            told.append(line)
    return sorted(told, key=lambda line: line.index)


def _kinds_asked_for(question: str, phrases: Phrases) -> set[Kind]:
    words = phrases.writing
    if has_one_of(words.asks_when, question, phrases):
        return {Kind.DATE, Kind.TIME}
    return set(Kind) if has_one_of(words.asks_for_a_number, question, phrases) else set()


def with_print(question: str, lines: Sequence[Line], phrases: Phrases) -> str:
    """The lines as data, then the question; the question alone where there is no room for the lines.

    Each line stands in quotation marks that no line can close, and has nothing that a server could take for a special
    token: the engine of this machine takes none from a question, but another computer's may.
    """
    words = phrases.writing
    told = [words.read_before, *(_quoted(line.text) for line in lines), words.question_after.format(question=question)]
    text = "\n".join(told)
    return text if lines and len(text) <= LONGEST_PROMPT else question


def without_print(text: str, phrases: Phrases) -> str:
    """The user's own question out of what `with_print` made; any other text as it is.

    For the demo model, where it has to step in for another computer's in the middle of a question.
    """
    words = phrases.writing
    first, *rest = text.split("\n")
    if first != words.read_before:
        return text
    behind = "\n".join(itertools.dropwhile(lambda line: line.startswith("“"), rest))
    before, after = words.question_after.split("{question}")
    return behind.removeprefix(before).removesuffix(after)


def tokens_at_most(text: str) -> int:
    """How many tokens a text takes at most, by estimate.

    A tokenizer like Qwen's has a token for each digit, and seldom less than two letters in one. Other signs count
    double, as half of the Chinese ones in rare words do.
    """
    letters = sum(math.ceil(len(run) / 2) for run in re.findall(r"[A-Za-z]+", text))
    others = re.sub(r"[A-Za-z\s]", "", text)
    return letters + sum(1 if sign.isascii() else 2 for sign in others) + 2  # the quotation marks


def _quoted(text: str) -> str:
    plain = re.sub(r"[“”„‟]", '"', text)
    plain = re.sub(r"<(?=[^\s\d])", "‹", plain).replace("|>", "|›")
    return f"“{plain}”"


def _one_line(text: str) -> str:
    """The text without signs that cannot be seen, such as those that turn the direction of writing."""
    seen = ("" if unicodedata.category(sign) in ("Cf", "Cs", "Co") else sign for sign in text)
    blank = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in "".join(seen))
    return " ".join("".join(blank).split())[:LONGEST_LINE]
