from __future__ import annotations

import pytest

from assistant.answering.reading.page_text import PageText, Sentence
from assistant.language.phrases import phrases_for
from tests.assistant.fake_reader import FakeReader, Printed, layout_of, page
from vision.frame import Frame

ABBREVIATIONS = phrases_for("en").abbreviations


def read(lines: list[Printed], count: int | None = None) -> PageText:
    """The text after so many lines, or after all of them."""
    layout = layout_of(lines)
    text = PageText(layout, ABBREVIATIONS)
    for line in list(FakeReader(lines).recognise(Frame.__new__(Frame), layout))[:count]:
        text.add(line)
    return text


def texts(lines: list[Printed]) -> list[str]:
    return [sentence.text for sentence in read(lines).sentences]


def test_sentences_go_over_the_ends_of_lines() -> None:
    """The voice gets whole sentences; only the first line of a page is cut at its end, so that it comes early."""
    lines = page("The library is open from Monday\nto Friday. On Sunday it is\nclosed. Dr. Smith is\nthe head.")
    assert texts(lines) == [
        "The library is open from Monday", "to Friday.", "On Sunday it is closed.", "Dr. Smith is the head.",
    ]  # fmt: skip


def test_a_sentence_comes_as_soon_as_its_last_line() -> None:
    """No further line has to be recognised for it."""
    lines = page("Opening hours\n\nOn Sunday it is\nclosed.\nOn Monday it is open.")
    assert [sentence.text for sentence in read(lines, 3).sentences] == ["Opening hours", "On Sunday it is closed."]


def test_a_short_first_line_is_not_cut() -> None:
    """A cut costs prosody, and is worth it only if enough words come early."""
    assert texts(page("The library\nis open.")) == ["The library is open."]


def test_paragraphs_and_headings_end_a_sentence() -> None:
    """A heading has no full stop and is spoken by itself."""
    assert texts(page("Opening hours\n\nFrom nine to five")) == ["Opening hours", "From nine to five"]


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("More infor-", "mation here.", "More information here."),
        ("The Anglo-", "Saxon king.", "The Anglo-Saxon king."),
        ("In 2019 -", "2020 it rained.", "In 2019 - 2020 it rained."),
        ("图书馆星期一", "到星期五开门。", "图书馆星期一到星期五开门。"),
        ("图书馆在", "Main Street。", "图书馆在 Main Street。"),
    ],
)
def test_divided_words_are_joined(before: str, after: str, joined: str) -> None:
    """A hyphen before a small letter goes, and Chinese lines are joined without a space."""
    assert texts(page(f"{before}\n{after}")) == [joined]


def test_a_hyphen_with_nothing_behind_it_stays() -> None:
    """At the end of a paragraph."""
    assert texts(page("Mr. Infor-\n\nNew")) == ["Mr. Infor-", "New"]


def test_a_list_is_not_run_together() -> None:
    """A bullet or a number begins a sentence."""
    assert texts(page("• eggs\n• milk and\nbutter\n• 2 pears")) == ["• eggs", "• milk and butter", "• 2 pears"]
    assert texts(page("1. eggs\n2) milk\n(3) salt")) == ["1. eggs", "2) milk", "(3) salt"]


@pytest.mark.parametrize(("text", "doubtful"), [("0000", True), ("O 0o", True), ("0", False), ("100", False)])
def test_round_signs_in_a_row_are_doubtful(text: str, doubtful: bool) -> None:
    """Whatever the confidence: round things in a photograph are taken for them."""
    assert [sentence.is_doubtful for sentence in read(page(text)).sentences] == [doubtful]


def test_a_doubtful_line_stands_alone() -> None:
    """What is said about it is about these words and no others."""
    sentences = read(page("Take two of\nth3se tabl\nevery day.", unsure=["th3se tabl"])).sentences
    assert [(sentence.text, sentence.is_doubtful) for sentence in sentences] == [
        ("Take two of", False), ("th3se tabl", True), ("every day.", False),
    ]  # fmt: skip


def test_lines_without_any_words_are_one_sentence_without_text() -> None:
    """They are not left out: whoever speaks says how many there are."""
    sentences = read([Printed("One."), Printed(""), Printed("  "), Printed("Four.")]).sentences
    assert sentences[1] == Sentence("", 0, ((1, 0), (2, 0)))
    assert [sentence.text for sentence in read([Printed("One."), Printed("")]).sentences] == ["One.", ""]


def test_each_line_has_its_place() -> None:
    """Line three begins in the middle of a sentence; a divided word is heard whole."""
    text = read(page("It is\nopen. On Sun-\nday it is not."))
    assert [text.sentence_of(line) for line in range(4)] == [0, 0, 1, None]
    assert [text.sentences[0].place_of(line) for line in range(3)] == [0, 6, None]
    assert text.sentences[1].text[text.sentences[1].place_of(2) :] == "Sunday it is not."


def test_nothing_is_lost() -> None:
    """Every word of every line stands in some sentence, in order."""
    lines = page("one two. three\nfour five six seven eight nine ten\n\neleven twelve; thir-\nteen. 14.\n15")
    assert " ".join(texts(lines)) == (
        "one two. three four five six seven eight nine ten eleven twelve; thirteen. 14. 15"
    )
