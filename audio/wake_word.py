"""The wake word: hears only for its phrase until there is reason to hear every word.

A transcriber in front of two: a small grammar that knows the wake phrase and "something else", and the real one.
While nobody has asked for attention only the grammar listens, and its final results alone count (on partial ones the
same phrase wakes by mistake many times an hour); then the real one must find the phrase as well. Text after the
phrase in the same breath is the question. Knows no sound source, no model and no clock; whether attention is paid is
asked of `attentive`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from audio.grammar import HeardWord
from audio.pcm import Samples
from audio.transcriber import Transcriber, Transcript

# Three rules against talk that is not meant for it. Spoken on purpose, the phrase was found with confidence 1.00, no
# gap between its words and at the beginning of the utterance; of ten places in 12 minutes of several people talking
# at once where the grammar found it too, eight broke the first or the second rule, seven the third, and none kept all
# three.
MIN_PHRASE_CONFIDENCE = 0.85  # of its least sure word
MAX_GAP_SECONDS = 0.1
BEGINS_WITHIN_SECONDS = 2.5  # who wants attention says so first; room for a pre-roll and an "um"
MIN_QUESTION_CONFIDENCE = 0.4  # breath and noise after the phrase become little words

_NOTHING = Transcript("", 0.0)


class PhraseListener(Protocol):
    def accept(self, samples: Samples) -> None:
        """The next samples of the utterance, 16,000 Hz."""

    def partial(self) -> str:
        """Its words so far, as far as they can be known before its end."""

    def finish(self) -> Sequence[HeardWord]:
        """All of the utterance so far, times from its first sample; the next accept() begins a new one."""

    def reset(self) -> None:
        """Forget the utterance."""


def default_phrase(phrases: Sequence[str], unknown_words: Callable[[Sequence[str]], Sequence[str]]) -> str:
    """The wake phrase where the config names none: the language's first whose words the model knows, all of them."""
    return next((phrase for phrase in phrases if not unknown_words([phrase])), phrases[0])


class AttentiveTranscriber:
    """Behind Hearing, in the place of the real transcriber. The text of a woken utterance begins with the phrase.

    Without a `wake` listener nothing wakes it but `attentive`: a button. Then silence costs no recognition at all.
    """

    def __init__(
        self,
        words: Transcriber,
        attentive: Callable[[], bool],
        wake: PhraseListener | None = None,
        phrase: str = "",
    ) -> None:
        self._words = words
        self._attentive = attentive
        self._wake = wake
        self._phrase = phrase
        self._suspected = self._told = False  # this utterance may hold the phrase; and `wake_suspected` has said so
        self._kept: list[Samples] = []  # of this utterance, while only the phrase is listened for; Hearing bounds it
        self._open = False  # the words of this utterance are being transcribed

    def accept(self, samples: Samples) -> None:
        if not self._open and self._attentive():
            self._transcribe_from_the_start()
        if self._open:
            self._words.accept(samples)
            return
        self._kept.append(samples)
        if self._wake is not None:
            self._wake.accept(samples)
            if not self._suspected and f" {self._phrase} " in f" {self._wake.partial()} ":
                self._suspected = True

    def wake_suspected(self) -> bool:
        """True once an utterance, as soon as it may hold the phrase: often it does not, but this comes a second early."""
        is_news = self._suspected and not self._told
        self._told = self._suspected
        return is_news

    def finish(self) -> Transcript:
        try:
            if self._open:
                return self._words.finish()
            return self._woken() if self._wake is not None and self._kept else _NOTHING
        finally:
            self._forget()

    def reset(self) -> None:
        if self._open:
            self._words.reset()
        elif self._wake is not None:
            self._wake.reset()
        self._forget()

    def _transcribe_from_the_start(self) -> None:
        """The button was pressed when the utterance had begun already."""
        if self._wake is not None and self._kept:
            self._wake.reset()
        for samples in self._kept:
            self._words.accept(samples)
        self._kept = []
        self._open = True

    def _woken(self) -> Transcript:
        assert self._wake is not None
        phrase = find_phrase(self._wake.finish(), self._phrase)
        if phrase is None:
            return _NOTHING
        # Both must agree: in babble the grammar alone is taken in now and then.
        for samples in self._kept:
            self._words.accept(samples)
        heard = self._words.finish()
        _, found, question = f" {heard.text} ".partition(f" {self._phrase} ")
        if not found:
            return _NOTHING
        if question.strip() and heard.confidence >= MIN_QUESTION_CONFIDENCE:
            return Transcript(f"{self._phrase} {question.strip()}", heard.confidence)
        return Transcript(self._phrase, phrase.confidence)

    def _forget(self) -> None:
        self._kept = []
        self._open = self._suspected = self._told = False


def find_phrase(words: Sequence[HeardWord], phrase: str) -> HeardWord | None:
    """The first place where the phrase was said, as one word; None if it was not, or not like one that is meant."""
    wanted = phrase.split()
    for begin in range(len(words) - len(wanted) + 1):
        part = words[begin : begin + len(wanted)]
        if [word.text for word in part] == wanted and _is_meant(part):
            return HeardWord(phrase, min(word.confidence for word in part), part[0].started_s, part[-1].ended_s)
    return None


def _is_meant(part: Sequence[HeardWord]) -> bool:
    gaps = (after.started_s - before.ended_s for before, after in pairwise(part))
    return (
        min(word.confidence for word in part) >= MIN_PHRASE_CONFIDENCE
        and max(gaps, default=0.0) <= MAX_GAP_SECONDS
        and part[0].started_s <= BEGINS_WITHIN_SECONDS
    )
