"""What is rewritten before it is spoken, and what stays as it is."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from assistant.language.speakable import to_spoken

ENGLISH = [
    ("5 kg", "5 kilograms"),
    ("5kg", "5 kilograms"),
    ("1 kg", "1 kilogram"),
    ("1 kg.", "1 kilogram."),
    ("0.5 kg", "0.5 kilograms"),
    ("The box weighs 12.5 kg, I think.", "The box weighs 12.5 kilograms, I think."),
    ("120 km/h", "120 kilometers per hour"),
    ("20 °C", "20 degrees celsius"),
    ("20°C", "20 degrees celsius"),
    ("1 °C", "1 degree celsius"),
    ("-5 °C", "-5 degrees celsius"),
    ("20℃", "20 degrees celsius"),
    ("70 °F", "70 degrees fahrenheit"),
    ("250 ml", "250 milliliters"),
    ("250 mL", "250 milliliters"),
    ("1.5 l", "1.5 liters"),
    ("2 L", "2 liters"),
    ("50 mm", "50 millimeters"),
    ("5 cm", "5 centimeters"),
    ("3 m", "3 meters"),
    ("5 km", "5 kilometers"),
    ("230 V", "230 volts"),
    ("60 W", "60 watts"),
    ("1.5 kW", "1.5 kilowatts"),
    ("3 kWh", "3 kilowatt hours"),
    ("50 Hz", "50 hertz"),
    ("2.4 GHz", "2.4 gigahertz"),
    ("30 psi", "30 P S I"),
    ("500 g", "500 grams"),
    ("200 mg", "200 milligrams"),
    ("10 µg", "10 micrograms"),
    ("16 GB", "16 gigabytes"),
    ("500 MB", "500 megabytes"),
    ("5 m²", "5 square meters"),
    ("5 m2", "5 square meters"),
    ("2 m³", "2 cubic meters"),
    ("10 m/s", "10 meters per second"),
    ("12 l/min", "12 liters per minute"),
    ("3 dB", "3 decibels"),
    ("5000 mAh", "5000 milliamp hours"),
    ("250 kcal", "250 kilocalories"),
    ("12 g/100 g", "12 grams per 100 grams"),
    ("250 kcal/100 ml", "250 kilocalories per 100 milliliters"),
    ("16 oz", "16 ounces"),
    ("12 fl oz", "12 fluid ounces"),
    ("5 lb", "5 pounds"),
    ("10 mph", "10 miles per hour"),
    ("6 ft", "6 feet"),
    ("5 min", "5 minutes"),
    ("30 s", "30 seconds"),
    ("2 h", "2 hours"),
    ("1 h", "1 hour"),
    ("5-10 kg", "5 to 10 kilograms"),
    ("5–10 °C", "5 to 10 degrees celsius"),
    ("10-20%", "10 to 20%"),
    ("1,000 kg", "1,000 kilograms"),
    ("03/2026", "March 2026"),
    ("3/2026", "March 2026"),
    ("12.05.2026", "May 12th, 2026"),
    ("2026-03-01", "March 1st, 2026"),
    ("2026/03/01", "March 1st, 2026"),
    ("25/12/2026", "December 25th, 2026"),
    ("12/25/2026", "December 25th, 2026"),
    ("05/05/2026", "May 5th, 2026"),
    ("31.02.2026", "31 dot 02 dot 2026"),
    ("03.2026", "March 2026"),
    ("EXP 03/26", "expires March 2026"),
    ("EXP: 03/2026", "expires March 2026"),
    ("exp. 12/27", "expires December 2027"),
    ("Best before 03/26", "Best before March 2026"),
    ("use by 01.03.2026", "use by March 1st, 2026"),
    ("MFG 03-2026", "MFG March 2026"),
    ("expires 2026-03-01.", "expires March 1st, 2026."),
    ("9:00", "9 o'clock"),
    ("14:00", "14 hundred"),
    ("08:00", "8 o'clock"),
    ("08:00 h", "8 o'clock"),
    ("0:00", "midnight"),
    ("9:00 am", "9 am"),
    ("9:00-17:00", "9 o'clock to 17 hundred"),
    ("9:30–18:15", "9:30 to 18:15"),
    ("010", "0 1 0"),
    ("007", "0 0 7"),
    ("Room 010.", "Room 0 1 0."),
    ("00421", "0 0 4 2 1"),
    ("4006381333931", "4 0 0 6, 3 8 1 3, 3 3 9 3, 1"),
    ("12345678", "1 2 3 4, 5 6 7 8"),
    ("+44 20 7946 0123", "plus 4 4, 2 0, 7 9 4 6, 0 1 2 3"),
    ("192.168.1.1", "192 dot 168 dot 1 dot 1"),
    ("1.2.3", "1 dot 2 dot 3"),
    ("No. 5", "number 5"),
    ("no. 12", "number 12"),
    ("Nos. 5", "numbers 5"),
    ("#5", "number 5"),
    ("p. 12", "page 12"),
    ("approx. 5 kg", "approximately 5 kilograms"),
    ("max. 40 °C", "maximum 40 degrees celsius"),
    ("min. 2", "minimum 2"),
    ("Fig. 3", "figure 3"),
    ("$5", "5 dollars"),
    ("$5.50", "5 dollars and 50 cents"),
    ("$1", "1 dollar"),
    ("$1.01", "1 dollar and 1 cent"),
    ("$0.99", "99 cents"),
    ("€5", "5 euros"),
    ("€1", "1 euro"),
    ("5 €", "5 euros"),
    ("3.20 €", "3 euros and 20 cents"),
    ("£3.20", "3 pounds and 20 pence"),
    ("£1.01", "1 pound and 1 penny"),
    ("¥500", "500 yen"),
    ("$5 million", "5 million dollars"),
    ("$1,000", "1,000 dollars"),
    ("$1,250.50", "1,250 dollars and 50 cents"),
    ("EUR 20", "20 euros"),
    ("20 EUR", "20 euros"),
    ("snake_case", "snake underscore case"),
    ("my_file_2.txt", "my underscore file underscore 2.txt"),
    ("https://www.example.org/a_b/c", "www.example.org slash a underscore b slash c"),
    ("See https://example.org/x-y, please.", "See example.org slash x dash y, please."),
    ("first_last@example.org", "first underscore last@example.org"),
    ("It is 5 m to the door.", "It is 5 meters to the door."),
    ("5 kg of rice at $3.50 a kg", "5 kilograms of rice at 3 dollars and 50 cents a kg"),
    ("Take 2 of 200 mg twice a day.", "Take 2 of 200 milligrams twice a day."),
    ("Wait 5 min. 3 people are here.", "Wait 5 minutes. 3 people are here."),
    ('We say (5 kg) or "3 km".', 'We say (5 kilograms) or "3 kilometers".'),
    ("00:00", "midnight"),
    ("Room 12, 3 m wide", "Room 12, 3 meters wide"),
    ("", ""),
]
UNCHANGED_ENGLISH = [
    "90°",
    "12%",
    "12 %",
    "3m",
    "$3 m",
    "16 A",
    "5 bar",
    "5 in",
    "30s",
    "the 1930s",
    "24h",
    "5G",
    "4K",
    "A4",
    "M8",
    "5 t",
    "3 N",
    "5-10",
    "3-2",
    "05/06/2026",
    "2026-13-01",
    "10.2026",
    "03/26",
    "12:30",
    "9:05",
    "10:30 am",
    "25:00",
    "10:00:00",
    "05",
    "0.5",
    "1010",
    "A010",
    "1234567",
    "v2.1",
    "3.14",
    "No. I see none.",
    "#hashtag",
    "$5m",
    "US$5",
    "1st",
    "23rd",
    "1/2",
    "2 1/2",
    "24/7",
    "½",
    "±5",
    "_emphasis_",
    "www.example.org.",
    "info@example.org",
    "and/or",
    "I see 3 people and 2 dogs.",
    "There is a red mug on the table.",
    "Bus 16 A stops here.",
    "Offer $3 bn",
]
MANDARIN = [
    ("5 kg", "5公斤"),
    ("5kg大米", "5公斤大米"),
    ("重量5 kg。", "重量5公斤。"),
    ("1.5 l", "1点五升"),
    ("250 ml", "250毫升"),
    ("20 °C", "20摄氏度"),
    ("20℃", "20摄氏度"),
    ("-5℃", "零下5摄氏度"),
    ("-5 °C", "零下5摄氏度"),
    ("-5", "负5"),
    ("12%", "百分之12"),
    ("3.5%", "百分之3点五"),
    ("-2%", "负百分之2"),
    ("120 km/h", "120公里每小时"),
    ("230 V", "230伏"),
    ("50 Hz", "50赫兹"),
    ("5 m", "5米"),
    ("12.5", "12点五"),
    ("3.14", "3点一四"),
    ("0.5", "0点五"),
    ("1,000", "1000"),
    ("12,500", "12500"),
    ("2026-03-01", "二零二六年3月1日"),
    ("2026/3/1", "二零二六年3月1日"),
    ("2026.03.01", "二零二六年3月1日"),
    ("03/2026", "二零二六年3月"),
    ("12.05.2026", "二零二六年5月12日"),
    ("2026年3月", "二零二六年3月"),
    ("保质期至2026年3月1日", "保质期至二零二六年3月1日"),
    ("12:30", "12点30分"),
    ("9:05", "9点零5分"),
    ("9:00", "9点"),
    ("14:00", "14点"),
    ("9:00-17:00", "9点到17点"),
    ("010", "零一零"),
    ("房间010", "房间零一零"),
    ("4006381333931", "四零零六三八一三三三九三一"),
    ("No. 5", "5号"),
    ("#5", "5号"),
    ("¥5", "5元"),
    ("￥12.50", "12点五零元"),
    ("$5", "5美元"),
    ("€5", "5欧元"),
    ("5 €", "5欧元"),
    ("£3", "3英镑"),
    ("5-10公斤", "5到10公斤"),
    ("5-10 kg", "5到10公斤"),
    ("10-20%", "百分之10到20"),
    ("½", "二分之一"),
    ("https://www.example.org/a_b", "www.example.org slash a underscore b"),
]
UNCHANGED_MANDARIN = [
    "5m",
    "05/06/2026",
    "25:00",
    "第5",
    "1/2",
    "5公斤",
    "桌子上有3个杯子。",
    "A4",
    "3-2",
    "info@example.org",
    "请按 start 按钮",
]


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english_is_written_as_it_is_said(written: str, spoken: str) -> None:
    """Units, dates, hours, codes, prices and addresses become words."""
    assert to_spoken(written, "en-us") == spoken


@pytest.mark.parametrize("text", UNCHANGED_ENGLISH)
def test_what_is_right_or_unclear_in_english_stays(text: str) -> None:
    """What espeak-ng says rightly, and what can mean two things, is not touched."""
    assert to_spoken(text, "gmw/en-gb+f3") == text


@pytest.mark.parametrize(("written", "spoken"), MANDARIN)
def test_mandarin_is_written_as_it_is_said(written: str, spoken: str) -> None:
    """Signs that espeak-ng leaves out, units, dates, times, codes and prices become characters."""
    assert to_spoken(written, "cmn") == spoken


@pytest.mark.parametrize("text", UNCHANGED_MANDARIN)
def test_what_is_right_or_unclear_in_mandarin_stays(text: str) -> None:
    """What can mean two things is not touched."""
    assert to_spoken(text, "sit/cmn") == text


@pytest.mark.parametrize("spoken", [pair[1] for pair in ENGLISH])
def test_the_spoken_form_is_final(spoken: str) -> None:
    """A sentence that was rewritten once is not changed by a second time."""
    assert to_spoken(spoken, "en-us") == spoken


def test_a_voice_of_another_language_keeps_the_text() -> None:
    """A German voice must not say English words."""
    assert to_spoken("5 kg", "de") == "5 kg"
    assert to_spoken("5 kg", "gmw/de+f3") == "5 kg"


@pytest.mark.parametrize(
    "text", ["9" * 500, "1." * 250, "-" * 500, "$" * 499 + "1", "a_" * 250, "+1 " * 166, "x@" * 250]
)
def test_odd_text_takes_no_time(text: str) -> None:
    """Long runs of digits and marks are rewritten in a small part of a second of computing."""
    began = time.process_time()
    to_spoken(text, "en-us")
    to_spoken(text, "cmn")
    assert time.process_time() - began < 0.5


def test_what_is_no_sentence_stays() -> None:
    """A text longer than any sentence is left as it is."""
    assert to_spoken("5 kg " * 200, "en-us") == "5 kg " * 200


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="the program espeak-ng is not installed")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5 kg", "five kilograms"), ("120 km/h", "one hundred twenty kilometers per hour"), ("No. 5", "number five"),
        ("03/2026", "march two thousand twenty six"), ("010", "zero one zero"), ("$5", "five dollars"),
        ("20 °C", "twenty degrees celsius"), ("14:00", "fourteen hundred"), ("a_b", "a underscore b"),
    ],
)  # fmt: skip
def test_espeak_says_what_is_meant(written: str, meant: str) -> None:
    """The phonemes of the rewritten text are those of the words, but those of the text as it was are not."""

    def phonemes(text: str) -> str:
        command = ["espeak-ng", "-q", "-x", "-v", "en-us", "--", text]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return "".join(sign for sign in said if sign.isalpha())

    assert phonemes(to_spoken(written, "en-us")) == phonemes(meant)
    assert phonemes(written) != phonemes(meant)
