"""Finds numbers in a text and what they may mean: prices, dates, times, measures, codes, plain numbers.

"3,49 €", "€3.49" and "three euros forty-nine" are the same price here, and "14.03.2025", "MAR 14 2025" and "2025年3月14日"
the same day. Print does not keep to the language of the user, so English and Chinese notations are both known always.
Where a notation has several meanings ("03/04/25", "1,234"), a figure has all of them. It is pure, and does not know
where a text comes from.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

LONGEST_TEXT = 500  # characters


class Kind(enum.Enum):
    DATE = "date"
    TIME = "time"
    PRICE = "price"
    PERCENT = "percent"
    MEASURE = "measure"
    CODE = "code"  # letters and digits together, such as B12
    NUMBER = "number"


Date = tuple[int, int, int]  # year, month, day; 0 for a part that is not told
Time = tuple[int, int]  # hour from 0 to 23, minute


@dataclass(frozen=True)
class Figure:
    """A number in a text. Two figures may mean the same if they have a value, a date or a time in common."""

    text: str  # as it is written, but with digits in place of words
    kind: Kind
    digits: str  # all of them in their order, without what stands between
    values: frozenset[Decimal] = (
        frozenset()
    )  # of a mass in grams, of a volume in millilitres, of a length in millimetres
    dates: frozenset[Date] = frozenset()
    times: frozenset[Time] = frozenset()
    unit: str = ""  # of a measure: "g", "ml", "mm", or the unit itself
    label: str = ""  # the word before it, in lower case: "room" in "Room 407"
    is_count: bool = False  # a number of things: "3 buttons"

    @property
    def is_small(self) -> bool:
        """True for a plain whole number up to 12, which may count or order things that nobody has numbered."""
        return self.kind is Kind.NUMBER and self.digits.isdecimal() and self.digits[0] != "0" and int(self.digits) <= 12

    @property
    def parts(self) -> frozenset[int]:
        """The whole numbers in it: 14, 3 and 2025 of a day, 8 and 30 of a time."""
        found = {part for date in self.dates for part in date if part}
        found |= {part for date in self.dates if date[0] for part in (date[0] % 100,)}
        found |= {part for hour, minute in self.times for part in (hour, minute)}
        return frozenset(found | {int(run) for run in re.findall(r"\d+", self.text)})


def figures_in(text: str) -> list[Figure]:
    """All figures of a text, from left to right.

    Of a text that is longer than a line can be, the rest is not looked at.
    """
    rest = with_digits(text[:LONGEST_TEXT])
    found: list[tuple[int, Figure]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(rest):
            figure = _figure(kind, match, rest)
            if figure is not None:
                found.append((match.start(), figure))
            if figure is not None or kind is Kind.CODE:  # an ordinal such as 2nd is no figure, and no number either
                rest = rest[: match.start()] + _TAKEN * len(match[0]) + rest[match.end() :]
    return [figure for _, figure in sorted(found, key=lambda place: place[0])]


_TAKEN = "\0"  # stands for each character of a figure that was found

# Numbers.

_NUM = (
    r"(?<![\d.,])(?:\d{1,3}(?:[ ,.'’]\d{3})+(?:[.,]\d{1,2})?(?![\d.,]*\d)|\d+(?:[.,]\d+)*)"
    r"(?:[.,][-–](?!\d))?"
)


def _values(number: str) -> frozenset[Decimal]:
    """What a number may mean: a comma, a full stop or a space may divide thousands, or the first two the decimals."""
    number = re.sub(r"[.,][-–]$", "", number)
    plain = re.sub(r"[ '’]", "", number)
    runs = re.split(r"[.,]", plain)
    found = set()
    if len(runs) == 1 or all(len(run) == 3 for run in runs[1:]):
        found.add(Decimal("".join(runs)))
    if len(runs) > 1 and (len(runs) == 2 or all(len(run) == 3 for run in runs[1:-1])):
        found.add(Decimal("".join(runs[:-1]) + "." + runs[-1]))
    return frozenset(value.normalize() for value in found)


# Dates and times.

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|'?\d{2})"
_HALF = r"\s*(?P<half>[ap]\.?\s?m\b\.?)"
_ZH_HALF = r"(?P<half>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上)?"

# Money and measures.

_SIGN = r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|cny|rmb|chf|inr)\b)"
_MONEY_WORD = (
    r"(?:[$€£¥₹]|(?:usd|eur|gbp|cny|rmb|chf|inr|dollars?|euros?|pounds?|bucks?|yuan|francs?|rupees?)\b"
    r"|元|块钱?|圆|美元|欧元|英镑)"
)
_SMALL_MONEY = r"(?:cents?\b|pence\b|¢|ct\b|c\b|p\b|分钱?|毛钱?|角)"
_UNITS = {
    "mg": ("g", "0.001"), "g": ("g", "1"), "gr": ("g", "1"), "gram": ("g", "1"), "kg": ("g", "1000"), "kilo": ("g", "1000"),
    "kilogram": ("g", "1000"), "milligram": ("g", "0.001"), "毫克": ("g", "0.001"), "克": ("g", "1"), "千克": ("g", "1000"), "公斤": ("g", "1000"),
    "ml": ("ml", "1"), "cl": ("ml", "10"), "dl": ("ml", "100"), "l": ("ml", "1000"), "litre": ("ml", "1000"), "liter": ("ml", "1000"),
    "millilitre": ("ml", "1"), "milliliter": ("ml", "1"), "毫升": ("ml", "1"), "升": ("ml", "1000"),
    "mm": ("mm", "1"), "cm": ("mm", "10"), "m": ("mm", "1000"), "km": ("mm", "1000000"), "metre": ("mm", "1000"), "meter": ("mm", "1000"),
    "kilometre": ("mm", "1000000"), "kilometer": ("mm", "1000000"), "centimetre": ("mm", "10"), "centimeter": ("mm", "10"),
    "毫米": ("mm", "1"), "厘米": ("mm", "10"), "米": ("mm", "1000"), "公里": ("mm", "1000000"),
    "oz": ("oz", "1"), "ounce": ("oz", "1"), "lb": ("lb", "1"), "lbs": ("lb", "1"), "inch": ("inch", "1"), "inches": ("inch", "1"),
    "mile": ("mile", "1"), "mph": ("mph", "1"), "km/h": ("km/h", "1"), "kmh": ("km/h", "1"),
    "°": ("°", "1"), "°c": ("°", "1"), "°f": ("°", "1"), "degree": ("°", "1"), "度": ("°", "1"), "摄氏度": ("°", "1"),
    "kcal": ("kcal", "1"), "calorie": ("kcal", "1"), "kj": ("kj", "1"), "大卡": ("kcal", "1"), "千焦": ("kj", "1"),
    "w": ("w", "1"), "kw": ("w", "1000"), "watt": ("w", "1"), "瓦": ("w", "1"), "v": ("v", "1"), "volt": ("v", "1"), "伏": ("v", "1"),
    "mah": ("mah", "1"), "hz": ("hz", "1"), "mb": ("mb", "1"), "gb": ("mb", "1000"), "tb": ("mb", "1000000"),
    "minute": ("minute", "1"), "min": ("minute", "1"), "hour": ("minute", "60"), "hr": ("minute", "60"), "分钟": ("minute", "1"), "小时": ("minute", "60"),
    "day": ("day", "1"), "week": ("day", "7"), "天": ("day", "1"), "month": ("month", "1"), "year": ("month", "12"), "个月": ("month", "1"), "年": ("month", "12"),
}  # fmt: skip
_UNIT_PATTERN = "|".join(
    f"{re.escape(unit)}s?(?![a-z])" if unit[-1].isascii() and unit[-1].isalpha() else re.escape(unit)
    for unit in sorted(_UNITS, key=len, reverse=True)
)

_COUNTED = re.compile(
    r"\s*(?:(?:[a-z-]+ ){0,2}[a-z-]{2,}s\b|(?:[a-z-]+ )?(?:people|children|men|women)\b|[个张只条瓶本件位人行排辆种盒杯颗朵次]|of\b)"
)
_LABEL = re.compile(r"([^\W\d_]+)\W{0,3}$")

_COMPILED = {
    Kind.DATE: (
        r"(?<!\d)(?P<year>\d{4})(?P<gap>[-/. ])(?P<month>\d{1,2})(?P=gap)(?P<day>\d{1,2})(?!\d)",
        r"(?<![\d.])(?P<a>\d{1,2})(?P<gap>[-/. ])\s?(?P<b>\d{1,2})(?P=gap)\s?(?P<c>\d{4})(?!\d)",
        r"(?<![\d.])(?P<a>\d{1,2})(?P<gap>[-/.])(?P<b>\d{1,2})(?P=gap)(?P<c>\d{2})(?!\d)",
        rf"(?<![\d.,]){_DAY}[\s.-]*(?:of\s+)?{_MONTH}[\s,.-]*(?:{_YEAR}(?!\d))?",
        rf"(?<![a-z]){_MONTH}[\s,-]*{_DAY}(?!\d)(?:,?\s*{_YEAR}(?!\d))?",
        rf"(?<![a-z]){_MONTH}[\s,/-]*(?P<year>\d{{4}})(?!\d)",
        r"(?P<year>\d{4})年(?:(?P<month>\d{1,2})月)?(?:(?P<day>\d{1,2})[日号]?)?",
        r"(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号]?)?",
        r"(?<!\d)(?P<year>20\d{2})(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)",
        r"(?<![\d/.])(?P<month>\d{1,2})[-/.](?P<year>20\d{2})(?![\d/])",
        r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])",
    ),
    Kind.TIME: (
        rf"(?<![\d.,:])(?P<hour>\d{{1,2}})[:.h](?P<minute>\d{{2}})(?::\d{{2}})?(?!\d){_HALF}",
        r"(?<![\d.,:])(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::\d{2})?(?![\d:])",
        rf"(?<![\d.,:])(?P<hour>\d{{1,2}})(?:{_HALF}|\s*o'?clock)",
        _ZH_HALF + r"(?<![\d.])(?P<hour>\d{1,2})[点时:](?:(?P<minute>\d{1,2})分?|(?P<thirty>半)|整|钟)?",
    ),
    Kind.PRICE: (
        rf"{_SIGN}\s*(?P<whole>{_NUM})",
        rf"(?P<whole>{_NUM})\s*{_MONEY_WORD}(?:\s*(?:and\s+)?(?P<part>\d{{1,2}})(?!\d|[.,:]\d)\s*(?:{_SMALL_MONEY}(?P<last>\d(?!\d))?)?)?",
        rf"(?P<small>{_NUM})\s*{_SMALL_MONEY}",
    ),
    Kind.PERCENT: (rf"(?P<whole>{_NUM})\s*(?:%|percent\b|per cent\b)", rf"百分之(?P<whole>{_NUM})"),
    Kind.MEASURE: (rf"(?P<whole>{_NUM})\s*-?(?P<unit>{_UNIT_PATTERN})",),
    Kind.CODE: (r"(?<![^\W_])(?=[a-z-]*\d)(?=[\d-]*[a-z])[a-z\d]+(?:-[a-z\d]+)*(?![^\W_])",),
    Kind.NUMBER: (rf"(?P<whole>{_NUM})",),
}
_PATTERNS = [(kind, re.compile(one, re.IGNORECASE)) for kind, several in _COMPILED.items() for one in several]
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)


def _figure(kind: Kind, match: re.Match[str], text: str) -> Figure | None:
    """The figure of a match; None where it is none, such as the 45th of March."""
    parts = {name: value for name, value in match.groupdict().items() if value}
    written = match[0].strip()
    digits = "".join(filter(str.isdecimal, written))
    label = _label_before(text[: match.start()])
    match kind:
        case Kind.DATE:
            dates = frozenset(_dates(parts))
            return Figure(written, kind, digits, dates=dates, label=label) if dates else None
        case Kind.TIME:
            times = frozenset(_times(parts))
            # "3点49" may also be the price 3.49.
            values = _values(f"{parts['hour']}.{parts['minute']}") if "minute" in parts else frozenset()
            return Figure(written, kind, digits, values, times=times, label=label) if times else None
        case Kind.PRICE:
            return Figure(written, kind, digits, _money(parts), label=label)
        case Kind.MEASURE:
            name = parts["unit"].lower()
            unit, factor = _UNITS.get(name) or _UNITS[name.removesuffix("s")]
            values = frozenset((value * Decimal(factor)).normalize() for value in _values(parts["whole"]))
            return Figure(written, kind, digits, values, unit=unit, label=label)
        case Kind.CODE:
            return None if _ORDINAL.fullmatch(written) else Figure(written, kind, digits, label=label)
        case _:
            counts = kind is Kind.NUMBER and digits == written and bool(_COUNTED.match(text, match.end()))
            if text[: match.start()].endswith("第"):  # an ordinal
                counts = True
            return Figure(written, kind, digits, _values(parts["whole"]), label=label, is_count=counts)


def _label_before(text: str) -> str:
    found = _LABEL.search(text)
    return found[1].lower() if found else ""


def _dates(parts: dict[str, str]) -> Iterator[Date]:
    """All days, months or years that a date may mean."""
    candidates: list[tuple[str, str, str]] = []  # year, month, day
    if "c" in parts:
        a, b, c = parts["a"], parts["b"], parts["c"]
        candidates = [(c, b, a), (c, a, b), *([(a, b, c)] if len(c) == 2 else [])]
    elif "a" in parts:
        a, b = parts["a"], parts["b"]
        candidates = [("", b, a), ("", a, b), *([(b, a, "")] if len(b) == 2 else [])]
    else:
        candidates = [(parts.get("year", ""), parts.get("month", ""), parts.get("day", ""))]
    for year_text, month_text, day_text in candidates:
        year = int(year_text.strip("'") or 0)
        year += 2000 if 0 < year < 100 else 0
        name = month_text[:3].lower()
        month = _MONTHS.index(name) + 1 if name in _MONTHS else int(month_text or 0)
        day = int(day_text or 0)
        is_told = not month_text or 1 <= month <= 12
        if is_told and (not day_text or 1 <= day <= 31) and (not year or 1900 <= year <= 2199):
            yield year, month, day


def _times(parts: dict[str, str]) -> Iterator[Time]:
    """All times that it may mean: without a half of the day, eight may be in the morning or in the evening."""
    hour, minute = int(parts["hour"]), 30 if "thirty" in parts else int(parts.get("minute", 0))
    if hour > 24 or minute > 59:
        return
    half = parts.get("half", "").lower()
    is_afternoon = half.startswith("p") or half in ("下午", "傍晚", "晚上")
    is_morning = half.startswith("a") or half in ("凌晨", "早上", "早晨", "上午")
    if not is_afternoon or hour > 12:
        yield (0 if is_morning and hour == 12 else hour % 24), minute
    if not is_morning and hour <= 12:
        yield (hour % 12 + 12), minute


def _money(parts: dict[str, str]) -> frozenset[Decimal]:
    if "small" in parts:
        values = _values(parts["small"])
        return values | {(value / 100).normalize() for value in values} | {(value / 10).normalize() for value in values}
    values = _values(parts["whole"])
    if part := parts.get("part", ""):
        # 三块四毛九 and 三块四 have tenths, and "three euros five" may mean five cents.
        tenths = Decimal(f"0.{part}{parts.get('last', '')}")
        return frozenset((value + more).normalize() for value in values for more in (tenths, Decimal(part) / 100))
    return values


# Numbers in words.

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL_NUMBERS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * tens for tens, word in enumerate(_TENS, 2)
}
_LARGE_NUMBERS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fifth": "5th", "eighth": "8th", "ninth": "9th", "twelfth": "12th",
    "twentieth": "20th", "thirtieth": "30th",
} | {f"{word}th": f"{number}th" for number, word in enumerate(_ONES)}  # fmt: skip
_NUMBER_WORD = "|".join([*sorted([*_SMALL_NUMBERS, *_LARGE_NUMBERS], key=len, reverse=True)])
_NUMBER_WORDS = re.compile(
    rf"\b(?:{_NUMBER_WORD})(?:(?:[ -]|(?:(?<=hundred)|(?<=thousand)) and )(?:{_NUMBER_WORD}|point|oh|o(?!')))*\b",
    re.IGNORECASE,
)
_ORDINAL_WORDS = re.compile(
    rf"\b(?:(?P<tens>twenty|thirty)[ -])?(?P<word>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_PAST = (
    (re.compile(r"half past (\d{1,2})"), lambda hour: f"{hour}:30"),
    (re.compile(r"quarter past (\d{1,2})"), lambda hour: f"{hour}:15"),
    (re.compile(r"quarter to (\d{1,2})"), lambda hour: f"{(hour - 2) % 12 + 1}:45"),
)
_ZH_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_ZH_TENS = {"十": 10, "百": 100, "千": 1000}
_ZH_NUMBER = re.compile(
    r"[零〇一二两三四五六七八九十百千万]{2,}|(?<=分之)[零〇一二两三四五六七八九十]|(?<=第)[零〇一二两三四五六七八九十]|(?<=[\d点月年块元毛角])[一二三四五六七八九十](?![一-鿿])"
    r"|[零〇一二两三四五六七八九十](?=[点分月年日号元块角毛度克路楼层公升毫千厘米岁小天%.])"
)
_ZH_POINT = re.compile(r"(\d)点(\d+)(?=[元块%公克升千毫米度])")


def with_digits(text: str) -> str:
    """The text with digits in place of numbers in words, and full-width signs as plain ones."""
    text = unicodedata.normalize("NFKC", text).replace("：", ":")
    text = _ORDINAL_WORDS.sub(_ordinal, text)
    text = _NUMBER_WORDS.sub(lambda match: _english(match[0]), text)
    for pattern, time in _PAST:
        text = pattern.sub(lambda match, time=time: time(int(match[1])), text)  # type: ignore[misc]
    text = _ZH_NUMBER.sub(lambda match: _chinese(match[0]), text)
    return _ZH_POINT.sub(r"\1.\2", text)


def _ordinal(match: re.Match[str]) -> str:
    word = _ORDINALS[match["word"].lower()]
    if not match["tens"]:
        return word
    return f"{_SMALL_NUMBERS[match['tens'].lower()] // 10}{word}"


def _english(words: str) -> str:
    """ "one hundred and twenty" is 120, "four oh seven" is 407, "twenty twenty-five" is 2025."""
    parts = re.split(r"[ ,-]+", words.lower())
    parts = [part for part in parts if part and part != "and"]
    if "point" in parts:
        at = parts.index("point")
        if 0 < at < len(parts) - 1:
            return f"{_english(' '.join(parts[:at]))}.{_english(' '.join(parts[at + 1 :]))}"
        return words
    if any(part in _LARGE_NUMBERS for part in parts):
        return str(_sum_of(parts)) if parts[0] in _SMALL_NUMBERS else words
    digits, tens = "", 0
    for part in parts:
        number = _SMALL_NUMBERS.get(part, 0)  # "oh" is a zero
        if tens and 0 < number < 10:
            digits, tens = digits[:-1] + str(number), 0
        else:
            digits, tens = digits + str(number), number if number >= 20 else 0
    return digits


def _sum_of(parts: list[str]) -> int:
    total = group = 0
    for part in parts:
        if part == "hundred":
            group = max(1, group) * 100
        elif part in _LARGE_NUMBERS:
            total, group = total + max(1, group) * _LARGE_NUMBERS[part], 0
        else:
            group += _SMALL_NUMBERS.get(part, 0)
    return total + group


def _chinese(signs: str) -> str:
    """三百四十九 is 349, 二零二五 is 2025."""
    if not any(sign in _ZH_TENS or sign == "万" for sign in signs):
        return "".join(str(_ZH_DIGITS[sign]) if sign in _ZH_DIGITS else sign for sign in signs)
    total = group = digit = 0
    before = ""
    for sign in signs:
        if sign == "万":
            total, group, digit = total + (group + digit) * 10_000, 0, 0
        elif sign in _ZH_TENS:
            group, digit = group + (digit or 1) * _ZH_TENS[sign], 0
        elif sign in _ZH_DIGITS:
            digit = _ZH_DIGITS[sign]
        else:
            before += sign
    return f"{before}{total + group + digit}"
