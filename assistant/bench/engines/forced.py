"""An engine whose answers have the length that is measured, and words that a voice can speak.

Decoding goes on past the place where the answer would have ended; the words after that place are not spoken. A model
with random weights never ends and speaks no language. So the words of the kind's own answer are lent to it, one for
each token. Only the real engine takes time. This file does not know what is measured about the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from assistant.bench.material.kinds import KINDS, Kind, pieces

if TYPE_CHECKING:
    from vision.engine.engine import Engine
    from vision.engine.generation.prompt import ChatPrompt
    from vision.engine.view import View
    from vision.frame import Frame
    from vision.interface import AnswerChunk, Answerer, Cut, SeeStats


class UnheardStop(frozenset[int]):
    """A set of stop tokens that stops nothing and only remembers that one of them came."""

    came = False

    def __contains__(self, token: object) -> bool:
        self.came = self.came or super().__contains__(token)
        return False


class ForcedEngine:
    """An engine for `AnswerPipeline`. Set `kind` before a question is asked."""

    def __init__(self, engine: Engine, *, lends_words: bool) -> None:
        self.kind: Kind = KINDS[0]
        self.lends_words = lends_words
        self.stop = UnheardStop(engine.session.stop_tokens)
        self._engine = engine
        # The engine has no setting for this, because no user should have one.
        engine.session.stop_tokens = self.stop

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> ForcedView:
        return ForcedView(self, self._engine.see(frame, cancelled))

    def question(self, kind: Kind) -> str:
        return asked_words(kind, self._engine.prompt, lends_words=self.lends_words)


def asked_words(kind: Kind, prompt: ChatPrompt, *, lends_words: bool) -> str:
    """The question.

    For a tokenizer without words it is shortened, so that it takes as many tokens as in Qwen's tokenizer.

    These are one for each word or mark, and those that make the model answer.
    """
    if not lends_words:
        return kind.question
    wanted = len(pieces(kind.question)) + len(prompt.question("a")) - 1
    ends = range(1, len(kind.question) + 1)
    return kind.question[: max(end for end in ends if len(prompt.question(kind.question[:end])) <= wanted)].strip()


class ForcedView:
    def __init__(self, engine: ForcedEngine, view: View) -> None:
        self._engine = engine
        self._view = view

    @property
    def frame(self) -> Frame | None:
        return self._view.frame

    @property
    def answerer(self) -> Answerer:
        return self._view.answerer

    @property
    def stats(self) -> SeeStats:
        return self._view.stats

    @property
    def cache_bytes(self) -> int:
        return self._view.cache_bytes

    def forget(self) -> None:
        self._view.forget()

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        return self._view.remembers(question, max_new_tokens)

    can_go_on = False  # an answer is never cut here

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        return self._view.go_on(max_new_tokens=max_new_tokens, cancelled=cancelled, cut=cut)

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """Yields an answer of the length that the kind wants, or as long as the model's context has room.

        `max_new_tokens`, `is_print` and `cut` are ignored.
        """
        engine = self._engine
        engine.stop.came = False
        lent = iter(engine.kind.pieces) if engine.lends_words else None
        is_over = False
        for chunk in self._view.ask(question, max_new_tokens=engine.kind.answer_tokens, cancelled=cancelled):
            text = chunk.text if lent is None else "".join(islice(lent, chunk.tokens))
            if is_over:
                text = ""
            elif engine.stop.came:
                text, is_over = "\n", True  # an end for the sentence cutter: the voice begins here at the latest
            yield replace(chunk, text=text)
