"""An answer as far as it is decoded. It can be cut at any character that was given out, and go on behind the cut.

It keeps what was given out as pieces of text with their tokens, so that a number of characters can be turned into a
number of tokens. This file computes nothing and knows no lock: `View` decodes, and keeps the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vision.interface import Finish

from .generation.answer_text import AnswerText, TextPiece
from .generation.prompt import PromptPart
from .generation.sampling import Sampler
from .kv_cache import KVCache


@dataclass(frozen=True)
class Kept:
    """How much of the cache belongs to completed questions and answers."""

    length: int
    read: frozenset[int]  # the token ids before it and in `pending`: a repetition penalty applies to them
    pending: tuple[int, ...] = ()  # said but not in the cache: the last token of an answer that was cut


@dataclass(frozen=True)
class Ending:
    """How an answer ended that nobody cut."""

    finish: Finish
    last: TextPiece  # the end of the text, which comes with the last chunk
    kept: Kept
    mark: str  # said behind it: the answer was given up
    may_go_on: bool  # it only was as long as it might be


@dataclass(eq=False)
class OpenAnswer:
    """One answer, with all that it needs to go on."""

    cache: KVCache
    begins_at: int  # the length of the cache before the first token of the answer
    question: PromptPart  # what stands there
    read: frozenset[int]  # the token ids before the answer
    sampler: Sampler
    text: AnswerText
    longest: int  # tokens; the answer ends there
    tried_again: bool = False  # it went round in circles once, and the next time it is given up
    ending: Ending | None = None  # None: the model has not ended it
    told: list[TextPiece] = field(default_factory=list)  # given out before the newest cut
    given: list[TextPiece] = field(default_factory=list)  # given out since then
    ahead: list[TextPiece] = field(default_factory=list)  # decoded, and to be given out next
    tokens_again: int = 0  # in `ahead`: they were given out before the cut already

    def given_out(self) -> Iterator[TextPiece]:
        """The pieces of `ahead`, one after the other; each counts as given out when it is taken."""
        while self.ahead:
            self.given.append(self.ahead.pop(0))
            yield self.given[-1]

    @property
    def last_id(self) -> int:
        """The newest token: the last of the answer, or of the question where the answer has none."""
        return self.text.ids[-1] if self.text.ids else int(self.question.ids[-1])

    @property
    def so_far(self) -> str:
        """All text that was given out."""
        return "".join(piece.text for piece in (*self.told, *self.given))

    def cut_behind(self, characters: int) -> Kept:
        """Give all behind so many characters of `given` out again when the answer goes on. Returns what the cache keeps.

        A token that gives characters on both sides of the cut stays before it.
        """
        before, behind = list[TextPiece](), list[TextPiece]()
        for piece in self.given:
            text = piece.text[:characters]
            if text:
                before.append(TextPiece(text, piece.tokens))
            if len(text) < len(piece.text):
                behind.append(TextPiece(piece.text[len(text) :], () if text else piece.tokens))
            characters -= len(text)
        self.told += before
        self.given, self.ahead = [], [*behind, *self.ahead]
        self.tokens_again = sum(len(piece.tokens) for piece in behind)
        ids = self.text.ids[: sum(len(piece.tokens) for piece in self.told)]
        last = ids[-1] if ids else int(self.question.ids[-1])
        return Kept(self.begins_at + len(ids) - 1, self.read.union(ids), (last,))

    def has_rest(self, context_tokens: int) -> bool:
        """Whether it can go on: there is text left, or the model may decode more."""
        if self.ending is not None:
            left = [*self.ahead, self.ending.last]
            return any(sign.isalnum() for piece in left for sign in piece.text)
        return bool(self.ahead) or self.begins_at + len(self.text.ids) < context_tokens
