"""Cuts a growing answer into sentences, so that the first is spoken while the next is decoded.

Pure: text in, sentences out. It knows nothing of speech or of the engine.
"""

from __future__ import annotations

import re

# A full stop after one of these does not end a sentence.
_ABBREVIATIONS = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "sr",
        "jr",
        "vs",
        "etc",
        "approx",
        "fig",
        "vol",
        "dept",
        "est",
        "inc",
        "ltd",
    }
    | {"co", "e.g", "i.e", "a.m", "p.m", "u.s", "u.k"}
)
# Only before a number: "No. 5" is one thing, "No. I see none." is two sentences.
_NUMBER_ABBREVIATIONS = frozenset({"no", "nr", "p", "pp"})
# A Latin end mark counts only when white space follows: "3.5", "a@b.org" and "v2.1" stay whole.
_LATIN_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")
_CHINESE_END = re.compile(r"[。！？]+[”’」』）]*")
_LINE_END = re.compile(r"\n+")
# Where an endless sentence is cut all the same: long speech cannot be stopped or repeated in parts.
MAX_SENTENCE_CHARACTERS = 240


class SentenceCutter:
    """Feed pieces of text with `push`; take the rest with `flush` when the answer has ended."""

    def __init__(self) -> None:
        self._pending = ""

    def push(self, text: str) -> list[str]:
        """Returns the sentences that are complete now, in order, stripped."""
        self._pending += text
        sentences = []
        while (end := _sentence_end(self._pending)) is not None:
            sentence, self._pending = self._pending[:end].strip(), self._pending[end:]
            if sentence:
                sentences.append(sentence)
        return sentences

    def flush(self) -> list[str]:
        """Returns what is left, as one last sentence (none when only white space is left)."""
        sentence, self._pending = self._pending.strip(), ""
        return [sentence] if sentence else []


def split_sentences(text: str) -> list[str]:
    """All the sentences of a finished text."""
    cutter = SentenceCutter()
    return cutter.push(text) + cutter.flush()


def _sentence_end(text: str) -> int | None:
    ends = [match.end() for match in _candidates(text)]
    if ends:
        return min(ends)
    if len(text) > MAX_SENTENCE_CHARACTERS:
        return _forced_cut(text)
    return None


def _candidates(text: str) -> list[re.Match[str]]:
    """The first true end of each kind."""
    found = []
    for match in _LATIN_END.finditer(text):
        if not _is_abbreviation(text, match):
            found.append(match)
            break
    found += [m for m in (_CHINESE_END.search(text), _LINE_END.search(text)) if m]
    return found


def _is_abbreviation(text: str, end: re.Match[str]) -> bool:
    if text[end.start()] != "." or end.group().startswith(".."):
        return False
    word = text[: end.start()].rsplit(None, 1)[-1:] or [""]
    bare = word[0].lstrip("\"'“‘([").lower()
    if bare in _NUMBER_ABBREVIATIONS:
        following = text[end.end() :].lstrip()
        return not following or following[0].isdigit()  # nothing yet: wait for what follows
    is_initial = re.fullmatch(r"[a-z]", bare) is not None and bare != "i"
    return bare in _ABBREVIATIONS or is_initial


def _forced_cut(text: str) -> int:
    """After the last comma or space that fits: never inside a word unless the word itself is endless."""
    head = text[:MAX_SENTENCE_CHARACTERS]
    for marks in ((", ", "; ", ": ", "，", "；", "："), (" ",)):
        cut = max(head.rfind(mark) for mark in marks)
        if cut > MAX_SENTENCE_CHARACTERS // 3:
            return cut + 1
    return MAX_SENTENCE_CHARACTERS
