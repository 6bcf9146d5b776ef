"""Reads and says numbers in Chinese signs. `spoken_numbers` is what the rest of the program calls.

A number must be said in full or digit by digit. 两百五 is 250 as people say it; 一千五十 is refused, because it lacks the
零 of 一千零五十 or the 百 of another number. So are 三四 (three or four), 三点 and 三点半 (times of the day), ordinals, and
fractions other than halves and quarters. It does not know units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

_SIGNS = "零一二三四五六七八九"
_DIGITS = {sign: number for number, sign in enumerate(_SIGNS)} | {"幺": 1, "两": 2}
_SAME = str.maketrans("點負兩萬億〇○壹贰叁肆伍陆柒捌玖拾佰仟", "点负两万亿零零一二三四五六七八九十百千")
_UNITS = {"千": 1000, "百": 100, "十": 10}
_QUARTERS = {"二分之一": "0.5", "四分之一": "0.25", "四分之三": "0.75"}
_RUN = re.compile("[零一二三四五六七八九幺]+")
# The numeral of a whole number takes all of these signs that follow each other.
_NUMERAL = re.compile("[零一二三四五六七八九幺两十百千万亿]+")
MOST_DIGITS = 15

Found = tuple[Decimal, str]  # a number and the text behind it


def chinese_number(text: str) -> Found | None:
    """The number with which the text begins, and the rest. The text has no spaces. None where it begins with none."""
    text = text.translate(_SAME)
    negative = text.startswith(("负", "零下"))
    text = text.removeprefix("负") if text.startswith("负") else text.removeprefix("零下")
    found = _positive(text)
    if found is None:
        return None
    return (-found[0] if negative and found[0] else found[0]), found[1]


def chinese_digits(text: str) -> str | None:
    """The digits that the text says one by one, and nothing else: 零四七七 is "0477"."""
    text = text.translate(_SAME)
    return "".join(str(_DIGITS[sign]) for sign in text) if _RUN.fullmatch(text) else None


def number_phrases(unit_names: Sequence[str] = ()) -> list[str]:
    """The words of numbers and units, for a recogniser that hears nothing else."""
    return [*_SIGNS, *"两幺十百千万点负半", "零下", "百分之", *unit_names]


def chinese_words(value: Decimal) -> str:
    """The number in signs: 负十二点零五."""
    whole, _, decimals = f"{abs(value):f}".partition(".")
    number = int(whole)
    said = _cardinal_signs(number) if number < 10**12 else "".join(_SIGNS[int(digit)] for digit in whole)
    if decimals:
        said += "点" + "".join(_SIGNS[int(digit)] for digit in decimals)
    return f"负{said}" if value < 0 else said


# From signs to numbers.


def _positive(text: str) -> Found | None:
    for wording, value in _QUARTERS.items():
        if text.startswith(wording):
            return Decimal(value), text.removeprefix(wording)
    if text.startswith("半"):
        return Decimal("0.5"), text[1:]
    if text.startswith("点"):
        return _with_decimals("0", text)
    if (typed := re.match(r"\d{1,15}(?:\.\d{1,15})?", text, re.ASCII)) is not None:
        return Decimal(typed[0]), text[typed.end() :]
    numeral = _NUMERAL.match(text)
    if numeral is None:
        return None
    signs, rest = numeral[0], text[numeral.end() :]
    number = _whole(signs)
    if number is None:
        return None
    if rest.startswith("点"):
        return _with_decimals(str(number), rest) if not is_shortened(signs) else None
    if rest.startswith("又") and (part := next((name for name in _QUARTERS if rest[1:].startswith(name)), "")):
        return number + Decimal(_QUARTERS[part]), rest[1 + len(part) :]
    if rest.startswith("个半"):
        return number + Decimal("0.5"), rest[2:]
    return Decimal(number), rest


def _with_decimals(whole: str, rest: str) -> Found | None:
    """`rest` begins with 点."""
    run = _RUN.match(rest, 1)
    if run is None or len(run[0]) > MOST_DIGITS:
        return None
    value = Decimal(f"{whole}.{''.join(str(_DIGITS[sign]) for sign in run[0])}")
    behind = rest[run.end() :]
    for sign, scale in (("万", 10**4), ("亿", 10**8)):  # 三点五万
        if behind.startswith(sign):
            return value * scale, behind[1:]
    return value, behind


def _whole(signs: str) -> int | None:
    if _RUN.fullmatch(signs) and len(signs) > 1:
        digits = [_DIGITS[sign] for sign in signs]
        if len(digits) == 2 and digits[1] == digits[0] + 1 and digits[0]:
            return None  # 三四 is mostly "three or four"
        return int("".join(map(str, digits))) if len(digits) <= MOST_DIGITS else None
    return _cardinal(signs)


def _cardinal(signs: str) -> int | None:
    """A whole number that is said in full, up to 亿."""
    for sign, scale in (("亿", 10**8), ("万", 10**4)):
        before, found, after = signs.partition(sign)
        if not found:
            continue
        count = _below_ten_thousand(before) if scale == 10**4 else _cardinal(before)
        if not count or is_shortened(before) or (scale == 10**8 and count >= 10**4):
            return None
        rest = _behind(after, scale)
        return count * scale + rest if rest is not None else None
    return _below_ten_thousand(signs)


def is_shortened(signs: str) -> bool:
    """两百五, 一千二, 三万五: the unit of the last digit is left out."""
    return re.search("[百千万亿][一二三四五六七八九]$", signs) is not None


def _behind(signs: str, scale: int) -> int | None:
    """What stands behind 万 or 亿, which is `scale`."""
    if not signs:
        return 0
    if len(signs) == 1 and signs in _SIGNS[1:]:  # 三万五
        return _DIGITS[signs] * scale // 10
    value = _cardinal(signs.removeprefix("零"))
    if not value or is_shortened(signs):
        return None
    has_gap = value < scale // 10
    return value if value < scale and has_gap == signs.startswith("零") else None


def _below_ten_thousand(signs: str) -> int | None:
    """三千零五十, 两百五. A gap must be told by one 零."""
    if len(signs) == 1 and signs in _DIGITS:
        return _DIGITS[signs]
    total, last, has_zero = 0, 10_000, False  # `last` is the unit that was said last
    at = 0
    while at < len(signs):
        if signs[at] == "零":
            if has_zero or last == 10_000 or at + 1 == len(signs):
                return None
            has_zero, at = True, at + 1
            continue
        digit = _DIGITS.get(signs[at]) if signs[at] != "幺" else None
        if digit is None and signs[at] == "十" and last == 10_000:
            digit, unit, at = 1, 10, at + 1  # 十五
        elif digit is None or (signs[at] == "两" and signs[at + 1 : at + 2] not in ("百", "千")):
            return None
        elif at + 1 == len(signs):
            if last == 10_000:
                return None
            unit = last // 10 if not has_zero else 1  # 两百五
            at += 1
        else:
            unit, at = _UNITS.get(signs[at + 1], 0), at + 2
        if not unit or unit >= last or (last < 10_000 and (unit < last // 10) != has_zero):
            return None
        total, last, has_zero = total + digit * unit, unit, False
    return total


# From numbers to signs.


def _cardinal_signs(number: int) -> str:
    for sign, scale in (("亿", 10**8), ("万", 10**4)):
        if number >= scale:
            count, rest = divmod(number, scale)
            gap = "零" if 0 < rest < scale // 10 else ""
            return _cardinal_signs(count) + sign + (gap + _full(rest) if rest else "")
    said = _full(number)
    return said.removeprefix("一") if said.startswith("一十") else said


def _full(number: int) -> str:
    if number >= 10**4:
        return _cardinal_signs(number)
    said, has_gap = "", False
    for sign, unit in (*_UNITS.items(), ("", 1)):
        digit = number // unit % 10
        if digit:
            said += ("零" if has_gap and said else "") + _SIGNS[digit] + sign
        has_gap = not digit
    return said or "零"
