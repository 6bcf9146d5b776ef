"""Advice about how a page is held, from lines as a detector finds them on drawn pages that were moved about."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assistant.bench.accuracy.drawn.pages import (
    Page,
    Points,
    View,
    draw_page,
    face_at,
    installed_faces,
    jittered,
    photographed,
    quads_of,
    seen,
)
from vision.frame import Frame
from vision.reading.guidance import Advice, advise
from vision.reading.interface import FoundLine, Layout

WIDTH, HEIGHT = 1280, 720
SIDES = {(-1, 0): Advice.CUT_LEFT, (1, 0): Advice.CUT_RIGHT, (0, -1): Advice.CUT_TOP, (0, 1): Advice.CUT_BOTTOM}
CUT = set(SIDES.values())
DIRECTIONS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
VIEW = View(size=(WIDTH, HEIGHT), slant_degrees=3, tilt=0.04)


@cache
def pages() -> list[tuple[int, Page]]:
    faces = installed_faces()[0] or [None]
    return [
        (seed, draw_page(kind, seed, face_at(faces[seed % len(faces)])))
        for kind in ("one column", "two columns", "heading over columns", "receipt", "label")
        for seed in range(4)
    ]


def as_found(corners: Points, seed: int) -> Layout:
    """What a detector finds of lines that are out of the frame in part: two fifths must be seen, and the rest is cut."""
    found = []
    for line in jittered(corners, seed, 0.03):
        within = np.clip(line, (0, 0), (WIDTH - 1, HEIGHT - 1))
        whole, left = line.max(axis=0) - line.min(axis=0), within.max(axis=0) - within.min(axis=0)
        if left[1] > 0.4 * whole[1] and left[0] > 0.5 * whole[1]:
            found.append(within)
    if not found:
        return Layout((), 0)
    return Layout(tuple(FoundLine(quad, 0) for quad in quads_of(np.array(found))), 0)


def blank() -> Frame:
    return Frame(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), 0.0)


def shifted(page: Page, x: int, y: int, seed: int) -> tuple[Points, bool]:
    """The lines of a page of which a tenth to a third is out of the frame, and whether print is out on those sides."""
    height, width = page.rgb.shape[:2]
    scale = VIEW.scale * min(WIDTH / width, HEIGHT / height)
    beyond = random.Random(seed).uniform(0.1, 0.33)
    shift = x * (0.5 + scale * width / WIDTH * (beyond - 0.5)), y * (0.5 + scale * height / HEIGHT * (beyond - 0.5))
    corners = seen(page.corners, (width, height), replace(VIEW, shift=shift))
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    out = {-1: (low < 0), 1: (high > (WIDTH, HEIGHT)), 0: (True, True)}
    return corners, bool(out[x][0] and out[y][1])


def test_the_side_that_is_cut_off_is_named() -> None:
    """Right for 95 of 100 pages; for a page that went out at a corner, either side is right.

    What stays is a last line that stands far below the others: nothing that is seen tells of it.
    """
    named = []
    for x, y in DIRECTIONS:
        wanted = {SIDES[side] for side in ((x, 0), (0, y)) if side in SIDES}
        for seed, page in pages():
            corners, is_cut = shifted(page, x, y, seed)
            if is_cut:
                found = CUT.intersection(advise(blank(), as_found(corners, seed)))
                named.append(bool(found & wanted) and not found - wanted)
    assert len(named) > 100
    assert sum(named) >= 0.95 * len(named)


def test_a_whole_page_gets_no_advice() -> None:
    """Whichever way it is turned."""
    for seed, page in pages():
        for turn in (0, 1, 2, 3):
            view = replace(VIEW, turn=turn)
            height, width = page.rgb.shape[:2]
            layout = as_found(seen(page.corners, (width, height), view), seed)
            assert CUT.isdisjoint(advise(blank(), layout))


def layout_of(*boxes: tuple[float, float, float, float]) -> Layout:
    corners = np.array([[(a, b), (a + c, b), (a + c, b + d), (a, b + d)] for a, b, c, d in boxes], np.float32)
    return Layout(tuple(FoundLine(quad, 0) for quad in quads_of(corners)), 0)


def test_print_that_is_too_small_is_told() -> None:
    """The reader has tried two of its lines."""
    small = layout_of(*[(300.0, 100.0 + 20 * number, 200.0, 14.0) for number in range(5)])
    assert advise(blank(), small) == ()
    assert advise(blank(), replace(small, is_too_small=True)) == (Advice.TOO_FAR,)


@pytest.mark.parametrize(("slant", "found"), [(8.0, ()), (25.0, (Advice.SLANTED,)), (-25.0, (Advice.SLANTED,))])
def test_a_slanted_page_is_told(slant: float, found: tuple[Advice, ...]) -> None:
    """From fifteen degrees on."""
    page = draw_page("label", 0, face_at(None))
    view = View(size=(WIDTH, HEIGHT), slant_degrees=slant, scale=0.7)
    layout = Layout(tuple(FoundLine(quad, 0) for quad in quads_of(seen(page.corners, (1000, 800), view))), 0)
    assert advise(blank(), layout) == found


def test_glare_over_the_text_is_told() -> None:
    """A reflection on paper that is not as bright; white paper in good light is none."""
    page = draw_page("one column", 0, face_at(None))
    for glare, dark, found in ((0.2, 0.7, {Advice.GLARE}), (0.0, 0.7, set()), (0.0, 1.0, set())):
        photograph = photographed(page, View(size=(WIDTH, HEIGHT), glare=glare, dark=dark))
        layout = Layout(tuple(FoundLine(quad, 0) for quad in photograph.quads), 0)
        assert {Advice.GLARE}.intersection(advise(Frame(photograph.rgb, 0.0), layout)) == found


def test_no_print_gets_no_advice() -> None:
    """Without lines nothing can be told."""
    assert advise(blank(), Layout((), 0)) == ()
