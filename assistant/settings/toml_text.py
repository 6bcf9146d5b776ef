"""Reads a TOML text from outside, and tells where each of its statements begins.

Of `tomllib` the time is not bounded: it grows with the square of the dots in a key, and a text that nests values
deeply ends in a RecursionError. So what is nested deeper than any file of ours is refused before it is parsed. It does
not know which keys there are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DEEPEST = 50  # brackets within brackets, or parts of one dotted key
# The parts of TOML that decide where a statement ends. Each of them matches from its first character on, also where it
# is never closed, so that the time grows with the length of the text alone.
_TOKEN = re.compile(
    r'"""(?:[^"\\]+|\\.|"(?!""))*(?:"{3,5})?'
    r"|'''(?:[^']+|'(?!''))*(?:'{3,5})?"
    r'|"(?:[^"\\\n]+|\\[^\n])*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|[\[\]{}\n.,=]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """A table's header, or one key with its value, of a TOML document."""

    line: int  # where it begins, from 1
    is_header: bool
    content: Mapping[str, Any]  # as if the statement were a document by itself; {} for an empty line or a comment


def parse_toml(text: str) -> dict[str, Any]:
    """The document. Raises ValueError, which says in a few words what is wrong with the text."""
    for line, _ in _pieces(text):
        if line < 0:
            raise ValueError(f"line {-line} nests brackets or keys more than {_DEEPEST} deep")
    document = tomllib.loads(text)
    if _has_large_number(document):
        raise ValueError("a whole number in it takes more than 64 bits")  # Python may refuse to print such a number
    return document


def statements(text: str) -> Iterator[Statement]:
    """The statements of a document that `parse_toml` takes, in their order.

    tomllib tells no positions. But each statement of TOML, which is a table's header or one key with its value, is
    valid TOML by itself.
    """
    for line, piece in _pieces(text):
        yield Statement(line, piece.lstrip().startswith("["), tomllib.loads(piece))


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the number of its first line. A statement ends with a line outside of brackets and texts.

    The number is negative, and the last, for a line that nests too deeply.
    """
    begin, first_line, line, depth, dots = 0, 1, 1, 0, 0
    for token in _TOKEN.finditer(text):
        what = token[0]
        if what == ".":
            dots += 1
        elif what in ("[", "{"):
            depth += 1
        elif what in ("]", "}"):
            depth -= 1
        elif what == "\n":
            line += 1
            if depth <= 0:
                yield first_line, text[begin : token.end()]
                begin, first_line, depth = token.end(), line, 0
        else:
            line += what.count("\n")
        if what in ("[", "]", "{", "}", "\n", ",", "="):
            dots = 0
        if max(depth, dots) > _DEEPEST:
            yield -line, ""
            return
    yield first_line, text[begin:]


def _has_large_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_large_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_large_number, value))
    return type(value) is int and not -(2**63) <= value < 2**63
