"""Cuts a growing answer into sentences, so that the first is spoken while the next is decoded.

Pure: text in, sentences out. It knows nothing of speech or of the engine. Whether a place is an end is decided from what
stands before it and a few characters behind it, so the cut is the same however the text arrives.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable

# A full stop after one of these does not end a sentence.
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "approx", "fig", "vol", "dept", "est", "inc", "ltd", "co"}
    | {"e.g", "i.e", "u.s", "u.k", "cf", "mt", "ave", "rd", "blvd", "tel", "ph.d"}
)
# These may stand last: they end a sentence when a capital follows ("It is 5 p.m. The shop is closed.").
_ABBREVIATIONS_THAT_END = frozenset({"etc", "a.m", "p.m"})
# Only before a number: "No. 5" is one thing, "No. I see none." is two sentences.
_NUMBER_ABBREVIATIONS = frozenset({"no", "nr", "p", "pp"})
# A Latin end mark counts only before white space: "3.5", "a@b.org", "10:30" and "v2.1" stay whole. "；" parts clauses that
# are sentences of their own. A Chinese mark needs no space, but the next character tells whether it goes on ("！！", "。”").
_END = re.compile(
    r"(?P<line>\n)|(?P<latin>[.!?…]+[\"'”’)\]]*)(?=\s)|(?P<chinese>[。！？；]+[”’」』）]*)(?=[^。！？；”’」』）])"
    r"|(?P<clause>[,;:](?=\s)|[，：](?=.))"
)
# Where an endless sentence is cut all the same: long speech cannot be stopped or repeated in parts.
MAX_SENTENCE_CHARACTERS = 240
# The first sentence may be cut at a comma when so much stands before it: about 2.5 s of speech, in which the rest is decoded.
EARLY_CUT_CHARACTERS = 40
_CHINESE_WEIGHT = 3  # a Chinese character takes as long to say as three Latin ones
_LOOK_AHEAD = 16  # characters behind a mark that may decide whether it is an end


class _Ruling(enum.Enum):
    END = enum.auto()
    NO_END = enum.auto()
    NOT_YET = enum.auto()  # what follows decides, and has not come


class SentenceCutter:
    """Feed pieces of text with `push`; take the rest with `flush` when the answer has ended.

    With `early`, the first sentence comes out at a comma, semicolon or colon already, if it is long enough by then.
    """

    def __init__(self, *, early: bool = False) -> None:
        self._pending = ""
        self._early = early

    def push(self, text: str) -> list[str]:
        """Returns the sentences that are complete now, in order, stripped."""
        self._pending += text
        sentences = []
        while (end := _sentence_end(self._pending, self._early)) is not None:
            sentence, self._pending = self._pending[:end].strip(), self._pending[end:]
            if sentence:
                sentences.append(sentence)
                self._early = False
        return sentences

    def flush(self) -> list[str]:
        """Returns what is left, mostly as one last sentence (none when only white space is left)."""
        rest, self._pending = self._pending.strip(), ""
        sentences = []
        while len(rest) > MAX_SENTENCE_CHARACTERS:
            cut = _forced_cut(rest)
            sentences.append(rest[:cut].strip())
            rest = rest[cut:].strip()
        return sentences + ([rest] if rest else [])


def split_sentences(text: str) -> list[str]:
    """All the sentences of a finished text."""
    cutter = SentenceCutter()
    return cutter.push(text) + cutter.flush()


def _sentence_end(text: str, early: bool) -> int | None:
    for match in _END.finditer(text):
        if match.end() > MAX_SENTENCE_CHARACTERS:
            break
        match _ruling(text, match, early):
            case _Ruling.END:
                return match.end()
            case _Ruling.NOT_YET if not _is_overlong(text):
                return None
    return _forced_cut(text) if _is_overlong(text) else None


def _is_overlong(text: str) -> bool:
    """So long that every mark within the longest sentence has been decided on."""
    return len(text) > MAX_SENTENCE_CHARACTERS + _LOOK_AHEAD + 1


def _ruling(text: str, mark: re.Match[str], early: bool) -> _Ruling:
    if mark["clause"]:
        return _clause_ruling(text, mark) if early else _Ruling.NO_END
    if mark["latin"]:
        return _latin_ruling(text, mark)
    return _Ruling.END


def _latin_ruling(text: str, mark: re.Match[str]) -> _Ruling:
    signs, word = mark["latin"], _word_before(text, mark)
    if signs.startswith(("...", "…")):
        return _decided_by_next(text, mark, lambda following: not following.islower())
    if not signs.startswith(".") or signs.startswith(".."):
        return _Ruling.END
    if word in _NUMBER_ABBREVIATIONS:
        return _decided_by_next(text, mark, lambda following: not following.isdigit())
    if word in _ABBREVIATIONS_THAT_END:
        return _decided_by_next(text, mark, str.isupper)
    is_initial = len(word) == 1 and "a" <= word <= "z" and word != "i"
    is_list_number = word.isdecimal() and text[: mark.start()].strip() == word  # "1. Open the door."
    no_end = is_initial or is_list_number or word in _ABBREVIATIONS
    return _Ruling.NO_END if no_end else _Ruling.END


def _clause_ruling(text: str, mark: re.Match[str]) -> _Ruling:
    """A comma is a place to breathe when enough was said, and not within a number, a bracket or "e.g., this"."""
    before = text[: mark.start()]
    if _spoken_length(before) < EARLY_CUT_CHARACTERS or _is_open(before):
        return _Ruling.NO_END
    if before.endswith(".") or _word_before(text, mark) in _ABBREVIATIONS:
        return _Ruling.NO_END
    if before[-1].isdigit():  # "at 3, 4 and 5", "March 3, 2024"
        return _decided_by_next(text, mark, lambda following: not following.isdigit())
    return _Ruling.END


def _decided_by_next(text: str, mark: re.Match[str], is_end: Callable[[str], bool]) -> _Ruling:
    """By the next character that is no white space; none within the look-ahead is an end."""
    ahead = text[mark.end() : mark.end() + _LOOK_AHEAD]
    following = ahead.lstrip()
    if not following:
        return _Ruling.END if len(ahead) == _LOOK_AHEAD else _Ruling.NOT_YET
    return _Ruling.END if is_end(following[0]) else _Ruling.NO_END


def _word_before(text: str, mark: re.Match[str]) -> str:
    words = text[: mark.start()].split()
    return words[-1].lstrip("\"'“‘([").lower() if words and not text[mark.start() - 1].isspace() else ""


def _spoken_length(text: str) -> int:
    return sum(_CHINESE_WEIGHT if "\u4e00" <= sign <= "\u9fff" else 1 for sign in text.strip())


def _is_open(text: str) -> bool:
    """Within brackets or quotation marks."""
    pairs = (("(", ")"), ("[", "]"), ("“", "”"), ("「", "」"), ("（", "）"))
    return text.count('"') % 2 == 1 or any(text.count(left) > text.count(right) for left, right in pairs)


def _forced_cut(text: str) -> int:
    """After the last comma or space that fits: never inside a word unless the word itself is endless."""
    head = text[:MAX_SENTENCE_CHARACTERS]
    for marks in ((", ", "; ", ": ", "，", "；", "："), (" ",)):
        cut = max(head.rfind(mark) for mark in marks)
        if cut > MAX_SENTENCE_CHARACTERS // 3:
            return cut + 1
    return MAX_SENTENCE_CHARACTERS
