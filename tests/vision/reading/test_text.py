"""Recognised lines as running text."""

from __future__ import annotations

import pytest

from vision.reading.interface import Line, Quad
from vision.reading.text import joined, paragraph_texts

NOWHERE = Quad((0, 0), (0, 0), (0, 0), (0, 0))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["Keep out of", "reach"], "Keep out of reach"),
        (["the tempera-", "ture rises"], "the temperature rises"),
        (["an Anglo-", "Saxon word"], "an Anglo-Saxon word"),
        (["it costs 3 -", "4 euros"], "it costs 3 - 4 euros"),
        (["pages 12-", "14"], "pages 12- 14"),
        (["soft\u00ad", "ware"], "software"),
        (["今天下午", "有小雨。", "好"], "今天下午有小雨。好"),
        (["型号", "AB 12"], "型号 AB 12"),
        (["  wide   spaces ", "", "here"], "wide spaces here"),
        ([], ""),
        (["-"], "-"),
    ],
)
def test_lines_are_joined(lines: list[str], text: str) -> None:
    """Words split by a hyphen are one word again; numbers and compounds keep theirs; Chinese gets no spaces."""
    assert joined(lines) == text


def test_each_paragraph_is_one_text() -> None:
    """Paragraphs in which nothing was recognised are left out."""
    read = [(0, "Opening"), (1, "from nine"), (1, "to five"), (2, ""), (3, "Closed")]
    lines = [Line(index, NOWHERE, paragraph, text, 0.9) for index, (paragraph, text) in enumerate(read)]
    assert paragraph_texts(lines) == ["Opening", "from nine to five", "Closed"]
