"""The pictures of the README: their figures, their size, and their descriptions for people who cannot see them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

from tests.make_pictures import PICTURES, parts_of, timing_svg

TURN = json.loads((PICTURES / "turn.json").read_text(encoding="utf-8"))


def test_the_timing_picture_is_drawn_from_its_figures() -> None:
    """turn.svg is what the script draws from turn.json, and it is a complete SVG document."""
    drawn = (PICTURES / "turn.svg").read_text(encoding="utf-8")
    assert drawn == timing_svg(TURN)
    assert ET.fromstring(drawn).tag.endswith("svg")


def test_every_part_is_a_bar_within_the_picture() -> None:
    """No part ends before it begins, and the first sound comes after the question."""
    parts = parts_of(TURN["timings"])
    assert all(part.begin <= part.end for part in parts)
    assert parts[-1].begin == TURN["timings"]["first_sound"] > 0
    for x, width in re.findall(r'<rect class="(?!ground)\w+" x="([\d.]+)" y="\d+" width="([\d.]+)"', timing_svg(TURN)):
        assert 0 <= float(x) < float(x) + float(width) < 860


def test_the_readme_shows_them_and_describes_them() -> None:
    """The README has each picture, smaller than 200 kB, with a description of several words."""
    readme = (PICTURES.parents[1] / "README.md").read_text(encoding="utf-8")
    shown = {path: described for described, path in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", readme)}
    assert set(shown) == {"docs/pictures/page.png", "docs/pictures/turn.svg"}
    for path, described in shown.items():
        assert (PICTURES.parents[1] / path).stat().st_size < 200_000
        assert len(described.split()) > 8
    timings = TURN["timings"]
    described = " ".join(shown["docs/pictures/turn.svg"].split())
    for figure in (
        f"{timings['speech']:.2f} s of speech",
        f"{timings['endpoint']:.2f} s of silence",
        f"{timings['first_sound']:.2f} s after",
    ):
        assert figure in described
