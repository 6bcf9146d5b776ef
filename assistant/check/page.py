"""The report of a check as one HTML page that stands alone. It computes only how things look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from assistant.bench.pages.page_parts import document, paragraphs, table_of
from assistant.check import report

_TITLES = {"files": "Files", "arithmetic": "Arithmetic", "ears": "Ears", "speed": "Speed", "time": "Time"}
_ANSWERS = (("drawn", "Drawn pictures with known answers"), ("nothing", "Pictures of nothing, or hardly to be seen"))


def page(found: Mapping[str, Any]) -> str:
    """The whole HTML document."""
    model, machine = found["model"], found["machine"]
    head = [
        f"{found['program']}, {found['date']}. {machine['processor']}, {machine['cores']} cores, "
        f"{(machine['memory_bytes'] or 0) / 1e9:.1f} GB, {machine['system']}.",
        f"Weights {model['weights_sha256'] or 'unknown'}, {model['parameters'] / 1e6:,.0f} million parameters.",
        *([f"Not done yet: {', '.join(found['left'])}."] if found["left"] else []),
    ]
    says = found["says"]
    result = f"<p><strong>{escape(says[:1].upper() + says[1:])}.</strong></p>"
    body = [f"<h1>{escape('SeeSay check: ' + model['name'])}</h1>", _section("Result", result + paragraphs(head))]
    body += [_section(_TITLES[name], _below(name, lines)) for name, lines in report.sections(found)]
    for group, title in _ANSWERS:
        if rows := found["answers"][group]:
            body.append(_section(title, table_of(report.HEADINGS, [report.cells(row) for row in rows])))
    body.append(_section("Doubt", _below("doubt", report.doubt_lines(found["doubt"]))))
    return document(f"SeeSay check: {model['name']}", body)


def _below(title: str, lines: Sequence[str]) -> str:
    """The lines of a section without its title, which each line of the text has in front."""
    return paragraphs([line.removeprefix(f"{title}: ") for line in lines])


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inner}</section>"
