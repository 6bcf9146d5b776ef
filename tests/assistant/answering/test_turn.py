from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

from assistant import console
from assistant.answering import report
from assistant.answering.turn import CaptureTimings, Moments, Question, Turn, TurnTimings
from vision.interface import AnswerStats, SeeStats

MANUAL = Path(__file__).parents[3] / "docs" / "api.md"

SEEN = CaptureTimings(
    requested_at=97.0,
    taken=(97.5, 98.0),
    seen=(99.0, 103.0),  # not at once, because another answer was being decoded
    stats=SeeStats(image_tokens=49, prompt_tokens=52, vision_seconds=3.0, prefill_seconds=0.9),
)
ANSWERED = AnswerStats(9, 20, prefill_seconds=0.5, decode_seconds=2.0, finish="stop")


def ended(question: Question, moments: Moments) -> Turn:
    turn = Turn(question, answer="A cup.", moments=moments)
    turn.add_up(ended_at=110.0)
    return turn


def timings(turn: Turn) -> TurnTimings:
    assert turn.timings is not None
    return turn.timings


def test_hidden_is_what_ran_before_the_words_were_there() -> None:
    """`hidden` counts the seconds of taking and seeing before the transcript, without the pause between them."""
    turn = ended(Question("what is this", 0.9, asked_at=100.0, transcribed_at=101.0), Moments(sight=SEEN))
    assert timings(turn).hidden == 0.5 + 2.0
    late = ended(Question("what is this", 0.9, asked_at=90.0, transcribed_at=91.0), Moments(sight=SEEN))
    assert timings(late).hidden == 0.0


def test_what_never_came_is_none() -> None:
    """The timings of parts that never happened are None: a typed question about a known picture, cancelled early."""
    turn = ended(Question("what is this", None, asked_at=100.0, transcribed_at=100.0), Moments())
    there = {name: value for name, value in vars(timings(turn)).items() if value is not None}
    assert there.pop("peak_rss_bytes") > 0
    assert there == {"total": 10.0, "prompt_tokens": 0, "answer_tokens": 0}


def test_the_figures_for_people_name_every_part() -> None:
    """The line of timings names every part; a part that never happened is a dash."""
    whole = Moments(102.0, 102.5, 103.0, SEEN, ANSWERED)
    spoken = Question("what is this", 0.9, 100.0, 100.8, speech_seconds=2.0, endpoint_seconds=0.7)
    assert report.timings_line(ended(spoken, whole)).split(" · peak")[0] == (
        "  picture -3.00 s, seen 3.00 s · endpoint 0.70 s · transcript 0.80 s · first token 2.00 s"
        " · first sentence 2.50 s · first sound 3.00 s · end 10.00 s\n"
        "  speech 2.00 s · capture 0.50 s · vision 3.00 s · picture prefill 0.90 s (of the three hidden 2.30 s)"
        " · question prefill 0.50 s of 9 tokens, 18.0/s · decode 2.00 s of 20 tokens, 10.0/s · speaking 7.00 s"
    )
    turn = ended(spoken, whole)
    assert "energy" not in report.timings_line(turn), "no sensor, no figure"
    turn.joules = 41.26
    assert report.timings_line(turn).endswith(" MB · energy of the processor 41.3 J")
    assert report.turn_as_json(turn, "demo")["joules"] == 41.26
    full = Moments(102.0, 102.5, 103.0, replace(SEEN, picture_pixels=(1920, 1080)), ANSWERED)
    assert "· capture 0.50 s of 1920×1080 pixels · vision 3.00 s ·" in report.timings_line(ended(spoken, full))
    typed = Question("what is this", None, 100.0, 100.0)
    assert "speech - · capture - · vision -" in report.timings_line(ended(typed, Moments()))


def test_the_manual_names_every_figure_of_json() -> None:
    """The section "JSON" of docs/api.md has a row for every key, and no row for a key that does not exist."""
    turn = ended(Question("what is this", 0.9, 100.0, 100.8), Moments(102.0, 102.5, 103.0, SEEN, ANSWERED))
    line = json.loads(console.as_json_line(report.turn_as_json(turn, "demo")))
    assert line["tokens"] == {"prompt": 9, "answer": 20}
    assert set(line["timings"]) == {field.name for field in fields(TurnTimings)} - {
        "prompt_tokens", "answer_tokens", "peak_rss_bytes",
    }  # fmt: skip
    section = MANUAL.read_text(encoding="utf-8").split("\n## JSON\n")[1].split("\n## ")[0]
    first_cells = " ".join(row.split("|")[1] for row in section.splitlines() if row.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", first_cells)) == {*line, *line["timings"]}
    assert [key for key in line["tokens"] if f"`{key}`" not in section] == []
