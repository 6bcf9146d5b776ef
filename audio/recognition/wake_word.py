"""The wake word: listens for the wake phrase alone until there is a reason to transcribe every word.

AttentiveTranscriber stands in front of two recognisers: a small grammar that knows the wake phrase and "something
else", and the real transcriber. While nobody has asked for attention only the grammar listens. Only its final results
count, because on partial results the same phrase wakes by mistake many times an hour. Then the real transcriber must
find the phrase as well, and be fairly sure of it. Text after the phrase in the same breath is the question. It knows no
sound source, no model and no clock. `attentive` says whether attention was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from audio.pcm import Samples
from audio.recognition.grammar import HeardWord
from audio.recognition.transcriber import Transcriber, Transcript

# Three rules reject talk that is not meant for the assistant. When the phrase was spoken on purpose, it was found
# with confidence 1.00, without a gap between its words, and at the beginning of the utterance. In 12 minutes of
# several people talking at once the grammar found it in ten places. Eight of these broke the first or the second
# rule, seven the third, and none kept all three.
MIN_PHRASE_CONFIDENCE = 0.85  # of the phrase's least sure word
MAX_GAP_SECONDS = 0.1
BEGINS_WITHIN_SECONDS = 2.5  # whoever wants attention says so first; this leaves room for a pre-roll and an "um"
# The least sure word of the phrase, as the real transcriber hears it. In 78 calls in made-up rooms it was 0.76 or more,
# and 0.29 in the sentence of other speech that woke it by mistake ("… any value", read by flite).
MIN_TRANSCRIBED_CONFIDENCE = 0.7
MIN_QUESTION_CONFIDENCE = 0.4  # the recogniser makes little words of breath and noise after the phrase

_NOTHING = Transcript("", 0.0)


class PhraseListener(Protocol):
    def accept(self, samples: Samples) -> None:
        """Takes the next samples of the utterance, at 16,000 Hz."""

    def partial(self) -> str:
        """The words so far, as far as they can be known before the end of the utterance."""

    def finish(self) -> Sequence[HeardWord]:
        """The words of the whole utterance, with times from its first sample. The next accept() begins a new one."""

    def reset(self) -> None:
        """Forgets the utterance."""


def default_phrase(phrases: Sequence[str], unknown_words: Callable[[Sequence[str]], Sequence[str]]) -> str:
    """The wake phrase where the config names none: the language's first phrase of which the model knows every word."""
    return next((phrase for phrase in phrases if not unknown_words([phrase])), phrases[0])


class AttentiveTranscriber:
    """Takes the place of the real transcriber in Hearing. The text of an utterance that woke it begins with the phrase.

    Without a `wake` listener only `attentive` wakes it, which is a button. Then nothing is recognised until it is
    pressed.
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
        self._suspected = self._told = False  # it may hold the phrase; and `wake_suspected` has said so
        self._kept: list[Samples] = []  # this utterance, while only the grammar listens; Hearing bounds its length
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
        """True once for an utterance, as soon as it may hold the phrase.

        Often it does not, but this comes a second early.
        """
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
        """Transcribes the utterance from its beginning, because the button was pressed in the middle of it."""
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
        # Both recognisers must agree, because in babble the grammar alone finds the phrase by mistake now and then.
        for samples in self._kept:
            self._words.accept(samples)
        heard = self._words.finish()
        before, found, question = f" {heard.text} ".partition(f" {self._phrase} ")
        if not found or self._least_confidence(heard, len(before.split())) < MIN_TRANSCRIBED_CONFIDENCE:
            return _NOTHING
        if question.strip() and heard.confidence >= MIN_QUESTION_CONFIDENCE:
            return Transcript(f"{self._phrase} {question.strip()}", heard.confidence)
        return Transcript(self._phrase, phrase.confidence)

    def _least_confidence(self, heard: Transcript, first: int) -> float:
        """The confidence of the least sure word of the phrase, which begins at word `first`; 1 where nobody told any."""
        return min(heard.word_confidences[first : first + len(self._phrase.split())], default=1.0)

    def _forget(self) -> None:
        self._kept = []
        self._open = self._suspected = self._told = False


def find_phrase(words: Sequence[HeardWord], phrase: str) -> HeardWord | None:
    """The first place where the phrase was said, as one word.

    None if it was not said, or broke one of the three rules.
    """
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
