"""The pictures of docs/design.md show the imports as they are.

An arrow in a picture is a real import. A real import between two rooms of a picture is one of its arrows, or follows
from its arrows. The picture of the threads and the one of a question are not checked.
"""

from __future__ import annotations

import re

import pytest

from tests.test_architecture import ROOT, arrows_under, room_of

Arrows = set[tuple[str, str]]
# The words by which each picture is found in docs/design.md, and the packages that hold its rooms.
PICTURES = {
    "assistant": ("subgraph assistant", ("assistant.", "assistant.inspection.", "assistant.machine.")),
    "vision": ("vision/engine", ("vision.engine.", "vision.")),
}


def drawn_arrows(picture: str, prefixes: tuple[str, ...], rooms: set[str]) -> Arrows:
    """The arrows of a mermaid flowchart, with the full names of the rooms."""

    def room(node: str) -> str:
        return next(name for prefix in prefixes if (name := prefix + node) in rooms)

    return {
        (room(begin), room(end))
        for begin, end in re.findall(r'^\s*(\w+)(?:\["[^"]*"\])? --> (\w+)', picture, re.MULTILINE)
    }


def followed(arrows: Arrows) -> Arrows:
    """The arrows, and all those that follow from them."""
    all_arrows = set(arrows)
    while more := {(a, d) for a, b in all_arrows for c, d in all_arrows if b == c} - all_arrows:
        all_arrows |= more
    return all_arrows


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_the_picture_of_the_rooms_is_that_of_the_imports(name: str) -> None:
    """Everything that is drawn is imported, and everything that is imported is drawn."""
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
