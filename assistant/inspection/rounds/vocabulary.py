"""Which words of a checklist a speech model does not know, so that they cannot be heard, and known ones like them.

It does not know models: their words are handed in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from assistant.inspection.rounds.checklist import Checklist, OneOf

_MOST_NEAR = 3
_LENGTH_DIFFERENCE = 2  # letters: a near spelling is hardly longer or shorter
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True)
class UnknownWord:
    """A word that cannot be heard."""

    word: str
    near: tuple[str, ...]  # known words with much the same spelling, the nearest first


def unknown_words(checklist: Checklist, known: Collection[str]) -> list[UnknownWord]:
    """The words that a user may have to say, and `known` does not hold: items of lists, and names of stations."""
    found: dict[str, UnknownWord] = {}
    for text in _to_be_said(checklist):
        for word in _words(text):
            if word not in found and not _is_known(word, known):
                found[word] = UnknownWord(word, near_spellings(word, known))
    return list(found.values())


def _to_be_said(checklist: Checklist) -> Iterator[str]:
    for station in checklist.stations:
        yield station.name
        if isinstance(station.answer, OneOf):
            yield from station.answer.items


def _words(text: str) -> list[str]:
    text = text.lower().replace("’", "'")
    return [*_CHINESE.findall(text), *_WORD.findall(_CHINESE.sub(" ", text))]


def _is_known(word: str, known: Collection[str]) -> bool:
    """True for a known word. Chinese is written without spaces, so that it is known if known words make it up."""
    if word in known or not _CHINESE.fullmatch(word):
        return word in known
    ends = {0}
    for end in range(1, len(word) + 1):
        if any(word[begin:end] in known for begin in ends):
            ends.add(end)
    return len(word) in ends


def near_spellings(word: str, known: Collection[str]) -> tuple[str, ...]:
    """At most three known words that are spelt much like this one, the nearest first; none for Chinese."""
    if _CHINESE.fullmatch(word):
        return ()
    # The first letter and the length leave few of some 100,000 words, so that a search takes milliseconds.
    like = [each for each in known if each[0] == word[0] and abs(len(each) - len(word)) <= _LENGTH_DIFFERENCE]
    return tuple(difflib.get_close_matches(word, sorted(like), n=_MOST_NEAR, cutoff=0.7))
