"""The pictures of the README: their figures, their size, and their descriptions for people who cannot see them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

from tests.make_pictures import PICTURES, engines_svg, parts_of, timing_svg

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


def test_the_picture_of_the_engines_is_drawn_from_a_saved_report() -> None:
    """Bars are as long as their figures, with the most threads; a figure that an engine does not tell has none."""
    none = dict.fromkeys(("first_token_seconds", "seen_first_token_seconds", "decode_seconds", "peak_bytes"))
    engines = {
        "openvino": none | {"first_token_seconds": 4.0, "decode_seconds": 0.2},
        "seesay": none | {"first_token_seconds": 2.0, "decode_seconds": 0.1},
    }
    report = {
        "model": {"name": "a <model>"},
        "machine": {"processor": "a processor"},
        "results": [{"threads": 1, "engines": {}}, {"threads": 2, "engines": engines}],
    }
    drawing = ET.fromstring(engines_svg(report))
    assert (
        "From picture and question to the first token: SeeSay 2.00 s, OpenVINO 4.00 s." in drawing.attrib["aria-label"]
    )
    bars = [box for box in drawing.iter("{http://www.w3.org/2000/svg}rect") if box.attrib["class"] != "ground"]
    assert [box.attrib["class"] for box in bars] == ["think", "user"] * 2
    for ours, other in (bars[:2], bars[2:]):
        assert float(other.attrib["width"]) == 2 * float(ours.attrib["width"])


def test_the_readme_shows_them_and_describes_them() -> None:
    """The README has each picture, smaller than 200 kB, with a description of several words."""
    readme = (PICTURES.parents[1] / "README.md").read_text(encoding="utf-8")
    shown = {path: described for described, path in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", readme)}
    assert set(shown) == {"docs/pictures/page.png", "docs/pictures/turn.svg", "docs/pictures/engines.svg"}
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


def test_the_picture_of_the_engines_is_drawn_from_its_report() -> None:
    """engines.svg is what the script draws from engines.json, and the README describes it with its figures."""
    report = json.loads((PICTURES / "engines.json").read_text(encoding="utf-8"))
    assert (PICTURES / "engines.svg").read_text(encoding="utf-8") == engines_svg(report)
    result = next(one for one in report["results"] if one["threads"] == 2)
    readme = " ".join((PICTURES.parents[1] / "README.md").read_text(encoding="utf-8").split())
    for name in ("seesay", "transformers"):
        figures = result["engines"][name]
        assert f"{figures['first_token_seconds']:.2f}" in readme
        assert f"{figures['seen_first_token_seconds']:.2f}" in readme
        assert f"{1e3 * figures['decode_seconds']:.0f}" in readme
