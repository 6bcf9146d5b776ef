"""Cuts a sentence into runs of Chinese characters and of other writing, since one voice reads only one of them.

An English voice says "Chinese letter" for each Chinese character. It does not know voices beyond their names, and
leaves voices of other languages that use the characters (Japanese, Cantonese, Hakka) alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MANDARIN = "cmn"
ENGLISH = "en-us"

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_MARKS = r"，。、；：？！…《》〈〉“”‘’「」『』（）〇"
# Digits that touch a Chinese character belong to it; others belong to the sentence around them.
_HAN_RUN = re.compile(rf"\d*[{_HAN}](?:[{_HAN}{_HAN_MARKS}\d]|\s+(?=[{_HAN}]))*")
_LATIN_WORD = r"[A-Za-z\u00c0-\u024f][\w'’.@/+&-]*"
_LATIN_RUN = re.compile(rf"{_LATIN_WORD}(?:[ ,;:]+{_LATIN_WORD})*", re.ASCII)
_READ_HAN_THEMSELVES = frozenset({"yue", "hak", "ja"})


@dataclass(frozen=True)
class Run:
    """A part of a sentence, and the voice that says it."""

    text: str
    voice: str


def is_mandarin(voice: str) -> bool:
    """Whether a voice's name or identifier ("cmn", "sit/cmn", "cmn-latn-pinyin+f3") is a Mandarin one."""
    return _language(voice).startswith(MANDARIN)


def runs(sentence: str, voice: str) -> list[Run]:
    """The parts of a sentence in order, with `voice` for its own script and Mandarin or English for the other one."""
    if is_mandarin(voice):
        pattern, other = _LATIN_RUN, ENGLISH
    elif _language(voice) in _READ_HAN_THEMSELVES:
        return [Run(sentence, voice)]
    else:
        pattern, other = _HAN_RUN, MANDARIN
    parts, done = [], 0
    for foreign in pattern.finditer(sentence):
        parts += [(sentence[done : foreign.start()], voice), (foreign.group(), other)]
        done = foreign.end()
    parts.append((sentence[done:], voice))
    spoken = [Run(text.strip(), name) for text, name in parts if any(sign.isalnum() for sign in text)]
    return spoken or [Run(sentence, voice)]


def _language(voice: str) -> str:
    return voice.lower().partition("+")[0].rpartition("/")[2]
