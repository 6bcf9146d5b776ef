"""Understands a spoken number with its unit, and puts a number into words for the read-back.

A transcript is one number and perhaps its unit, or it is refused: nothing is searched for in a longer sentence, because
a number that the user did not mean would be stored. Neither are two numbers in a row joined. The grammars are in
`english_numbers` and `chinese_numbers`. Libraries were tried first: text2num 3.1 makes "one oh 5" of "one oh five",
word2number 1.1 makes 6 of it and 12 of "five seven", cn2an 0.5 knows neither 百分之五十 nor 半, and none of them knows units;
num2words 0.5 has no Chinese and loses the minus of -0.95. It is pure, and does not know what the number is for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from assistant.language import chinese_numbers, english_numbers
from assistant.language.chinese_numbers import chinese_digits, chinese_number, chinese_words, is_shortened
from assistant.language.english_numbers import english_digits, english_number, english_words
from assistant.language.spoken_units import unit_by_symbol, unit_called, unit_written

_T = TypeVar("_T")


@dataclass(frozen=True)
class SpokenNumber:
    """A number that was said. "seven point two zero bar" keeps its last zero."""

    value: Decimal
    unit: str | None = None  # a symbol of `spoken_units`; None where none was said


def number_in(transcript: str, language: str) -> SpokenNumber | None:
    """The number that the transcript says. None where it says none, more than one, or something else beside it.

    Raises ValueError for a language without a grammar.
    """
    return _of(language, _NUMBER_IN)(transcript)


def digits_in(transcript: str, language: str) -> str | None:
    """The digits that are said one by one, with the zeros at their front; None where anything else is said.

    Raises ValueError for a language without a grammar.
    """
    return _of(language, _DIGITS_IN)(transcript)


def say_number(value: Decimal | int, unit: str | None, language: str) -> str:
    """The number in words, which `number_in` understands again: "seven point two bar".

    `unit` is a symbol of `spoken_units`; any other text is said behind the number as it is.
    Raises ValueError for a language without a grammar, and for a value that is not finite.
    """
    value = Decimal(value)
    if not value.is_finite():
        raise ValueError(f"{value} cannot be said as a number")
    return _of(language, _SAY)(value, unit)


def number_phrases(language: str, units: Collection[str] = ()) -> list[str]:
    """Phrases for a recogniser that hears numbers only, alone and with the names of `units`, which are symbols.

    Raises ValueError for a language without a grammar.
    """
    named = [unit for symbol in units if (unit := unit_by_symbol(symbol)) is not None]
    return _of(language, _PHRASES)([name for unit in named for name in unit.names(language)])


def digit_phrases(language: str) -> list[str]:
    """Phrases for a recogniser that hears a number digit by digit. Raises ValueError for a language without a grammar."""
    return _of(language, _EACH_DIGIT)


def say_each_digit(value: Decimal, language: str) -> str:
    """The number digit by digit, in words that `number_in` understands: "one five two point seven".

    Raises ValueError for a language without a grammar.
    """
    named = dict(zip("0123456789.-", _of(language, _EACH_DIGIT), strict=False))
    return " ".join(named[sign] for sign in format(value, "f"))


def _of(language: str, table: Mapping[str, _T]) -> _T:
    if language not in table:
        raise ValueError(f"no grammar of numbers for language {language!r}: known are {', '.join(table)}")
    return table[language]


# What may stand before a reading without changing it.
_BEFORE_ENGLISH = re.compile(
    r"(?:(?:um|uh|er|well|okay|ok|so|yes|the|it|it's|its|that|that's|is|says|reads|shows|reading|value|i|read|see) )*"
)
_BEFORE_CHINESE = re.compile(r"(?:嗯|呃|好|读数|数值|现在|显示|它|这个|是|为)*")
_FOREIGN = re.compile(r"[^\w\s.,!?'’%°Ω³/。，！？-]")  # a sign with a meaning of its own, such as £ or :
# A minus belongs to digits behind it, a hyphen stands between words.
_JOINED = re.compile(r"\d[,!?]\s*\d|\d\.\s+\d|\d\.\d+\.\d")  # "3, 5" and "1,200"
_TOKEN = re.compile(r"-?\d+(?:\.\d+)?(?![\d.]*\d)|[^\W\d_]+(?:['’³/][^\W\d_]*)*|[%°]\w?")
_KILO_UNIT = re.compile("千[帕瓦伏赫克米牛].*$")


def _english(transcript: str) -> SpokenNumber | None:
    text = unicodedata.normalize("NFC", transcript).lower().replace("−", "-").replace("’", "'").strip()
    if _FOREIGN.search(text):
        return None
    text = re.sub(r"(?<=\w)-(?=[^\W\d])", " ", text)  # twenty-five
    tokens = _TOKEN.findall(text)
    if re.sub(r"[\s.,!?]", "", text) != "".join(tokens).replace(".", "") or _JOINED.search(text):
        return None
    words = _BEFORE_ENGLISH.sub("", " ".join(tokens) + " ", count=1).split()
    words = [part for word in words for part in (("minus", word[1:]) if word.startswith("-") else (word,))]
    found = english_number(words)
    if found is None:
        return None
    value, behind = found
    name = " ".join(words[behind:])
    if not name:
        return SpokenNumber(value)
    if name == "second" and value == 1:  # "twenty second" is an ordinal
        return SpokenNumber(value, "s")
    unit = unit_called(name, "en") or (unit_written(name) if words[behind - 1][-1].isdigit() else None)
    return SpokenNumber(value, unit) if unit is not None else None


def _chinese(transcript: str) -> SpokenNumber | None:
    text = unicodedata.normalize("NFKC", transcript).lower().replace("−", "-")
    text = re.sub(r"[\s。，！？,!?]", "", text) if not re.search(r"\d[\s，,]+\d", text) else ""
    text = _BEFORE_CHINESE.sub("", text.removesuffix("."), count=1)
    for share, symbol in (("百分之", "%"), ("百万分之", "ppm")):
        for sign in ("", "负"):
            if text.startswith(sign + share):
                found = chinese_number(sign + text.removeprefix(sign + share))
                return SpokenNumber(found[0], symbol) if found is not None and not found[1] else None
    if re.match(r"-\d", text):
        text = "负" + text[1:]
    if (kilo := _KILO_UNIT.search(text)) is not None and not is_shortened(text[: kilo.start()]):
        # 五百千瓦, and 一千帕, which is 1 kPa and 1000 Pa as well. But 一万三千瓦 has no kilowatts.
        found = chinese_number(text[: kilo.start()])
        unit = unit_called(kilo[0], "zh")
        if found is not None and not found[1] and unit is not None:
            return SpokenNumber(found[0], unit)
    found = chinese_number(text)
    if found is None:
        return None
    value, name = found
    if not name:
        return SpokenNumber(value)
    is_half = name.endswith("半") and len(name) > 1 and value == value.to_integral_value()  # 三度半
    unit = unit_called(name.removesuffix("半") if is_half else name, "zh")
    unit = unit or (unit_written(name) if re.search(r"\d", text) else None)
    if unit is None:
        return None
    if is_half:
        half = Decimal("0.5")
        value = value - half if text.startswith(("负", "零下")) else value + half
    return SpokenNumber(value, unit)


def _english_digits(transcript: str) -> str | None:
    text = transcript.lower().strip(" .!?")
    if text.isascii() and text.replace(" ", "").isdigit():
        return text.replace(" ", "")
    return english_digits(text.split())


def _chinese_digits(transcript: str) -> str | None:
    text = "".join(transcript.split()).strip("。.!！?？")
    return text if text.isascii() and text.isdigit() else chinese_digits(text)


def _say_english(value: Decimal, symbol: str | None) -> str:
    said = english_words(value)
    if not symbol:
        return said
    unit = unit_by_symbol(symbol)
    if unit is None:
        return f"{said} {symbol}"
    return f"{said} {unit.one if unit.one and value == 1 and said == 'one' else unit.english[0]}"


def _say_chinese(value: Decimal, symbol: str | None) -> str:
    said = chinese_words(value)
    if not symbol:
        return said
    unit = unit_by_symbol(symbol)
    if unit is None:
        return said + symbol
    name = unit.chinese[0]
    if name.endswith("分之"):
        return f"负{name}{said[1:]}" if value < 0 else name + said
    return said + name


_NUMBER_IN: Mapping[str, Callable[[str], SpokenNumber | None]] = {"en": _english, "zh": _chinese}
_DIGITS_IN: Mapping[str, Callable[[str], str | None]] = {"en": _english_digits, "zh": _chinese_digits}
_PHRASES: Mapping[str, Callable[[Sequence[str]], list[str]]] = {
    "en": english_numbers.number_phrases,
    "zh": chinese_numbers.number_phrases,
}
_SAY: Mapping[str, Callable[[Decimal, str | None], str]] = {"en": _say_english, "zh": _say_chinese}
# The digits from 0 to 9, point and minus, and then other words for the same.
_EACH_DIGIT: Mapping[str, list[str]] = {
    "en": "zero one two three four five six seven eight nine point minus oh".split(),
    "zh": [*"零一二三四五六七八九点负"],
}
