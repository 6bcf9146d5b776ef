from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation.dialog import status_in_words
from assistant.language.phrases import LANGUAGES, phrases_for
from assistant.language.spelling import MOST_PARTS, parts_to_spell, spell
from assistant.machine.status import Status

ENGLISH, CHINESE = phrases_for("en"), phrases_for("zh")


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ('The sign says "Main St.".', "Main St"),
        ("The label reads 'Ibuprofen 400'.", "Ibuprofen 400"),
        ("It's the driver's cup.", "It's the driver's cup"),
        ("The number is 4711.", "4711"),
        ("Call 0171 555 12 now.", "0171 555 12"),
        ("Write to a.b@c.org, please.", "a.b@c.org"),
        ("See www.example.org.", "www.example.org"),
        ("It says EXIT.", "EXIT"),
        ("It is a cup.", "It is a cup"),
        ("牌子上写着“出口”。", "出口"),
        ("号码是4711。", "4711"),
        ("这是一个杯子。", "这是一个杯子"),
        ("It says Ibuprofen 400 mg.", "Ibuprofen 400"),
        ("I see 2 cups, and the sign says OPEN.", "2|OPEN"),
        ("A bottle of Paracetamol, expires 01.02.2026.", "Paracetamol|01.02.2026"),
        ('One says “4”, the other "OUT".', "4|OUT"),
        ("I see. It is a cup.", "I see. It is a cup"),
        ("...", ""),
        ("", ""),
    ],
)
def test_what_is_worth_spelling_is_found(answer: str, parts: str) -> None:
    """Quoted words are spelt; else numbers, addresses, names and capitals; else the whole answer."""
    assert "|".join(answer[begin:end] for begin, end in parts_to_spell(answer)) == parts


def test_a_page_is_not_spelt_to_its_end() -> None:
    """Of a whole page only some parts are spelt, because nobody would listen to all of it."""
    assert len(parts_to_spell(", ".join(map(str, range(40))))) == MOST_PARTS


@given(st.text(alphabet="aB1 .\"'“”「」@,。A杯-", max_size=60))
def test_the_part_stands_in_the_answer(answer: str) -> None:
    """The positions of a part are those of the answer; no part is empty, and none lies within another."""
    ends = [0] + [place for part in parts_to_spell(answer) for place in part] + [len(answer)]
    assert ends == sorted(ends)
    assert all(begin < end for begin, end in parts_to_spell(answer))


@pytest.mark.parametrize(
    ("text", "unsure", "said"),
    [
        ("407", (), "four, zero, seven."),
        ("407", (2,), "four, zero, seven. The third digit, seven, may be wrong."),
        ("40-71", (3,), "four, zero, dash, seven, one. The third digit, seven, may be wrong."),
        ("Main", (), "capital M, A, I, N."),
        ("EXIT", (1,), "E, X, I, T. The second letter, X, may be wrong."),
        ("B 12", (3,), "B, space, one, two. The third character, two, may be wrong."),
        ("a@b.org", (), "A, at, B, dot, O, R, G."),
        ("12345", (0, 1, 2, 3), "one, two, three, four, five. I am not sure of several of these."),
        ("12", (7, -1), "one, two."),
        ("", (), ""),
    ],
)
def test_characters_are_said_one_by_one(text: str, unsure: tuple[int, ...], said: str) -> None:
    """Characters are said one by one with a pause after each, and unsure ones are named by their places."""
    assert spell(text, ENGLISH, unsure) == said


def test_chinese_is_spelt_in_chinese() -> None:
    """Digits, signs, letters and characters are spelt in Chinese."""
    assert spell("出口 4-B", CHINESE, (3,)) == "出, 口, 空格, 四, 横线, B. 第三个字符，四，可能不对。"


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(max_size=40), unsure=st.lists(st.integers(-3, 45), max_size=5))
def test_any_text_can_be_spelt(language: str, text: str, unsure: list[int]) -> None:
    """Any text can be spelt in every language, and no sign is left out."""
    said = spell(text, phrases_for(language), unsure)
    assert bool(said) == bool(text.rstrip())
    assert said.count(", ") >= len(text.rstrip()) - 1


def test_status_says_what_is_known() -> None:
    """The status has one short sentence for each value that is known."""
    status = Status(power_watts=8.4, temperature_celsius=61.0, memory_bytes=5_240_000_000, model="Qwen3-VL")
    known = "The model is Qwen3-VL. I use 8 watts. The processor is at 61 degrees. I use 5.2 gigabytes of memory."
    assert status_in_words(status, ENGLISH) == known
    status = replace(status, camera_pixels=(1920, 1080))
    assert status_in_words(status, ENGLISH) == f"{known} The camera's pictures have 1920 by 1080 pixels."
    status = Status(looks_ahead_in_last_hour=3)
    assert status_in_words(status, ENGLISH) == "Pictures that I looked at before a question, in the last hour: 3."


@pytest.mark.parametrize("language", LANGUAGES)
def test_status_never_makes_up_what_is_not_known(language: str) -> None:
    """A value that is not known is left out, and if nothing is known the status says so."""
    phrases = phrases_for(language)
    assert status_in_words(Status(), phrases) == phrases.status_unknown
    only_power = status_in_words(Status(power_watts=0.0), phrases)
    assert only_power == phrases.status_power.format(watts=0.0)
    assert "None" not in only_power
