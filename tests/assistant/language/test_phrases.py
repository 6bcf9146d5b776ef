from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant
from assistant.language.command_parser import parse_command
from assistant.language.phrases import LANGUAGES, Command, FaultWords, Phrases, RoundCommand, phrases_for
from assistant.language.sentences import split_sentences
from vision.framing import Fault
from vision.reading.guidance import Advice

# The places in braces that a sentence must have in every language, because the code fills them in.
PLACES = {
    "did_you_ask": {"question"}, "hint_wake_word": {"wake_word"}, "offer_button_or_wake_word": {"wake_word"}, "more_detail_question": {"question"},
    "shorter_question": {"question"}, "what_changed": {"before", "now"}, "capital": {"letter"},
    "doubtful_digit": {"ordinal", "name"}, "doubtful_letter": {"ordinal", "name"}, "doubtful_character": {"ordinal", "name"},
    "status_power": {"watts"}, "status_temperature": {"celsius"}, "status_memory": {"gigabytes"}, "status_model": {"model"},
    "status_camera": {"width", "height"}, "status_looks_ahead": {"looks"},
    "pictures_leave": {"host"},
}  # fmt: skip


@pytest.fixture(params=LANGUAGES)
def phrases(request: pytest.FixtureRequest) -> Phrases:
    return phrases_for(request.param)


def texts(phrases: Phrases) -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(phrases):
        value = getattr(phrases, field.name)
        if isinstance(value, str):
            yield field.name, value


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_who_gets_the_records_is_named(phrases: Phrases) -> None:
    """At the start, and when one is deleted that may have left before."""
    assert places(phrases.journal.records_leave) == {"hosts"}
    assert places(phrases.journal.forgotten_here) == {"hosts"}


def test_a_third_language_is_one_file(tmp_path: Path) -> None:
    """The config takes a new language's name, prompt and phrases, and `seesay fetch` knows its model, by one file."""
    package = Path(assistant.__file__).parent
    language = tmp_path / "assistant" / "language"
    language.mkdir(parents=True)
    for part in package.iterdir():
        if part.name != "language":
            (tmp_path / "assistant" / part.name).symlink_to(part)
    for part in (package / "language").iterdir():
        if part.name != "phrases":
            (language / part.name).symlink_to(part)
    shutil.copytree(package / "language" / "phrases", language / "phrases")
    third = (package / "language" / "phrases" / "en.py").read_text(encoding="utf-8")
    third = third.replace('ready="I am ready.', 'ready="Ich bin bereit.').replace("small-en-us", "small-de")
    (language / "phrases" / "de.py").write_text(third, encoding="utf-8")
    code = (
        "from assistant.settings.config_reader import parse_config\n"
        "from assistant.models.catalog import FULL_SPEECH\n"
        "from assistant.language.phrases import LANGUAGES, phrases_for\n"
        "config = parse_config('[conversation]\\nlanguage = \"de\"\\n[prompt]\\nde = \"Kurz.\"', 'x')\n"
        "language = config.conversation.language\n"
        "print(LANGUAGES, config.prompt.text(language), FULL_SPEECH[language].name, phrases_for(language).ready)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{package.parent}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("('de', 'en', 'zh') Kurz. vosk-model-small-de-0.15 Ich bin bereit.")


def test_an_unknown_language_is_refused_by_name() -> None:
    """An unknown language is refused with a message that lists the known ones."""
    with pytest.raises(ValueError, match=r"'xx': known are en, zh"):
        phrases_for("xx")


def test_nothing_is_left_empty(phrases: Phrases) -> None:
    """Every sentence has words, and the same places in braces as in the other languages."""
    for name, text in texts(phrases):
        assert text or name == "voice", name
        assert places(text) == PLACES.get(name, set()), name


def test_each_command_has_words_and_each_fault_advice(phrases: Phrases) -> None:
    """Every command has wordings and every fault of `vision.framing` has advice, also one that is added later."""
    assert all(phrases.commands[command] for command in Command)
    assert set(phrases.framing) == {fault.value for fault in Fault}
    assert all(isinstance(words, FaultWords) and words.advice and words.because for words in phrases.framing.values())
    assert set(phrases.reading.advice) == {advice.value for advice in Advice}
    assert set(phrases.profiles) == {"headset", "button", "cart"}


def test_the_demo_eye_s_greeting_says_what_it_can_do(phrases: Phrases) -> None:
    """In the same words as the help; the first sentence is that of any start."""
    assert phrases.ready_demo_models.endswith(phrases.demo_limits)
    assert split_sentences(phrases.ready_demo_models)[0] == split_sentences(phrases.ready)[0]


def test_a_reason_for_doubt_fits_into_its_sentence(phrases: Phrases) -> None:
    """A reason for doubt has no end mark of its own, and the sentences around it have their places."""
    assert places(phrases.doubt.not_sure) == {"answer"}
    assert places(phrases.doubt.cannot_tell) == {"because"}
    assert not any(words.because.endswith((".", "。")) for words in phrases.framing.values())


def test_signs_and_places_are_enough_to_spell(phrases: Phrases) -> None:
    """There are names for the ten digits and for the signs of addresses, and ordinals for the first twenty places."""
    assert set("0123456789 .-_@/:") <= set(phrases.character_names)
    assert len(phrases.ordinals) >= 20
    assert len(set(phrases.ordinals)) == len(phrases.ordinals)


def test_stop_words_are_stop_commands(phrases: Phrases) -> None:
    """Every phrase that interrupts the voice is also understood as the command stop."""
    assert {parse_command(word, phrases) for word in phrases.stop_words} == {Command.STOP}


def test_no_filler_is_a_command_by_itself(phrases: Phrases) -> None:
    """No filler is a command by itself, or the command would vanish. "again" and its kin are both on purpose."""
    fillers = {*phrases.fillers_before, *phrases.fillers_anywhere}
    assert {filler for filler in fillers if parse_command(filler, phrases)} == set()


def test_every_minute_of_the_day_has_words_of_its_own(phrases: Phrases) -> None:
    """Each minute of the day gives one sentence without digits, and no two minutes give the same."""
    said = [phrases.time_in_words(dt.time(minute // 60, minute % 60)) for minute in range(1440)]
    assert len(set(said)) == 1440
    assert not any(sign.isdecimal() for words in said for sign in words)
    assert all(split_sentences(words) == [words] for words in said)


@pytest.mark.parametrize(
    ("language", "hour", "minute", "words"),
    [
        ("en", 15, 5, "It is three oh five in the afternoon."),
        ("en", 0, 0, "It is midnight."),
        ("en", 12, 0, "It is noon."),
        ("en", 0, 30, "It is twelve thirty in the morning."),
        ("en", 19, 0, "It is seven o'clock in the evening."),
        ("en", 23, 59, "It is eleven fifty nine at night."),
        ("zh", 14, 5, "现在是下午两点零五分。"),
        ("zh", 0, 0, "现在是凌晨零点整。"),
        ("zh", 12, 10, "现在是中午十二点十分。"),
        ("zh", 20, 45, "现在是晚上八点四十五分。"),
        ("zh", 2, 20, "现在是凌晨两点二十分。"),
    ],
)
def test_the_time_is_said_as_people_say_it(language: str, hour: int, minute: int, words: str) -> None:
    """The time is said as hour, minutes and part of the day."""
    assert phrases_for(language).time_in_words(dt.time(hour, minute)) == words


def test_the_words_about_writing_can_be_filled_in(phrases: Phrases) -> None:
    """Each template has its places, the lines for the model stand between two texts of one line, and all expressions
    are regular.
    """
    words = phrases.writing
    assert places(words.also_read) == places(words.not_sure_also_read) == {"answer", "read"}
    assert places(words.question_after) == {"question"}
    assert words.question_after.endswith("{question}")
    assert "\n" not in words.read_before + words.question_after
    for field in dataclasses.fields(words):
        value = getattr(words, field.name)
        if isinstance(value, tuple):
            assert value
            assert all(re.compile(expression) for expression in value)


ROUND_PLACES = {
    "begins": {"title", "count"}, "begins_one": {"title"}, "goes_on": {"title"}, "changed": {"title"}, "where": {"name", "number", "count"},
    "several_left": {"count"}, "stays_open": {"name"}, "say_digits_number": {"number"}, "wrong_digits": {"name", "said"},
    "which_one": {"items"}, "ask_skip_reason": {"name"}, "read_back": {"value"}, "converted": {"said", "value"}, "read_back_converted": {"said", "value"},
    "read_back_reading": {"value"}, "read_back_differs": {"value", "reading"}, "differs": {"value", "reading"},
    "reading": {"value"}, "unsure_reading": {"value"}, "below": {"value", "limit"}, "above": {"value", "limit"},
    "not_right": {"value", "limit"}, "wrong_unit": {"said", "wanted"}, "noted": {"note"}, "outside": {"list"},
    "doubtful": {"list"}, "left_out": {"list"}, "open": {"list"}, "in_order": {"count"}, "notes": {"list"},
    "one": {"name", "value"}, "one_because": {"name", "value", "reason"}, "skipped_because": {"name", "reason"},
    "not_kept": {"list"}, "unknown_words": {"list"}, "unknown_word": {"word"}, "near_words": {"word", "list"},
}  # fmt: skip


def test_the_words_of_a_round_can_be_filled_in(phrases: Phrases) -> None:
    """Each sentence has its places, every command has wordings, and no wording stands for two commands."""
    words = phrases.round
    for field in dataclasses.fields(words):
        value = getattr(words, field.name)
        if isinstance(value, str):
            assert value.strip() or field.name == "between"
            assert places(value) == ROUND_PLACES.get(field.name, set()), field.name
    assert all(words.commands[command] for command in RoundCommand)
    wordings = [wording for each in words.commands.values() for wording in each]
    assert len(wordings) == len(set(wordings))
    assert not {*words.note_before} & {*wordings}
