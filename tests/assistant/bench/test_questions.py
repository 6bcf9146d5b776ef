"""`seesay bench`: medians and ratios of planted figures, the table, the page, and real runs.

The figures of the reference design are tested too.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assistant.bench import questions
from assistant.bench.engines.answers import measure as measure_ours
from assistant.bench.engines.compared import OURS, PLAIN
from assistant.bench.engines.plain_answers import measure as measure_plain
from assistant.bench.limits.feasible import feasible
from assistant.bench.limits.machine import Limits
from assistant.bench.material.kinds import KINDS
from assistant.bench.material.pictures import draw
from assistant.bench.material.random_model import CONFIG, random_checkpoint
from assistant.bench.pages.page import page, phases
from assistant.bench.pages.questions_table import table
from assistant.bench.pages.svg import Bar, Line, lines_over_time, stacked_bars, ticks
from assistant.bench.questions import QuestionsBench, bench_questions, derived, measure, portions, summary
from assistant.bench.sensors import NOT_MEASURABLE, Lap, MachineSensors
from assistant.bench.task import Task
from assistant.cli.main import main
from assistant.errors import AssistantError
from assistant.machine.power import Sysfs
from tests.assistant.bench.test_bench import quiet, small_config
from vision.engine.checkpoint.checkpoint import open_checkpoint


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint with random weights."""
    return random_checkpoint(tmp_path_factory.mktemp("bench"), quiet, small_config())


def run_figures(total: float = 10.0, **more: Any) -> dict[str, Any]:
    """The figures that a process gives for one answer."""
    return {
        "vision_seconds": 3.0,
        "prefill_seconds": 2.0,
        "first_token_seconds": 5.5,
        "first_sound_seconds": 6.5,
        "seen_first_token_seconds": 0.5,
        "seen_first_sound_seconds": 1.5,
        "decode_seconds": 0.1,
        "total_seconds": total,
        "cpu_seconds": 15.0,
        "joules": None,
        "answer_tokens": 124,
        "question_tokens": 18,
        "peak_bytes": 3_600_000_000,
    } | more


def process_figures(totals: list[float], **more: Any) -> dict[str, Any]:
    """The figures that a process gives for all its answers."""
    return {
        "load_seconds": 1.2,
        "load_cpu_seconds": 1.0,
        "disk_bytes": 0,
        "load_peak_bytes": 900_000_000,
        "peak_bytes": 3_600_000_000,
        "runs": {kind.name: [run_figures(total, **more) for total in totals] for kind in KINDS},
        "image_tokens": 49,
        "prompt_tokens": 54,
        "shapes": [
            {"shape": "square", "image_tokens": 196, "vision_seconds": 3.0, "prefill_seconds": 2.0},
            {"shape": "<wide>", "image_tokens": 112, "vision_seconds": 1.5, "prefill_seconds": 1.0},
        ],
        "decode_bytes": 2_000_000,
        "energy_source": f"{NOT_MEASURABLE}: there is no sensor",
        "others_share": 0.02,
        "series": {
            "seconds": [0.0, 0.5, 1.0],
            "resident_bytes": [1e8, 2e9, 3.6e9],
            "watts": [None] * 3,
            "celsius": [None] * 3,
            "marks": [[0.0, "load"], [0.7, "<describe>"]],
        },
    }


class Processes:
    """Stands for processes and records what was asked. A run of transformers takes five times as long."""

    def __init__(self, **more: Any) -> None:
        self.asked: list[tuple[str, int, bool]] = []
        self._more = more

    def run(self, task: Task) -> Mapping[str, Any]:
        self.asked.append((task.what, task.runs, task.lends_words))
        if task.what == "load":
            return {"load_seconds": 9.0}
        if task.what == "limits":
            return vars(Limits.of(30e9, 200e9, 190e9))
        if task.what == "answers of seesay":
            return process_figures([10.0 + len(self.asked) * n for n in range(task.runs)], **self._more)
        quiet_run = {"first_sound_seconds": None, "seen_first_sound_seconds": None, "decode_seconds": 0.5}
        return process_figures([50.0] * task.runs, **quiet_run) | {"load_seconds": 24.0, "peak_bytes": 13_300_000_000}


def measured(small: Path, **wanted: Any) -> dict[str, Any]:
    more = wanted.pop("more", {})
    bench = QuestionsBench(small, threads=2, **wanted)
    return measure(bench, open_checkpoint(small), Processes(**more).run)


# A report that cannot be written


@pytest.mark.parametrize("there_already", [False, True])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there_already: bool
) -> None:
    """It may be a folder, or a file of another owner, which is simulated because a test may run as root."""
    html = tmp_path / "report.html"

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    if there_already:
        html.write_text("the last one")
        monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("assistant.bench.pages.page_file.tempfile.TemporaryFile", refuse)
    processes = Processes()
    with pytest.raises(AssistantError, match=r"cannot write the report to .*report\.html: Permission denied"):
        bench_questions(QuestionsBench(small), as_json=False, html=html, run=processes.run)
    assert processes.asked == []


def test_looking_whether_it_can_be_written_changes_nothing(small: Path, tmp_path: Path) -> None:
    """If measuring fails, no file is left and the earlier report stays."""

    def fail(task: Task) -> Mapping[str, Any]:
        raise AssistantError("no memory")

    for html in (tmp_path / "new.html", tmp_path / "old.html"):
        (tmp_path / "old.html").write_text("the last one")
        with pytest.raises(AssistantError, match="no memory"):
            bench_questions(QuestionsBench(small), as_json=False, html=html, run=fail)
    assert [path.name for path in tmp_path.iterdir()] == ["old.html"]
    assert (tmp_path / "old.html").read_text() == "the last one"


def test_a_disk_that_is_full_afterwards_loses_no_measurement(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON object is on stdout before the page is written."""

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(AssistantError, match="No space left"):
        bench_questions(QuestionsBench(small), as_json=True, html=tmp_path / "r.html", run=Processes().run)
    assert json.loads(capsys.readouterr().out)["runs"][OURS] == 5


# What is measured, and in which order


def test_engines_are_measured_in_turns(small: Path) -> None:
    """Packing comes first; then ours and plain take turns, with the machine's limits measured around each.

    Ours gets its five runs in all, and plain one for each round.
    """
    processes = Processes()
    bench = QuestionsBench(small, is_random=True, runs=5, compares=True)
    measure(bench, open_checkpoint(small), processes.run)
    assert processes.asked[0] == ("load", 1, False)
    assert [(what, runs) for what, runs, _ in processes.asked[1:]] == [
        ("limits", 1), ("answers of seesay", 3), ("limits", 1), ("answers of transformers", 1),
        ("limits", 1), ("answers of seesay", 2), ("limits", 1), ("answers of transformers", 1), ("limits", 1),
    ]  # fmt: skip
    assert all(lends for what, _, lends in processes.asked if what.startswith("answers"))


def test_without_a_comparison_one_process_is_enough(small: Path) -> None:
    """There are five runs of each kind, and nothing is said about ratios."""
    processes = Processes()
    found = measure(QuestionsBench(small), open_checkpoint(small), processes.run)
    assert processes.asked == [
        ("load", 1, False),
        ("limits", 1, False),
        ("answers of seesay", 5, False),
        ("limits", 1, False),
    ]
    assert found["ratios"] == {}
    assert "ratio" not in table(found)


@pytest.mark.parametrize(("runs", "rounds", "parts"), [(5, 1, [5]), (5, 2, [3, 2]), (2, 3, [1, 1]), (6, 3, [2, 2, 2])])
def test_runs_are_spread_over_the_rounds(runs: int, rounds: int, parts: list[int]) -> None:
    """The runs are spread evenly, and no process gets none."""
    assert portions(runs, rounds) == parts


def test_the_processors_best_counts_and_the_memorys_median() -> None:
    """Other programs can hide what a processor can do, but what a memory can do really changes."""
    measured = [vars(Limits.of(read, flop, flop - 1)) for read, flop in ((30, 5), (65, 9), (37, 8))]
    assert Limits.of_rounds(measured) == Limits(37, 9, fma_flop_per_second=9, matmul_flop_per_second=8)


def test_figures_are_medians_of_all_runs_with_their_range(small: Path) -> None:
    """The median is over all rounds, so that one slow run changes only the range."""
    rounds = [process_figures([10.0, 11.0, 90.0]), process_figures([9.0, 12.0])]
    figures = summary(rounds)["kinds"]["read"]
    assert figures["total_seconds"] == 11.0
    assert figures["ranges"]["total_seconds"] == [9.0, 90.0]
    assert figures["joules"] is None
    assert figures["ranges"]["joules"] is None


def test_an_answer_about_a_seen_picture_ends_as_much_earlier_as_it_begins() -> None:
    """Here that is five seconds. Watts are joules over the run's time, and are missing without joules."""
    run = derived(run_figures(10.0, joules=97.0))
    assert run["seen_total_seconds"] == 5.0
    assert run["watts"] == pytest.approx(9.7)
    assert derived(run_figures())["watts"] is None


def test_ratios_and_shares(small: Path) -> None:
    """The ratio says how many times less time ours takes, the share what it reaches of the machine's best."""
    found = measured(small, compares=True, runs=2)
    assert found["ratios"]["load_seconds"] == pytest.approx(20.0)
    assert found["ratios"]["kinds"]["trend"]["decode_seconds"] == pytest.approx(5.0)
    assert found["ratios"]["kinds"]["trend"]["first_sound_seconds"] is None
    assert found["shares"][OURS]["read"]["decode_seconds"] == pytest.approx(2_000_000 / 30e9 / 0.1)
    weights = found["work"]["read"]["decode_weights"]
    assert found["shares"][PLAIN]["read"]["decode_seconds"] == pytest.approx(4 * weights / 30e9 / 0.5)
    json.dumps(found)


def test_too_little_memory_leaves_transformers_out(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours is measured all the same, and the reader is told."""
    monkeypatch.setattr(questions, "available_bytes", lambda: 200_000_000)
    found = measured(small, compares=True)
    assert set(found["engines"]) == {OURS}
    assert "0.2 GB are free" in capsys.readouterr().err
    assert "0.2 GB are free" in table(found)


# The reference design's figures


def of_limits(read: float, flop: float, *, is_full_size: bool = True) -> dict[str, Any]:
    ours = summary([process_figures([10.0])])
    return {row.what: row for row in feasible(Limits(read, flop), ours, is_full_size=is_full_size)}


def test_answers_that_memory_forbids_are_said_to_be_impossible() -> None:
    """At 30 GB/s, 124 tokens of 1.72 billion weights of 4 bytes take 28 s, and 8.2 s would need 104 GB/s."""
    row = of_limits(30e9, 200e9)["describe a picture, 124 tokens"]
    assert row.plain_at_least.startswith("28.4 s")
    assert "cannot be had by plain float32" in row.verdict
    assert "104 GB/s" in row.verdict
    assert row.ours == "10.0 s"


def test_answers_that_memory_permits_are_not() -> None:
    """With a server's 400 GB/s the answers are not called impossible."""
    assert "cannot" not in of_limits(400e9, 200e9)["describe a picture, 124 tokens"].verdict


def test_the_weights_alone_are_more_than_the_references_memory() -> None:
    """This holds on every machine."""
    row = of_limits(400e9, 2e12)["peak memory"]
    assert row.plain_at_least == "8.5 GB"
    assert "cannot be had by plain float32" in row.verdict
    assert "7.93 GiB" in row.verdict


def test_the_encoder_is_a_question_of_the_arithmetics_peak() -> None:
    """576 GFLOP in 3.8 s are possible from 152 GFLOP/s on."""
    assert of_limits(30e9, 200e9)["vision encoder"].verdict.startswith("can be had, at 76%")
    assert of_limits(30e9, 100e9)["vision encoder"].verdict.startswith("cannot")


@pytest.mark.parametrize(
    ("other_watts", "said"),
    [(0.0, "9.7 W, the processor only"), (2.5, "12.2 W, 2.5 W of it stated (power.other_watts)")],
)
def test_the_processors_watts_are_not_taken_for_a_boxs(other_watts: float, said: str) -> None:
    """The reference's watts are those of a whole box, so the table says what ours include."""
    ours = summary([process_figures([10.0], joules=97.0)])
    rows = {row.what: row for row in feasible(Limits(30e9, 200e9), ours, other_watts, is_full_size=True)}
    assert rows["power"].ours == said


def test_the_verb_measures_the_engine_as_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The chunks and the box's watts come from the config, and settings that cannot be measured like this are named."""
    (tmp_path / "c.toml").write_text(
        '[engine]\nthreads = 1\nprefill_chunk_tokens = 32\narithmetic = "transformers"\nbackend = "openai"\n'
        '[remote]\nbase_url = "http://192.168.1.2/v1"\nmodel = "m"\n[power]\nother_watts = 3\n'
    )
    found: list[QuestionsBench] = []
    monkeypatch.setattr(questions, "bench_questions", lambda wanted, **how: found.append(wanted))
    assert main(["bench", "--model", "demo", "--config", str(tmp_path / "c.toml")]) == 0
    assert (found[0].threads, found[0].prefill_chunk_tokens, found[0].other_watts) == (1, 32, 3.0)
    said = capsys.readouterr().err
    assert 'engine.arithmetic = "transformers" is left aside' in said
    assert 'engine.backend = "openai" is left aside' in said


def test_every_process_gets_the_chunks(small: Path) -> None:
    """The chunks are what a cancel waits for, and a part of the speed."""
    tasks: list[Task] = []
    processes = Processes()

    def run(task: Task) -> Mapping[str, Any]:
        tasks.append(task)
        return processes.run(task)

    measure(QuestionsBench(small, prefill_chunk_tokens=16), open_checkpoint(small), run)
    assert [task.prefill_chunk_tokens for task in tasks if task.what.startswith("answers")] == [16]


def test_a_small_model_is_not_put_beside_the_references_figures() -> None:
    """For a small model only what the machine permits is said."""
    rows = of_limits(30e9, 200e9, is_full_size=False)
    assert {row.ours for row in rows.values()} == {"another model was measured", NOT_MEASURABLE}


def test_the_full_size_is_known_by_its_shapes(small: Path) -> None:
    """The published config is of full size, whatever its name, and a small model is not."""
    assert not questions._is_full_size(open_checkpoint(small))
    checkpoint = open_checkpoint(small)
    object.__setattr__(checkpoint, "config", CONFIG)
    assert questions._is_full_size(checkpoint)


# Table and page


class Reader(HTMLParser):
    """Collects what a browser would load, and whether every element is closed."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "srcset")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def test_the_page_stands_alone(small: Path) -> None:
    """It has no script and loads nothing, every element is closed, and every plot is a drawing that parses."""
    html = page(measured(small, compares=True, runs=2))
    reader = read(html)
    assert "script" not in reader.tags
    assert reader.addresses == []
    assert "url(" not in html
    assert "http" not in html.replace("http://www.w3.org", "")
    drawings = [part.split("</svg>")[0] for part in html.split("<svg")[1:]]
    drawings = [ET.fromstring(f"<svg{drawing}</svg>") for drawing in drawings]
    plots = [drawing for drawing in drawings if "aria-hidden" not in drawing.attrib]  # the others are marks of a legend
    assert len(plots) == 3  # of time, of memory and the roofline
    for plot in plots:
        assert plot.attrib["aria-label"]


def test_the_page_says_what_the_machine_does_not_tell(small: Path) -> None:
    """Instead of an empty plot there is the reason, and no watts are made up."""
    reader = read(page(measured(small)))
    assert f"Watts: {NOT_MEASURABLE}: there is no sensor." in reader.text
    assert "This machine does not tell its temperature." in reader.text
    assert " W" not in reader.text.replace("9.7 W", "").replace("Watts", "").replace("What", "").replace("Where", "")


def test_watts_and_degrees_are_drawn_where_they_are_told(small: Path) -> None:
    """There are five plots then, and joules in the table."""
    found = measured(small, more={"joules": 97.0})
    found["series"][OURS] |= {"watts": [None, 9.0, 10.0], "celsius": [50.0, 55.0, 60.0]}
    html = page(found)
    assert html.count("<svg role") == 5
    assert "97.0 J" in read(html).text
    assert "97.0 J" in table(found)


def test_names_are_escaped(small: Path) -> None:
    """A checkpoint's folder and a part of the measurement may have any name."""
    found = measured(small)
    found["model"]["name"] = '<img src=x onerror="1">&'
    html = page(found)
    assert "<img" not in html
    assert "<describe>" not in html
    assert "&lt;img" in html


def test_the_parts_of_an_answers_time_add_up_to_it() -> None:
    """With a voice and without, the parts add up; about a picture that was seen before, only the question is left."""
    figures = derived(run_figures(10.0))
    assert [colour for colour, _ in phases(figures)] == [0, 1, 2, 3, 4]
    assert sum(seconds for _, seconds in phases(figures)) == pytest.approx(10.0)
    silent = derived(run_figures(10.0, first_sound_seconds=None))
    assert dict(phases(silent))[3] == 0.0
    assert sum(seconds for _, seconds in phases(silent)) == pytest.approx(10.0)
    assert dict(phases(figures, seen=True)) == pytest.approx({2: 0.5, 3: 1.0, 4: 3.5})


def test_the_table_has_every_kind_every_figure_and_the_fine_print(small: Path) -> None:
    """The notes say that the weights are random and that the length is forced."""
    text = table(measured(small, is_random=True, compares=True, runs=2))
    for kind in KINDS:
        assert f"{kind.title}: 18 + 124 tokens" in text
    for words in ("TTFT", "TTFA", "seen ahead", "random", "forced", "espeak-ng", "GB/s", NOT_MEASURABLE, "7.93 GiB"):
        assert words in text, words
    assert "own first sentence" not in text
    assert "own first sentence" in table(measured(small))


@pytest.mark.parametrize(
    ("most", "expected"), [(10.0, [0, 2, 4, 6, 8, 10]), (0.9, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.0, [0, 1]), (61.0, [0, 20, 40, 60, 80])]
)  # fmt: skip
def test_axes_have_round_numbers(most: float, expected: list[float]) -> None:
    """An axis goes from 0 to the largest figure or just beyond it."""
    assert ticks(most) == pytest.approx(expected)


def test_bars_are_as_long_as_their_figures() -> None:
    """The parts of one bar follow each other without a gap."""
    drawing = ET.fromstring(stacked_bars([Bar("a", ((0, 1.0), (1, 3.0))), Bar("b", ((0, 2.0),))], "s", "two bars"))
    boxes = [(float(box.attrib["x"]), float(box.attrib["width"])) for box in drawing.iter("rect")]
    assert boxes[1][0] == pytest.approx(boxes[0][0] + boxes[0][1], abs=0.2)
    assert boxes[1][1] == pytest.approx(3 * boxes[0][1], abs=0.2)
    assert boxes[2][1] == pytest.approx(2 * boxes[0][1], abs=0.2)


def test_a_line_has_gaps_where_nothing_is_known() -> None:
    """The line is not drawn through moments without a figure."""
    drawing = ET.fromstring(lines_over_time([Line("a", [0, 1, 2, 3], [1.0, None, 2.0, 3.0])], "GB", [(1.0, "x")], "a"))
    (path,) = drawing.iter("path")
    assert [step[0] for step in path.attrib["d"].replace(" L", "|L").replace(" M", "|M").split("|")] == ["M", "M", "L"]


# Real runs


class Meter:
    """A meter that counts one joule for each reading."""

    energy_source = "of a test"

    def meter(self) -> Lap:
        return lambda: 1.0

    def celsius(self) -> float | None:
        return None


def test_both_engines_are_given_the_same_work(small: Path) -> None:
    """The tokens of picture, prompt, question and answer are equal; ours has sounds, the first before the end."""
    task = Task("", 1, str(small), lends_words=True)
    ours, plain = measure_ours(task, Meter()), measure_plain(task, Meter())
    assert (ours["image_tokens"], ours["prompt_tokens"]) == (plain["image_tokens"], plain["prompt_tokens"])
    for kind in KINDS:
        (one,), (other,) = ours["runs"][kind.name], plain["runs"][kind.name]
        assert one["question_tokens"] == other["question_tokens"]
        assert one["answer_tokens"] == other["answer_tokens"] == kind.answer_tokens
        assert one["vision_seconds"] < one["first_token_seconds"] < one["first_sound_seconds"] <= one["total_seconds"]
        assert one["seen_first_sound_seconds"] > one["seen_first_token_seconds"]
        assert other["first_sound_seconds"] is None
        assert one["joules"] > 0
        assert other["joules"] > 0
    stages = ["load", "warm-up", *(kind.name for kind in KINDS), "shapes", "end"]
    assert [what for _, what in ours["series"]["marks"]] == stages


def test_a_picture_is_measured_in_a_square_and_in_its_own_shape(small: Path) -> None:
    """The square has the tokens of the questions' pictures; 4:3 and 16:9 have fewer."""
    ours = measure_ours(Task("", 1, str(small), lends_words=True), Meter())
    square, four_thirds, wide = ours["shapes"]
    assert square["image_tokens"] == ours["image_tokens"] == 49
    assert (four_thirds["image_tokens"], wide["image_tokens"]) == (35, 28)
    assert all(one["vision_seconds"] > 0 and one["prefill_seconds"] > 0 for one in ours["shapes"])


def test_the_demo_model_is_measured_in_squares_only(monkeypatch: pytest.MonkeyPatch, small: Path) -> None:
    """It knows no other shape, and the report says so."""
    monkeypatch.setattr("assistant.bench.engines.answers.is_demo", lambda folder: True)
    assert measure_ours(Task("", 1, str(small), lends_words=True), Meter())["shapes"] == []
    found = measured(small, more={}) | {"shapes": []}
    assert "which is all that the demo model knows" in table(found)
    assert "A picture in a square" not in page(found)


def test_both_ways_to_show_a_picture_are_reported(small: Path) -> None:
    """In the table, on the page and for programs: medians of all processes, and the share of the square."""
    found = measured(small, compares=True)
    assert [one["share"] for one in found["shapes"]] == [1.0, 0.5]
    (row,) = [line for line in table(found).splitlines() if line.startswith("<wide>")]
    assert row.split()[1:] == ["112", "1.50", "s", "1.00", "s", "2.50", "s", "50%"]
    assert "the full model's default is the picture's own shape" in table(found)
    assert "A picture in a square and in its own shape" in page(found)
    assert "&lt;wide&gt;" in page(found)


def test_drawing_the_picture_is_not_measured(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The meter of each answer begins when its picture is there."""
    events: list[str] = []

    class Noting(Meter):
        def meter(self) -> Lap:
            events.append("meter")
            return super().meter()

    def drawn(kind: str) -> object:
        events.append("draw")
        return draw(kind)

    monkeypatch.setattr("assistant.bench.material.pictures.draw", drawn)
    measure_ours(Task("", 1, str(small), lends_words=True), Noting())
    assert events[-6:] == ["draw", "meter"] * 3


def test_no_energy_is_read_where_there_is_no_sensor(tmp_path: Path) -> None:
    """Without sensors there is no figure, but the reason."""
    sensors = MachineSensors(Sysfs(tmp_path))
    assert (sensors.meter()(), sensors.celsius()) == (None, None)
    assert sensors.energy_source.startswith(f"{NOT_MEASURABLE}: ")


def test_a_real_bench_of_the_demo_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each engine runs in its own process; standard output has one object, and the file has the page."""
    html = tmp_path / "report.html"
    assert main(["bench", "--model", "demo", "--runs", "1", "--threads", "1", "--json", "--html", str(html)]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["tokens"]["answer"] == {kind.name: kind.answer_tokens for kind in KINDS}
    for figures in found["engines"][OURS]["kinds"].values():
        for key, value in figures.items():
            if key not in ("joules", "watts", "ranges"):
                assert value > 0, key
    assert str(html) in printed.err
    assert "demo" in read(html.read_text(encoding="utf-8")).text
    table(found)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--model", "nowhere"], 3, "nowhere"),
        (["--tokens", "5"], 2, "--engine"),
        (["--threads", "1,2"], 2, "--threads"),
        (["--synthetic", "--model", "demo"], 2, "--synthetic"),
        (["--engine", "--runs", "3"], 2, "--runs"),
        (["--engine", "--html", "nowhere/x.html", "--model", "demo"], 1, "nowhere/x.html"),
        (["--compare", "llama.cpp"], 2, "--engine"),
        (["--gguf", "x.gguf"], 2, "--engine"),
        (["--from", "nowhere.json"], 1, "nowhere.json"),
        (["--from", "x.json", "--model", "demo"], 2, "--from"),
        (["--model", "demo", "--html", "nowhere/x.html"], 1, "nowhere/x.html"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is the documented one, nothing is on standard output, and nothing has been measured."""
    assert main(["bench", *arguments]) == status
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""
