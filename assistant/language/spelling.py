"""Spells aloud: chooses the part of an answer that is worth spelling, and gives its characters one by one.

It is pure and serves every language. It does not know which characters the model was unsure of: the caller hands them
in, from `assistant.answering.judging.doubt.unsure_characters`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.language.phrases import Phrases

MOST_DOUBTS_NAMED = 3  # more would not help, so it says that there are several

MOST_PARTS = 6  # nobody would listen to a page letter by letter

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|「([^」]+)」|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’(?!\w)")
# A word that is worth spelling: it has a digit, or is an address, or is all in capitals, or is a name. A name is a
# word that begins with a capital although no sentence begins there.
_WORD_BY_SIGN = (
    r"[^\s，。！？；：、“”「」\u4e00-\u9fff]*(?:\d|@|://|www\.)[^\s，。！？；：、“”「」\u4e00-\u9fff]*(?<![.,;:!?])|\b[A-Z][A-Z-]+\b"
    r"|(?<=[a-z0-9,] )[A-Z]\w[\w-]*"
)
# Such words go together if only spaces stand between them: "0171 555 12" is one number, "Ibuprofen 400" is one thing.
_BY_SIGN = re.compile(rf"(?:{_WORD_BY_SIGN})(?: +(?:{_WORD_BY_SIGN}))*")
_ENDS = ".,;:!?。，；：！？… "


def parts_to_spell(answer: str) -> list[tuple[int, int]]:
    """The parts of an answer that "spell that" means, as (begin, end): at most `MOST_PARTS`, and none of them empty.

    These are the words in quotation marks. If there are none, they are the words that are worth spelling (numbers,
    addresses, capitals, names). If there are none of these either, the part is the whole answer.
    """
    found = [quoted.span(quoted.lastindex or 0) for quoted in _QUOTED.finditer(answer)]
    for spans in (found, [match.span() for match in _BY_SIGN.finditer(answer)], [(0, len(answer))]):
        if parts := [part for span in spans if (part := _without_ends(answer, *span))]:
            return parts[:MOST_PARTS]
    return []


def _without_ends(answer: str, begin: int, end: int) -> tuple[int, int] | None:
    """The part without the marks at its ends. None where nothing is left."""
    end = begin + len(answer[begin:end].rstrip(_ENDS))
    begin = end - len(answer[begin:end].lstrip(_ENDS))
    return (begin, end) if begin < end else None


def spell(text: str, phrases: Phrases, unsure: Iterable[int] = ()) -> str:
    """The characters of `text` with a pause after each, and then those at the positions `unsure`, by their places."""
    text = text.rstrip()
    names = [_name(sign, text, phrases) for sign in text]
    doubts = [position for position in sorted(set(unsure)) if 0 <= position < len(text) and text[position].isalnum()]
    sentences = [", ".join(names) + "."] if names else []
    if len(doubts) > MOST_DOUBTS_NAMED:
        sentences.append(phrases.doubtful_several)
    else:
        sentences += [_doubt(text, position, names[position], phrases) for position in doubts]
    return " ".join(sentences)


def _name(sign: str, text: str, phrases: Phrases) -> str:
    if sign in phrases.character_names:
        return phrases.character_names[sign]
    if sign.isspace():
        return phrases.character_names[" "]
    if not sign.isalnum():
        return phrases.other_sign
    # Letters are given in upper case, because a voice reads "a" as the article. The case is said only if the text has
    # both.
    is_capital = sign.isupper() and text != text.upper()
    return phrases.capital.format(letter=sign) if is_capital else sign.upper()


def _doubt(text: str, position: int, name: str, phrases: Phrases) -> str:
    """Names an unsure character by its place.

    The place is counted among the digits if the text holds only digits and signs, among the letters if it holds only
    letters and signs, and otherwise among all characters.
    """
    counted = [place for place, sign in enumerate(text) if sign.isalnum()]
    if all(text[place].isdigit() for place in counted):
        wording = phrases.doubtful_digit
    elif not any(text[place].isdigit() for place in counted):
        wording = phrases.doubtful_letter
    else:
        wording = phrases.doubtful_character
        counted = [place for place, sign in enumerate(text) if not sign.isspace()]
    place = counted.index(position)
    if place >= len(phrases.ordinals):
        return phrases.doubtful_several
    return wording.format(ordinal=phrases.ordinals[place], name=name)
