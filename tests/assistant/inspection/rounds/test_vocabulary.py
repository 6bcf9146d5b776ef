"""Words of a checklist that a speech model does not know are found before the round begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.inspection.rounds.checklist import Checklist, OneOf, Station, StepKind, Text
from assistant.inspection.rounds.vocabulary import UnknownWord, unknown_words
from audio.demo_model.words import corpus
from audio.errors import SpeechModelError
from audio.recognition.vocabulary import known_words

KNOWN = frozenset("the pump valve flanged range two open closed don't 水 泵 阀门 二号".split())


def unknown(*names: str, items: tuple[str, ...] = ()) -> list[UnknownWord]:
    stations = [Station(name, StepKind.SAY, Text()) for name in names]
    if items:
        stations.append(Station("pump", StepKind.SAY, OneOf(items)))
    return unknown_words(Checklist("t", tuple(stations)), KNOWN)


def test_names_and_items_are_looked_at() -> None:
    """In any case; a number is no word."""
    assert unknown("Pump two", "the valve 4", items=("open", "closed")) == []
    assert unknown("Pump two", items=("ajar", "open")) == [UnknownWord("ajar", ())]


def test_a_near_spelling_is_named() -> None:
    """The nearest first, and each word once."""
    assert unknown("the flange", "flange two") == [UnknownWord("flange", ("flanged",))]


def test_a_word_with_an_apostrophe_is_one_word() -> None:
    """Whatever apostrophe the file has."""
    assert unknown("don’t open") == []


def test_chinese_is_known_if_known_words_make_it_up() -> None:
    """It is written without spaces."""
    assert unknown("二号水泵", "阀门2") == []
    assert unknown("二号电机") == [UnknownWord("二号电机", ())]


def test_the_words_of_a_model_are_read_from_its_folder(tmp_path: Path) -> None:
    """Without loading it; signs of the grammar are no words."""
    words = known_words(Path(corpus.__file__).parents[1] / "en")
    assert {"orange", "what", "camera"} <= words
    assert not {"<eps>", "#0", "[unk]"} & words
    with pytest.raises(SpeechModelError, match=r"has no words\.txt: fetch it again"):
        known_words(tmp_path)
