"""The figures of `seesay bench --engine` as one HTML page: bars, tables and the roofline. It computes only looks.

It shows the object of `seesay bench --engine --json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from assistant.bench.pages.page_parts import document, notes_of, paragraphs, roofline_section, table_of
from assistant.bench.pages.report import head, name_of, notes, ordered, rows_of, threads_text
from assistant.bench.pages.svg import Bar, stacked_bars

_PARTS = ("vision encoder", "prefill of the picture", "question and first token")


def page(measured: Mapping[str, Any]) -> str:
    """The whole HTML document."""
    title = f"SeeSay engine: {measured['model']['name']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        "<section><h2>What was measured</h2>" + paragraphs(head(measured)) + "</section>",
    ]
    for result in measured["results"]:
        threads = threads_text(result["threads"])
        (_, *names), *rows = rows_of(result)
        body += [
            _bars(result, threads),
            f"<section><h2>All figures, {threads}</h2>{table_of(['', *names], rows)}</section>",
            _roofline(result, threads),
        ]
    return document(title, [*body, notes_of(notes(measured))])


def _bars(result: Mapping[str, Any], threads: str) -> str:
    bars = [Bar(name_of(name), _parts(result["engines"][name])) for name in ordered(result)]
    legend = "".join(f'<li><i class="part-{n}"></i>{escape(name)}</li>' for n, name in enumerate(_PARTS))
    described = "; ".join(f"{bar.label} {sum(value for _, value in bar.parts):.2f} s" for bar in bars)
    return (
        f"<section><h2>From picture and question to the first token, {threads}</h2><p>Seconds, medians.</p>"
        f'<ul class="legend">{legend}</ul><div class="plot" tabindex="0">{stacked_bars(bars, "s", described)}</div></section>'
    )


def _parts(figures: Mapping[str, float | None]) -> tuple[tuple[int, float], ...]:
    """The parts of the time as (place in the legend, seconds). What an engine does not tell is part of the last one."""
    vision, prefill = figures["vision_seconds"] or 0.0, figures["prefill_seconds"] or 0.0
    rest = max(0.0, (figures["first_token_seconds"] or 0.0) - vision - prefill)
    return ((0, vision), (1, prefill), (2, rest))


def _roofline(result: Mapping[str, Any], threads: str) -> str:
    ours_first = sorted(result["roofline"], key=lambda name: name != "seesay")
    found = {name: result["roofline"][name] for name in ours_first}
    return roofline_section(f"Roofline, {threads}", found, result["shares"], result["limits"])
