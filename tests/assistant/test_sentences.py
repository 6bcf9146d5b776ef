from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.sentences import MAX_SENTENCE_CHARACTERS, SentenceCutter, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("I see a cup. It is red.", ["I see a cup.", "It is red."]),
        ("It costs 3.5 euros. Cheap!", ["It costs 3.5 euros.", "Cheap!"]),
        ("Ask Dr. Miller. He knows.", ["Ask Dr. Miller.", "He knows."]),
        ("Tools, e.g. a saw. Good.", ["Tools, e.g. a saw.", "Good."]),
        ("Write to a.b@c.org now. Bye.", ["Write to a.b@c.org now.", "Bye."]),
        ("No. I do not see it.", ["No.", "I do not see it."]),
        ("It is No. 5 here. Yes.", ["It is No. 5 here.", "Yes."]),
        ("It is I. Open.", ["It is I.", "Open."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Wait... Is it there? Yes", ["Wait...", "Is it there?", "Yes"]),
        ("我看到一个杯子。它是红色的！对吗？是", ["我看到一个杯子。", "它是红色的！", "对吗？", "是"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("   ", []),
    ],
)
def test_sentences_are_cut_at_safe_ends_only(text: str, sentences: list[str]) -> None:
    """A number, an abbreviation or an address does not end a sentence."""
    assert split_sentences(text) == sentences


@given(st.text(alphabet="aA1 .,!?。\n'e", max_size=400), st.lists(st.integers(1, 20), max_size=40))
def test_no_word_is_lost_and_none_invented(text: str, sizes: list[int]) -> None:
    """However the text arrives, what comes out is the same characters, white space aside."""
    cutter, sentences, rest = SentenceCutter(), [], text
    for size in sizes:
        sentences += cutter.push(rest[:size])
        rest = rest[size:]
    sentences += cutter.push(rest) + cutter.flush()
    assert "".join("".join(sentences).split()) == "".join(text.split())


def test_the_first_sentence_does_not_wait_for_the_second() -> None:
    """A sentence comes out with the space after its end, not later."""
    cutter = SentenceCutter()
    assert cutter.push("I see a cup.") == []
    assert cutter.push(" ") == ["I see a cup."]


def test_an_endless_sentence_is_cut_between_words() -> None:
    """Speech of a whole page cannot be stopped or repeated in parts."""
    parts = split_sentences("word " * 200)
    assert len(parts) > 1
    assert all(len(part) <= MAX_SENTENCE_CHARACTERS and set(part.split()) == {"word"} for part in parts)
