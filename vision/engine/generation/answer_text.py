"""The text of one answer as its tokens come, without what may be a repeat.

A repeat is certain only when it has come a few times. Until then the text that may belong to it is held back, so that
nobody hears it. Ordinary text passes at once or a token later, in the same pieces. This file knows neither the model
nor how the next token is picked.
"""

from __future__ import annotations

from dataclasses import dataclass

from .cycles import CycleDetector
from .generate import Token
from .prompt import TextStream, Tokenizer

CUT_MARK = "…"  # ends an answer that was cut because it went round in circles


@dataclass(frozen=True)
class TextPiece:
    """Some text of the answer, and the tokens that it comes from."""

    text: str
    tokens: tuple[Token, ...]


class AnswerText:
    """Takes the tokens of one answer with `push`. With the detector None, nothing is held back and nothing loops."""

    def __init__(self, tokenizer: Tokenizer, detector: CycleDetector | None) -> None:
        self.ids: list[int] = []
        self._tokenizer = tokenizer
        self._detector = detector
        self._stream = TextStream(tokenizer)
        self._unsaid: list[Token] = []  # they have given no whole character yet
        self._held: list[TextPiece] = []
        self._given: list[int] = []  # the ids of what was given out

    @property
    def loops(self) -> bool:
        """True if the answer goes round in circles. What was held back then repeats what was given out."""
        return self._detector is not None and self._detector.found

    @property
    def repeats(self) -> bool:
        """True if what is held back says at least once again what was given out."""
        return self._detector is not None and self._detector.repeats

    def push(self, token: Token) -> list[TextPiece]:
        """The pieces of text that are certain now, often one."""
        self.ids.append(token.id)
        self._unsaid.append(token)
        text = self._stream.push(token.id)
        if text:
            self._held.append(TextPiece(text, tuple(self._unsaid)))
            self._unsaid = []
        if self._detector is None:
            return self._give_out(len(self.ids))
        self._detector.push(token.id, text)
        return self._give_out(len(self.ids) - self._detector.held)

    def finish(self) -> list[TextPiece]:
        """All that was held back, and as the last piece the text that still waited, which may be ""."""
        last = TextPiece(self._stream.rest(), tuple(self._unsaid))
        self._unsaid = []
        return [*self._give_out(len(self.ids)), last]

    def drop_held(self) -> None:
        """Forget the tokens behind what was given out. The answer may go on from there."""
        del self.ids[len(self._given) :]
        self._held, self._unsaid = [], []
        self._stream = TextStream(self._tokenizer, self._given)
        if self._detector is not None:
            self._detector.go_on_behind(len(self._given))

    def _give_out(self, tokens: int) -> list[TextPiece]:
        """The pieces that end within the first `tokens` tokens of the answer."""
        pieces = list[TextPiece]()
        while self._held and len(self._given) + len(self._held[0].tokens) <= tokens:
            pieces.append(self._held.pop(0))
            self._given += [token.id for token in pieces[-1].tokens]
        return pieces


def cut_mark_behind(text: str) -> str:
    """The mark for the end of an answer that was cut behind this text; set apart if a sentence has ended there."""
    return f" {CUT_MARK}" if text.endswith(tuple(".!?…。！？")) else CUT_MARK
