"""The figures of `seesay bench` as one HTML page: plots, tables and what they mean.

It computes only how things look. It shows the object of `seesay bench --json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from assistant.bench.limits.shapes import rows as rows_of_shapes
from assistant.bench.limits.shares import ROWS as SHARE_ROWS
from assistant.bench.material.kinds import KINDS
from assistant.bench.pages.page_parts import document, notes_of, paragraphs, roofline_section, table_of
from assistant.bench.pages.questions_table import NAMES, ROWS, cell, figure_of, head, notes, ratio_of
from assistant.bench.pages.report import quantity, times
from assistant.bench.pages.svg import Bar, Line, lines_over_time, stacked_bars

_PARTS = (
    "vision encoder",
    "prefill of the picture",
    "question to the first token",
    "to the first sound",
    "rest of the answer",
)
_OVER_TIME = (  # key, title, unit, how many of this unit are 1 of the sample's, what to say if there are no figures
    ("resident_bytes", "Memory over time", "GB", 1e-9, "This machine does not tell a process's memory."),
    ("watts", "Watts over time", "W", 1.0, "Watts: {energy}."),
    ("celsius", "Temperature over time", "°C", 1.0, "This machine does not tell its temperature."),
)  # fmt: skip


def page(measured: Mapping[str, Any]) -> str:
    """The whole HTML document."""
    title = f"SeeSay bench: {measured['model']['name']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        "<section><h2>What was measured</h2>" + paragraphs(head(measured)) + "</section>",
        _headline(measured),
        _phases(measured),
        *(_figures(measured, kind.name, kind.title) for kind in KINDS),
        *([_shapes(measured)] if measured["shapes"] else []),
        *(_over_time(measured, *what) for what in _OVER_TIME),
        _roofline(measured),
        _reference(measured),
        notes_of(notes(measured)),
    ]
    return document(title, body)


def _headline(measured: Mapping[str, Any]) -> str:
    """The figures that a user feels, in large type."""
    kinds = measured["engines"]["seesay"]["kinds"]
    tiles = [
        (kind.title, quantity(kinds[kind.name]["seen_first_sound_seconds"], 1.0, "s"), "to the first sound, picture seen ahead")
        for kind in KINDS
    ]  # fmt: skip
    tiles.append((
        "decode",
        quantity(figure_of(kinds["describe"], "tokens_per_second"), 1.0, "tokens/s"),
        f"peak memory {quantity(measured['engines']['seesay']['peak_bytes'], 1e-9, 'GB')}",
    ))  # fmt: skip
    drawn = "".join(
        f"<div><span>{escape(name)}</span><strong>{escape(value)}</strong><span>{escape(what)}</span></div>"
        for name, value, what in tiles
    )
    return f'<div class="tiles">{drawn}</div>'


def _phases(measured: Mapping[str, Any]) -> str:
    bars = []
    for kind in KINDS:
        ours = measured["engines"]["seesay"]["kinds"][kind.name]
        bars += [
            Bar(f"{kind.title}: SeeSay", phases(ours), begins_group=True),
            Bar("picture seen ahead", phases(ours, seen=True)),
        ]
        if "transformers" in measured["engines"]:
            bars.append(Bar("transformers", phases(measured["engines"]["transformers"]["kinds"][kind.name])))
        if measured["model"]["is_full_size"]:
            bars.append(Bar("reference's own report", ((0, kind.reference_seconds),), is_outline=True))
    legend = "".join(f'<li><i class="part-{n}"></i>{escape(name)}</li>' for n, name in enumerate(_PARTS))
    described = "; ".join(f"{bar.label} {sum(value for _, value in bar.parts):.1f} s" for bar in bars)
    return (
        "<section><h2>Where the time goes</h2><p>Seconds from the question's words to the end of the answer, medians.</p>"
        f'<ul class="legend">{legend}</ul><div class="plot" tabindex="0">{stacked_bars(bars, "s", described)}</div></section>'
    )


def phases(figures: Mapping[str, Any], *, seen: bool = False) -> tuple[tuple[int, float], ...]:
    """The parts of an answer's time as (place in the legend, seconds). They add up to the whole."""
    if seen:
        begin, sound, total = (figures[f"seen_{key}_seconds"] or 0.0 for key in ("first_token", "first_sound", "total"))
        parts = [(2, begin)]
    else:
        begin, sound, total = (figures[f"{key}_seconds"] or 0.0 for key in ("first_token", "first_sound", "total"))
        before = figures["vision_seconds"] + figures["prefill_seconds"]
        parts = [(0, figures["vision_seconds"]), (1, figures["prefill_seconds"]), (2, begin - before)]
    sound = min(max(begin, sound), total)  # without a voice this part is empty
    parts += [(3, sound - begin), (4, total - sound)]
    return tuple((colour, max(0.0, seconds)) for colour, seconds in parts)


def _figures(measured: Mapping[str, Any], kind: str, title: str) -> str:
    engines = sorted(measured["engines"].items(), key=lambda item: item[0] == "seesay")
    ratio = bool(measured["ratios"])
    tokens = measured["tokens"]
    names = [NAMES[name] for name, _ in engines] + (["ratio"] if ratio else [])
    rows = []
    for key, name, unit, factor in ROWS:
        cells = [cell(one["kinds"][kind], key, unit, factor) for _, one in engines]
        cells += [times(ratio_of(measured, kind, key), none="")] if ratio else []
        rows.append([name, *cells])
    for key, name in SHARE_ROWS:
        reached = [measured["shares"][engine][kind].get(key) for engine, _ in engines]
        rows.append([name, *("-" if one is None else f"{one:.0%}" for one in reached), *([""] if ratio else [])])
    what = f"Question of {tokens['question'][kind]} tokens, answer of {tokens['answer'][kind]}, picture of {tokens['image']}."
    return (
        f"<section><h2>{escape(title.capitalize())}</h2><p>{escape(what)}</p>{table_of(['', *names], rows)}</section>"
    )


def _shapes(measured: Mapping[str, Any]) -> str:
    (_, *names), *lines = rows_of_shapes(measured["shapes"])
    what = "The questions are asked about the square. The last column is for encoder and prefill together."
    return f"<section><h2>A picture in a square and in its own shape</h2><p>{what}</p>{table_of(['', *names], lines)}</section>"


def _over_time(measured: Mapping[str, Any], key: str, title: str, unit: str, factor: float, none: str) -> str:
    lines = []
    for name, series in measured["series"].items():
        values = [None if value is None else value * factor for value in series[key]]
        if any(value is not None for value in values):
            lines.append(Line(NAMES[name], series["seconds"], values))
    if not lines:
        said = none.format(energy=measured["energy_source"])
        return f"<section><h2>{title}</h2><p>{escape(said)}</p></section>"
    marks = [(seconds, what) for seconds, what in measured["series"]["seesay"]["marks"]] if len(lines) == 1 else []
    described = f"{title}: " + ", ".join(f"{line.name} up to {max(y for y in line.ys if y is not None):.3g} {unit}" for line in lines)  # fmt: skip
    legend = "".join(f'<li><i class="line-{n}"></i>{escape(line.name)}</li>' for n, line in enumerate(lines))
    return (
        f"<section><h2>{title}</h2><p>The first process of each engine: load, one unmeasured question, then the kinds in turn.</p>"
        f'<ul class="legend">{legend}</ul><div class="plot" tabindex="0">{lines_over_time(lines, unit, marks, described)}</div></section>'
    )


def _roofline(measured: Mapping[str, Any]) -> str:
    """The phases of the first kind of question; the others differ from them only in the question's length."""
    kind = KINDS[0].name
    found = {name: kinds[kind] for name, kinds in measured["roofline"].items()}
    shares = {name: kinds[kind] for name, kinds in measured["shares"].items()}
    return roofline_section(f"Roofline: {KINDS[0].title}", found, shares, measured["limits"])


def _reference(measured: Mapping[str, Any]) -> str:
    columns = ("what", "reference", "ours", "plain_at_least", "verdict")
    names = ["", "reference", "SeeSay", "plain float32 here, at least", ""]
    rows = [[row[column] for column in columns] for row in measured["reference"]]
    return f'<section class="wordy"><h2>The reference design\'s figures</h2>{table_of(names, rows)}</section>'
