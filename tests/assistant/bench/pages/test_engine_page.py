"""The page of `seesay bench --engine`, its roofline plot, and reports that were saved earlier."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assistant.bench import engine
from assistant.bench.engine import EngineBench, bench_engine
from assistant.bench.engines.compared import OURS, PLAIN
from assistant.bench.limits.machine import Limits
from assistant.bench.material.random_model import random_checkpoint
from assistant.bench.pages.engine_page import page
from assistant.bench.pages.report import table
from assistant.bench.pages.svg import Point, roofline
from assistant.bench.task import Task
from assistant.cli.main import main
from assistant.errors import AssistantError
from tests.assistant.bench.test_bench import FIGURES, quiet, small_config
from tests.assistant.bench.test_questions import measured as measured_questions
from tests.assistant.bench.test_questions import read
from vision.engine.checkpoint.checkpoint import open_checkpoint


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random checkpoint."""
    return random_checkpoint(tmp_path_factory.mktemp("bench"), quiet, small_config())


def run(task: Task) -> Mapping[str, Any]:
    """Stands for processes."""
    if task.what == "limits":
        return vars(Limits.of(10e9, 100e9, 120e9))
    seconds = {"vision_seconds": 0.01, "prefill_seconds": 0.005, "seen_first_token_seconds": 0.002}
    if task.what == OURS:
        return FIGURES | seconds | {"detail": {"decode_bytes": 300_000, "stream_share": 0.5}}
    return FIGURES | seconds | {"cancel_seconds": None}


@pytest.fixture(scope="module")
def measured(small: Path) -> dict[str, Any]:
    return engine.measure(EngineBench(threads=(1, 2), rounds=1), open_checkpoint(small), run)


# The roofline


def drawn(points: list[Point], peak: float = 100.0, read: float = 10.0) -> ET.Element:
    return ET.fromstring(roofline(points, peak, read, "a roofline", "what it shows"))


def vertices(path: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]\s*([-\d.]+) ([-\d.]+)", path.attrib["d"])]


def test_the_roof_is_the_memory_and_then_the_peak() -> None:
    """On both logarithmic axes it rises by the memory's speed up to the corner, and is level from there on.

    10 GB/s and 100 GFLOP/s meet at 10 FLOP per byte.
    """
    drawing = drawn([Point("a", 0, 1.0, 10.0), Point("b", 1, 100.0, 100.0), Point("c", 2, 10.0, 100.0)])
    (roof,) = (path for path in drawing.iter("path") if path.attrib["class"] == "roof")
    (left_x, left_y), (corner_x, corner_y), (_, right_y) = vertices(roof)
    marks = {path.attrib["class"]: vertices(path)[0] for path in drawing.iter("path") if "dot" in path.attrib["class"]}
    a_x, a_y = marks["dot line-0"][0] + 6, marks["dot line-0"][1]  # the circle begins 6 left of its middle
    b_x, b_y = marks["dot line-1"][0] + 5, marks["dot line-1"][1] + 5
    c_x = marks["dot line-2"][0]
    assert corner_y == right_y == pytest.approx(b_y, abs=0.2)
    assert corner_x == pytest.approx(c_x, abs=0.2)
    assert b_x - c_x == pytest.approx(c_x - a_x, abs=0.3)  # a factor of ten is equally far everywhere
    # The point a lies on the rising part.
    share = (a_x - left_x) / (corner_x - left_x)
    assert a_y == pytest.approx(left_y + share * (corner_y - left_y), abs=0.3)


def test_every_point_has_a_label_of_its_own_and_no_two_meet() -> None:
    """Also where several points are at the same place."""
    points = [Point(f"phase {n}, engine", n % 5, 100.0 * 1.02**n, 50.0) for n in range(8)]
    drawing = drawn(points)
    labels = {text.text: text for text in drawing.iter("text")}
    boxes = []
    for point in points:
        text = labels[point.label]
        x, y, width = float(text.attrib["x"]), float(text.attrib["y"]), 7.0 * len(point.label)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[text.attrib["text-anchor"]]
        assert 0 <= left <= left + width <= 860
        boxes.append((left, y))
    for n, (left, y) in enumerate(boxes):
        width = 7.0 * len(points[n].label)
        assert all(abs(y - other_y) > 10 or abs(left - other) > width for other, other_y in boxes[:n])


def test_the_roofline_has_a_title_and_a_description() -> None:
    """A screen reader gets both."""
    drawing = drawn([Point("a", 0, 1.0, 5.0)])
    assert drawing.attrib["aria-label"] == "a roofline"
    assert drawing.findtext("title") == "a roofline"
    assert drawing.findtext("desc") == "what it shows"


def test_a_very_slow_point_is_within_the_plot() -> None:
    """The axes hold every point, with marks at round numbers."""
    drawing = drawn([Point("slow", 0, 0.01, 0.002)], peak=1000.0, read=50.0)
    (mark,) = (path for path in drawing.iter("path") if "dot" in path.attrib["class"])
    ((x, y),) = vertices(mark)
    assert 0 < x < 860
    assert 0 < y < 480
    numbers = [text.text or "" for text in drawing.iter("text") if re.fullmatch(r"[\d.,]+", text.text or "")]
    for number in numbers:
        assert round(float(number.replace(",", "")) / 10 ** math.floor(math.log10(float(number.replace(",", ""))))) in (
            1,
            2,
            3,
            5,
        )


# The page


def test_the_page_of_the_engine_stands_alone(measured: dict[str, Any]) -> None:
    """It has no script and loads nothing, and for every number of threads two plots that parse."""
    html = page(measured)
    reader = read(html)
    assert "script" not in reader.tags
    assert reader.addresses == []
    plots = [ET.fromstring(f"<svg role{part.split('</svg>')[0]}</svg>") for part in html.split("<svg role")[1:]]
    assert len(plots) == 4
    assert all(plot.attrib["aria-label"] for plot in plots)


def test_the_page_shows_the_roofline_and_the_same_figures_as_a_table(measured: dict[str, Any]) -> None:
    """Every phase of every engine is a point with a label, and a row with its FLOP per byte, GFLOP/s and share."""
    html = page(measured)
    text = read(html).text
    for engine_name in ("SeeSay", "transformers"):
        for phase in ("encoder", "prefill", "question", "decode"):
            assert f"{phase}, {engine_name}" in text
    result = measured["results"][0]
    point = result["roofline"][PLAIN]["vision_seconds"]
    row = html.split('<th scope="row">vision encoder, transformers</th>')[1].split("</tr>")[0]
    cells = re.findall(r"<td>([^<]*)</td>", row)
    assert float(cells[0].split()[0].replace(",", "")) == pytest.approx(point["flop_per_second"] / 1e9, rel=0.01)
    assert cells[1] == f"{result['shares'][PLAIN]['vision_seconds']:.0%}"


def test_the_table_has_a_row_of_shares_for_every_phase(measured: dict[str, Any]) -> None:
    """Every engine has its own, transformers too. Decode's share of ours is the one that its process measured.

    The unit is said once, at the foot.
    """
    text = table(measured)
    lines = [line for line in text.splitlines() if line.startswith(("of the peak: ", "of the memory's speed: "))]
    assert len(lines) == 2 * 4
    shares = measured["results"][0]["shares"]
    for line, key in zip(lines[:4], ("vision", "prefill", "seen_first_token", "decode"), strict=True):
        assert line.split()[-2:] == [f"{shares[name][f'{key}_seconds']:.0%}" for name in (PLAIN, OURS)]
    assert lines[3].split()[-1] == "50%"
    assert text.count("is 2 FLOP") == 1
    assert "computes 120 GFLOP/s of float32 (fused multiply-adds in registers 100" in text


def test_the_report_is_written_after_the_figures_were_printed(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A place that cannot be written is refused before anything is measured."""
    wanted = EngineBench(model=str(small), threads=(1,), rounds=1)
    bench_engine(wanted, as_json=True, html=tmp_path / "report.html", run=run)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["results"][0]["threads"] == 1
    assert "report.html" in printed.err
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    def fail(task: Task) -> Mapping[str, Any]:
        raise AssertionError("something was measured")

    with pytest.raises(AssistantError, match="cannot write the report"):
        bench_engine(wanted, as_json=True, html=tmp_path / "nowhere" / "report.html", run=fail)


# Saved reports


def test_a_saved_report_is_shown_again(
    small: Path, measured: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table and the page are those of the measurement, for the engine and for the questions."""
    for found, name in ((measured, "engine"), (measured_questions(small, compares=True, runs=2), "questions")):
        saved, html = tmp_path / f"{name}.json", tmp_path / f"{name}.html"
        saved.write_text(json.dumps(found), encoding="utf-8")
        assert main(["bench", "--from", str(saved), "--html", str(html)]) == 0
        assert "of the peak: vision encoder" in capsys.readouterr().out
        assert "Roofline" in read(html.read_text(encoding="utf-8")).text


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"results": [{}]}', '{"results": 3}'])
def test_a_file_that_is_no_report_is_told_in_one_sentence(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be empty, something else, or the report of another version."""
    (tmp_path / "x.json").write_text(text)
    assert main(["bench", "--from", str(tmp_path / "x.json")]) == 1
    printed = capsys.readouterr()
    assert "x.json is not" in printed.err
    assert printed.out == ""
    assert "Traceback" not in printed.err
