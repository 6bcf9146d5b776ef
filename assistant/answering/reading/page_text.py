"""The text of a page as its lines are recognised: cut into sentences for the voice, with the place of each line.

It is pure. It does not know how print is recognised, or which sentence is being spoken. Sentences end where the text
says so, at the end of a paragraph, and before the next item of a list. A line of which the reader is not sure is a
sentence of its own, so that the doubt is about these words and no others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.language.sentences import NO_ABBREVIATIONS, Abbreviations, SentenceCutter
from vision.reading.text import ends_divided, is_chinese, joined

if TYPE_CHECKING:
    from vision.reading.interface import Layout, Line

# A line of a lower confidence is said with doubt. Of 1,738 lines of drawn pages in good and bad pictures, these are
# 97 % of the lines with more than a tenth of their characters wrong, and 0.3 % of those without a wrong character:
# docs/doubt.md.
DOUBTFUL_BELOW = 0.93
# The first sentence of a page is cut at the end of its first line if that has so many characters, which take about
# 2 seconds to say: enough to recognise the next lines meanwhile.
EARLY_CUT_CHARACTERS = 30

# Round things in a row are taken for these with confidence: 0.97 for four zeros in a photograph without any print.
_ROUND_SIGNS = re.compile("[0Oo○〇]{2,}$")

_LIST_ITEM = re.compile(r"(?:[•·▪‣*–—-]|\(?\d{1,2}[.)])\s")  # a line that begins so begins a sentence


@dataclass(frozen=True)
class Sentence:
    """A piece of the page that is spoken without a break."""

    text: str  # "" for lines that could not be recognised at all
    paragraph: int
    lines: tuple[tuple[int, int], ...]  # (index of a line, place of its first word in `text`), in order
    is_doubtful: bool = False

    def place_of(self, line: int) -> int | None:
        """Where a line begins in the text. None if it does not begin here."""
        return next((place for index, place in self.lines if index == line), None)


def is_doubtful(line: Line) -> bool:
    """Whether the words of the line may be wrong, or could not be recognised at all."""
    text = "".join(line.text.split())
    return not text or line.confidence < DOUBTFUL_BELOW or _ROUND_SIGNS.match(text) is not None


class PageText:
    """Takes the lines of one page in their order, and has the sentences that are complete so far."""

    def __init__(self, layout: Layout, abbreviations: Abbreviations = NO_ABBREVIATIONS) -> None:
        self._layout = layout
        self._abbreviations = abbreviations
        self.lines: list[Line] = []
        self.sentences: list[Sentence] = []
        self._unreadable: list[Line] = []  # the newest lines, if nothing could be recognised in them
        self._begin_flow()

    @property
    def is_whole(self) -> bool:
        """True if all lines have come, so that no sentence is still to come."""
        return len(self.lines) == len(self._layout.lines)

    def add(self, line: Line) -> None:
        """Takes the next line of the layout."""
        self.lines.append(line)
        text = " ".join(line.text.split())
        if not text:
            self._end_flow()
            self._unreadable.append(line)
        elif is_doubtful(line):
            self._end_flow()
            self._end_unreadable()
            self.sentences.append(Sentence(text, line.paragraph, ((line.index, 0),), is_doubtful=True))
        else:
            self._end_unreadable()
            self._flow_on(line, text)
        if self.is_whole:
            self._end_flow()
            self._end_unreadable()

    def sentence_of(self, line: int) -> int | None:
        """The number of the sentence in which a line begins. None if that sentence is not complete yet."""
        return next(
            (number for number, sentence in enumerate(self.sentences) if sentence.place_of(line) is not None), None
        )

    # The running text of one paragraph.

    def _begin_flow(self) -> None:
        self._cutter = SentenceCutter(self._abbreviations)
        self._flow = ""  # what was given to the cutter
        self._cut_to = 0  # so much of it has become sentences
        self._starts: list[tuple[int, int]] = []  # of the lines of the rest: (index, place)
        self._paragraph = -1
        self._newest = ""  # the line that was added last
        self._is_divided = False  # True if the newest line ended with a hyphen, which was not given to the cutter

    def _flow_on(self, line: Line, text: str) -> None:
        if line.paragraph != self._paragraph or _LIST_ITEM.match(text):
            self._end_flow()
            self._paragraph = line.paragraph
        addition = joined((self._newest, text))[len(self._newest) - self._is_divided :]
        if self._flow.endswith(" "):
            addition = addition.lstrip()
        # Who wants to hear this line hears a divided word from its beginning, which stands in the line before.
        place = len(self._flow) + len(addition) - len(text)
        self._starts.append((line.index, self._flow.rfind(" ") + 1 if self._is_divided else place))
        self._newest, self._is_divided = text, ends_divided(text)
        # A space lets the cutter see that a full stop ends a sentence. Chinese sentences have none.
        self._push(addition[:-1] if self._is_divided else addition if is_chinese(text[-1]) else f"{addition} ")
        if line.index == 0 and len(text) >= EARLY_CUT_CHARACTERS and not self._is_divided:
            self._end_flow()

    def _push(self, text: str) -> None:
        self._flow += text
        self._keep(self._cutter.push(text))

    def _end_flow(self) -> None:
        if self._is_divided:
            self._push("-")
        self._keep(self._cutter.flush())
        self._begin_flow()

    def _keep(self, sentences: list[str]) -> None:
        """Each of them is a part of the flow, in order; the cutter only takes the white space around it away."""
        for text in sentences:
            begin = self._flow.index(text, self._cut_to)
            self._cut_to = begin + len(text)
            lines = tuple((index, max(0, place - begin)) for index, place in self._starts if place < self._cut_to)
            self._starts = self._starts[len(lines) :]
            self.sentences.append(Sentence(text, self._paragraph, lines))

    def _end_unreadable(self) -> None:
        if self._unreadable:
            lines = tuple((line.index, 0) for line in self._unreadable)
            self.sentences.append(Sentence("", self._unreadable[0].paragraph, lines))
            self._unreadable = []
