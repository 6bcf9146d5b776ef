"""How long an answer may be: sentences go to the voice until it would speak for too long, and the rest waits.

An answer ends behind a whole sentence, and never within one. The first sentence is told in any case. It is pure: it
counts tokens and estimates seconds, and does not know why an answer may be so long, nor who decodes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.language.sentences import Abbreviations, SentenceCutter, ends_whole
from audio.speaking.speech_rate import spoken_seconds

LONGEST_TOKENS = 512  # the most that an engine decodes for one answer
# So many tokens may follow the limit, in which the sentence ends that was begun before it.
_LAST_SENTENCE_TOKENS = 64
_NEARLY_TOKENS = 12  # an answer that ends within so many tokens behind the limit is told to its end


@dataclass(frozen=True)
class Limit:
    """The longest part of an answer that is told at a time."""

    seconds: float = math.inf  # of speech
    tokens: float = math.inf
    rate_wpm: int = 230  # of the voice, in real words per minute

    @property
    def longest_tokens(self) -> int:
        """So many are decoded at most: a sentence that has no end ends here."""
        return int(min(LONGEST_TOKENS, self.tokens + _LAST_SENTENCE_TOKENS))


class LimitedCutter:
    """Takes the pieces of an answer, and gives the sentences that are to be told.

    With the limit None it gives all of them. Otherwise a sentence that lies beyond the limit is held back. If the answer
    ends soon after, `flush` gives it: telling where the rest is would take as long. If it does not, `is_over` is true.
    """

    def __init__(self, abbreviations: Abbreviations, limit: Limit | None, hint: str = "") -> None:
        """`hint` is what is said in place of the rest."""
        self._cutter = SentenceCutter(abbreviations, early=True)
        self._limit = limit or Limit()
        self._nearly_seconds = spoken_seconds(hint, self._limit.rate_wpm)
        self._text = ""
        self._tokens = 0
        self._seconds = 0.0  # of what is told
        self._held: list[str] = []
        self._is_whole = False  # what is told ends with a whole sentence
        self.told_to = 0  # characters of the answer

    def push(self, text: str, tokens: int) -> list[str]:
        """Adds a piece of the answer. Returns the sentences that are to be told now."""
        self._text += text
        self._tokens += tokens
        told = []
        for sentence in self._cutter.push(text):
            seconds = self._seconds + self._seconds_of(sentence)
            fits = seconds <= self._limit.seconds and self._tokens <= self._limit.tokens
            if self._held or not (fits or not self._is_whole):
                self._held.append(sentence)
                continue
            told.append(sentence)
            self._seconds, self._is_whole = seconds, ends_whole(sentence)
            self.told_to = self._text.index(sentence, self.told_to) + len(sentence)
        return told

    @property
    def is_over(self) -> bool:
        """True if the answer has to end behind `told_to`. What has come behind that is the begin of the rest."""
        left = self._text[self.told_to :]
        if not self._is_whole or not any(map(str.isalnum, left)):
            return False
        seconds = self._seconds + self._seconds_of(left)
        is_long = seconds > self._limit.seconds + self._nearly_seconds
        return is_long or self._tokens > self._limit.tokens + _NEARLY_TOKENS

    def flush(self) -> list[str]:
        """The sentences that were held back, and the last one, which nothing but the end of the answer ends."""
        held, self._held = self._held, []
        return [*held, *self._cutter.flush()]

    def _seconds_of(self, text: str) -> float:
        return spoken_seconds(text, self._limit.rate_wpm)
