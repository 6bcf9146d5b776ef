"""Joins recognised lines to running text: one text for each paragraph. Pure code; it knows no language's dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from vision.reading.interface import Line

# "-" and what a recogniser may give for it at the end of a line: hyphen, non-breaking hyphen, soft hyphen.
_HYPHENS = "-\u2010\u2011\u00ad"


def paragraph_texts(lines: Iterable[Line]) -> list[str]:
    """The text of each paragraph, in order; paragraphs in which nothing was recognised are left out."""
    texts = (joined(line.text for line in paragraph) for _, paragraph in groupby(lines, lambda line: line.paragraph))
    return [text for text in texts if text]


def joined(texts: Iterable[str]) -> str:
    """Lines of one paragraph as running text.

    A word that was split by a hyphen is one word again if the next line goes on with a small letter. Else the hyphen
    belongs to the word, as in "Anglo-Saxon". A compound that was split at its own hyphen loses it: "well-" and "known"
    give "wellknown", since only a dictionary could tell. Chinese is joined without a space.
    """
    whole = ""
    for text in texts:
        line = " ".join(text.split())
        if not line:
            continue
        if ends_divided(whole):
            whole = (whole[:-1] if line[0].islower() else whole) + line
        elif whole and not (is_chinese(whole[-1]) and is_chinese(line[0])):
            whole += " " + line
        else:
            whole += line
    return whole


def ends_divided(text: str) -> bool:
    """Whether the text ends with a letter and a hyphen, so that the next line may go on with the same word."""
    return len(text) > 1 and text[-1] in _HYPHENS and text[-2].isalpha()


def is_chinese(sign: str) -> bool:
    """Also for the punctuation and the wide signs that stand in Chinese text."""
    return "\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uffef"
