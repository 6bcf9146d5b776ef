"""The parts that the benchmark's pages share: the document around them, tables, paragraphs and the roofline.

A page has no script and loads nothing from elsewhere, so it may be kept, sent and opened years later. Nothing is
computed here but how things look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from assistant.bench.limits.shares import PHASES, limits_text
from assistant.bench.pages.page_style import STYLE
from assistant.bench.pages.report import name_of, quantity
from assistant.bench.pages.svg import Point, mark_alone, roofline

_SHORT = {
    "vision_seconds": "encoder",
    "prefill_seconds": "prefill",
    "seen_first_token_seconds": "question",
    "decode_seconds": "decode",
}
_FORMS = 5  # the colours and forms of marks; with more engines they begin again


def document(title: str, body: Sequence[str]) -> str:
    """The whole HTML document."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )  # fmt: skip


def table_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with headings; the first cell of a row is the row's heading."""
    head_cells = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(text)}</td>" for text in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="plot" tabindex="0"><table><thead><tr>{head_cells}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def paragraphs(lines: Sequence[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def notes_of(lines: Sequence[str]) -> str:
    """The section that says how to read the figures."""
    return "<section><h2>How to read this</h2><ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul></section>"  # fmt: skip


def roofline_section(
    title: str,
    found: Mapping[str, Mapping[str, Mapping[str, float]]],
    shares: Mapping[str, Mapping[str, float | None]],
    limits: Mapping[str, Any],
) -> str:
    """The roofline plot and, below it, the same figures as a table.

    `found` is what `shares.points` gives for every engine, in the order of the legend.
    """
    engines = list(found)
    peak, read = limits["flop_per_second"] / 1e9, limits["read_bytes_per_second"] / 1e9
    points = [
        Point(
            f"{_SHORT[phase]}, {name_of(engine)}", number % _FORMS, one["flop_per_byte"], one["flop_per_second"] / 1e9
        )
        for number, engine in enumerate(engines)
        for phase, one in found[engine].items()
    ]
    rows = [
        [
            f"{PHASES[phase]}, {name_of(engine)}",
            quantity(one["flop_per_second"] / 1e9, 1.0, ""),
            percent(shares[engine].get(phase)),
            quantity(one["flop_per_byte"], 1.0, ""),
            quantity(one["flop"] / 1e9, 1.0, "GFLOP"),
        ]
        for phase in PHASES
        for engine in engines
        if (one := found[engine].get(phase)) is not None
    ]
    described = "; ".join(
        f"{point.label}: {quantity(point.y, 1.0, 'GFLOP/s').strip()} at {quantity(point.x, 1.0, '').strip()} FLOP per byte"
        for point in points
    )
    legend = "".join(
        f"<li>{mark_alone(number % _FORMS)}{escape(name_of(engine))}</li>" for number, engine in enumerate(engines)
    )
    drawing = roofline(
        points,
        peak,
        read,
        f"{title}: what every phase computes, below what this machine can do at most",
        f"The roof is {read:.1f} GB/s times FLOP per byte, at most {peak:.0f} GFLOP/s. {described}.",
    )
    said = (
        f"With as many threads this machine {limits_text(limits)}. Left of the roof's corner the memory is the limit, right of "
        "it the processor. Every weight that a phase needs is counted as read once."
    )
    headings = ["", "GFLOP/s", "share of the limit", "FLOP per byte", "work"]
    return (
        f"<section><h2>{escape(title)}</h2>{paragraphs([said])}"
        f'<ul class="legend">{legend}</ul><div class="plot" tabindex="0">{drawing}</div>{table_of(headings, rows)}</section>'
    )


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
