"""Decides whether an utterance is a command to the assistant itself.

Only a whole utterance is a command, fillers aside: "what does the stop sign say" stays a question. So every table of a
language lists whole wordings. Fillers at the ends, hesitations anywhere, and a command that is said twice are forgiven.
It is pure and works with the tables of `Phrases`; it knows no language by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping

from assistant.language.phrases import Command, Phrases, ReadingCommand, RoundCommand

MAX_COMMAND_CHARACTERS = 120  # a longer utterance is always a question

_SPACE_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_A_OR_NOT_A = re.compile(r"(.)不\1")  # 对不对, 是不是: a Chinese question that is made of a yes and a no
_SAID_TWICE = re.compile(r"(.+?)(?: ?\1)+")


def parse_command(text: str, phrases: Phrases) -> Command | None:
    """The command that `text` gives, or None when it is a question (or empty)."""
    tried = _wordings_tried(text, phrases)
    return next((phrases.command_of[words] for words in tried if words in phrases.command_of), None)


def plain_words(text: str, phrases: Phrases) -> str:
    """`text` as the tables of a language write it: in lower case, without punctuation and hesitations."""
    return _in_table_words(_normalised(text), phrases)


def parse_reading_command(text: str, phrases: Phrases) -> ReadingCommand | int | None:
    """What `text` says about a page that is read aloud: a command, the number of a line (-1 is the last), or None.

    Some of these wordings are a `Command` as well. The caller knows which one is meant.
    """
    words = phrases.reading
    for tried in _wordings_tried(text, phrases):
        if tried in words.command_of:
            return words.command_of[tried]
        if (number := _line_number(tried, words.line, words.numbers)) is not None:
            return number
    return None


def parse_round_command(text: str, phrases: Phrases) -> RoundCommand | None:
    """The command that `text` gives in an inspection round. Some of these wordings are a `Command` as well."""
    known = phrases.round.command_of
    return next((known[words] for words in _wordings_tried(text, phrases) if words in known), None)


def parse_note(text: str, phrases: Phrases) -> str | None:
    """The note behind "note …"; "" if the note is still to come, None if `text` is no note."""
    words = _normalised(text)
    for before in sorted(phrases.round.note_before, key=len, reverse=True):
        if words == before:
            return ""
        if note := _after(before, words):
            return note
    return None


def known_wording(text: str, known: Collection[str], phrases: Phrases) -> str | None:
    """The one of the known texts that `text` says, fillers aside. None where it says none of them."""
    by_words = {plain_words(each, phrases): each for each in known}
    return next((by_words[words] for words in _wordings_tried(text, phrases) if words in by_words), None)


def _line_number(text: str, wordings: Collection[str], numbers: Mapping[str, int]) -> int | None:
    for wording in wordings:
        before, _, after = wording.partition("{number}")
        if text.startswith(before) and text.endswith(after) and len(text) > len(before) + len(after):
            number = text[len(before) : len(text) - len(after)]
            if number in numbers:
                return numbers[number]
            if re.fullmatch(r"[1-9]\d{0,3}", number):
                return int(number)
    return None


def is_yes(text: str, phrases: Phrases) -> bool:
    """True if `text` agrees to the question that was read back."""
    return says(text, phrases.yes, phrases)


def is_no(text: str, phrases: Phrases) -> bool:
    """True if `text` says that the question that was read back is wrong."""
    return says(text, phrases.no, phrases)


def says(text: str, wordings: Collection[str], phrases: Phrases) -> bool:
    """True if `text` is one of the wordings, perhaps with small talk around it."""
    return _is_talk(text, phrases, wordings) and not _is_talk(text, phrases)


def asks_nothing(text: str, phrases: Phrases) -> bool:
    """True if `text` asks for nothing: thanks, a hesitation, a yes or a no to nothing. "And the right" does ask."""
    return is_hesitation(text, phrases) or _is_talk(text, phrases, phrases.yes, phrases.no)


def is_hesitation(text: str, phrases: Phrases) -> bool:
    """True if `text` holds no real words: "um", or what a recogniser makes of a breath. A question may still follow."""
    return _consists_of({*phrases.noises, *phrases.fillers_anywhere}, text, phrases)


def _is_talk(text: str, phrases: Phrases, *more: Collection[str]) -> bool:
    return _consists_of({*phrases.small_talk, *phrases.fillers_anywhere}.union(*more), text, phrases)


def ends_open(text: str, phrases: Phrases) -> bool:
    """True if more words must follow: "what color is the" is no question yet, and "what color is this" is one."""
    words = _normalised(text)
    return any(words == end or words.endswith(_gap(end) + end) for end in phrases.unfinished)


def _wordings_tried(text: str, phrases: Phrases) -> Iterator[str]:
    words = _in_table_words(_normalised(text), phrases)
    if words and len(words) <= MAX_COMMAND_CHARACTERS:
        yield from _without_fillers(words, phrases)


def _normalised(text: str) -> str:
    """`text` in lower case, without punctuation, with single spaces, and with none between Chinese words.

    Vosk puts spaces between Chinese words, people do not.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    words = " ".join(re.sub(r"[^\w\s']", " ", text).split())
    return _SPACE_IN_CHINESE.sub("", words)


def _in_table_words(words: str, phrases: Phrases) -> str:
    """`words` without hesitations, and with each word as the tables write it."""
    for filler in phrases.fillers_anywhere:
        words = _replaced(filler, "", words) or words  # a filler that stands alone stays
    for said, meant in phrases.same_words.items():
        words = _replaced(said, meant, words)
    return words


def _without_fillers(words: str, phrases: Phrases) -> Iterator[str]:
    """`words`, then the same with one filler less, two less, and so on. Each wording comes once, and none is empty.

    The fullest wording comes first, because "say that again" is a command of its own before "again" is a filler.
    """
    waiting, seen = [words], {words}
    while waiting:
        words = waiting.pop(0)
        yield words
        for fewer in _with_one_filler_less(words, phrases):
            if fewer not in seen:
                seen.add(fewer)
                waiting.append(fewer)


def _with_one_filler_less(words: str, phrases: Phrases) -> Iterator[str]:
    twice = _SAID_TWICE.fullmatch(words)
    rests = [twice[1]] if twice else []
    rests += [_after(filler, words) for filler in phrases.fillers_before]
    rests += [_before(filler, words) for filler in phrases.fillers_after]
    rests += [_before(end, _after(begin, words)) for begin, end in phrases.fillers_around]
    yield from filter(None, rests)


def _consists_of(parts: set[str], text: str, phrases: Phrases) -> bool:
    """True if `text` is one or more of `parts` and nothing else."""
    words = _in_table_words(_normalised(text), phrases)
    if len(words) > MAX_COMMAND_CHARACTERS or _A_OR_NOT_A.search(words):
        return False
    waiting, seen = [words], {words}
    while waiting:
        words = waiting.pop()
        if words in parts:
            return True
        rests = {rest for part in parts if (rest := _after(part, words))} - seen
        seen |= rests
        waiting += rests
    return False


def _after(filler: str, words: str) -> str:
    """The words after the filler at the beginning; nothing when it is not there."""
    begin = filler + _gap(filler)
    return words[len(begin) :] if words.startswith(begin) else ""


def _before(filler: str, words: str) -> str:
    end = _gap(filler) + filler
    return words[: -len(end)] if words.endswith(end) else ""


def _replaced(said: str, meant: str, words: str) -> str:
    if not _gap(said):
        return words.replace(said, meant)
    return " ".join(meant if word == said else word for word in words.split(" ") if word != said or meant)


def _gap(word: str) -> str:
    """What separates this word from the next: a space, or nothing in Chinese."""
    return "" if "\u4e00" <= word[0] <= "\u9fff" else " "
