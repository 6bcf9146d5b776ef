"""Hears with a grammar while one of a few answers is expected: a number, yes or no, an item of a list.

A recogniser that knows only these phrases hears them far more reliably in noise. But the user may also say something
else, such as a question about the picture. So a second recogniser, which knows all words, hears the same utterance, and
its words count where the first one heard anything outside the phrases, or phrases that make no answer together, such as
"fifteen eighteen". If its words make an answer, they have the confidence that the recogniser itself gives: such answers
are read back, so a wrong one costs a "no", while one that is asked for again costs the whole answer.

In noise, a "yes" of a breathy voice has no vowel that can be told from the noise. While an answer is expected, such
sound may come here as well. It counts only if the recogniser with the grammar is sure of it. It does not know what is
expected, nor what the words are for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
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


class Vowels(Protocol):
    """Looks for vowels in an utterance. `audio.listening.voicing.VowelWatch` does."""

    @property
    def has_heard(self) -> bool:
        """True if the utterance holds a vowel, until now."""

    def accept(self, samples: Samples) -> None:
        """Takes the next samples of the utterance, 16,000 of them a second."""

    def reset(self) -> None:
        """Forgets the utterance."""


class ClosedAnswers:
    """A `Transcriber` in front of another one. While nothing is expected, it is that one.

    `expected` gives the phrases that may be said now, () for any words. It is asked at the beginning of an utterance.
    `is_answer` tells at its end whether a text that was made of these phrases answers what is expected.
    `listener_for` makes a listener for such phrases; the last few are kept, because making one takes time. None: the
    speech model takes no grammar, so `words` alone hears. Other words than answers count only where `vowels` has heard
    a vowel among them; None: all count.
    """

    def __init__(
        self,
        words: Transcriber,
        expected: Callable[[], tuple[str, ...]],
        listener_for: Callable[[tuple[str, ...]], WordListener] | None,
        is_answer: Callable[[str], bool] = lambda text: True,
        vowels: Vowels | None = None,
    ) -> None:
        self._words = words
        self._expected = expected
        self._listener_for = listener_for
        self._is_answer = is_answer
        self._vowels = vowels
        self._known: dict[tuple[str, ...], WordListener] = {}  # the newest last
        self._listener: WordListener | None = None  # of this utterance
        self._begun = self._awaits = False

    def accept(self, samples: Samples) -> None:
        if not self._begun:
            phrases = self._expected()
            self._begun, self._awaits = True, bool(phrases)
            self._listener = self._listener_of(phrases)
            if self._vowels is not None:
                self._vowels.reset()
        if self._listener is not None:
            self._listener.accept(samples)
            if self._vowels is not None:
                self._vowels.accept(samples)
        self._words.accept(samples)

    def finish(self) -> Transcript:
        listener, self._listener, self._begun = self._listener, None, False
        answer = None if listener is None else closed_answer(listener.finish())
        if answer is None or not self._is_answer(answer.text):
            heard = self._words.finish()
            if listener is not None and self._vowels is not None and not self._vowels.has_heard:
                return Transcript("", 0.0)
            own = heard.own_confidence
            if own is None or not self._awaits or not self._is_answer(heard.text):
                return heard
            return replace(heard, confidence=own)
        self._words.reset()
        return answer

    def reset(self) -> None:
        if self._listener is not None:
            self._listener.reset()
        self._listener, self._begun = None, False
        self._words.reset()

    def _listener_of(self, phrases: tuple[str, ...]) -> WordListener | None:
        if not phrases or self._listener_for is None:
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
