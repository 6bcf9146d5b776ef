"""Writes a Mandarin sentence as it is to be spoken.

espeak-ng leaves out the sign of -5, the point of 3.14 and ℃, $ and ¥ altogether, and says "percent" and units in
English. Whole numbers are left to it, except for years and codes, which are said digit by digit.
"""

from __future__ import annotations

import re

from assistant.language.speakable.calendar import Date, replace_dates
from assistant.language.spoken_units import all_units

_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_MORE_UNITS = {
    "mg": "毫克", "µg": "微克", "μg": "微克", "L": "升", "mL": "毫升", "km/h": "公里每小时", "mph": "英里每小时",
    "m²": "平方米", "cm²": "平方厘米", "km²": "平方公里", "m2": "平方米", "m3": "立方米", "cm³": "立方厘米",
    "MHz": "兆赫", "GHz": "吉赫", "dB": "分贝", "kcal": "千卡", "kJ": "千焦", "Wh": "瓦时", "mAh": "毫安时",
    "lb": "磅", "oz": "盎司", "℃": "摄氏度", "℉": "华氏度", "µm": "微米", "μm": "微米", "mW": "毫瓦", "ms": "毫秒",
}  # fmt: skip
_LEFT_ALONE = frozenset({"%", "A", "K", "N", "t", "ppm", "inch", "gallon", "psi", "rpm"})
_NEED_SPACE = frozenset({"m", "s", "h"})
_CURRENCIES = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"}
_FRACTIONS = {"½": "二分之一", "¼": "四分之一", "¾": "四分之三", "⅓": "三分之一", "⅔": "三分之二"}

_NUMBER = r"(?<![A-Za-z0-9_.,/:-])([-−]?\d+(?:\.\d+)?)"
_ADDRESS = re.compile(r"((?:https?://|www\.)[\w.~/?#=&%+-]*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)", re.ASCII)


def to_spoken(sentence: str) -> str:
    """The sentence with units, dates, times, codes, prices and signs in characters. Everything else is unchanged."""
    pieces = _ADDRESS.split(sentence)  # every second piece is an address
    return "".join(_address(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces))


def _address(address: str) -> str:
    """A web or mail address. Its separators are English words, since the English voice says all of it."""
    address = re.sub(r"^https?://", "", address).rstrip("/")
    return address.replace("_", " underscore ").replace("/", " slash ").replace("-", " dash ")


def _plain(text: str) -> str:
    for sign, words in _FRACTIONS.items():
        text = text.replace(sign, words)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = replace_dates(text, _date)
    text = re.sub(r"(?<!\d)((?:19|20)\d\d)(?=\s?年)", lambda found: found[1].translate(_DIGITS), text)
    text = _times(text)
    text = re.sub(r"(?:\b[Nn]o\.|[#№])\s?(\d+)", r"\1号", text)
    text = _prices(text)
    text = _RANGE.sub(r"\1到", text)
    text = re.sub(r"(\d+)到(\d+)\s?[%％]", r"百分之\1到\2", text)
    text = re.sub(rf"{_NUMBER}\s?[%％]", lambda found: _signed("百分之", found[1]), text)
    text = _UNIT.sub(_unit, text)
    text = re.sub(r"(?<![A-Za-z0-9_.,/:-])0\d{2,}(?![\d:/-]|[.,]\d)", _digit_by_digit, text)
    text = re.sub(r"(?<![A-Za-z0-9_.,/:-])\d{8,}(?![\d:/-]|[.,]\d)", _digit_by_digit, text)
    text = re.sub(r"(?<![\d.])(\d+)\.(\d+)(?!\d|\.\d)", _decimal, text)
    return re.sub(r"(?<![A-Za-z0-9_.,/:)）-])[-−](?=\d)", "负", text)


def _date(date: Date) -> str:
    month = f"{str(date.year).translate(_DIGITS)}年{date.month}月"
    return month if date.day is None else f"{month}{date.day}日"


def _times(text: str) -> str:
    def said(found: re.Match[str]) -> str:
        hour, minute = int(found[1]), int(found[2])
        if hour > 24 or minute > 59:
            return found[0]
        return f"{hour}点" + ("" if minute == 0 else f"零{minute}分" if minute < 10 else f"{minute}分")

    text = re.sub(r"(?<=\d:\d\d)\s?[-–~～]\s?(?=\d?\d:\d\d)", "到", text)
    return re.sub(r"(?<![\d:.])(\d?\d)[:：](\d\d)(?![\d:：])", said, text)


def _prices(text: str) -> str:
    text = re.sub(r"([¥￥$€£])\s?(\d+(?:\.\d+)?)", lambda found: f"{found[2]}{_CURRENCIES[found[1]]}", text)
    return re.sub(r"(?<=\d)\s?([€£])", lambda found: _CURRENCIES[found[1]], text)


def _signed(words: str, number: str) -> str:
    """The number behind `words`, with its sign in front of both: 负百分之5."""
    return f"负{words}{number[1:]}" if number[0] in "-−" else f"{words}{number}"


def _decimal(found: re.Match[str]) -> str:
    return f"{found[1]}点{found[2].translate(_DIGITS)}"


def _digit_by_digit(found: re.Match[str]) -> str:
    return found[0].translate(_DIGITS)


def _unit_table() -> dict[str, str]:
    known = {unit.symbol: unit.chinese[0] for unit in all_units()}
    return {symbol: name for symbol, name in (known | _MORE_UNITS).items() if symbol not in _LEFT_ALONE}


_UNITS = _unit_table()
_UNIT_NAMES = "|".join(re.escape(symbol) for symbol in sorted(_UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"{_NUMBER}(\s?)({_UNIT_NAMES})(?![A-Za-z0-9_²³/°])")
_RANGE = re.compile(
    rf"(?<![\w.,/:-])(\d+)\s?[-–~～]\s?(?=\d+(?:\.\d+)?\s?(?:{_UNIT_NAMES}|%|[\u4e00-\u9fff]))", re.ASCII
)


def _unit(found: re.Match[str]) -> str:
    number, space, symbol = found[1], found[2], found[3]
    if symbol in _NEED_SPACE and not space:
        return found[0]
    if number[0] in "-−":
        number = ("零下" if symbol in ("°C", "℃") else "负") + number[1:]
    return f"{number}{_UNITS[symbol]}"
