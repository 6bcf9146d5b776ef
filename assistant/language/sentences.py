"""Cuts a growing answer into sentences, so that the first is spoken while the next is decoded.

It is pure and knows nothing of speech or of the engine. What stands before a mark and a few characters after it
decide whether a sentence ends there. So the cut is the same in whatever pieces the text arrives.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Abbreviations:
    """A language's abbreviations, whose full stop may not end a sentence. They are in lower case, without that stop."""

    never_last: frozenset[str] = frozenset()  # "Dr."
    # These end a sentence when a capital follows ("It is 5 p.m. The shop is closed."), unless the word is one of
    # `goes_on`.
    may_be_last: frozenset[str] = frozenset()
    goes_on: frozenset[str] = frozenset()  # "9 a.m. Monday"
    before_numbers: frozenset[str] = frozenset()  # "No. 5" is one thing, "No. I see none." is two sentences


NO_ABBREVIATIONS = Abbreviations()

# A Latin end mark counts only before white space, so that "3.5", "a@b.org", "10:30" and "v2.1" stay whole. "；"
# separates clauses that are sentences of their own. A Chinese mark needs no space, but the next character tells
# whether it goes on ("！！", "。”").
_END = re.compile(
    r"(?P<line>\n)|(?P<latin>[.!?…]+[\"'”’)\]]*)(?=\s)|(?P<chinese>[。！？；]+[”’」』）]*)(?=[^。！？；”’」』）])"
    r"|(?P<clause>[,;:](?=\s)|[，：](?=.))"
)
# A sentence without an end is cut at this length, because a long piece of speech cannot be repeated in parts.
MAX_SENTENCE_CHARACTERS = 240
# The first sentence may be cut at a comma if this much stands before it: about 2.5 s of speech, in which the rest is
# decoded.
EARLY_CUT_CHARACTERS = 40
_CHINESE_WEIGHT = 3  # a Chinese character takes as long to say as three Latin ones
_LOOK_AHEAD = 16  # characters after a mark that may decide whether it is an end


class _Ruling(enum.Enum):
    END = enum.auto()
    NO_END = enum.auto()
    NOT_YET = enum.auto()  # the text that decides has not come yet


class SentenceCutter:
    """Takes pieces of text with `push`, and gives the rest with `flush` when the answer has ended.

    With `early`, the first sentence may already be cut at a comma, semicolon or colon, if it is long enough by then.
    """

    def __init__(self, abbreviations: Abbreviations = NO_ABBREVIATIONS, *, early: bool = False) -> None:
        self._abbreviations = abbreviations
        self._pending = ""
        self._early = early

    def push(self, text: str) -> list[str]:
        """Adds text and returns the sentences that are complete now, in order, without white space around them."""
        self._pending += text
        sentences = []
        while (end := _sentence_end(self._pending, self._abbreviations, self._early)) is not None:
            sentence, self._pending = self._pending[:end].strip(), self._pending[end:]
            if sentence:
                sentences.append(sentence)
                self._early = False
        return sentences

    def flush(self) -> list[str]:
        """Returns the rest, mostly as one last sentence. There is none if only white space is left."""
        rest, self._pending = self._pending.strip(), ""
        sentences = []
        while len(rest) > MAX_SENTENCE_CHARACTERS:
            cut = _forced_cut(rest)
            sentences.append(rest[:cut].strip())
            rest = rest[cut:].strip()
        return sentences + ([rest] if rest else [])


def ends_whole(sentence: str) -> bool:
    """Whether a sentence that a cutter gave is one to its end, and was not cut at a comma or for its length."""
    last = sentence.rstrip("\"'”’)]」』）")[-1:]
    if last in ",;:，：":
        return False
    return not last.isalnum() or len(sentence) <= MAX_SENTENCE_CHARACTERS // 3


def split_sentences(text: str, abbreviations: Abbreviations = NO_ABBREVIATIONS) -> list[str]:
    """All sentences of a finished text."""
    cutter = SentenceCutter(abbreviations)
    return cutter.push(text) + cutter.flush()


def _sentence_end(text: str, abbreviations: Abbreviations, early: bool) -> int | None:
    for match in _END.finditer(text):
        if match.end() > MAX_SENTENCE_CHARACTERS:
            break
        match _ruling(text, match, abbreviations, early):
            case _Ruling.END:
                return match.end()
            case _Ruling.NOT_YET if not _is_overlong(text):
                return None
    return _forced_cut(text) if _is_overlong(text) else None


def _is_overlong(text: str) -> bool:
    """True if the text is so long that every mark within the longest sentence has been decided on."""
    return len(text) > MAX_SENTENCE_CHARACTERS + _LOOK_AHEAD + 1


def _ruling(text: str, mark: re.Match[str], abbreviations: Abbreviations, early: bool) -> _Ruling:
    if mark["clause"]:
        return _clause_ruling(text, mark, abbreviations) if early else _Ruling.NO_END
    if mark["latin"]:
        return _latin_ruling(text, mark, abbreviations)
    return _Ruling.END


def _latin_ruling(text: str, mark: re.Match[str], abbreviations: Abbreviations) -> _Ruling:
    signs, word = mark["latin"], _word_before(text, mark)
    if signs.startswith(("...", "…")):
        return _decided_by_next(text, mark, lambda following: not following[0].islower())
    if not signs.startswith(".") or signs.startswith(".."):
        return _Ruling.END
    if word in abbreviations.before_numbers:
        return _decided_by_next(text, mark, lambda following: not following[0].isdigit())
    if word in abbreviations.may_be_last:
        return _decided_by_next(text, mark, lambda following: _begins_a_sentence(following, abbreviations))
    is_initial = len(word) == 1 and "a" <= word <= "z" and word != "i"
    is_list_number = word.isdecimal() and text[: mark.start()].strip() == word  # "1. Open the door."
    no_end = is_initial or is_list_number or word in abbreviations.never_last
    return _Ruling.NO_END if no_end else _Ruling.END


def _clause_ruling(text: str, mark: re.Match[str], abbreviations: Abbreviations) -> _Ruling:
    """Whether the text may be cut at a comma: after enough words, not within a number, a bracket or "e.g., this"."""
    before = text[: mark.start()]
    if _spoken_length(before) < EARLY_CUT_CHARACTERS or _is_open(before):
        return _Ruling.NO_END
    if before.endswith(".") or _word_before(text, mark) in abbreviations.never_last:
        return _Ruling.NO_END
    if before[-1].isdigit():  # "at 3, 4 and 5", "March 3, 2024"
        return _decided_by_next(text, mark, lambda following: not following[0].isdigit())
    return _Ruling.END


def _begins_a_sentence(following: str, abbreviations: Abbreviations) -> bool | None:
    """True if the following word begins a sentence. None while the word is not complete."""
    if not following[0].isupper():
        return False
    word = re.match(r"\w+", following)
    assert word is not None  # it begins with a letter
    if word.end() == len(following) and any(w.startswith(word.group().lower()) for w in abbreviations.goes_on):
        return None
    return word.group().lower() not in abbreviations.goes_on


def _decided_by_next(text: str, mark: re.Match[str], is_end: Callable[[str], bool | None]) -> _Ruling:
    """Whether it is an end, judged by the text after the white space.

    If the look-ahead has nothing else, it is an end.
    """
    ahead = text[mark.end() : mark.end() + _LOOK_AHEAD]
    following = ahead.lstrip()
    if not following:
        return _Ruling.END if len(ahead) == _LOOK_AHEAD else _Ruling.NOT_YET
    decided = is_end(following)
    if decided is None:  # the look-ahead is longer than any word that matters
        return _Ruling.NO_END if len(ahead) == _LOOK_AHEAD else _Ruling.NOT_YET
    return _Ruling.END if decided else _Ruling.NO_END


def _word_before(text: str, mark: re.Match[str]) -> str:
    words = text[: mark.start()].split()
    return words[-1].lstrip("\"'“‘([").lower() if words and not text[mark.start() - 1].isspace() else ""


def _spoken_length(text: str) -> int:
    return sum(_CHINESE_WEIGHT if "\u4e00" <= sign <= "\u9fff" else 1 for sign in text.strip())


def _is_open(text: str) -> bool:
    """True if the end of the text lies within brackets or quotation marks."""
    pairs = (("(", ")"), ("[", "]"), ("“", "”"), ("「", "」"), ("（", "）"))
    return text.count('"') % 2 == 1 or any(text.count(left) > text.count(right) for left, right in pairs)


def _forced_cut(text: str) -> int:
    """Where to cut an overlong text: after the last comma or space that fits, within a word only if it has no end."""
    head = text[:MAX_SENTENCE_CHARACTERS]
    for marks in ((", ", "; ", ": ", "，", "；", "："), (" ",)):
        cut = max(head.rfind(mark) for mark in marks)
        if cut > MAX_SENTENCE_CHARACTERS // 3:
            return cut + 1
    return MAX_SENTENCE_CHARACTERS
