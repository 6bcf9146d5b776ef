"""Hears with a grammar while one of a few answers is expected: a number, yes or no, an item of a list.

A recogniser that knows only these phrases hears them far more reliably in noise. But the user may also say something
else, such as a question about the picture. So a second recogniser, which knows all words, hears the same utterance, and
its words count where the first one heard anything outside the phrases, or phrases that make no answer together, such as
"fifteen eighteen". It does not know what is expected, nor what the words are for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from audio.pcm import Samples
from audio.recognition.grammar import UNKNOWN, HeardWord
from audio.recognition.transcriber import Transcriber, Transcript

# The least sure word of an answer has to be this sure. Below it, the recogniser that knows all words is believed.
MIN_WORD_CONFIDENCE = 0.6
LISTENERS_KEPT = 4  # a dialogue goes back and forth between a few kinds of answers


class WordListener(Protocol):
    """A recogniser that knows a few phrases. `audio.recognition.grammar.GrammarListener` is one."""

    def accept(self, samples: Samples) -> None:
        """Takes the next samples of the utterance, 16,000 of them a second."""

    def finish(self) -> Sequence[HeardWord]:
        """Ends the utterance and returns its words, `UNKNOWN` for those outside the phrases."""

    def reset(self) -> None:
        """Forgets the utterance; the next accept() begins a new one."""


class ClosedAnswers:
    """A `Transcriber` in front of another one. While nothing is expected, it is that one.

    `expected` gives the phrases that may be said now, () for any words. It is asked at the beginning of an utterance.
    `is_answer` tells at its end whether a text that was made of these phrases answers what is expected.
    `listener_for` makes a listener for such phrases; the last few are kept, because making one takes time.
    """

    def __init__(
        self,
        words: Transcriber,
        expected: Callable[[], tuple[str, ...]],
        listener_for: Callable[[tuple[str, ...]], WordListener],
        is_answer: Callable[[str], bool] = lambda text: True,
    ) -> None:
        self._words = words
        self._expected = expected
        self._listener_for = listener_for
        self._is_answer = is_answer
        self._known: dict[tuple[str, ...], WordListener] = {}  # the newest last
        self._listener: WordListener | None = None  # of this utterance
        self._begun = False

    def accept(self, samples: Samples) -> None:
        if not self._begun:
            self._begun, self._listener = True, self._listener_now()
        if self._listener is not None:
            self._listener.accept(samples)
        self._words.accept(samples)

    def finish(self) -> Transcript:
        listener, self._listener, self._begun = self._listener, None, False
        answer = None if listener is None else closed_answer(listener.finish())
        if answer is None or not self._is_answer(answer.text):
            return self._words.finish()
        self._words.reset()
        return answer

    def reset(self) -> None:
        if self._listener is not None:
            self._listener.reset()
        self._listener, self._begun = None, False
        self._words.reset()

    def _listener_now(self) -> WordListener | None:
        phrases = self._expected()
        if not phrases:
            return None
        listener = self._known.pop(phrases, None) or self._listener_for(phrases)
        self._known[phrases] = listener
        if len(self._known) > LISTENERS_KEPT:
            del self._known[next(iter(self._known))]
        return listener


def closed_answer(heard: Sequence[HeardWord]) -> Transcript | None:
    """The answer that was heard; None if nothing was, or anything outside the phrases, or a word that is not sure."""
    if not heard or any(word.text == UNKNOWN or word.confidence < MIN_WORD_CONFIDENCE for word in heard):
        return None
    mean = math.fsum(word.confidence for word in heard) / len(heard)
    return Transcript(" ".join(word.text for word in heard), mean)
