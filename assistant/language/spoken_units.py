"""The units that people say beside a number: from their spoken names to the symbols that are stored, and back.

The symbols are those that the library pint reads, so that a checklist's unit and a spoken one can be compared and
converted by it. It is a table with two small functions and does not know numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class SpokenUnit:
    """A unit with its names. The first name of each is the one that is said."""

    symbol: str  # as pint reads it
    english: tuple[str, ...]  # lower case
    chinese: tuple[str, ...]
    one: str = ""  # English, behind the number one; "" where it is the same name

    def names(self, language: str) -> tuple[str, ...]:
        return self.english if language == "en" else self.chinese


_UNITS = (
    SpokenUnit("%", ("percent", "per cent"), ("百分之",)),
    SpokenUnit("bar", ("bar", "bars"), ("巴",)),
    SpokenUnit("mbar", ("millibar", "millibars"), ("毫巴",)),
    SpokenUnit("Pa", ("pascal", "pascals"), ("帕", "帕斯卡")),
    SpokenUnit("kPa", ("kilopascal", "kilopascals"), ("千帕",)),
    SpokenUnit("MPa", ("megapascal", "megapascals"), ("兆帕",)),
    SpokenUnit("psi", ("psi", "p s i", "pounds per square inch"), ("磅每平方英寸", "磅")),
    SpokenUnit("°C", ("degrees celsius", "degree celsius", "celsius", "degrees centigrade", "centigrade", "degrees c"), ("摄氏度",), "degree celsius"),
    SpokenUnit("°F", ("degrees fahrenheit", "degree fahrenheit", "fahrenheit", "degrees f"), ("华氏度",), "degree fahrenheit"),
    SpokenUnit("°", ("degrees", "degree"), ("度",), "degree"),
    SpokenUnit("K", ("kelvin", "kelvins"), ("开尔文", "开")),
    SpokenUnit("V", ("volts", "volt"), ("伏", "伏特"), "volt"),
    SpokenUnit("mV", ("millivolts", "millivolt"), ("毫伏",), "millivolt"),
    SpokenUnit("kV", ("kilovolts", "kilovolt"), ("千伏",), "kilovolt"),
    SpokenUnit("A", ("amps", "amp", "amperes", "ampere"), ("安", "安培"), "amp"),
    SpokenUnit("mA", ("milliamps", "milliamp", "milliamperes", "milliampere"), ("毫安",), "milliamp"),
    SpokenUnit("W", ("watts", "watt"), ("瓦", "瓦特"), "watt"),
    SpokenUnit("kW", ("kilowatts", "kilowatt"), ("千瓦",), "kilowatt"),
    SpokenUnit("MW", ("megawatts", "megawatt"), ("兆瓦",), "megawatt"),
    SpokenUnit("kWh", ("kilowatt hours", "kilowatt hour"), ("千瓦时", "度电"), "kilowatt hour"),
    SpokenUnit("Hz", ("hertz",), ("赫兹", "赫")),
    SpokenUnit("kHz", ("kilohertz",), ("千赫", "千赫兹")),
    SpokenUnit("Ω", ("ohms", "ohm"), ("欧姆", "欧"), "ohm"),
    SpokenUnit("rpm", ("rpm", "r p m", "revolutions per minute", "turns per minute"), ("转每分钟", "转每分", "转")),
    SpokenUnit("mm", ("millimeters", "millimeter", "millimetres", "millimetre"), ("毫米",), "millimeter"),
    SpokenUnit("cm", ("centimeters", "centimeter", "centimetres", "centimetre"), ("厘米", "公分"), "centimeter"),
    SpokenUnit("m", ("meters", "meter", "metres", "metre"), ("米",), "meter"),
    SpokenUnit("km", ("kilometers", "kilometer", "kilometres", "kilometre"), ("公里", "千米"), "kilometer"),
    SpokenUnit("inch", ("inches", "inch"), ("英寸",), "inch"),
    SpokenUnit("ft", ("feet", "foot"), ("英尺",), "foot"),
    SpokenUnit("l", ("liters", "liter", "litres", "litre"), ("升",), "liter"),
    SpokenUnit("ml", ("milliliters", "milliliter", "millilitres", "millilitre"), ("毫升",), "milliliter"),
    SpokenUnit("m³", ("cubic meters", "cubic meter", "cubic metres", "cubic metre"), ("立方米", "方"), "cubic meter"),
    SpokenUnit("gallon", ("gallons", "gallon"), ("加仑",), "gallon"),
    SpokenUnit("l/min", ("liters per minute", "liter per minute", "litres per minute", "litre per minute"), ("升每分钟", "升每分"), "liter per minute"),
    SpokenUnit("l/h", ("liters per hour", "liter per hour", "litres per hour", "litre per hour"), ("升每小时",), "liter per hour"),
    SpokenUnit("m³/h", ("cubic meters per hour", "cubic meter per hour", "cubic metres per hour", "cubic metre per hour"), ("立方米每小时", "方每小时"), "cubic meter per hour"),
    SpokenUnit("g", ("grams", "gram"), ("克",), "gram"),
    SpokenUnit("kg", ("kilograms", "kilogram", "kilos", "kilo"), ("公斤", "千克"), "kilogram"),
    SpokenUnit("t", ("tonnes", "tonne", "metric tons", "tons"), ("吨",), "tonne"),
    SpokenUnit("N", ("newtons", "newton"), ("牛", "牛顿"), "newton"),
    SpokenUnit("kN", ("kilonewtons", "kilonewton"), ("千牛",), "kilonewton"),
    SpokenUnit("Nm", ("newton meters", "newton meter", "newton metres", "newton metre"), ("牛米", "牛顿米"), "newton meter"),
    SpokenUnit("s", ("seconds",), ("秒",), "second"),
    SpokenUnit("min", ("minutes", "minute"), ("分钟",), "minute"),
    SpokenUnit("h", ("hours", "hour"), ("小时",), "hour"),
    SpokenUnit("mm/s", ("millimeters per second", "millimeter per second", "millimetres per second"), ("毫米每秒",), "millimeter per second"),
    SpokenUnit("m/s", ("meters per second", "meter per second", "metres per second"), ("米每秒",), "meter per second"),
    SpokenUnit("ppm", ("ppm", "p p m", "parts per million"), ("百万分之",)),
)  # fmt: skip


def unit_called(name: str, language: str) -> str | None:
    """The symbol of a unit by its spoken name. None for a name that is not known."""
    return _by_name(language).get(name)


def unit_written(text: str) -> str | None:
    """The symbol of a unit that is typed behind digits, in any case. Spoken words must not reach it: "a" is no ampere."""
    return _BY_SYMBOL.get(text.lower())


def unit_by_symbol(symbol: str) -> SpokenUnit | None:
    """The names of a unit. None where it is not in the table."""
    return next((unit for unit in _UNITS if unit.symbol == symbol), None)


def all_units() -> tuple[SpokenUnit, ...]:
    """The whole table."""
    return _UNITS


@cache
def _by_name(language: str) -> dict[str, str]:
    return {name: unit.symbol for unit in _UNITS for name in unit.names(language)}


_BY_SYMBOL = {unit.symbol.lower(): unit.symbol for unit in _UNITS if unit.symbol not in ("MW",)}  # mW is not known
