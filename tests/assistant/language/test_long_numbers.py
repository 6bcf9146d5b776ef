"""Numbers that are easily misread, and check digits that do not fit."""

from __future__ import annotations

import random

import pytest

from assistant.language.long_numbers import Checked, easily_misread, failing_check, kinds_spoken_of
from assistant.language.phrases import phrases_for


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call 0049 30 1234567.", ("0049301234567",)),
        ("The number is 12345678.", ("12345678",)),
        ("编号是12345678。", ("12345678",)),
        ("Serial AB12345678", ("12345678",)),
        ("Room 777, 1,000 people.", ("777", "1000")),
        ("4006 3813 3393 1", ("4006381333931",)),
        ("Room 407, 1234567, 2024-11-29, 12.03.2025, 3/14/25.", ()),
        ("It costs 3.49 and weighs 250 g.", ()),
        ("", ()),
    ],
)
def test_long_numbers_and_runs_of_equal_digits_are_easily_misread(text: str, found: tuple[str, ...]) -> None:
    """A number counts from 8 digits or 3 equal ones in a row on, whatever stands between them. A date does not."""
    assert easily_misread(text) == found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DE89 3704 0044 0532 0130 00", None),
        ("It is DE89370400440532013001.", Checked.ACCOUNT),
        ("GB82 WEST 1234 5698 7654 32", None),
        ("GB82 WEST 1234 5698 7654 33", Checked.ACCOUNT),
        ("4111 1111 1111 1111", None),
        ("The card is 4111 1111 1111 1112.", Checked.CARD),
        ("3782 822463 10006", Checked.CARD),
        ("Call 030 1234 5678.", None),
    ],
)
def test_accounts_and_cards_are_known_by_their_form(text: str, kind: Checked | None) -> None:
    """Nobody has to say what they are."""
    found = failing_check(text)
    assert (found and found[0]) == kind


@pytest.mark.parametrize(
    ("text", "kind", "fails"),
    [
        ("4006381333931", Checked.ARTICLE, False),
        ("4006381333932", Checked.ARTICLE, True),
        ("4 006381 333932", Checked.ARTICLE, True),
        ("9638 5074", Checked.ARTICLE, False),
        ("9638 5075", Checked.ARTICLE, True),
        ("978-3-16-148410-0", Checked.BOOK, False),
        ("978-3-16-148410-1", Checked.BOOK, True),
        ("0-306-40615-2", Checked.BOOK, False),
        ("080442957X", Checked.BOOK, False),
        ("4111111111111112", Checked.CARD, True),
        ("401", Checked.ARTICLE, False),
    ],
)
def test_other_numbers_are_checked_where_their_kind_is_spoken_of(text: str, kind: Checked, fails: bool) -> None:
    """A number of 13 digits alone may be anything, so it is never called wrong."""
    assert (failing_check(f"It is {text}.", (kind,)) is not None) is fails
    assert failing_check(f"It is {text}.") is None


def test_a_wrong_digit_is_always_found() -> None:
    """In an article number each single digit that is misread breaks the sum."""
    for place in range(13):
        for digit in "0123456789":
            number = "4006381333931"[:place] + digit + "4006381333931"[place + 1 :]
            assert (failing_check(number, (Checked.ARTICLE,)) is None) is (number == "4006381333931")


def test_each_language_names_the_kinds() -> None:
    """A question about a bar code, a book or a card says which sum is meant."""
    en, zh = (phrases_for(language).second_look.checked_kinds for language in ("en", "zh"))
    assert kinds_spoken_of("What is the barcode?", en) == kinds_spoken_of("条码是多少", zh) == (Checked.ARTICLE,)
    assert kinds_spoken_of("read the ISBN", en) == kinds_spoken_of("书号是什么", zh) == (Checked.BOOK,)
    assert kinds_spoken_of("my credit card", en) == kinds_spoken_of("银行卡号", zh) == (Checked.CARD,)
    assert kinds_spoken_of("what is the number of the bus", en) == kinds_spoken_of("几路车", zh) == ()


def test_any_text_is_judged_quickly() -> None:
    """Random signs raise nothing."""
    dice = random.Random(5)
    for _ in range(2000):
        text = "".join(dice.choice("0123456789 -./XABDE,四1111") for _ in range(dice.randint(0, 60)))
        easily_misread(text)
        failing_check(text, tuple(Checked))
