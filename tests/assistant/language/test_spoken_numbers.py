"""Numbers that are said, and numbers that are put into words."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from assistant.language.spoken_numbers import (
    SpokenNumber,
    digit_phrases,
    digits_in,
    number_in,
    say_each_digit,
    say_number,
)
from assistant.language.spoken_units import all_units

ENGLISH = {
    "zero": "0", "seven": "7", "nineteen": "19", "thirty two": "32", "a hundred": "100", "hundred and five": "105",
    "a hundred and five": "105", "one hundred five": "105", "twelve hundred": "1200", "twenty five hundred and six": "2506",
    "ten thousand three hundred": "10300", "one million": "1000000", "a thousand and one": "1001",
    "five hundred thousand two": "500002", "two million three hundred thousand and forty": "2300040",
    "one oh five": "105", "one o five": "105", "double four": "44", "four triple zero": "4000", "oh seven": "7",
    "five seven": "57", "one two three": "123", "nine eight seven six five": "98765",
    "minus three point five": "-3.5", "negative forty": "-40", "plus four": "4", "minus zero": "0",
    "point five": "0.5", "zero point zero five": "0.05", "oh point two": "0.2", "three point fourteen": "3.14",
    "seven point two zero": "7.20", "one oh one point three": "101.3", "three dot one four": "3.14",
    "three and a half": "3.5", "half": "0.5", "a quarter": "0.25", "two and three quarters": "2.75",
    "one point five million": "1500000", "two and a half thousand": "2500",
    "twenty-five": "25", "Seven.": "7", "7.2": "7.2", "-3.5": "-3.5", "−3": "-3",
    "it is seven point two": "7.2", "it's ten": "10", "the reading is five": "5", "um forty": "40",
}  # fmt: skip
ENGLISH_WITH_UNITS = {
    "seven point two bar": ("7.2", "bar"), "thirty two degrees celsius": ("32", "°C"), "fifty percent": ("50", "%"),
    "fifty per cent": ("50", "%"), "half a bar": ("0.5", "bar"), "minus five degrees": ("-5", "°"), "7.2bar": ("7.2", "bar"),
    "fifteen hundred r p m": ("1500", "rpm"), "one second": ("1", "s"), "twenty seconds": ("20", "s"), "50 %": ("50", "%"),
    "three and a half liters per minute": ("3.5", "l/min"), "two hundred p s i": ("200", "psi"), "32 °C": ("32", "°C"),
}  # fmt: skip
REFUSED_ENGLISH = (
    "|no|oh|minus|point|and|double|a|hello|seven point|point minus two|two thirds|five eighths|first|third|twenty first"
    "|twenty second|fifth|the second|twenty thirty|one fifty|nineteen eighty four|one hundred two hundred|five and six"
    "|seven or eight|seven to eight|two three hundred|one thousand one thousand|two thousand hundred|hundred thousand million"
    "|six thousand twelve hundred|twenty hundred|zero hundred|seven thousand and|one hundred and and five|five minus two"
    "|minus minus five|three point one point four|three point fourteen fifteen|three point five hundred|seven bar two"
    "|about seven|not seven|seven point two bars up|seven seven bar bar|3, 5|1,200|1.200.300|3. 5|£5|5:30|3-5|5 6|half past two"
    "|minus|bar|percent|half of it|one zero hundred|three five a|seven m|three l|a five|thousand thousand|five sixty|sixty five sixty|what is seven"
).split("|")  # fmt: skip
CHINESE = {
    "零": "0", "七": "7", "十": "10", "十五": "15", "二十": "20", "一百零五": "105", "一千二百": "1200", "一千零五十": "1050", "一千零五": "1005",
    "两百五": "250", "一百五": "150", "一千二": "1200", "三万五": "35000", "一万零三百": "10300", "二十万零五十": "200050", "三千万": "30000000",
    "一亿": "100000000", "一亿两千万": "120000000", "三点一四": "3.14", "负三点五": "-3.5", "零点零五": "0.05", "点五": "0.5", "两点五": "2.5",
    "十点二零": "10.20", "半": "0.5", "三个半": "3.5", "三又四分之三": "3.75", "二分之一": "0.5", "三点五万": "35000", "一二三": "123",
    "幺幺二": "112", "二五零": "250", "负 三 点 五": "-3.5", "读数是七": "7", "零下五": "-5", "7.2": "7.2", "-3": "-3", "一萬兩千": "12000",
}  # fmt: skip
CHINESE_WITH_UNITS = {
    "百分之五十": ("50", "%"), "负百分之五": ("-5", "%"), "七点二巴": ("7.2", "bar"), "三十二摄氏度": ("32", "°C"), "三度半": ("3.5", "°"),
    "零下三度半": ("-3.5", "°"), "半巴": ("0.5", "bar"), "一千五百转": ("1500", "rpm"), "50%": ("50", "%"), "两兆帕": ("2", "MPa"), "五百千瓦": ("500", "kW"), "一万三千瓦": ("13000", "W"), "两千五百帕": ("2500", "Pa"),
}  # fmt: skip
REFUSED_CHINESE = (
    "|第三|三点|三点半|三点十四|三四|二十三十|一百二百|一千五十|三百零|百五|十百|两两|三百零零五|一半|三分之一|负|点|七点二点三|三五十|五六十|两百五点三"
    "|不是七|七或八|大约七|一万三百|二十零五|三点五分|七点二巴五|百分之|3，5|七度半半|万|零百|一百零五十|七巴八巴"
).split("|")  # fmt: skip


@pytest.mark.parametrize(("said", "value"), ENGLISH.items())
def test_english_numbers(said: str, value: str) -> None:
    """English numbers are understood as people say them."""
    assert number_in(said, "en") == SpokenNumber(Decimal(value))


@pytest.mark.parametrize(("said", "value"), CHINESE.items())
def test_chinese_numbers(said: str, value: str) -> None:
    """Chinese numbers are understood as people say them."""
    assert number_in(said, "zh") == SpokenNumber(Decimal(value))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_numbers_with_units(language: str) -> None:
    """A unit that is said behind the number comes as its symbol."""
    table = ENGLISH_WITH_UNITS if language == "en" else CHINESE_WITH_UNITS
    found = {said: number_in(said, language) for said in table}
    assert found == {said: SpokenNumber(Decimal(value), unit) for said, (value, unit) in table.items()}


@pytest.mark.parametrize(("language", "texts"), [("en", REFUSED_ENGLISH), ("zh", REFUSED_CHINESE)])
def test_what_is_no_number_is_refused(language: str, texts: list[str]) -> None:
    """Ordinals, two numbers in a row, halves of numbers and everything else are no number."""
    assert {text: found for text in texts if (found := number_in(text, language)) is not None} == {}


def test_the_digits_that_were_said_are_kept() -> None:
    """The last zero of a reading tells how exact it is."""
    found = number_in("seven point two zero bar", "en")
    assert found is not None
    assert str(found.value) == "7.20"
    assert say_number(found.value, found.unit, "en") == "seven point two zero bar"


def test_digits_one_by_one() -> None:
    """Check digits keep the zeros at their front, and are nothing else than digits."""
    assert digits_in("zero four double seven", "en") == "0477"
    assert digits_in("oh four", "en") == "04"
    assert digits_in("零四七七", "zh") == "0477"
    assert digits_in("三四", "zh") == "34"
    assert digits_in("0 4", "en") == digits_in("04", "zh") == "04"
    assert [digits_in(text, "en") for text in ("", "forty seven", "four and seven", "seven bar")] == [None] * 4
    assert [digits_in(text, "zh") for text in ("", "四十七", "两")] == [None] * 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_digit_is_understood_as_the_number(language: str) -> None:
    """Said digit by digit, the number is the same, and the phrases for the recogniser have all its words."""
    known = set(digit_phrases(language))
    for value in ("152.7", "0.08", "-10.5", "2400", "7"):
        said = say_each_digit(Decimal(value), language)
        assert set(said.split()) <= known
        understood = number_in(said.replace(" ", "") if language == "zh" else said, language)
        assert understood is not None
        assert understood.value == Decimal(value)


def test_the_read_back() -> None:
    """A number is said in words with its unit."""
    assert say_number(Decimal("7.2"), "bar", "en") == "seven point two bar"
    assert say_number(Decimal("-1205.03"), None, "en") == "minus one thousand two hundred and five point zero three"
    assert say_number(1, "°C", "en") == "one degree celsius"
    assert say_number(Decimal("1.0"), "m", "en") == "one point zero meters"
    assert say_number(3, "widgets", "en") == "three widgets"
    assert say_number(Decimal("-50"), "%", "zh") == "负百分之五十"
    assert say_number(10_305, "bar", "zh") == "一万零三百零五巴"
    with pytest.raises(ValueError, match="NaN cannot be said"):
        say_number(Decimal("NaN"), None, "en")
    with pytest.raises(ValueError, match="no grammar of numbers for language 'xx': known are en, zh"):
        number_in("one", "xx")


def values() -> Iterator[Decimal]:
    """All small numbers, and thousands of larger ones and of decimals."""
    yield from map(Decimal, range(12_100))
    rng = random.Random(1)
    for _ in range(4_000):
        whole = rng.randrange(10 ** rng.randint(1, 11))
        decimals = rng.randint(0, 5)
        digits = "".join(rng.choice("0123456789") for _ in range(decimals))
        yield Decimal(f"{rng.choice(['', '-'])}{whole}.{digits}" if digits else str(whole))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_is_understood_as_the_same(language: str) -> None:
    """Any number that is read back is understood as itself again, digit for digit."""
    for value in values():
        found = number_in(say_number(value, None, language), language)
        assert found is not None, value
        assert str(found.value) == str(value + 0), say_number(value, None, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_units_are_understood_again(language: str) -> None:
    """Each unit's name leads back to its symbol, whatever the number is."""
    for unit in all_units():
        for value in (Decimal(1), Decimal("7.2"), Decimal(-305)):
            said = say_number(value, unit.symbol, language)
            assert number_in(said, language) == SpokenNumber(value, unit.symbol), said


def test_each_name_means_one_unit() -> None:
    """No two units have a name in common."""
    for names in ([name for unit in all_units() for name in unit.english], [n for u in all_units() for n in u.chinese]):
        assert len(names) == len(set(names))


def test_pint_knows_all_units() -> None:
    """A spoken unit can be compared with a checklist's unit by pint."""
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry()
    assert registry.Unit("bar") == registry.Unit(all_units()[1].symbol)
    for unit in all_units():
        assert registry.parse_units(unit.symbol) is not None


def test_num2words_is_understood() -> None:
    """The English words that num2words writes are understood as the same number."""
    num2words = pytest.importorskip("num2words").num2words
    for value in values():
        if len(value.as_tuple().digits) > 14:
            continue  # num2words computes in floats
        if -1 < value < 0:
            continue  # it loses the minus
        found = number_in(num2words(str(value)), "en")
        assert found is not None
        assert found.value == value


def test_cn2an_is_understood() -> None:
    """The Chinese signs that cn2an writes are understood as the same number."""
    cn2an = pytest.importorskip("cn2an")
    for value in values():
        if abs(value) < 10**8:
            found = number_in(cn2an.an2cn(str(value)), "zh")
            assert found is not None, value
            assert found.value == value


WORDS = (
    "zero one two three five seven ten eleven twelve fifteen twenty thirty ninety hundred thousand million and a point "
    "minus oh half double percent bar first the of seven"
).split()
SIGNS = "零一二三五七九十百千万亿点负两半幺第度巴分之个"


def ways_to_say(value: Decimal) -> set[str]:
    """What the words of a positive number may be, without "and", with "one" in place of "a"."""
    whole, _, decimals = f"{value:f}".partition(".")
    one_by_one = " ".join(say_number(int(digit), None, "en") for digit in whole)
    ways = {say_number(int(whole), None, "en"), one_by_one, f"zero {one_by_one}"}
    number = int(whole)
    if 1000 < number < 10_000 and number // 100 % 10:
        rest = f" {say_number(number % 100, None, 'en')}" if number % 100 else ""
        ways.add(f"{say_number(number // 100, None, 'en')} hundred{rest}")
    if decimals:
        said = {" ".join(say_number(int(digit), None, "en") for digit in decimals)}
        said |= {say_number(int(decimals), None, "en")} if decimals[0] != "0" and len(decimals) == 2 else set()
        ways = {f"{way} point {more}" for way in (*ways, *([""] if number == 0 else [])) for more in said}
    return {way.replace(" and ", " ").strip() for way in ways}


def test_random_words_never_give_a_number_that_they_do_not_say() -> None:
    """Of random words a number is made only where these are a way to say that number."""
    rng = random.Random(2)
    understood = 0
    for _ in range(60_000):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 5))]
        text = " ".join(words)
        if (found := number_in(text, "en")) is None or {"half", "double"} & set(words):
            continue
        bare = [word for word in words if word not in ("percent", "bar", "minus", "the")]
        if "point" in words and bare[-1] in ("thousand", "million"):
            continue  # "one point five million"
        said = " ".join("zero" if word == "oh" else "one" if word == "a" else word for word in bare if word != "and")
        ways = ways_to_say(abs(found.value))
        said = said.removeprefix("zero ").removeprefix("zero ").removeprefix("zero ").removeprefix("zero ")
        ways |= {way.removeprefix("zero ") for way in ways}
        assert {said, f"one {said}", f"zero {said}"} & ways, text
        assert (found.value < 0) == ("minus" in words and found.value != 0), text
        understood += 1
    assert understood > 2_000


def test_random_signs_never_give_a_number_that_they_do_not_say() -> None:
    """Of random signs a number is made only where these are a way to say that number."""
    rng = random.Random(3)
    understood = 0
    for _ in range(60_000):
        text = "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 5)))
        found = number_in(text, "zh")
        if found is None or set(text) & set("半分"):
            continue
        bare = (
            text.strip("度巴")
            .removeprefix("负")
            .removeprefix("零下")
            .replace("两", "二")
            .replace("幺", "一")
            .replace("零十", "零一十")
        )
        value = abs(found.value)
        whole, _, decimals = bare.partition("点")
        if decimals[-1:] and decimals[-1] in "万亿":
            continue
        said = say_number(int(value), None, "zh")
        ways = {said, f"一{said}", "".join("零一二三四五六七八九"[int(digit)] for digit in str(int(value)))}
        ways.add(re.sub(r"(?<=[百千万亿][一二三四五六七八九])[十百千]万?$", "", said))  # 两百五, 一亿五
        assert whole.lstrip("零") in {way.lstrip("零") for way in ways} | {""}, text
        assert decimals == "".join("零一二三四五六七八九"[int(digit)] for digit in f"{value:f}".partition(".")[2]), text
        understood += 1
    assert understood > 2_000
