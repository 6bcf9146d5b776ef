"""Audible doubt: whether an answer is said plainly, with "I am not sure, but", or not at all.

Pure. It judges a sentence by the probabilities that the model itself gave to that sentence's tokens, as soon as the sentence
is whole, so nothing waits for the rest of the answer. How often the judgement is right is measured by `doubt_rates.py` and
told in docs/doubt.md. It does not know the picture, the question, nor any language: words and thresholds are handed in.
"""

from __future__ import annotations

import enum
import math
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.language.phrases import DoubtWords
from vision.interface import Answerer


@dataclass(frozen=True)
class DoubtRule:
    """Thresholds for a sentence's certainty, 0..1. A threshold of 0 switches its part off.

    The defaults are a guess for models that word their answers freely, and have not been measured (docs/doubt.md).
    """

    hedge_below: float = 0.2
    cannot_tell_below: float = 0.2  # only when something is wrong with the picture as well
    spell_below: float = 0.9  # a character less sure than this is named on "spell that"


# Measured on the demo model, which knows one wording for each thing, so that every doubt is about what it sees.
DEMO_RULE = DoubtRule(hedge_below=0.90, cannot_tell_below=0.70, spell_below=0.99)


class Verdict(enum.Enum):
    PLAIN = "plain"
    UNSURE = "unsure"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Piece:
    """Some text of an answer as the engine gave it out, with the natural log-probability of every token it took."""

    text: str
    log_probabilities: tuple[float, ...]

    @property
    def probability(self) -> float:
        """Of all its tokens together: a character that takes three tokens is right only if all three are."""
        total = sum(self.log_probabilities)
        return math.exp(min(0.0, total)) if total == total else 0.0  # NaN is no certainty


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def without_space_around(pieces: Sequence[Piece]) -> list[Piece]:
    """The same text, stripped; every character keeps its probability."""
    begin = len(text_of(pieces)) - len(text_of(pieces).lstrip())
    end, at, kept = begin + len(text_of(pieces).strip()), 0, []
    for piece in pieces:
        text = piece.text[max(0, begin - at) : max(0, end - at)]
        kept += [Piece(text, piece.log_probabilities)] if text else []
        at += len(piece.text)
    return kept


def put_in(template: str, **parts: Sequence[Piece]) -> tuple[Piece, ...]:
    """What `template.format` gives, as pieces: the template's own words are certain."""
    filled: list[Piece] = []
    for words, name, _, _ in string.Formatter().parse(template):
        filled += [Piece(words, ()), *(parts[name] if name else ())]
    return tuple(filled)


def certainty(pieces: Sequence[Piece], formulaic: frozenset[str] = frozenset()) -> float:
    """The least probability among the pieces that say something; 1 where none does.

    The least, not the product: a long answer of sure words must not sound unsure because it is long.
    """
    befores = (None, *pieces)
    told = [p.probability for p, before in zip(pieces, befores, strict=False) if _tells(p, before, formulaic)]
    return min(told, default=1.0)


def _tells(piece: Piece, before: Piece | None, formulaic: frozenset[str]) -> bool:
    word = "".join(filter(str.isalnum, piece.text)).lower()
    if word:
        return word not in formulaic
    # A mark says nothing, except that a number or a name in capitals ends here: 407. may be 4071.
    return before is not None and _is_spelt(before.text[-1:])


def _is_spelt(character: str) -> bool:
    return character.isdigit() or character.isupper()


def verdict(sure: float, rule: DoubtRule, *, picture_is_faulty: bool) -> Verdict:
    if picture_is_faulty and sure < rule.cannot_tell_below:
        return Verdict.CANNOT_TELL
    return Verdict.UNSURE if sure < rule.hedge_below else Verdict.PLAIN


NEVER = DoubtRule(0.0, 0.0, 0.0)
"""Everything is said plainly."""


class Doubter:
    """Follows one answer: `hear` every chunk of it, then `spoken` turns a sentence into what is said.

    The doubt is said once, before the first sentence that deserves it: said twice it is noise. After `gave_up` nothing
    more of the answer is to be spoken, nor decoded.
    """

    def __init__(self, rule: DoubtRule, words: DoubtWords, because: str | None = None) -> None:
        self.pieces: list[Piece] = []
        self.verdict = Verdict.PLAIN
        self.rule = rule  # may be another from one sentence to the next, when another model steps in
        self._words = words
        self._because = because  # what is wrong with the picture, in words ("it is blurred"); None: nothing
        self._text = ""
        self._spoken_to = 0  # characters of the text

    @property
    def gave_up(self) -> bool:
        return self.verdict is Verdict.CANNOT_TELL

    def hear(self, text: str, log_probabilities: Sequence[float]) -> None:
        self.pieces.append(Piece(text, tuple(log_probabilities)))
        self._text += text

    def spoken(self, sentence: str) -> str:
        """What is said in place of `sentence`, the next one of the text heard so far."""
        first = self._spoken_to == 0
        pieces = self._pieces_of(sentence)
        if self.verdict is not Verdict.PLAIN:
            return sentence
        # Half an answer has been said already: too late to say that there can be none.
        faulty = first and self._because is not None
        self.verdict = verdict(certainty(pieces, self._words.formulaic), self.rule, picture_is_faulty=faulty)
        if self.verdict is Verdict.CANNOT_TELL:
            return self._words.cannot_tell.format(because=self._because)
        if self.verdict is Verdict.UNSURE:
            return hedged(sentence, self._words)
        return sentence

    def _pieces_of(self, sentence: str) -> list[Piece]:
        begin = self._text.find(sentence, self._spoken_to)
        # A sentence that was tidied up is not found as it stands: then all that has not been spoken counts.
        begin, end = (begin, begin + len(sentence)) if begin >= 0 else (self._spoken_to, len(self._text))
        previous, self._spoken_to = self._spoken_to, end
        found, at = [], 0
        for piece in self.pieces:
            if at < end and at + len(piece.text) > previous:
                found.append(piece)
            at += len(piece.text)
        return found


def hedged(sentence: str, words: DoubtWords) -> str:
    """The sentence behind the words of doubt, without the capital that only its beginning asked for."""
    first = re.match(r"[^\W\d_]+", sentence)
    if first and first.group() != "I" and first.group()[1:].islower():
        sentence = sentence[0].lower() + sentence[1:]
    elif first and first.group() == "A":
        sentence = "a" + sentence[1:]
    return words.not_sure.format(answer=sentence)


def unsure_characters(pieces: Sequence[Piece], rule: DoubtRule) -> list[tuple[int, str]]:
    """The letters and digits that are less sure than `rule.spell_below`, as (position, character).

    Positions count from 0 in the answer without the space around it. A token of several letters is as sure as the whole of it.
    """
    text = text_of(pieces)
    found, at = [], len(text.lstrip()) - len(text)
    for piece in pieces:
        if piece.probability < rule.spell_below:
            found += [(at + i, c) for i, c in enumerate(piece.text) if c.isalnum()]
        at += len(piece.text)
    return found


def rule_for(answerer: Answerer, usual: DoubtRule) -> DoubtRule:
    """The thresholds for what this model says: the demo model has its own, all others the usual ones."""
    return DEMO_RULE if answerer.is_demo else usual
