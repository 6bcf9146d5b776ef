from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.phrases import phrases_for
from assistant.language.sentences import EARLY_CUT_CHARACTERS, MAX_SENTENCE_CHARACTERS, SentenceCutter, split_sentences

ENGLISH = phrases_for("en").abbreviations


def english(*, early: bool = False) -> SentenceCutter:
    return SentenceCutter(ENGLISH, early=early)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("I see a cup. It is red.", ["I see a cup.", "It is red."]),
        ("It costs 3.5 euros. Cheap!", ["It costs 3.5 euros.", "Cheap!"]),
        ("Ask Dr. Miller. He knows.", ["Ask Dr. Miller.", "He knows."]),
        ("Tools, e.g. a saw. Good.", ["Tools, e.g. a saw.", "Good."]),
        ("Write to a.b@c.org now. Bye.", ["Write to a.b@c.org now.", "Bye."]),
        ("See https://a.org/b.html?c=d! Then go.", ["See https://a.org/b.html?c=d!", "Then go."]),
        ("It leaves at 10:30 today. Go.", ["It leaves at 10:30 today.", "Go."]),
        ("It opens at 5 p.m. today. Go.", ["It opens at 5 p.m. today.", "Go."]),
        ("It opens at 5 p.m. The door is shut.", ["It opens at 5 p.m.", "The door is shut."]),
        ("It opens at 9 a.m. Monday to Friday. Go.", ["It opens at 9 a.m. Monday to Friday.", "Go."]),
        ("It opens at 9 a.m. Money is taken.", ["It opens at 9 a.m.", "Money is taken."]),
        ("Sgt. Miller and Gen. Lee. Two men.", ["Sgt. Miller and Gen. Lee.", "Two men."]),
        ("Wait 10 sec. Then press. See Sec. 5.", ["Wait 10 sec.", "Then press.", "See Sec. 5."]),
        ("Best before Dec. 5. I may be wrong.", ["Best before Dec. 5.", "I may be wrong."]),
        ("Cups, plates, etc. are there. Yes.", ["Cups, plates, etc. are there.", "Yes."]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("It says 12. The end.", ["It says 12.", "The end."]),
        ("No. I do not see it.", ["No.", "I do not see it."]),
        ("It is No. 5 here. Yes.", ["It is No. 5 here.", "Yes."]),
        ("It is I. Open.", ["It is I.", "Open."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Wait... Is it there? Yes", ["Wait...", "Is it there?", "Yes"]),
        ("It is ... a cup. Or … a mug.", ["It is ... a cup.", "Or … a mug."]),
        ("我看到一个杯子。它是红色的！对吗？是", ["我看到一个杯子。", "它是红色的！", "对吗？", "是"]),
        ("左边是门；右边是窗。", ["左边是门；", "右边是窗。"]),
        ("他说：“停！！”然后走了。好", ["他说：“停！！”", "然后走了。", "好"]),
        ("价格是3.5元。便宜", ["价格是3.5元。", "便宜"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("   ", []),
    ],
)
def test_sentences_are_cut_at_safe_ends_only(text: str, sentences: list[str]) -> None:
    """A number, an abbreviation or an address does not end a sentence."""
    assert split_sentences(text, ENGLISH) == sentences


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A wooden table stands there in front of you, with a red cup on it. Yes.", "A wooden table stands there in front of you,"),
        ("Yes, a wooden table stands in front of you now, with a cup.", "Yes, a wooden table stands in front of you now,"),
        ("There is a sign on the door to the left of you: closed today.", "There is a sign on the door to the left of you:"),
        ("The price of the machine on the shelf is 1,000 euros, or less.", "The price of the machine on the shelf is 1,000 euros,"),
        ("On the shelf stand bottles with numbers 3, 4 and 5, all green.", "On the shelf stand bottles with numbers 3, 4 and 5,"),
        ("The letter on the table was written on March 3, 2024, I think.", "The letter on the table was written on March 3, 2024,"),
        ("The bus that is in front of you leaves at 10:30, says the sign.", "The bus that is in front of you leaves at 10:30,"),
        ("There are many kinds of tools on the wall, e.g., a saw and an axe.", "There are many kinds of tools on the wall,"),
        ("On the wall in front of us you find e.g., a saw and an axe. Yes.", "On the wall in front of us you find e.g., a saw and an axe."),
        ("There is a long wooden table here (with a cup, a plate), and more.", "There is a long wooden table here (with a cup, a plate),"),
        ("A red cup, a plate. Good.", "A red cup, a plate."),
        ("前面有一张很大的木头桌子，上面有一个红色的杯子。", "前面有一张很大的木头桌子，上面有一个红色的杯子。"),
        ("在你的正前方有一张很大的木头桌子，上面有一个杯子。", "在你的正前方有一张很大的木头桌子，"),
    ],
)  # fmt: skip
def test_the_first_sentence_may_end_at_a_comma(text: str, first: str) -> None:
    """The first sentence is cut at a comma after enough words, but not in a number, date, bracket or abbreviation."""
    cutter = english(early=True)
    sentences = cutter.push(text) + cutter.flush()
    assert sentences[0] == first


def test_only_the_first_sentence_is_cut_early() -> None:
    """Only the first sentence is cut at a comma. The second has time, so its prosody stays whole."""
    long = "And there is a very long wooden table in front of you, with a red cup on it."
    cutter = english(early=True)
    sentences = cutter.push(f"I see a cup. {long} End.") + cutter.flush()
    assert sentences == ["I see a cup.", long, "End."]
    assert long.index(",") > EARLY_CUT_CHARACTERS


@given(st.text(alphabet="aA1 .,!?。\n'e", max_size=400), st.lists(st.integers(1, 20), max_size=40))
def test_no_word_is_lost_and_none_invented(text: str, sizes: list[int]) -> None:
    """In whatever pieces the text arrives, the same characters come out, white space aside."""
    sentences = in_pieces(english(early=True), text, sizes)
    assert "".join("".join(sentences).split()) == "".join(text.split())


WORDS = st.lists(
    st.sampled_from(
        ["cup", "a", "I", "No", "5", "3.5", "1,000", "e.g", "p.m", "Dr", "etc", "...", "…", ".", "!", "?", ",", ":", ";", " ",
         "\n", '"', "(", ")", "”", "“", "。", "！", "；", "，", "：", "杯子", "」", "10:30", "a@b.org", " " * 20, "word " * 30, "x" * 100]
    ),
    max_size=80,
).map("".join)  # fmt: skip


@given(WORDS, st.lists(st.integers(1, 30), max_size=200), st.booleans())
def test_the_cut_is_the_same_in_pieces_and_at_once(text: str, sizes: list[int], early: bool) -> None:
    """The place of a cut depends on the text and not on the pieces in which it arrives."""
    whole = english(early=early)
    assert in_pieces(english(early=early), text, sizes) == whole.push(text) + whole.flush()


def in_pieces(cutter: SentenceCutter, text: str, sizes: list[int]) -> list[str]:
    sentences: list[str] = []
    for size in sizes:
        sentences += cutter.push(text[:size])
        text = text[size:]
    return sentences + cutter.push(text) + cutter.flush()


def test_the_first_sentence_does_not_wait_for_the_second() -> None:
    """A sentence comes out as soon as the space after its end has arrived."""
    cutter = english()
    assert cutter.push("I see a cup.") == []
    assert cutter.push(" ") == ["I see a cup."]


def test_an_endless_sentence_is_cut_between_words() -> None:
    """A sentence without an end is cut between words, because a whole page cannot be repeated in parts."""
    parts = split_sentences("word " * 200, ENGLISH)
    assert len(parts) > 1
    assert all(len(part) <= MAX_SENTENCE_CHARACTERS and set(part.split()) == {"word"} for part in parts)


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("before", [0, *range(MAX_SENTENCE_CHARACTERS - 20, MAX_SENTENCE_CHARACTERS + 5)])
@pytest.mark.parametrize(
    "text",
    ["It is No. 5 here. Yes.", "No.          5 or not. Yes", "At 5 p.m. The end", "So ...     it is. Yes", "In 3,   4 or 5, or", "停！！”好。好"],
)  # fmt: skip
def test_a_mark_waits_for_what_decides_on_it(text: str, before: int, early: bool) -> None:
    """A mark waits for the text that decides on it, even if the longest sentence ends between the two."""
    text = ("x" * 79 + " ") * (before // 80) + "x" * (before % 80) + " " + text
    whole = english(early=early)
    assert in_pieces(english(early=early), text, [1] * len(text)) == whole.push(text) + whole.flush()
