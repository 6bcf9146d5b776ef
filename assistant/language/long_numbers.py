"""Finds the numbers in a text that are easily misread, and judges those that have a check digit.

Small vision models drop or add a digit in long numbers and in runs of equal digits. An article number (EAN, ISBN), a
bank account (IBAN) and a bank card end with digits that are computed from the others, so a number in which a digit was
misread is found in at least nine cases of ten. The sums are those of python-stdnum. This file is pure: it does not know
pictures, models, or what is said about a number.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Mapping

LONG_FROM = 8  # digits
RUN_FROM = 3  # equal digits in a row

_SEPARATED = r"[ \u00a0.\-–/]?"  # at most one sign stands between two digits of one number
_LONG = re.compile(rf"\d(?:{_SEPARATED}\d){{{LONG_FROM - 1},}}")
# A date is no number that a digit could be dropped from.
_DATE = re.compile(r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?:\d{2})?)(?!\d)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RUN = re.compile(rf"(\d)\1{{{RUN_FROM - 1},}}")
# A country's two letters, two check digits and 11 to 30 letters or digits, alone or in groups of four.
_IBAN = re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z\d])")
# A bank card's number is printed in groups: four of four digits, or four, six and five.
_CARD_GROUPS = re.compile(r"(?<![A-Za-z\d])(?:[2456]\d{3}(?:[ -]\d{4}){3}|3[47]\d{2}[ -]\d{6}[ -]\d{5})(?![A-Za-z\d])")
_CARD_LENGTHS = range(13, 20)
_EAN_LENGTHS = (8, 12, 13, 14)


class Checked(enum.Enum):
    """The kinds of numbers that have a check digit."""

    ARTICLE = "article"  # EAN-8, UPC-A, EAN-13, GTIN-14
    BOOK = "book"  # ISBN-10 and ISBN-13
    ACCOUNT = "account"  # IBAN
    CARD = "card"  # a bank card, with the sum of H. P. Luhn


def easily_misread(text: str) -> tuple[str, ...]:
    """The numbers of 8 and more digits, and those with 3 and more equal digits in a row, as digits alone."""
    without_dates = _DATE.sub(" , ", text)
    found = [match[0] for match in _LONG.finditer(without_dates)]
    found += [match[0] for match in _NUMBER.finditer(_LONG.sub(" , ", without_dates))]
    digits = [re.sub(r"\D", "", number) for number in found]
    return tuple(dict.fromkeys(number for number in digits if len(number) >= LONG_FROM or _RUN.search(number)))


def failing_check(text: str, spoken_of: Collection[Checked] = ()) -> tuple[Checked, str] | None:
    """The first number of a text whose check digit does not fit, with its kind. None if there is none.

    An IBAN and a card number are known by their form. Any other number is checked only if the question or the answer
    speaks of its kind (`spoken_of`): most numbers of 13 digits are no article numbers, and have no check digit.
    """
    for match in _IBAN.finditer(text):
        if not _is_valid(Checked.ACCOUNT, match[0]):
            return Checked.ACCOUNT, match[0]
    without_accounts = _IBAN.sub(" ", text)
    for match in _CARD_GROUPS.finditer(without_accounts):
        if not _is_valid(Checked.CARD, match[0]):
            return Checked.CARD, match[0]
    for match in re.finditer(rf"(?<![A-Za-z\d])\d(?:{_SEPARATED}[\dX])*(?![A-Za-z\d])", without_accounts):
        digits = re.sub(r"[^\dX]", "", match[0])
        for kind in spoken_of:
            if _has_form(kind, digits) and not _is_valid(kind, digits):
                return kind, match[0]
    return None


def kinds_spoken_of(text: str, words: Mapping[str, str]) -> tuple[Checked, ...]:
    """The kinds of numbers that a question or an answer speaks of. `words` has an expression for each kind's name."""
    return tuple(kind for kind in Checked if kind.value in words and re.search(words[kind.value], text, re.IGNORECASE))


def _has_form(kind: Checked, digits: str) -> bool:
    if kind is Checked.BOOK:
        return len(digits) == 10 or (len(digits) == 13 and digits.isdecimal())
    if not digits.isdecimal():
        return False
    return {Checked.ARTICLE: len(digits) in _EAN_LENGTHS, Checked.CARD: len(digits) in _CARD_LENGTHS}.get(kind, False)


def _is_valid(kind: Checked, number: str) -> bool:
    # Imported here, since hardly any answer has such a number.
    from stdnum import ean, iban, isbn, luhn

    plain = re.sub(r"[^A-Z0-9]", "", number)
    match kind:
        case Checked.ARTICLE:
            return bool(ean.is_valid(plain))
        case Checked.BOOK:
            return bool(isbn.is_valid(plain))
        case Checked.ACCOUNT:
            return bool(iban.is_valid(plain, check_country=False))
        case Checked.CARD:
            return bool(luhn.is_valid(plain))
