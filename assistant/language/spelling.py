"""Spelling aloud: which part of an answer is worth it, and its characters one by one. Pure, for every language.

It does not know which characters the model was unsure of: `assistant.answering.doubt.unsure_characters` does, and hands them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.language.phrases import Phrases

MOST_DOUBTS_NAMED = 3  # more of them are no help: say that there are several

MOST_PARTS = 6  # nobody listens to a page letter by letter

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|「([^」]+)」|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’(?!\w)")
# A word that is written by sign, not by sound: with a digit in it, an address, all in capitals, or a name, which is to say
# a word that begins with a capital though no sentence does.
_WORD_BY_SIGN = (
    r"[^\s，。！？；：、“”「」\u4e00-\u9fff]*(?:\d|@|://|www\.)[^\s，。！？；：、“”「」\u4e00-\u9fff]*(?<![.,;:!?])|\b[A-Z][A-Z-]+\b"
    r"|(?<=[a-z0-9,] )[A-Z]\w[\w-]*"
)
# "0171 555 12" is one number, "Ibuprofen 400" one thing: words by sign with nothing but spaces between them go together.
_BY_SIGN = re.compile(rf"(?:{_WORD_BY_SIGN})(?: +(?:{_WORD_BY_SIGN}))*")
_ENDS = ".,;:!?。，；：！？… "


def parts_to_spell(answer: str) -> list[tuple[int, int]]:
    """What "spell that" means, as (begin, end): the words in quotation marks, else those written by sign, else all of it.

    Never an empty part; `MOST_PARTS` at the most.
    """
    found = [quoted.span(quoted.lastindex or 0) for quoted in _QUOTED.finditer(answer)]
    for spans in (found, [match.span() for match in _BY_SIGN.finditer(answer)], [(0, len(answer))]):
        if parts := [part for span in spans if (part := _without_ends(answer, *span))]:
            return parts[:MOST_PARTS]
    return []


def _without_ends(answer: str, begin: int, end: int) -> tuple[int, int] | None:
    """None where nothing is left."""
    end = begin + len(answer[begin:end].rstrip(_ENDS))
    begin = end - len(answer[begin:end].lstrip(_ENDS))
    return (begin, end) if begin < end else None


def spell(text: str, phrases: Phrases, unsure: Iterable[int] = ()) -> str:
    """The characters of `text` with a pause after each; then those at the positions `unsure`, by their places."""
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
    # Upper case, for a voice reads "a" as the article. Only a text of both cases needs to be told which.
    is_capital = sign.isupper() and text != text.upper()
    return phrases.capital.format(letter=sign) if is_capital else sign.upper()


def _doubt(text: str, position: int, name: str, phrases: Phrases) -> str:
    """By its place among the digits where there are only digits (and signs), among the letters likewise, else among all."""
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
