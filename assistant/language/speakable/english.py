"""Writes an English sentence as it is to be spoken.

espeak-ng says percent, degrees, "12:30", "1st", "½" and "±" rightly, so they are left alone. It spells most units by
letters, says "fourteen zero zero" for 14:00, "dollar five" for $5 and "no" for "No. 5"; those are rewritten.
"""

from __future__ import annotations

import re

from assistant.language.speakable.calendar import Date, replace_dates
from assistant.language.spoken_units import all_units

_MONTHS = "January February March April May June July August September October November December".split()
# symbol: (one, many). They are added to the units that checklists know.
_MORE_UNITS = {
    "µm": ("micrometer", "micrometers"), "μm": ("micrometer", "micrometers"),
    "µg": ("microgram", "micrograms"), "μg": ("microgram", "micrograms"), "mcg": ("microgram", "micrograms"),
    "mg": ("milligram", "milligrams"), "cl": ("centiliter", "centiliters"), "dl": ("deciliter", "deciliters"),
    "L": ("liter", "liters"), "mL": ("milliliter", "milliliters"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "kmh": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"), "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"), "fl oz": ("fluid ounce", "fluid ounces"), "fl. oz.": ("fluid ounce", "fluid ounces"),
    "ft": ("foot", "feet"), "yd": ("yard", "yards"),
    "mm²": ("square millimeter", "square millimeters"), "cm²": ("square centimeter", "square centimeters"),
    "m²": ("square meter", "square meters"), "km²": ("square kilometer", "square kilometers"),
    "m2": ("square meter", "square meters"), "m3": ("cubic meter", "cubic meters"),
    "cm³": ("cubic centimeter", "cubic centimeters"), "hPa": ("hectopascal", "hectopascals"),
    "mW": ("milliwatt", "milliwatts"), "Wh": ("watt hour", "watt hours"), "mAh": ("milliamp hour", "milliamp hours"),
    "Ah": ("amp hour", "amp hours"), "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
    "kB": ("kilobyte", "kilobytes"), "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "dB": ("decibel", "decibels"),
    "kcal": ("kilocalorie", "kilocalories"), "kJ": ("kilojoule", "kilojoules"), "ms": ("millisecond", "milliseconds"),
    "g/l": ("gram per liter", "grams per liter"), "mg/l": ("milligram per liter", "milligrams per liter"),
    "psi": ("P S I", "P S I"), "℃": ("degree celsius", "degrees celsius"), "℉": ("degree fahrenheit", "degrees fahrenheit"),
}  # fmt: skip
# These may mean something else: 16 A (a house), 5 K (thousand), 3 N (north). espeak-ng says bar, %, °, rpm, ppm and whole words rightly.
_LEFT_ALONE = frozenset({"A", "K", "N", "t", "%", "°", "bar", "rpm", "ppm", "inch", "gallon"})
# Written without a space they may mean something else: 5m (million), 30s (the decade).
_NEED_SPACE = frozenset({"m", "s", "h", "t"})
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yen", "")}
_CURRENCY_CODES = {"USD": "$", "EUR": "€", "GBP": "£"}
_PLURALS = {"penny": "pence", "yen": "yen"}
_BEFORE_NUMBERS = {
    "no": "number", "nos": "numbers", "approx": "approximately", "ca": "about", "max": "maximum", "min": "minimum",
    "fig": "figure", "p": "page", "pp": "pages", "vol": "volume", "qty": "quantity", "tel": "telephone",
}  # fmt: skip
_EXPIRY = r"exp(?:\.|ires?|iry)?|expiry date|best before|best by|use by|bbe?|valid (?:until|thru|to)|mfg|mfd"

_NUMBER = r"(?<![\w.,/:-])([-−+±]?\d[\d,]*(?:\.\d+)?)"


def to_spoken(sentence: str) -> str:
    """The sentence with units, dates, times, codes, prices and web addresses in words. Everything else is unchanged."""
    pieces = _ADDRESS.split(sentence)  # every second piece is an address
    return "".join(_address(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces))


def _plain(text: str) -> str:
    text = _underscored(text)
    text = _expiry(text)
    text = replace_dates(text, _date)
    text = _abbreviations(text)
    text = _prices(text)
    text = _ranges(text)
    text = _UNIT.sub(_unit, text)
    text = _times(text)
    return _codes(text)


_ADDRESS = re.compile(r"((?:https?://|www\.)[^\s<>\"”]*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)")


def _address(address: str) -> str:
    """A web or mail address: without https://, with its separators in words."""
    address = re.sub(r"^https?://", "", address).rstrip("/")
    for sign, word in (("_", "underscore"), ("/", "slash"), ("-", "dash"), ("?", "question mark"), ("=", "equals")):
        address = address.replace(sign, f" {word} ")
    return address


def _underscored(text: str) -> str:
    """Names such as my_file.txt. An underscore at the edge of a word is Markdown's, and is left to be dropped."""
    return re.sub(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])", " underscore ", text)


def _date(date: Date) -> str:
    month = _MONTHS[date.month - 1]
    return f"{month} {date.year}" if date.day is None else f"{month} {_ordinal(date.day)}, {date.year}"


def _ordinal(number: int) -> str:
    ending = "th" if 11 <= number % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _expiry(text: str) -> str:
    """Expiry months, which are only certain behind a word that says so: EXP 03/26, best before 03-2026."""

    def said(found: re.Match[str]) -> str:
        word = "expires" if found["word"].lower() in ("exp", "exp.") else found["word"]
        year = int(found["year"])
        return f"{word} {_date(Date(year + 2000 if year < 100 else year, int(found['month'])))}"

    pattern = rf"\b(?P<word>{_EXPIRY}):?\s*(?P<month>0[1-9]|1[0-2])\s?[/.-]\s?(?P<year>20\d\d|\d\d)(?![\d/.-]*\d)"
    return re.sub(pattern, said, text, flags=re.IGNORECASE)


def _abbreviations(text: str) -> str:
    words = "|".join(_BEFORE_NUMBERS)
    text = re.sub(
        rf"(?<!\d)(?<!\d )\b({words})\.\s?(?=\d)",
        lambda found: f"{_BEFORE_NUMBERS[found[1].lower()]} ",
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(r"(?<!\w)[#№]\s?(?=\d)", "number ", text)


def _prices(text: str) -> str:
    for code, sign in _CURRENCY_CODES.items():
        text = re.sub(rf"\b{code}\s?(?=\d)", sign, text)
        text = re.sub(rf"(?<=\d)\s?{code}\b", f" {sign}", text)
    number = r"(\d[\d,]*)(?:\.(\d\d))?"
    end = r"(?!\w|[.,]\d|\s(?:[kKmMbB]|bn)\b)"
    before = re.compile(rf"(?<![\w$€£¥])([$€£¥])\s?{number}(\s(?:thousand|million|billion))?{end}")
    behind = re.compile(rf"(?<![\w.,]){number}\s?([€£])(?!\w)")
    text = before.sub(lambda found: _price(found[0], found[1], found[2], found[3], found[4] or ""), text)
    return behind.sub(lambda found: _price(found[0], found[3], found[1], found[2], ""), text)


def _price(written: str, sign: str, whole: str, part: str | None, scale: str) -> str:
    unit, small = _CURRENCIES[sign]
    if part and (scale or not small):
        return written
    if part and whole == "0":
        return f"{int(part)} {small if int(part) == 1 else _PLURALS.get(small, small + 's')}"
    said = f"{whole}{scale} {unit if whole == '1' and not scale else _PLURALS.get(unit, unit + 's')}"
    if part and int(part):
        said += f" and {int(part)} {small if int(part) == 1 else _PLURALS.get(small, small + 's')}"
    return said


def _ranges(text: str) -> str:
    """5-10 kg, 9:00–17:00: "to". Other dashes between numbers may be codes or scores."""
    text = re.sub(rf"(?<![\w.,/:-])(\d+(?:\.\d+)?)\s?[-–]\s?(?=\d+(?:\.\d+)?\s?(?:{_UNIT_NAMES}|%))", r"\1 to ", text)
    return re.sub(r"(?<![\w:])(\d?\d:\d\d)\s?[-–]\s?(?=\d?\d:\d\d(?![\d:]))", r"\1 to ", text)


def _times(text: str) -> str:
    """Full hours. espeak-ng says 12:30 and 9:05 rightly."""

    def said(found: re.Match[str]) -> str:
        hour = int(found[1])
        if found[2]:
            return f"{hour}{found[2]}"
        if hour in (0, 24):
            return "midnight"
        return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred" if hour < 24 else found[0]

    pattern = r"(?<![\w:.])(\d?\d):00(?![\d:])(?:\s?(?:h\b|o'clock))?(\s?[ap]\.?m\b\.?)?"
    return re.sub(pattern, said, text, flags=re.IGNORECASE)


def _codes(text: str) -> str:
    """Numbers that count nothing: 010, article numbers, telephone numbers, 192.168.1.1."""
    text = re.sub(r"\+\d[\d ]{6,}\d\b", lambda found: "plus " + _digit_groups(found[0][1:].split()), text)
    text = re.sub(r"(?<![\w.,:/-])0\d{2,}(?![\w:/-]|[.,]\d)", lambda found: " ".join(found[0]), text)
    text = re.sub(
        r"(?<![\w.,:/-])\d{8,}(?![\w:/-]|[.,]\d)", lambda found: _digit_groups(re.findall(r"\d{1,4}", found[0])), text
    )
    return re.sub(r"(?<![\w.])\d+(?:\.\d+){2,}(?!\w|\.\d)", lambda found: found[0].replace(".", " dot "), text)


def _digit_groups(groups: list[str]) -> str:
    return ", ".join(" ".join(group) for group in groups)


def _unit_table() -> dict[str, tuple[str, str]]:
    known = {unit.symbol: (unit.one or unit.english[0], unit.english[0]) for unit in all_units()}
    return {symbol: names for symbol, names in (known | _MORE_UNITS).items() if symbol not in _LEFT_ALONE}


_UNITS = _unit_table()
_UNIT_NAMES = "|".join(re.escape(symbol) for symbol in sorted(_UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"{_NUMBER}(\s?)({_UNIT_NAMES})(?![\w²³°])(?!/(?!100))(/100\s?(g|ml)\b)?")


def _unit(found: re.Match[str]) -> str:
    number, space, symbol = found[1], found[2], found[3]
    before = found.string[: found.start()].rstrip()
    if symbol in _NEED_SPACE and (not space or before.endswith(("$", "€", "£", "¥"))):
        return found[0]
    one, many = _UNITS[symbol]
    per = f" per 100 {_UNITS[found[5]][1]}" if found[4] else ""
    return f"{number} {one if number.lstrip('+-−±') == '1' else many}{per}"
