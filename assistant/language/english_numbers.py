"""Reads and says numbers in English words. `spoken_numbers` is what the rest of the program calls.

The words are those of a recogniser: lower case, without punctuation and hyphens. A number must be said as one number:
"twenty thirty" and "one fifty" are refused, because they may be two numbers or one, and so are ordinals. Thirds and
other fractions than halves and quarters are refused: they have no exact decimal, and no dial is read in them.
It does not know units.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_BELOW_TWENTY = {word: number for number, word in enumerate(_ONES)} | {"nought": 0, "naught": 0}
_TENS_OF = {word: 10 * tens for tens, word in enumerate(_TENS) if tens >= 2} | {"fourty": 40}
_DIGITS = {word: str(number) for word, number in _BELOW_TWENTY.items() if number < 10} | {"oh": "0", "o": "0"}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_POINT = frozenset(("point", "dot", "decimal"))
_MINUS = frozenset(("minus", "negative"))
_FRACTIONS = {
    ("a", "half"): "0.5", ("one", "half"): "0.5", ("half",): "0.5", ("a", "quarter"): "0.25", ("one", "quarter"): "0.25",
    ("three", "quarters"): "0.75", ("quarter",): "0.25",
}  # fmt: skip
MOST_DIGITS = 15  # before the point, and as many behind it: more is no number that anybody reads from a dial

Found = tuple[Decimal, int]  # a number and the place of the first word behind it


def english_number(words: Sequence[str]) -> Found | None:
    """The number with which the words begin, and how many words it takes. None where they begin with no number."""
    negative = bool(words) and words[0] in _MINUS
    at = int(negative or (bool(words) and words[0] == "plus"))
    found = _positive(words, at)
    if found is None:
        return None
    value, at = found
    return (-value if negative and value else value), at


def english_digits(words: Sequence[str]) -> str | None:
    """The digits that the words say one by one, and nothing else: "zero four double seven" is "0477"."""
    digits, at = _digit_run(words, 0)
    return digits if digits and at == len(words) else None


def english_words(value: Decimal) -> str:
    """The number in words: "minus twelve point zero five". The zeros at its end are said: they tell how exact it is."""
    whole, _, decimals = f"{abs(value):f}".partition(".")
    number = int(whole)
    said = _cardinal_words(number) if number < 10**12 else " ".join(_ONES[int(digit)] for digit in whole)
    if decimals:
        said += " point " + " ".join(_ONES[int(digit)] for digit in decimals)
    return f"minus {said}" if value < 0 else said


def number_phrases(unit_names: Sequence[str] = ()) -> list[str]:
    """Numbers as they are said, for a recogniser that hears nothing else, alone and with the names of units.

    Not all numbers are among them. A recogniser learns from them which word follows which, and so hears the others too.
    """
    digits, tens = _ONES[1:10], _TENS[2:]
    below_hundred = [*_ONES, *tens, *(f"{ten} {digit}" for ten in tens for digit in digits)]
    phrases = [*below_hundred, "oh", "double", "triple", "half", "a half", "and a half"]
    for place, digit in enumerate(digits):
        phrases += [f"{digit} hundred", f"{digit} thousand", f"{digit} hundred thousand", f"minus {digit}"]
        phrases += [f"{digit} hundred and {number}" for number in (*_ONES[1:], *tens)]
        phrases += [f"{digit} hundred {ten} {other}" for ten, other in zip(tens, digits[place:] + digits, strict=False)]
        phrases += [f"{digit} thousand {other} hundred" for other in digits]
    phrases += [f"minus {ten}" for ten in tens]
    for number in (*_ONES, *tens, "hundred", "oh"):
        phrases += [f"{number} point {digit}" for digit in (*_ONES[:10], "oh")]
    phrases += [f"point {first} {second}" for first in (*_ONES[:10], "oh") for second in _ONES[:10]]
    last_words = (*_ONES, *tens, "hundred", "thousand", "half")
    return phrases + [f"{word} {unit}" for unit in unit_names for word in last_words]


# From words to numbers. Each function takes the words and the place to begin at.


def _positive(words: Sequence[str], at: int) -> Found | None:
    if (fraction := _fraction(words, at)) is not None:
        value, behind = fraction
        if words[at] == "half" and _word(words, behind) in ("a", "an"):  # "half a bar"
            behind += 1
        return value, behind
    whole = _numeral(words, at) or _whole(words, at)
    if whole is None:
        return _with_decimals(words, at, "0") if _word(words, at) in _POINT else None
    value, behind = whole
    if _word(words, behind) in _POINT and "." not in str(value):
        return _with_decimals(words, behind, str(value))
    if _word(words, behind) == "and" and (fraction := _fraction(words, behind + 1)) is not None:
        return _scaled(words, value + fraction[0], fraction[1])
    return value, behind


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _numeral(words: Sequence[str], at: int) -> Found | None:
    """A number in digits, as a person types it."""
    word = _word(words, at)
    is_numeral = word.replace(".", "", 1).isascii() and word.replace(".", "", 1).isdigit()
    return (Decimal(word), at + 1) if is_numeral and len(word) <= 2 * MOST_DIGITS else None


def _fraction(words: Sequence[str], at: int) -> Found | None:
    for wording, value in _FRACTIONS.items():
        if tuple(words[at : at + len(wording)]) == wording:
            return Decimal(value), at + len(wording)
    return None


def _with_decimals(words: Sequence[str], at: int, whole: str) -> Found | None:
    """`at` is the place of the word "point"."""
    digits, behind = _digit_run(words, at + 1)
    if not digits:  # "three point fourteen"
        pair = _below_hundred(words, at + 1)
        if pair is None:
            return None
        digits, behind = str(pair[0]), pair[1]
    if len(digits) > MOST_DIGITS:
        return None
    return _scaled(words, Decimal(f"{whole}.{digits}"), behind)


def _scaled(words: Sequence[str], value: Decimal, at: int) -> Found:
    """ "one point five million", "two and a half thousand"."""
    scale = _SCALES.get(_word(words, at))
    return (value, at) if scale is None else (value * scale, at + 1)


def _whole(words: Sequence[str], at: int) -> Found | None:
    digits, behind = _digit_run(words, at)
    if len(digits) > 1:
        return (Decimal(int(digits)), behind) if len(digits) <= MOST_DIGITS else None
    if digits and _word(words, at) in ("oh", "o") and _word(words, behind) not in _POINT:
        return None  # a cry
    if digits and _word(words, at) in ("oh", "o"):
        return Decimal(0), behind
    found = _cardinal(words, at)
    return (Decimal(found[0]), found[1]) if found is not None else None


def _digit_run(words: Sequence[str], at: int) -> tuple[str, int]:
    """Digits that are said one by one: "one oh five", "double four"."""
    digits = ""
    while True:
        times = _TIMES.get(_word(words, at), 1)
        digit = _DIGITS.get(_word(words, at + (times > 1)))
        if digit is None:
            return digits, at
        digits, at = digits + digit * times, at + 1 + (times > 1)


def _cardinal(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A whole number as it is said in full, with or without "and": "ten thousand three hundred and five"."""
    total, limit = 0, 0  # the last scale word that was said; 0 for none
    while True:
        group = _group(words, at, is_first=limit == 0)
        if group is None:
            return (total, at) if limit else None
        value, behind = group
        scale = _SCALES.get(_word(words, behind), 0)
        if scale and 0 < value < 1000 and (not limit or scale < limit):
            total, limit, at = total + value * scale, scale, behind + 1
            if _word(words, at) == "and" and (last := _below_hundred(words, at + 1)) is not None and last[0]:
                return total + last[0], last[1]
        elif limit:
            return (total + value, behind) if 0 < value < 1000 and not scale else None
        else:
            return value, behind


def _group(words: Sequence[str], at: int, *, is_first: bool) -> tuple[int, int] | None:
    """Up to three digits, or "twelve hundred and five" where nothing was said before it."""
    word = _word(words, at)
    if is_first and (word == "hundred" or word in _SCALES):  # a recogniser may lose the "a"
        number, behind = 1, at
    elif is_first and word == "a" and (_word(words, at + 1) == "hundred" or _word(words, at + 1) in _SCALES):
        number, behind = 1, at + 1
    elif (found := _below_hundred(words, at)) is not None:
        number, behind = found
    else:
        return None
    if _word(words, behind) != "hundred":
        return number, behind
    if not number or (number > 9 and (not is_first or number % 10 == 0)):
        return None
    behind += 1
    place = behind + (_word(words, behind) == "and")
    last = _below_hundred(words, place)
    return (number * 100 + last[0], last[1]) if last is not None and last[0] else (number * 100, behind)


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int] | None:
    word = _word(words, at)
    if word in _BELOW_TWENTY:
        return _BELOW_TWENTY[word], at + 1
    if word not in _TENS_OF:
        return None
    ones = _BELOW_TWENTY.get(_word(words, at + 1), 0)
    return (_TENS_OF[word] + ones, at + 2) if 0 < ones < 10 else (_TENS_OF[word], at + 1)


# From numbers to words.


def _cardinal_words(number: int) -> str:
    for word, scale in reversed(_SCALES.items()):
        if number >= scale:
            count, rest = divmod(number, scale)
            between = "" if not rest else " and " if rest < 100 else " "
            return f"{_cardinal_words(count)} {word}{between}{_cardinal_words(rest) if rest else ''}"
    if number >= 100:
        rest = number % 100
        return f"{_ONES[number // 100]} hundred" + (f" and {_cardinal_words(rest)}" if rest else "")
    if number >= 20:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    return _ONES[number]
