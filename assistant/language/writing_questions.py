"""Decides whether a question is about writing in the picture: "how much is it", "when does it expire".

Reading print takes seconds, so it is done for such questions only. It is pure and works with the tables of `Phrases`;
it knows no language by itself. A question that is missed is answered all the same, without help. One that is taken by
mistake, such as "how much is left in the glass", is answered some seconds later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.language.command_parser import plain_words
from assistant.language.phrases import Phrases


def asks_about_writing(question: str, phrases: Phrases) -> bool:
    """True if the answer is probably written in the picture."""
    return has_one_of(phrases.writing.asks_about_writing, question, phrases)


def has_one_of(expressions: Iterable[str], text: str, phrases: Phrases) -> bool:
    """True if one of the regular expressions matches whole words of `text`, or any part of it where there are no
    spaces.
    """
    words = plain_words(text, phrases)
    return any(whole_words(expression).search(words) for expression in expressions)


def whole_words(expression: str) -> re.Pattern[str]:
    """The expression for whole words, or for any part of a text where there are no spaces between words."""
    is_chinese = re.search(r"[\u4e00-\u9fff]", expression) is not None
    return re.compile(expression if is_chinese else rf"(?<![\w'])(?:{expression})(?![\w'])")
