"""Compares an answer with the lines of print that a reader found in the same picture.

A number, a date, a price or a name in the answer is contradicted if no line has it, and a line of which the reader is
sure has another one in its place. Who agrees is judged generously: one line, sure or not, in any notation, is enough.
Who contradicts is judged strictly: a false doubt is noise. This is pure logic. It does not know pictures, models, or
how doubt is put into words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from assistant.language.figures import Figure, Kind, figures_in
from assistant.language.phrases import Phrases
from assistant.language.writing_questions import has_one_of, whole_words

SURE_FROM = 0.9  # a line of a lower confidence contradicts nothing
MOST_READINGS = 2  # that are told: more of them nobody keeps in mind
# A longer reading is not told: the user wanted one thing, not the page.
LONGEST_READING = 40  # characters
# Of so many lines at most it can be said that one of them is what the answer quotes.
_FEW_LINES = 4


@dataclass(frozen=True)
class ReadLine:
    """A line of print, as a witness knows it."""

    text: str
    confidence: float  # 0 to 1

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE_FROM


class Witness:
    """Judges the sentences of one answer, one after the other."""

    def __init__(self, question: str, lines: Sequence[ReadLine], is_whole: bool, phrases: Phrases) -> None:
        """`lines` stand in the order in which they are read. `is_whole`: they are all the print that was found."""
        self._question = question
        self._phrases = phrases
        words = phrases.writing
        self._asks_how_many = has_one_of(words.asks_how_many, question, phrases)
        self._asks_for_a_number = not self._asks_how_many and has_one_of(words.asks_for_a_number, question, phrases)
        self._print = _Print(_with_whole_prices([line for line in lines if line.text.strip()]))
        # What the answer names may stand in a line that was not read, or not well.
        self._is_all_known = is_whole and all(line.is_sure for line in lines)

    def readings_against(self, sentence: str) -> tuple[str, ...]:
        """What was read in place of what `sentence` says, at most two of it; () if nothing contradicts it."""
        denies = has_one_of(self._phrases.writing.denies, sentence, self._phrases)
        asked = _Print((ReadLine(self._question, 1.0),)) if denies else None
        readings = [*self._figures_against(sentence, asked), *self._names_against(sentence, asked)]
        short = (reading for reading in dict.fromkeys(readings) if len(reading) <= LONGEST_READING)
        return tuple(short)[:MOST_READINGS]

    # Numbers.

    def _figures_against(self, sentence: str, asked: _Print | None) -> Iterator[str]:
        figures = figures_in(sentence)
        if any(figure.kind is not Kind.NUMBER and self._is_agreed(figure, asked) for figure in figures):
            # "The number of the gate is B12": the digits of a part are no second number.
            figures = [figure for figure in figures if not figure.is_small]
        for figure in figures:
            if figure.is_count or (self._asks_how_many and figure.kind is Kind.NUMBER):
                continue
            if not self._is_agreed(figure, asked):
                yield from self._in_place_of(figure, figures)

    def _is_agreed(self, figure: Figure, asked: _Print | None) -> bool:
        return self._print.has_figure(figure) or (asked is not None and asked.has_figure(figure))

    def _in_place_of(self, figure: Figure, said: Sequence[Figure]) -> list[str]:
        """The figures of sure lines that contradict this one and are not `said` themselves, the nearest one first."""
        against = [
            other
            for other in self._print.sure_figures
            if self._contradict(figure, other) and not any(_are_same(one, other) for one in said)
        ]
        return [other.text for other in sorted(against, key=lambda other: _distance(figure.digits, other.digits))]

    def _contradict(self, said: Figure, read: Figure) -> bool:
        """Whether `read` stands where `said` should, given that no line has `said`."""
        if read.is_small and not said.is_small and said.kind is Kind.NUMBER:
            return False
        has_same_label = len(said.label) > 1 and self._print.only_label(read) == said.label
        if said.is_small or read.is_small:
            asked_for = self._asks_for_a_number and self._is_all_known
            return _are_comparable(said, read) and (has_same_label or asked_for)
        if _are_near(said, read):
            return True
        if not _are_comparable(said, read):
            return False
        if has_same_label and said.kind in (Kind.NUMBER, Kind.CODE):
            return True
        return self._is_all_known and (said.kind is not Kind.CODE)

    # Names, and what the answer quotes.

    def _names_against(self, sentence: str, asked: _Print | None) -> Iterator[str]:
        claimed, named = self._claimed(sentence), _named(sentence)
        missing = [
            word
            for word in dict.fromkeys([*claimed, *named])
            if not self._print.has_word(word) and not (asked is not None and asked.has_word(word))
        ]
        said = {_key(word) for word in re.findall(_WORD, sentence)}
        near = [
            other
            for word in missing
            for other in self._print.sure_words
            if _key(other) not in said and _are_near_words(word, other)
        ]
        yield from near
        if near or not claimed or not self._is_all_known or any(word not in missing for word in claimed):
            return
        lines = [line.text.strip() for line in self._print.lines]
        is_same_script = any(_is_chinese(line) == _is_chinese(word) for line in lines for word in claimed)
        if len(lines) <= _FEW_LINES and is_same_script:
            yield from lines

    def _claimed(self, sentence: str) -> list[str]:
        """The words that stand in the picture letter by letter, as the sentence has it."""
        claimed = [word for quote in _QUOTED.finditer(sentence) for word in _words_of(quote[0][1:-1])]
        for expression in self._phrases.writing.quotes:
            for verb in whole_words(expression).finditer(sentence):
                claimed += _capitals_at_the_begin(sentence[verb.end() :])
        words = _words_of(sentence)
        if 0 < len(words) <= 3 and all(word.isupper() and len(word) > 1 for word in words):
            claimed += words  # nothing but capitals: that is no sentence but what was read
        return [word for word in dict.fromkeys(claimed) if not any(map(str.isdecimal, word))]


_PRICE_BEGIN = re.compile(r"[$€£¥₹]?\s*\d{1,4}\s*[.,]?")
_PRICE_END = re.compile(r"\d\d\s*[$€£¥₹]?")


def _with_whole_prices(lines: Sequence[ReadLine]) -> tuple[ReadLine, ...]:
    """The lines, with each price in one. Where the cents are printed small, the reader found two: "3" and "49 €"."""
    whole: list[ReadLine] = []
    for line in lines:
        first = whole[-1] if whole else None
        is_end = first is not None and _PRICE_BEGIN.fullmatch(first.text) and _PRICE_END.fullmatch(line.text)
        if first is not None and is_end and re.search(r"[$€£¥₹]", first.text + line.text):
            text = f"{first.text.rstrip(' .,')},{line.text}"
            whole[-1] = ReadLine(text, min(first.confidence, line.confidence))
        else:
            whole.append(line)
    return tuple(whole)


class _Print:
    """Lines of print, prepared for being looked up."""

    def __init__(self, lines: tuple[ReadLine, ...]) -> None:
        self.lines = lines
        self._texts = [line.text for line in lines]

    @cached_property
    def sure_figures(self) -> list[Figure]:
        return [figure for line in self.lines if line.is_sure for figure in figures_in(line.text)]

    def only_label(self, figure: Figure) -> str:
        """The word before a figure, if no other figure has it: in a table many have "page" or "number"."""
        others = (other for other in self.sure_figures if other is not figure)
        return "" if any(other.label == figure.label for other in others) else figure.label

    @cached_property
    def sure_words(self) -> list[str]:
        found = (word for line in self.lines if line.is_sure for word in _words_of(line.text))
        return list(dict.fromkeys(found))

    def has_figure(self, figure: Figure) -> bool:
        return any(_are_same(figure, other) for other in self._figures) or self._has_digits(figure)

    def has_word(self, word: str) -> bool:
        key = _key(word)
        stems = {key, key.removesuffix("s"), key.removesuffix("'s")}
        if not stems.isdisjoint(self._keys):
            return True
        # The reader may have joined words, or cut one.
        return (len(key) > 2 or _is_chinese(word)) and any(key in joined for joined in self._joined)

    @cached_property
    def _figures(self) -> list[Figure]:
        """Also those that are divided over two lines, as the cents of a price often are."""
        texts = [*self._texts, *(f"{first} {second}" for first, second in pairwise(self._texts))]
        return [figure for text in texts for figure in figures_in(text)]

    @cached_property
    def _keys(self) -> set[str]:
        keys = {_key(word) for text in self._texts for word in re.findall(_WORD, text)}
        return keys | {key.removesuffix("s") for key in keys}

    @cached_property
    def _joined(self) -> list[str]:
        """Each line, and all of them together, without spaces and marks."""
        joined = ["".join(filter(str.isalnum, _key(text))) for text in self._texts]
        return [*joined, "".join(joined)]

    @cached_property
    def _digits(self) -> set[str]:
        """The digits of each few figures that follow each other: a long number is often printed in groups."""
        runs = [figure.digits for text in self._texts for figure in figures_in(text)]
        return {"".join(runs[begin:end]) for begin in range(len(runs)) for end in range(begin + 1, begin + 7)}

    def _has_digits(self, figure: Figure) -> bool:
        if figure.kind is Kind.CODE:
            return any(_code_key(figure.text) in _code_key(joined) for joined in self._joined)
        if figure.kind in (Kind.DATE, Kind.TIME):
            parts = {part for date in figure.dates for part in date if part} or figure.parts
            known = [{int(run) for run in re.findall(r"\d+", text)} for text in self._texts]
            return any(
                {part % 100 if part > 1900 else part for part in parts} <= {n % 100 if n > 1900 else n for n in numbers}
                for numbers in known
            )
        return figure.digits in self._digits


def _are_same(said: Figure, read: Figure) -> bool:
    """Whether two figures can mean the same."""
    if said.kind is Kind.DATE and read.kind is Kind.DATE:
        return any(_fit(one, other) for one in said.dates for other in read.dates)
    if said.kind is Kind.TIME and read.kind is Kind.TIME:
        return not said.times.isdisjoint(read.times)
    if Kind.CODE in (said.kind, read.kind):
        return _code_key(said.text) == _code_key(read.text)
    if said.unit and read.unit and said.unit != read.unit:
        return False
    if said.digits.startswith("0") and read.digits.startswith("0") and said.values.isdisjoint({0}):
        return said.digits == read.digits or (not said.digits.isdecimal() and not said.values.isdisjoint(read.values))
    if said.kind is read.kind is Kind.MEASURE and _is_rounded(said, read):
        return True
    if said.digits == read.digits or not said.values.isdisjoint(read.values):
        return True
    # "It opens at nine" agrees with 09:00, and "the year is 2025" with a whole date.
    is_part = said.digits.isdecimal() and said.kind in (Kind.NUMBER, Kind.TIME, Kind.MEASURE)
    return is_part and read.kind in (Kind.DATE, Kind.TIME) and int(said.digits) in read.parts


def _is_rounded(said: Figure, read: Figure) -> bool:
    """Whether 21 was said for 21.5."""
    return any(abs(mine - theirs) < 1 and mine == int(mine) != theirs for mine in said.values for theirs in read.values)


def _fit(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    told = [(mine, theirs) for mine, theirs in zip(one, other, strict=True) if mine and theirs]
    return bool(told) and all(mine == theirs for mine, theirs in told)


def _are_comparable(said: Figure, read: Figure) -> bool:
    """Whether one of them can stand in the other's place: a price for a price, but no date for a time."""
    if said.kind is read.kind:
        return said.unit == read.unit
    kinds = {said.kind, read.kind}
    number = said if said.kind is Kind.NUMBER else read
    if kinds == {Kind.PRICE, Kind.NUMBER}:
        return re.fullmatch(r"\d+[.,]\d\d", number.text) is not None
    return kinds == {Kind.MEASURE, Kind.NUMBER}  # a sign often leaves the unit out: 50 is 50 km/h


def _are_near(said: Figure, read: Figure) -> bool:
    """Whether they differ as one number does that was misread."""
    if said.kind is Kind.DATE and read.kind is Kind.DATE:
        # Another year is no misreading: the day of making often is the day of expiry some years before.
        return any(
            one[0] == other[0] and sum(mine != theirs for mine, theirs in zip(one, other, strict=True)) == 1
            for one in said.dates
            for other in read.dates
            if all(one[1:]) and all(other[1:])
        )
    if Kind.DATE in (said.kind, read.kind) or (said.kind is not read.kind and Kind.TIME in (said.kind, read.kind)):
        return False
    if Kind.CODE in (said.kind, read.kind):
        one, other = _code_key(said.text), _code_key(read.text)
        return min(len(one), len(other)) > 2 and _distance(one, other) == 1
    if said.unit != read.unit and said.unit and read.unit:
        return False
    shorter = min(len(said.digits), len(read.digits))
    return shorter > 2 and _distance(said.digits, read.digits) <= max(1, shorter // 5)


# Words.

_LOOK_ALIKE = str.maketrans("oil", "011")
_WORD = r"[^\W\d_][\w'’&-]*"
_QUOTED = re.compile(
    r"“[^“”]+”|\"[^\"]+\"|„[^„“”]+[“”]|‘[^‘’]+’|(?<!\w)'[^']+'(?!\w)|「[^「」]+」|『[^『』]+』|《[^《》]+》|«[^«»]+»"
)
_CALENDAR = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday thursday "
    "friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec i am pm english chinese".split()
)


def _words_of(text: str) -> list[str]:
    """The words of a text. Chinese has none that could be told by their look: there each stretch of signs is one."""
    words = (
        word
        for run in re.findall(_WORD, text)
        for word in re.split(r"(?<=[一-鿿])(?![一-鿿])|(?<![一-鿿])(?=[一-鿿])", run)
    )
    return [word.rstrip("-'’&") for word in words if word]


def _named(sentence: str) -> list[str]:
    """The words with a capital that do not have it for standing at the beginning, and the words in capitals."""
    found = []
    for match in re.finditer(_WORD, sentence):
        word, before = match[0], sentence[: match.start()].rstrip()
        is_first = re.search(r"(^|[!?:。！？：]|\w{4}\.)[\"'“‘(]*$", before) is not None  # "Mr." ends no sentence
        if word[0].isupper() and len(word) > 3 and word.lower() not in _CALENDAR and (word.isupper() or not is_first):
            found.append(word)
    return found


def _capitals_at_the_begin(text: str) -> list[str]:
    """The words with a capital that `text` begins with, up to the first one without."""
    found = []
    for match in re.finditer(r"[^\W_]+['’\w&-]*", text):
        if not match[0][0].isupper():
            break
        found.append(match[0])
    return [word for word in found if word.lower() not in _CALENDAR]


def _are_near_words(said: str, read: str) -> bool:
    """Whether they differ as one word does that was misread; two forms of one word do not."""
    one, other = _key(said), _key(read)
    shorter = min(len(one), len(other))
    if one == other or _is_chinese(said) != _is_chinese(read):
        return False
    if _is_chinese(said):
        return shorter > 1 and _distance(one, other) <= max(1, shorter // 4)
    if shorter < 4 or one.startswith(other) or other.startswith(one):
        return False
    return _distance(one, other) <= max(1, shorter // 4)


def _key(text: str) -> str:
    """A text in the form in which words are compared: without accents, in lower case."""
    plain = unicodedata.normalize("NFKD", text).replace("’", "'")
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()


def _code_key(text: str) -> str:
    """A code in the form in which codes are compared: readers take O for 0, and I or l for 1."""
    return "".join(filter(str.isalnum, _key(text))).translate(_LOOK_ALIKE)


def _is_chinese(text: str) -> bool:
    return re.search(r"[\u3400-\u9fff]", text) is not None


def _distance(one: str, other: str) -> int:
    """The edit distance of Levenshtein: how many signs have to be put in, taken out or replaced."""
    row = list(range(len(other) + 1))
    for count, sign in enumerate(one, 1):
        previous, row[0] = row[0], count
        for place, theirs in enumerate(other, 1):
            previous, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, previous + (sign != theirs))
    return row[-1]


def joined(readings: Iterable[str], between: str) -> str:
    """The readings as they are told."""
    return between.join(reading.strip(" .,;:!?。，；：！？") for reading in readings)
