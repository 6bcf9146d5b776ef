"""Answers that go round in circles are told from answers that repeat themselves rightly."""

from __future__ import annotations

import re

import pytest

from vision.engine.generation.cycles import CycleDetector


def tokens(text: str) -> list[str]:
    """Words with the space before them, single digits, marks and Chinese characters."""
    return re.findall(r"\n| ?[A-Za-z']+| ?\d|[^\w\n]|[\u4e00-\u9fff]", text)


def heard(text: str, *, is_print: bool = False) -> tuple[str, bool]:
    """The text that is not held back at the end or where a loop is found, and whether one is."""
    detector, said, given = CycleDetector(is_print=is_print), list[str](), 0
    for token in tokens(text):
        said.append(token)
        detector.push(hash(token), token)
        given = max(given, len(said) - detector.held)
        if detector.found:
            break
    return "".join(said[:given]), detector.found


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("a yellow" + " yellow" * 9 + " square.", "a yellow"),
        ("I see a red car, a blue car," + " a red car, a blue car," * 5, "I see a red car, a blue car,"),
        ("It is a man who is a man who is a man who is a man who", "It is a man who"),
        ("The car is red and old. The car is red and old.", "The car is red and old."),
        (
            "The car is red. It stands by a wall. The car is red. It stands by a wall.",
            "The car is red. It stands by a wall.",
        ),
        ("The car is red and old.\nThe car is red and old.", "The car is red and old.\n"),
        ("这是一辆红色的汽车。这是一辆红色的汽车。", "这是一辆红色的汽车。"),
        ("红色的" * 5, "红色的"),
        ("Things:\n" + "- a wooden chair\n" * 9, "Things:\n- a wooden chair\n-"),
        ("!" * 60, None),
        ("0" * 60, None),
        ("0, " * 200, None),
    ],
)
def test_a_loop_is_found(text: str, before: str | None) -> None:
    """What comes before the repeat is given out, and no word of the repeat."""
    said, is_found = heard(text)
    assert is_found
    if before is not None:
        assert said == before


TRUE_REPEATS = [
    "\n".join([" ".join("0" * 8)] * 8),
    "\n".join(["| 0 | 0 | 0 |"] * 7),
    "Call 0800 0000000 or 777 777 777.",
    "IBAN DE00 0000 0000 0000 0000 00",
    "The address is FF:FF:FF:FF:FF:FF.",
    "\n".join(f"Line {number}: free" for number in range(1, 10)),
    "\n".join(["- free"] * 5),
    "| yes | yes | yes |\n| yes | yes | no |",
    "A sign says SALE SALE SALE.",
    "Ha ha ha, very very very funny.",
    "New York, New York. So good, so good.",
    "No. No. It is closed.",
    "There is a red cup on the table. There is a red cup on the shelf.",
    "The left one is red. The right one is blue. The left one is open.",
    "It weighs 3.5 kg. It weighs 3.5 g.",
    "左边是红色的杯子。右边是红色的盘子。",
    "0 kg 0 kg 0 kg 0 kg 0 kg 0 kg 0 kg",
    "." * 40,
]


@pytest.mark.parametrize("text", TRUE_REPEATS)
@pytest.mark.parametrize("is_print", [True, False])
def test_a_true_repeat_is_none(text: str, is_print: bool) -> None:
    """Tables of zeros, numbers of equal digits, addresses, like rows and short words said again are left alone."""
    assert not heard(text, is_print=is_print)[1]


@pytest.mark.parametrize(
    "text",
    [
        "Wash your hands before work. Wash your hands before work. Then go in.",
        "Now SALE today SALE today SALE today",
        "\n".join(["| in use |"] * 8),
    ],
)
def test_print_may_repeat_itself_more_often(text: str) -> None:
    """The same text is a loop in a description."""
    assert not heard(text, is_print=True)[1]
    assert heard(text)[1]


def test_a_loop_of_print_is_found_too() -> None:
    """A sentence that comes a third time, and words that come five times, are a loop of print as well."""
    assert heard("Wash your hands before work. " * 3, is_print=True)[1]
    assert heard(" Wash your hands before" * 6, is_print=True)[1]


def test_text_is_held_back_only_while_it_may_repeat() -> None:
    """A word that was said before waits for the next one, which shows that it is no repeat."""
    assert heard("I see the dog and the") == ("I see the dog and", False)
    assert heard("I see the dog and the cat") == ("I see the dog and the cat", False)
    assert heard("It is a big red car. It is a big")[0] == "It is a big red car."
    assert heard("It is a big red car. It is a big blue")[0] == "It is a big red car. It is a big blue"


def test_numbers_are_never_held_back() -> None:
    """A table of zeros is told as it comes."""
    said = "Zeros: " + "0 " * 40
    assert heard(said) == (said, False)


def test_after_a_loop_another_answer_can_be_tried() -> None:
    """The detector goes on behind the first tokens, and finds the same loop once more."""
    detector = CycleDetector()
    words = tokens("a yellow" + " yellow" * 5)
    for word in words:
        detector.push(hash(word), word)
    assert (detector.found, detector.held, detector.repeats) == (True, 5, True)
    detector.go_on_behind(2)
    assert (detector.found, detector.held, detector.repeats) == (False, 0, False)
    detector.push(hash(" square"), " square")
    assert (detector.found, detector.held) == (False, 0)
    detector.go_on_behind(2)
    for word in words[2:] + words[2:]:
        detector.push(hash(word), word)
    assert detector.found
