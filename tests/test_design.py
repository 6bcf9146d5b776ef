"""The pictures of docs/design.md tell the truth about who imports whom.

An arrow in a picture is a real import. A real import between two rooms of a picture is an arrow of it, or follows
from arrows. The picture of threads and that of one question are not checked.
"""

from __future__ import annotations

import re

import pytest

from tests.test_architecture import ROOT, arrows_under, room_of

Arrows = set[tuple[str, str]]
# Each picture's words before it in docs/design.md, and where its rooms lie.
PICTURES = {
    "assistant": ("subgraph assistant", ("assistant.",)),
    "vision": ("vision/engine", ("vision.engine.", "vision.")),
}


def drawn_arrows(picture: str, prefixes: tuple[str, ...], rooms: set[str]) -> Arrows:
    """The arrows of a mermaid flowchart, by the rooms' full names."""

    def room(node: str) -> str:
        return next(name for prefix in prefixes if (name := prefix + node) in rooms)

    return {
        (room(begin), room(end))
        for begin, end in re.findall(r'^\s*(\w+)(?:\["[^"]*"\])? --> (\w+)', picture, re.MULTILINE)
    }


def followed(arrows: Arrows) -> Arrows:
    """The arrows, and those that follow from them."""
    all_arrows = set(arrows)
    while more := {(a, d) for a, b in all_arrows for c, d in all_arrows if b == c} - all_arrows:
        all_arrows |= more
    return all_arrows


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_the_picture_of_the_rooms_is_that_of_the_imports(name: str) -> None:
    """Nothing is drawn that is not imported, and nothing is imported that is not drawn."""
    mark, prefixes = PICTURES[name]
    pictures = re.findall(
        r"```mermaid\n(flowchart .*?)```", (ROOT / "docs/design.md").read_text(encoding="utf-8"), re.DOTALL
    )
    picture = next(picture for picture in pictures if mark in picture)
    real = {
        (room_of(module), room_of(other))
        for module, others in arrows_under(ROOT).items()
        for other in others
        if room_of(module) != room_of(other)
    }
    drawn = drawn_arrows(picture, prefixes, {room for arrow in real for room in arrow})
    rooms = {room for arrow in drawn for room in arrow}
    assert drawn - real == set()
    assert {(begin, end) for begin, end in real if {begin, end} <= rooms} - followed(drawn) == set()
    assert followed(drawn).isdisjoint((end, begin) for begin, end in drawn)
