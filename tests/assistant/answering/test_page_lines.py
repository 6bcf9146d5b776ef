from __future__ import annotations

import threading

import numpy as np
import pytest

from assistant.answering.page_lines import LineRead, PageFound, PageReader, ToldAloud, read_page
from assistant.answering.page_reading import LONG_PAGE_LINES
from assistant.language.phrases import phrases_for
from tests.assistant.fake_reader import FakeReader, Printed, page
from vision.errors import Cancelled
from vision.frame import Frame

PHRASES = phrases_for("en")
WORDS = PHRASES.reading
FRAME = Frame(np.zeros((4, 4, 3), np.uint8), 0.0)


def told(lines: list[Printed], *advice: str) -> list[str]:
    """What came, in order: `L` before a line, `S` before a sentence."""
    pages = PageReader(FakeReader(lines), lambda frame, layout: advice)
    found = list[str]()
    for part in read_page(pages, FRAME, PHRASES, threading.Event()):
        match part:
            case PageFound(layout, given):
                found.append(f"F {len(layout.lines)} {' '.join(known.name for known in given)}".rstrip())
            case LineRead(line):
                found.append(f"L {line.text}")
            case ToldAloud(sentence):
                found.append(f"S {sentence}")
    return found


def test_each_sentence_comes_as_soon_as_its_lines_are_there() -> None:
    """Lines do not wait for the end of a sentence."""
    assert told(page("The shop\n\nIt opens\nat nine.\n\nCome in.")) == [
        "F 4", "L The shop", "L It opens", "S The shop", "L at nine.", "S It opens at nine.", "L Come in.", "S Come in.",
    ]  # fmt: skip


def test_advice_comes_first_and_opposite_sides_are_one() -> None:
    """Whoever is told to move left and right at once can do neither."""
    assert told(page("One"), "cut_left", "cut_right", "glare") == [
        "F 1 too_near glare", "L One", f"S {WORDS.too_near}", f"S {WORDS.advice['glare']}", "S One",
    ]  # fmt: skip


def test_doubt_stands_before_its_line() -> None:
    """The second of two such lines in a row is told in fewer words, and a line without words is told too."""
    lines = [Printed("0ne", 0, 0.4), Printed("Tw0", 0, 0.4), Printed("", 1, 0.0), Printed("Four", 2)]
    assert [part for part in told(lines) if part.startswith("S")] == [
        "S I am not sure of this line: 0ne", "S Nor of this one: Tw0", f"S {WORDS.unreadable_line}", "S Four",
    ]  # fmt: skip


def test_a_picture_without_print_is_said_to_have_none() -> None:
    """What was found all the same is told as no more than possible, and a lone unsure character not at all."""
    lines = [Printed("0ne", 0, 0.4), Printed("Tw0", 0, 0.4), Printed("8", 1, 0.6)]
    assert told(lines, "cut_left", "too_far") == [
        "F 3 cut_left too_far", "L 0ne", "L Tw0", "L 8", f"S {WORDS.advice['too_far']}", f"S {WORDS.nothing_sure}",
        f"S {WORDS.possible_line.format(line='0ne')}", f"S {WORDS.also_possible_line.format(line='Tw0')}",
    ]  # fmt: skip


def test_a_lone_sure_character_is_told_with_doubt() -> None:
    """A cup can look like an 8 to the reader."""
    assert told([Printed("8", 0, 0.99)], "cut_left") == [
        "F 1 cut_left", "L 8", f"S {WORDS.doubtful_line.format(line='8')}",
    ]  # fmt: skip


def test_the_end_of_a_long_page_is_told() -> None:
    """A picture without print is told as well."""
    assert told([Printed("word", number) for number in range(LONG_PAGE_LINES)])[-1] == f"S {WORDS.the_end}"
    assert told([]) == ["F 0", f"S {WORDS.no_text}"]


def test_a_cancelled_page_is_not_read_on() -> None:
    """The reader looks at the event before each line."""
    cancelled = threading.Event()
    parts = read_page(PageReader(FakeReader(page("One\nTwo"))), FRAME, PHRASES, cancelled)
    assert isinstance(next(parts), PageFound)
    assert isinstance(next(parts), LineRead)
    cancelled.set()
    with pytest.raises(Cancelled):
        list(parts)
