"""Audible doubt: whether an answer is said plainly, with "I am not sure, but", or not at all.

This is pure logic. It judges a sentence by the probabilities that the model gave to the tokens of that sentence, as
soon as the sentence is whole, so nothing waits for the rest of the answer. A sentence that a reader of print
contradicts (`witness`), or that the picture cannot show (`visibility`), is doubted however sure the model is. `assistant.bench.accuracy.doubt_rates`
measures how often the judgement is right, and docs/doubt.md has the figures. It does not know the picture, the
question, nor any language: words and thresholds are handed in.
"""

from __future__ import annotations

import enum
import math
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.language.phrases import DoubtWords, SecondLookWords, WritingWords
from assistant.settings.config import DoubtConfig
from vision.interface import Answerer


@dataclass(frozen=True)
class DoubtRule:
    """Thresholds for the certainty of a sentence, 0 to 1. A threshold of 0 switches its part off.

    The defaults are a guess for models that word their answers freely, and have not been measured (docs/doubt.md).
    """

    hedge_below: float = DoubtConfig.hedge_below
    cannot_tell_below: float = DoubtConfig.cannot_tell_below  # counts only if the picture has a fault as well
    spell_below: float = DoubtConfig.spell_below  # "spell that" names a character that is less sure than this
    hedge_blurred_below: float = 0.0  # in place of `hedge_below` about a strongly blurred picture, if it is higher
    doubts_veiled: bool = False  # nothing is said surely about a picture with a glare over much of it, seen once
    looks_twice: bool = DoubtConfig.looks_twice  # a dim or veiled picture is looked at twice (`visibility`)


# Measured on the demo model. It knows one wording for each thing, so every doubt of it is about what it sees.
DEMO_RULE = DoubtRule(
    hedge_below=0.75,
    cannot_tell_below=0.70,
    spell_below=0.99,
    hedge_blurred_below=0.97,
    doubts_veiled=True,
    looks_twice=True,
)


class Verdict(enum.Enum):
    PLAIN = "plain"
    UNSURE = "unsure"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Piece:
    """Some text of an answer as the engine gave it out, with the natural log-probability of each of its tokens."""

    text: str
    log_probabilities: tuple[float, ...]

    @property
    def probability(self) -> float:
        """The probability of all its tokens together: a character of three tokens is right only if all three are."""
        total = sum(self.log_probabilities)
        return math.exp(min(0.0, total)) if total == total else 0.0  # NaN is no certainty


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def without_space_around(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without white space around the text; every character keeps its probability."""
    begin = len(text_of(pieces)) - len(text_of(pieces).lstrip())
    end, at, kept = begin + len(text_of(pieces).strip()), 0, []
    for piece in pieces:
        text = piece.text[max(0, begin - at) : max(0, end - at)]
        kept += [Piece(text, piece.log_probabilities)] if text else []
        at += len(piece.text)
    return kept


def put_in(template: str, **parts: Sequence[Piece]) -> tuple[Piece, ...]:
    """What `template.format` would give, as pieces. The words of the template are certain."""
    filled: list[Piece] = []
    for words, name, _, _ in string.Formatter().parse(template):
        filled += [Piece(words, ()), *(parts[name] if name else ())]
    return tuple(filled)


def certainty(pieces: Sequence[Piece], formulaic: frozenset[str] = frozenset()) -> float:
    """The lowest probability among the pieces that say something; 1 if none does.

    It is the lowest and not the product, since a long answer of sure words must not sound unsure because it is long.
    """
    befores = (None, *pieces)
    told = [p.probability for p, before in zip(pieces, befores, strict=False) if _tells(p, before, formulaic)]
    return min(told, default=1.0)


def _tells(piece: Piece, before: Piece | None, formulaic: frozenset[str]) -> bool:
    word = "".join(filter(str.isalnum, piece.text)).lower()
    if word:
        return word not in formulaic
    # A mark says nothing unless it ends a number or a word in capitals: where 407 ends in doubt, it may be 4071.
    return before is not None and _is_spelt(before.text[-1:])


def _is_spelt(character: str) -> bool:
    return character.isdigit() or character.isupper()


def verdict(sure: float, rule: DoubtRule, *, picture_is_faulty: bool, is_hidden: bool = False) -> Verdict:
    """`is_hidden`: the picture cannot show what the sentence is about (`visibility`), so it is never said surely."""
    if picture_is_faulty and sure < rule.cannot_tell_below:
        return Verdict.CANNOT_TELL
    return Verdict.UNSURE if sure < rule.hedge_below or (is_hidden and rule.hedge_below > 0) else Verdict.PLAIN


@dataclass(frozen=True)
class Contradiction:
    """A reader of print has read something else than what a sentence says."""

    read: str
    words: WritingWords


NEVER = DoubtRule(0.0, 0.0, 0.0)
"""Everything is said plainly."""


class Doubter:
    """Follows one answer: call `hear` with every chunk, and `spoken` with every sentence to get what is said in its
    place.

    The doubt is said once, before the first sentence that deserves it, because repeated doubt is noise. After
    `gave_up` the caller neither decodes nor speaks any more of the answer.
    """

    def __init__(self, rule: DoubtRule, words: DoubtWords, because: str | None = None) -> None:
        self.pieces: list[Piece] = []
        self.verdict = Verdict.PLAIN
        self.rule = rule  # the caller may change it between sentences, when another model steps in
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

    def spoken(self, sentence: str, contradiction: Contradiction | None = None, *, is_hidden: bool = False) -> str:
        """What is said in place of `sentence`, the next one of the text heard so far.

        `is_hidden`: the picture cannot show what the sentence is about.
        """
        first = self._spoken_to == 0
        pieces = self._pieces_of(sentence)
        if self.verdict is not Verdict.PLAIN:
            if contradiction is None:
                return sentence
            return contradiction.words.also_read.format(answer=_ended(sentence), read=contradiction.read)
        # After half an answer it is too late to say that there can be none.
        faulty = first and self._because is not None
        sure = certainty(pieces, self._words.formulaic)
        self.verdict = verdict(sure, self.rule, picture_is_faulty=faulty, is_hidden=is_hidden)
        if self.verdict is Verdict.CANNOT_TELL:
            return self._words.cannot_tell.format(because=self._because)
        if contradiction is not None:
            self.verdict = Verdict.UNSURE
            wording, answer = contradiction.words.not_sure_also_read, with_small_begin(_ended(sentence))
            return wording.format(answer=answer, read=contradiction.read)
        if self.verdict is Verdict.UNSURE:
            return hedged(sentence, self._words)
        return sentence

    def doubted(self, sentence: str, spoken: str, words: SecondLookWords) -> str:
        """What is said in place of `spoken`, the words for `sentence`: a check digit in it does not fit.

        An answer that is withheld stays withheld.
        """
        if self.gave_up:
            return spoken
        if self.verdict is Verdict.UNSURE:
            return words.check_digit.format(answer=_ended(spoken))
        self.verdict = Verdict.UNSURE
        return words.not_sure_check_digit.format(answer=with_small_begin(_ended(sentence)))

    def _pieces_of(self, sentence: str) -> list[Piece]:
        begin = self._text.find(sentence, self._spoken_to)
        # A sentence that was tidied up is not found in the text. Then all of the text that was not spoken counts.
        begin, end = (begin, begin + len(sentence)) if begin >= 0 else (self._spoken_to, len(self._text))
        previous, self._spoken_to = self._spoken_to, end
        found, at = [], 0
        for piece in self.pieces:
            if at < end and at + len(piece.text) > previous:
                found.append(piece)
            at += len(piece.text)
        return found


def hedged(sentence: str, words: DoubtWords) -> str:
    """The sentence behind the words of doubt."""
    return words.not_sure.format(answer=with_small_begin(sentence))


def with_small_begin(sentence: str) -> str:
    """The sentence as it stands behind other words. Its first letter is small if only its place made it a capital."""
    first = re.match(r"[^\W\d_]+", sentence)
    if first and first.group() != "I" and first.group()[1:].islower():
        return sentence[0].lower() + sentence[1:]
    if first and first.group() == "A":
        return "a" + sentence[1:]
    return sentence


def _ended(sentence: str) -> str:
    """The sentence with a mark at its end, since another one follows."""
    if not sentence[-1:].isalnum():
        return sentence
    return sentence + ("." if sentence[-1].isascii() else "。")


def unsure_characters(pieces: Sequence[Piece], rule: DoubtRule) -> list[tuple[int, str]]:
    """The letters and digits that are less sure than `rule.spell_below`, as (position, character).

    Positions count from 0 in the answer without the space around it. A token of several letters is as sure as the
    whole of it.
    """
    text = text_of(pieces)
    found, at = [], len(text.lstrip()) - len(text)
    for piece in pieces:
        if piece.probability < rule.spell_below:
            found += [(at + i, c) for i, c in enumerate(piece.text) if c.isalnum()]
        at += len(piece.text)
    return found


def stricter(rule: DoubtRule) -> DoubtRule:
    """The rule for a strongly blurred picture. A rule that never hedges stays so."""
    if rule.hedge_below <= 0:
        return rule
    return replace(rule, hedge_below=max(rule.hedge_below, rule.hedge_blurred_below))


def rule_for(answerer: Answerer, usual: DoubtRule) -> DoubtRule:
    """The thresholds for what this model says: the demo model has its own, all others the usual ones."""
    return DEMO_RULE if answerer.is_demo else usual
