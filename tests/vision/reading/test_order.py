"""Reading order, on drawn pages whose order is known: the lines come as a detector gives them, shuffled and a little
off.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.bench.accuracy.drawn.pages import (
    KINDS,
    Page,
    View,
    draw_page,
    face_at,
    installed_faces,
    jittered,
    quads_of,
    seen,
)
from vision.reading.interface import Quad
from vision.reading.order import line_height, line_width, paragraphs_of, slant_degrees

VIEWS = (
    View(),
    View(slant_degrees=-10),
    View(slant_degrees=10),
    View(slant_degrees=4, turn=1, tilt=0.04),
    View(slant_degrees=-3, turn=2, tilt=0.08),
    View(slant_degrees=7, turn=3),
)
ALWAYS_RIGHT = ("one column", "two columns")
SEEDS = 4


def found_order(page: Page, view: View, seed: int) -> list[list[int]]:
    """The paragraphs that are found on a page, as numbers of its true lines."""
    height, width = page.rgb.shape[:2]
    corners = jittered(seen(page.corners, (width, height), view), seed)
    order = list(range(len(corners)))
    random.Random(seed).shuffle(order)
    return [[order[index] for index in paragraph] for paragraph in paragraphs_of(quads_of(corners[order]))]


def is_right(page: Page, view: View, seed: int) -> bool:
    return [line for paragraph in found_order(page, view, seed) for line in paragraph] == list(range(len(page.texts)))


def pages(kind: str) -> list[Page]:
    faces = installed_faces()[0] or [None]
    return [draw_page(kind, seed, face_at(faces[seed % len(faces)])) for seed in range(SEEDS)]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_read_in_order(kind: str) -> None:
    """One and two columns always, slanted, turned and seen from the side; other layouts in 95 % of the cases."""
    right = [is_right(page, view, seed) for seed, page in enumerate(pages(kind)) for view in VIEWS]
    least = 1.0 if kind in ALWAYS_RIGHT else 0.95
    assert sum(right) >= least * len(right)


# Lines as PP-OCRv6 found them on drawn pages that were held in the hand, at 1080 lines, in the order in which they were
# set: x and y of the four corners, in pixels, from the top left one on.
FOUND_PAGES = json.loads(Path(__file__).with_name("found_pages.json").read_text())


@pytest.mark.parametrize("kind", FOUND_PAGES)
def test_lines_that_were_really_found_are_read_in_order(kind: str) -> None:
    """The boxes around low print overlap the next line's, cover narrow gutters, and short ones are slanted at random."""
    quads = [Quad((a, b), (c, d), (e, f), (g, h)) for a, b, c, d, e, f, g, h in FOUND_PAGES[kind]]
    order = list(range(len(quads)))
    random.Random(kind).shuffle(order)
    paragraphs = paragraphs_of([quads[index] for index in order])
    assert [order[index] for paragraph in paragraphs for index in paragraph] == list(range(len(quads)))


@pytest.mark.parametrize("kind", ["one column", "two columns", "heading over columns", "caption", "receipt", "table"])
def test_paragraphs_begin_where_they_were_set(kind: str) -> None:
    """By a gap, an indentation or the height of the print: nine of ten beginnings are found, one of ten is not there."""
    wrong = there = 0
    for seed, page in enumerate(pages(kind)):
        begins = {page.paragraphs.index(number) for number in set(page.paragraphs)}
        found = {paragraph[0] for paragraph in found_order(page, View(slant_degrees=3), seed)}
        wrong += len(begins ^ found)
        there += len(begins)
    assert wrong <= 0.1 * there


def test_a_receipt_is_read_across() -> None:
    """Each name is followed by its price, and every row is a paragraph of its own."""
    page = draw_page("receipt", 1, face_at(None))
    for paragraph in found_order(page, View(slant_degrees=-5), 1):
        assert len({page.paragraphs[line] for line in paragraph}) == 1


def line_at(left: float, top: float, width: float, height: float = 20.0) -> Quad:
    return Quad((left, top), (left + width, top), (left + width, top + height), (left, top + height))


def test_two_halves_of_one_line_are_read_across() -> None:
    """A justified line with a wide space may be found as two."""
    quads = [line_at(0, 0, 600), line_at(0, 30, 250), line_at(300, 30, 300), line_at(0, 60, 600)]
    assert paragraphs_of(quads) == [[0, 1, 2, 3]]


def test_no_lines_and_one_line() -> None:
    """There is nothing to order."""
    assert paragraphs_of([]) == []
    assert paragraphs_of([line_at(5, 5, 0, 0)]) == [[0]]
    assert slant_degrees([]) == 0


@pytest.mark.parametrize("slant", [-10.0, 0.0, 7.0])
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_slant_is_measured_whichever_way_the_page_is_turned(slant: float, turn: int) -> None:
    """Against the nearest upright direction."""
    page = draw_page("one column", 0, face_at(None))
    quads = quads_of(seen(page.corners, (1500, 2000), View(slant_degrees=slant, turn=turn)))
    assert slant_degrees(quads) == pytest.approx(slant, abs=0.1)


def test_height_and_width_are_along_the_line() -> None:
    """Also where the line runs upwards."""
    upwards = Quad((0, 100), (0, 0), (20, 0), (20, 100))
    assert (line_width(upwards), line_height(upwards)) == (100, 20)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 300), st.integers(0, 60)), max_size=40)
)
def test_every_line_is_read_once(boxes: list[tuple[int, int, int, int]]) -> None:
    """Whatever a detector finds in noise: overlapping, empty or huge lines."""
    paragraphs = paragraphs_of([line_at(*box) for box in boxes])
    assert sorted(line for paragraph in paragraphs for line in paragraph) == list(range(len(boxes)))


def test_thousands_of_lines_are_ordered_within_seconds() -> None:
    """A wall of small print, in four columns."""
    quads = [line_at(300 * (number % 4), 15 * (number // 4), 280, 12) for number in range(4000)]
    order = [line for paragraph in paragraphs_of(quads) for line in paragraph]
    assert order == [*range(0, 4000, 4), *range(1, 4000, 4), *range(2, 4000, 4), *range(3, 4000, 4)]
