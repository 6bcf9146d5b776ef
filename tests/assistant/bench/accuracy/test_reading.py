"""How the bench of reading judges what was read, on drawn pages and lines made up for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.pages import KINDS, View, draw_page, face_at, photographed
from assistant.bench.accuracy.reading import IN_HAND, accuracy, edit_distance, in_size, score, table
from vision.reading.interface import Line


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("ab", "ba", 2)],
)
def test_the_edit_distance_is_levenshteins(a: str, b: str, distance: int) -> None:
    """The same in both directions."""
    assert (edit_distance(a, b), edit_distance(b, a)) == (distance, distance)


def read_perfectly(order: Sequence[int] | None = None) -> tuple[float, bool]:
    photograph = photographed(draw_page("two columns", 0, face_at(None)), View(slant_degrees=5))
    lines = [Line(at, quad, 0, photograph.page.texts[at], 1.0) for at, quad in enumerate(photograph.quads)]
    judged = score(photograph, [lines[at] for at in order] if order else lines)
    return accuracy([judged]), judged.in_order


def test_a_page_read_to_the_letter_is_right() -> None:
    """All characters and the order."""
    assert read_perfectly() == (1.0, True)


def test_lines_left_out_or_in_another_order_are_seen() -> None:
    """What is not read counts as wrong characters, but not as disorder."""
    part, in_order = read_perfectly(range(5))
    assert (part < 0.2, in_order) == (True, True)
    assert read_perfectly([1, 0, 2])[1] is False


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_drawn_the_same_each_time(kind: str) -> None:
    """By the seed; every line stands on the sheet and has a text."""
    first, again = draw_page(kind, 3, face_at(None)), draw_page(kind, 3, face_at(None))
    assert np.array_equal(first.rgb, again.rgb)
    assert first.texts == again.texts
    assert all(first.texts)
    height, width = first.rgb.shape[:2]
    assert first.corners.min() >= 0
    assert (first.corners.max(axis=(0, 1)) <= (width, height)).all()


def test_print_stands_where_the_photograph_says() -> None:
    """Dark print on light paper lies within each line's corners."""
    photograph = photographed(draw_page("one column", 0, face_at(None)), in_size(IN_HAND, (1280, 720)))
    for quad in photograph.corners:
        (left, top), (right, bottom) = quad.min(axis=0).astype(int), quad.max(axis=0).astype(int) + 1
        part = photograph.rgb[top:bottom, left:right]
        assert part.min() < 0.6 * part.max()


def test_a_table_is_markdown() -> None:
    """A head, a rule and the rows."""
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |"
