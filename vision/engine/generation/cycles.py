"""Finds out while an answer is decoded that it goes round in circles.

Small models, most of all under greedy decoding, fall into saying the same again and again. A `CycleDetector` follows
the tokens of one answer. It says how many of the newest tokens may be a repeat, so that the caller does not show them
yet, and when the repeat is certain.

Some answers repeat themselves rightly: a table of zeros, a telephone number of equal digits, an address such as
FF:FF:FF:FF, a list whose rows are alike. So what repeats decides how often it may: prose at most twice, rows more often,
digits for as long as any table in an answer is. No word is ever forbidden to the model. This file is pure: it knows
neither the model nor any language.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

LONGEST_PERIOD = 32  # tokens

_END = re.compile(r"[.!?…。！？][\"'”’」』)\]]*$")
_CHINESE_END = re.compile(r"[。！？][”’」』]*$")
_ROW = re.compile(r"[-*•|]|\d+[.)]\s")  # a row of a list or a table begins so
_CHINESE_WEIGHT = 3  # a Chinese character says as much as three Latin letters


class _Kind(enum.Enum):
    """What a piece of text is, as far as its repeats go."""

    PROSE = enum.auto()
    ROWS = enum.auto()  # lines of a list or cells of a table, which have letters
    CODE = enum.auto()  # letters and digits without a space: FF:FF:FF
    NUMBERS = enum.auto()  # digits with something between them: 0 0 0
    SIGNS = enum.auto()  # one unbroken run of digits or of punctuation marks


@dataclass(frozen=True)
class _Limit:
    """A period is a loop when it has come so often and the repeats together have so many tokens."""

    times: int
    tokens: int


# A period of one token must come six times, since "SALE SALE SALE" may be on a sign. An account number has 34 digits at
# most, and an answer hardly holds a table of more than 80 cells, each with the mark behind it.
_LIMITS = {
    _Kind.PROSE: _Limit(3, 6),
    _Kind.ROWS: _Limit(6, 32),
    _Kind.CODE: _Limit(6, 48),
    _Kind.NUMBERS: _Limit(6, 160),
    _Kind.SIGNS: _Limit(6, 48),
}
# Print repeats itself more than speech does.
_PRINT_LIMITS = {**_LIMITS, _Kind.PROSE: _Limit(5, 20), _Kind.ROWS: _Limit(12, 64)}

_SENTENCE_WEIGHT = 10  # letters; a shorter sentence may be said twice: "No. No."
_UNUSUAL_WEIGHT = 36  # letters; a sentence as long as this is not said twice in an answer, however much lies between
_NEAR = 2  # a shorter one repeats only the last or the last but one


class CycleDetector:
    """Follows the tokens of one answer. `is_print`: the answer tells print, which may repeat itself rightly."""

    def __init__(self, *, is_print: bool = False) -> None:
        self.found = False  # True: the answer loops, and its newest `held` tokens say nothing new
        self.held = 0  # of the newest tokens: they may be the beginning of a repeat
        self.repeats = False  # True: the held tokens repeat a whole period or sentence of prose
        self._is_print = is_print
        self._limits = _PRINT_LIMITS if is_print else _LIMITS
        self._clear()

    def _clear(self) -> None:
        self._ids: list[int] = []
        self._texts: list[str] = []
        self._runs = [0] * (LONGEST_PERIOD + 1)  # of each period: the newest tokens that equal those a period before
        self._sentences: list[str] = []  # all that have ended, in small letters
        self._sentence = ""  # the one that has begun
        self._sentence_tokens = 0

    def push(self, token: int, text: str) -> None:
        """Take in the next token and the text that it gave; "" if a character is not whole yet."""
        count = len(self._ids)
        for period in range(1, min(LONGEST_PERIOD, count) + 1):
            same = self._ids[count - period] == token
            self._runs[period] = self._runs[period] + 1 if same else 0
        self._ids.append(token)
        self._texts.append(text)
        self.held, self.repeats = 0, False
        self._judge_periods()
        self._judge_sentences(text)

    def go_on_behind(self, count: int) -> None:
        """Forget all but the first `count` tokens, and that a loop was found: another answer is tried from there."""
        ids, texts = self._ids[:count], self._texts[:count]
        self._clear()
        for token, text in zip(ids, texts, strict=True):
            self.push(token, text)
        self._runs = [0] * (LONGEST_PERIOD + 1)
        self.found, self.held, self.repeats = False, 0, False

    def _judge_periods(self) -> None:
        for period in range(1, LONGEST_PERIOD + 1):
            run = self._runs[period]
            if not run:
                continue
            kind = _kind_of(self._text_of(period))
            limit = self._limits[kind]
            if run >= (limit.times - 1) * period and run + period >= limit.tokens:
                self.found = True
            if kind in (_Kind.PROSE, _Kind.ROWS) and _kind_of(self._text_of(run)) in (*_WORDS, _Kind.CODE):
                self.held = max(self.held, run)
                self.repeats |= kind is _Kind.PROSE and run >= period

    def _text_of(self, tokens: int) -> str:
        return "".join(self._texts[-tokens:])

    def _judge_sentences(self, text: str) -> None:
        if self._begins_anew(text):
            self._sentences.append(_plain(self._sentence))
            self._sentence, self._sentence_tokens = "", 0
        self._sentence += text
        self._sentence_tokens += 1
        said = _plain(self._sentence)
        if not said or _ROW.match(said):
            return
        weight = _weight(said)
        candidates = [
            each
            for age, each in enumerate(reversed(self._sentences))
            if (weight_of := _weight(each)) >= _SENTENCE_WEIGHT
            and _END.search(each)
            and (weight_of >= _UNUSUAL_WEIGHT or age < _NEAR)
            and each.startswith(said)
        ]
        if not candidates:
            return
        self.held = max(self.held, self._sentence_tokens)
        times = candidates.count(said)
        # "It weighs 3." may go on: "It weighs 3.5 kg."
        if weight >= _SENTENCE_WEIGHT and times and not re.search(r"\d\.$", said):
            self.repeats = True
            self.found |= times >= (2 if self._is_print else 1)

    def _begins_anew(self, text: str) -> bool:
        """Whether a new sentence begins with this text."""
        if self._sentence.endswith("\n"):
            return bool(text.strip())
        if not text or not _END.search(self._sentence):
            return False
        return text[0].isspace() or (bool(_CHINESE_END.search(self._sentence)) and text[0].isalnum())


_WORDS = (_Kind.PROSE, _Kind.ROWS)


def _kind_of(text: str) -> _Kind:
    digits = sum(map(str.isdigit, text))
    letters = _weight(text) - digits
    bare = text.strip()
    if not letters or letters <= 3 * digits:  # "0 kg" is a number too
        is_mixed = digits and any(not sign.isdigit() for sign in text)
        return _Kind.NUMBERS if is_mixed else _Kind.SIGNS
    if "\n" in text or "|" in text:
        return _Kind.ROWS
    if bare.isascii() and not any(map(str.isspace, text)):
        return _Kind.CODE
    return _Kind.PROSE


def _weight(text: str) -> int:
    """How much a text says: its letters and digits, of which a Chinese one counts for three."""
    return sum(_CHINESE_WEIGHT if "\u4e00" <= sign <= "\u9fff" else 1 for sign in text if sign.isalnum())


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
