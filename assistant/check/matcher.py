"""Judges a freely worded English answer about a drawn picture: is it right, wrong, or no answer?

A model says the same thing in many ways ("There's a red circle in the middle.", "I see one: a circle, coloured red").
What is judged is what the answer claims: colours of named shapes, a number, yes or no, a place, the letters of a sign.
Everything else in it is overlooked. An answer that claims two things, one of them false, is wrong. An answer that says
that it cannot tell is DECLINED, unless it claims the right thing all the same. It is pure. It does not know pictures,
models or probabilities, and no other language.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.language.figures import with_digits


class Mark(enum.Enum):
    RIGHT = "right"
    WRONG = "wrong"
    DECLINED = "declined"  # no claim was made that could be right or wrong


@dataclass(frozen=True)
class Colour:
    """Of the one shape of a kind, or of "background"."""

    of: str
    is_: str


@dataclass(frozen=True)
class Place:
    """Where the one shape of a kind is, on a board of 3 x 3: row 0 is the top, column 0 the left."""

    row: int
    column: int


@dataclass(frozen=True)
class Count:
    """How many shapes of a kind there are. "shape" stands for all kinds."""

    of: str
    is_: int


@dataclass(frozen=True)
class Presence:
    """Whether something is in the picture."""

    is_: bool


@dataclass(frozen=True)
class Text:
    """What a sign says; "" if there is no writing in the picture."""

    is_: str


@dataclass(frozen=True)
class Shapes:
    """All shapes of the picture, as (colour, kind)."""

    are: frozenset[tuple[str, str]]


Truth = Colour | Place | Count | Presence | Text | Shapes


def mark(answer: str, truth: Truth) -> Mark:
    """Whether the answer says the truth."""
    words = _plain(answer)
    if not words:
        return Mark.DECLINED
    match truth:
        case Colour(kind, colour):
            right = _colour_is(words, kind, colour)
        case Place(row, column):
            right = _places(words) == {(row, column)}
        case Count(kind, number):
            right = _count(words, kind) == number
        case Presence(there):
            right = _says_yes(words) is there
        case Text(""):
            right = denies_text(answer)
        case Text(text):
            right = _reads(answer, text)
        case Shapes(shapes):
            right = set(_coloured_shapes(words)) == shapes
    if right:
        return Mark.RIGHT
    return Mark.DECLINED if declines(answer) or _claims_nothing(words, truth) else Mark.WRONG


def declines(answer: str) -> bool:
    """Whether it says that it cannot tell."""
    return _DECLINES.search(_plain(answer)) is not None


def denies_text(answer: str) -> bool:
    """Whether it says that there is no writing, and quotes none."""
    words = _plain(answer)
    if _NO_TEXT.fullmatch(words):  # "NO TEXT" quotes nothing
        return True
    return _NO_TEXT.search(words) is not None and not _claimed_texts(answer)


# --- words ------------------------------------------------------------------------------------------------------------

_SHORT = {
    "isn't": "is not", "aren't": "are not", "don't": "do not", "doesn't": "does not", "can't": "can not", "cannot": "can not",
    "couldn't": "could not", "there's": "there is", "it's": "it is", "that's": "that is", "i'm": "i am", "wasn't": "was not",
    "there're": "there are", "here's": "here is", "what's": "what is", "won't": "will not", "nothing's": "nothing is",
}  # fmt: skip
_COLOURS = {
    "red": "red crimson scarlet maroon", "green": "green lime olive emerald", "blue": "blue navy azure cobalt indigo",
    "yellow": "yellow gold golden", "orange": "orange amber", "purple": "purple violet", "white": "white", "black": "black",
    "other": "grey gray pink brown beige turquoise teal cyan magenta silver lavender tan",
}  # fmt: skip
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words.split()}
_KINDS = {
    "circle": "circle circles disc discs disk disks dot dots ball balls", "square": "square squares",
    "triangle": "triangle triangles", "star": "star stars", "cross": "cross crosses plus pluses",
    "background": "background backdrop surface canvas", "shape": "shape shapes object objects figure figures item items thing things element elements",
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_DRAWN = frozenset(("circle", "square", "triangle", "star", "cross"))
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "zero": 0, "no": 0, "pair": 2, "couple": 2, "both": 2,
}  # fmt: skip
_VAGUE = re.compile(r"\b(several|some|many|a few|multiple|various|numerous)\b")
_DECLINES = re.compile(
    r"\b(can not|could not|unable to|not able to|hard to|difficult to|impossible to|no way to)( \w+)?"
    r" (tell|say|determine|identify|make out|read|recogni[sz]e|know|answer|be (sure|certain|determined|identified|read)|see (it |this |the picture )?(clearly|well))\b"
    r"|\bnot (very |quite |entirely |completely )?(sure|certain|clear|visible enough|legible|readable)\b|\bunclear\b|\bi do not know\b|\bdo not know that\b"
    r"|\btoo (dark|blurry|blurred|bright|small|unclear|noisy|faint)\b|\b(blurry|blurred|out of focus|illegible|unreadable)\b|\bi only know drawn shapes\b"
)
_TEXT_WORDS = (
    r"(text|texts|writing|words?|letters?|numbers?|digits?|signs?|print|characters?|inscription|captions?|labels?)"
)
_NO_TEXT = re.compile(
    rf"\bno (\w+ ){{0,2}}?({_TEXT_WORDS}|written)\b"
    rf"|\b(do|does|can|could|is|are|did|was) not (\w+ ){{0,5}}?(any |a |an |visible |readable |legible |contain |have |show )*{_TEXT_WORDS}\b"
    rf"|\bnothing (is )?(written|printed|to read|there to read|visible to read|legible|readable)\b|\bwithout (any )?(visible )?{_TEXT_WORDS}\b"
    rf"|\b(says|reads|say|read) nothing\b|\bit does not say anything\b|\bthere is nothing written\b|\b(not|no) (any )?{_TEXT_WORDS}\b|\bi see nothing\b|\bblank\b|\bempty\b"
)


def _plain(answer: str) -> str:
    """In lower case, with short forms written out and a space around each mark that ends a part of a sentence."""
    text = answer.replace("’", "'").lower()
    text = re.sub(r"[a-z]+'[a-z]+|cannot", lambda word: _SHORT.get(word[0], word[0]), text)
    text = re.sub(r"[—–]", " , ", text)
    text = re.sub(r"[*_\"“”'`#()\[\]]", " ", text)
    text = re.sub(r"(\w)-(\w)", r"\1 \2", text)
    text = re.sub(r"\b\w+ish\b", " ", text)  # "reddish orange" is an orange
    text = re.sub(r"[.,:;!?]", lambda sign: f" {sign[0]} ", text)
    return " ".join(text.split())


def _claims_nothing(words: str, truth: Truth) -> bool:
    """Whether nothing in it could be right or wrong, such as "several" for a number."""
    if isinstance(truth, Count):
        return _count(words, truth.of) is None and _VAGUE.search(words) is not None
    return False


# --- colours ----------------------------------------------------------------------------------------------------------


def _colour_is(words: str, kind: str, colour: str) -> bool:
    words = re.sub(r"\bnot (an? )?(\w+)( but)?\b", lambda no: " " if no[2] in _COLOUR_OF else no[0], words)
    of_it = {found for found, of in _coloured_things(words) if of == kind}
    if of_it:
        return of_it == {colour}
    if kind != "background":
        # "against a green background" tells nothing about the shape.
        words = re.sub(
            r"\b(on|against|over|in front of) (an? |the )?(\w+ ){0,2}(background|backdrop|surface)\b", " ", words
        )
    others = {of for _, of in _coloured_things(words)} - {kind, "shape"}
    named = {_COLOUR_OF[word] for word in words.split() if word in _COLOUR_OF}
    return not others and named == {colour}


def _coloured_shapes(words: str) -> Iterator[tuple[str, str]]:
    return ((colour, kind) for colour, kind in _coloured_things(words) if kind in _DRAWN)


def _coloured_things(words: str) -> Iterator[tuple[str, str]]:
    """The (colour, thing) pairs that it names: "red circle", "circle, coloured red", "the circle is red"."""
    tokens = words.split()
    used: set[int] = set()
    for at, token in enumerate(tokens):
        if token not in _KIND_OF:
            continue
        before = _colour_before(tokens, at, used)
        place = before if before is not None else _colour_behind(tokens, at)
        if place is None:
            continue
        used.add(place)
        yield _COLOUR_OF[tokens[place]], _KIND_OF[token]
        if before is None and (second := _second_colour(tokens, place)) is not None:  # "the circle is red and blue"
            yield second, _KIND_OF[token]


_BETWEEN = frozenset(
    "coloured colored solid small large big little bright dark light deep filled shaped plain simple color colour in hue".split()
)


def _colour_before(tokens: Sequence[str], at: int, used: set[int]) -> int | None:
    for place in range(at - 1, max(-1, at - 4), -1):
        if tokens[place] in _COLOUR_OF:
            return None if place in used else place
        if tokens[place] not in _BETWEEN:
            return None
    return None


def _colour_behind(tokens: Sequence[str], at: int) -> int | None:
    """The colour that is told of the thing after its name, before another thing or sentence begins."""
    told = False
    for place in range(at + 1, min(len(tokens), at + 12)):
        token = tokens[place]
        if token in _COLOUR_OF:
            follows = next((word for word in tokens[place + 1 : place + 3] if word not in _BETWEEN), "")
            return place if told and follows not in _KIND_OF else None
        if token in _KIND_OF or token in (".", "!", "?", ";"):
            return None
        told = told or token in (
            "is",
            "are",
            "appears",
            "looks",
            "coloured",
            "colored",
            "in",
            "of",
            "with",
            ",",
            ":",
            "has",
            "seems",
        )
    return None


def _second_colour(tokens: Sequence[str], place: int) -> str | None:
    behind = [*tokens[place + 1 : place + 4], "", "", ""]
    joins = behind[0] in ("and", "or", "with") and behind[1] in _COLOUR_OF and behind[2] not in _KIND_OF
    return _COLOUR_OF[behind[1]] if joins else None


# --- numbers ----------------------------------------------------------------------------------------------------------


def _count(words: str, kind: str) -> int | None:
    """The number of these shapes that it claims. A total that stands first counts before its parts."""
    if re.search(
        r"\b(none|nothing|zero)\b|\bnot (see |find |have |contain |show |\w+ )?any\b|\bno \w+ (can be|are|is) ", words
    ):
        return 0
    tokens = words.split()
    total, found = 0, False
    for at, token in enumerate(tokens):
        number = _number(token)
        if number is None:
            continue
        noun = _noun_behind(tokens, at)
        if noun == kind or (kind == "shape" and noun in _DRAWN):
            if not found and not any(word in _COLOUR_OF for word in tokens[at + 1 : at + 3]) and noun == kind:
                return number if token not in ("a", "an") or not _continues(tokens, at, kind) else None
            total, found = total + number, True
    if found:
        return total
    alone = [number for token in tokens if token not in ("a", "an") and (number := _number(token)) is not None]
    return alone[0] if alone else None


def _continues(tokens: Sequence[str], at: int, kind: str) -> bool:
    """Whether "a" counts nothing: "a number of circles"."""
    return tokens[at + 1 : at + 3] in (["number", "of"], ["lot", "of"], ["group", "of"])


def _number(token: str) -> int | None:
    if token.isdecimal() and len(token) < 4:
        return int(token)
    return _NUMBERS.get(token)


def _noun_behind(tokens: Sequence[str], at: int) -> str | None:
    for word in tokens[at + 1 : at + 6]:
        if word in _KIND_OF and word != "plus":
            return _KIND_OF[word]
        if _number(word) is not None and word != "single":
            return None
        if word in (".", ",", ":", ";", "and", "is", "are", "in", "on"):
            return None
    return None


# --- yes and no -------------------------------------------------------------------------------------------------------

_NO = re.compile(
    r"\bno\b|\bnot\b|\bnone\b|\bnothing\b|\bnope\b|\bnobody\b|\bwithout\b|\babsent\b|\bneither\b|\bnever\b"
)
_YES = re.compile(
    r"\byes\b|\byeah\b|\byep\b|\bcorrect\b|\bthere (is|are)\b|\bi (can )?see\b|\bvisible\b|\bindeed\b|\bone\b|\bit (is|has)\b|\bthe (picture|image|photo|photograph|scene) (shows|contains|has|includes)\b|\bshown\b|\bpresent\b"
)


def _says_yes(words: str) -> bool | None:
    """What it says first: yes or no. None if it says neither."""
    if declines(words) and not re.match(r"(yes|no)\b", words):
        return None
    first = words.split(" . ")[0].split(" , but ")[0]
    if re.match(r"(yes|yeah|yep|correct|indeed)\b", first):
        return True
    if _NO.search(first):
        return False
    return True if _YES.search(first) else None


# --- places -----------------------------------------------------------------------------------------------------------

_ROWS = {"top": 0, "upper": 0, "above": 0, "bottom": 2, "lower": 2, "below": 2}
_COLUMNS = {"left": 0, "right": 2}
_MIDDLE = frozenset(("middle", "center", "centre", "central", "centered", "centred", "midway"))


def _places(words: str) -> set[tuple[int, int]]:
    """The cells of the board that it names; a cell that nothing is said about lies in the middle."""
    words = re.sub(
        r"\b(right (in|at|on|next|now|there|here|below|above|beside|under))\b", lambda found: found[2], words
    )
    words = re.sub(r"\b(that is|you are|all) right\b", " ", words)
    # Where it stands beside another thing is no place of the picture.
    words = re.sub(
        r"\b((to|on|at) the )?(left|right|top|bottom) (side )?of (the |a |an )?(\w+ )?(circle|square|triangle|star|cross|sign|text|word|number)s?\b"
        r"|\b(above|below|under|beside|next to|near) (the |a |an )?(\w+ )?(circle|square|triangle|star|cross|sign|text|word|number)s?\b",
        " ",
        words,
    )
    found = set()
    for sentence in re.split(r" [.;!?] ?", words):
        tokens = sentence.split()
        rows = {_ROWS[token] for token in tokens if token in _ROWS}
        columns = {_COLUMNS[token] for token in tokens if token in _COLUMNS}
        if not (rows or columns or _MIDDLE & set(tokens)):
            continue
        found |= {(row, column) for row in rows or {1} for column in columns or {1}}
    return found


# --- writing ----------------------------------------------------------------------------------------------------------

_QUOTED = re.compile(r"[\"“‘'`*]+([^\"”’'`*]{1,40}?)[.,!?]?[\"”’'`*]+")
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_DIGITS = re.compile(r"\b\d+\b")


def _claimed_texts(answer: str) -> list[str]:
    """What it says that is written: quoted words, words in capitals, and digits."""
    text = answer.replace("’", "'")
    text = re.sub(r"\b\w+'(s|t|re|m|ve|ll)\b", " ", text)  # a short form is no quotation
    quoted = [found[1].strip() for found in _QUOTED.finditer(text)]
    rest = _QUOTED.sub(" ", text)
    claimed = [*quoted, *_CAPITALS.findall(rest)]
    digits = re.sub(r"(?<=\b\d)[ -](?=\d\b)", "", rest)  # "4 0 7"
    claimed += _DIGITS.findall(digits)
    return [one for one in claimed if one]


def _reads(answer: str, text: str) -> bool:
    claimed = {re.sub(r"[\s.-]", "", one).upper() for one in _claimed_texts(answer)}
    if claimed:
        return claimed == {text.upper()} or (text.isdigit() and "".join(_claimed_texts(answer)) == text)
    if text.isdigit():
        spelt = re.sub(
            r"\b(oh|zero|one|two|three|four|five|six|seven|eight|nine)\b", lambda word: _DIGIT[word[0]], _plain(answer)
        )
        joined = re.sub(r"(?<=\d) (?=\d)", "", spelt)
        return text in (set(_DIGITS.findall(with_digits(answer))) | set(_DIGITS.findall(joined)))
    return re.search(rf"\b{re.escape(text.lower())}\b", answer.lower()) is not None and not _NO_TEXT.search(
        _plain(answer)
    )


_DIGIT = {
    "oh": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9",
}  # fmt: skip
