"""Reading a checklist: what is written is understood, and every fault is refused with its line and key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from assistant.errors import ChecklistError, ConfigError
from assistant.inspection.rounds.checklist import Checklist, Number, OneOf, Station, StepKind, Text, YesNo
from assistant.inspection.rounds.checklist_file import load_checklist, parse_checklist
from assistant.language.phrases import phrases_for

ROOT = Path(__file__).parents[4]
PHRASES = phrases_for("en")

WHOLE = """
title = "Pump room"

[[station]]
name = "pump two"
instruction = '''Go to
  pump two.'''
check_digits = ["47", "05"]
step = "ask"
question = "what does the gauge say"
answer = "number"
unit = "bar"
low = 6
high = 8.5
when_outside = "Close the valve."
keep_picture = false

[[station]]
name = "the guard"
step = "say"
question = "is the guard closed"
answer = "yes/no"
right = "yes"

[[station]]
name = "the valve"
step = "say"
question = "how is the valve"
answer = "one of"
items = ["open", "closed"]
right = "open"

[[station]]
name = "the plate"
step = "code"
right = "PUMP-2"

[[station]]
name = "the gauge"
step = "gauge"
scale = [0, 10]
sweep = 270
"""


def parse(text: str) -> Checklist:
    return parse_checklist(text, "round.toml", PHRASES)


def fault(text: str) -> str:
    with pytest.raises(ChecklistError) as caught:
        parse(text)
    assert caught.value.exit_status == 2
    return str(caught.value)


def station(*lines: str) -> str:
    """A checklist with one station. Its first line is line 3 of the file."""
    return "\n".join(('title = "t"', "[[station]]", *lines))


GOOD = ('name = "a"', 'step = "say"', 'question = "q"')
NUMBER = (*GOOD, 'answer = "number"')
LIST = (*GOOD, 'answer = "one of"')


def test_all_that_can_be_written_is_understood() -> None:
    """Texts lose their line ends, numbers are exact, and what is left out has its usual value."""
    checklist = parse(WHOLE)
    assert checklist.title == "Pump room"
    assert len(checklist.sha256) == 64
    assert checklist.stations == (
        Station(
            "pump two",
            StepKind.ASK,
            Number("bar", Decimal(6), Decimal("8.5")),
            "Go to pump two.",
            "what does the gauge say",
            ("47", "05"),
            when_outside="Close the valve.",
            keep_picture=False,
        ),
        Station("the guard", StepKind.SAY, YesNo("yes"), question="is the guard closed"),
        Station("the valve", StepKind.SAY, OneOf(("open", "closed"), ("open",)), question="how is the valve"),
        Station("the plate", StepKind.CODE, Text("PUMP-2")),
        Station("the gauge", StepKind.GAUGE, Number(), scale=(Decimal(0), Decimal(10)), sweep=270.0),
    )


def test_the_hash_changes_with_the_file() -> None:
    """So a round can tell that its checklist was changed."""
    assert parse(WHOLE).sha256 != parse(WHOLE + "# a comment\n").sha256


def test_the_example_is_right(tmp_path: Path) -> None:
    """The shipped example can be read, and so can a file with a byte order mark."""
    example = ROOT / "docs/examples/pump-room.toml"
    checklist = load_checklist(example, PHRASES)
    assert {each.step for each in checklist.stations} >= {StepKind.SAY, StepKind.ASK, StepKind.CODE, StepKind.READ}
    copy = tmp_path / "copy.toml"
    copy.write_bytes(b"\xef\xbb\xbf" + example.read_bytes())
    assert load_checklist(copy, PHRASES).stations == checklist.stations


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """As an error of wrong use, which names the file."""
    with pytest.raises(ConfigError, match=r"cannot read the checklist .*none\.toml: No such file"):
        load_checklist(tmp_path / "none.toml", PHRASES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # The file.
        ("title = ", "round.toml is not valid TOML: "),
        (station("low = 0x" + "f" * 300), "round.toml is not valid TOML: a whole number in it takes more than 64 bits"),
        ("", 'round.toml has no title: write title = "…" in its first line.'),
        ('title = "t"', "round.toml has no stations: write [[station]] and its keys below, for each of them."),
        ('titel = "t"', "round.toml, line 1: unknown key 'titel'; did you mean 'title'?"),
        ('\nname = "t"', "round.toml, line 2: 'name' belongs to a station: write [[station]] above it."),
        ("title = 3", "round.toml, line 1: title must be a text in quotes, not 3."),
        ('title = " "', "round.toml, line 1: title is empty."),
        ('title = "t"\n[stations]', "round.toml, line 2: unknown table 'stations'; a station begins with [[station]]."),
        ('title = "t"\n[station]', "round.toml, line 2: unknown table 'station'; a station begins with [[station]]."),
        ('title = "t"\nstation = []', "round.toml, line 2: write [[station]] and the keys of the station below"),
        # Keys and their types.
        (station(*GOOD, 'answer = "text"', "hihg = 3"), "round.toml, line 7: unknown key 'hihg'; did you mean 'high'?"),
        (station("name = 3"), "round.toml, line 3: name must be a text in quotes, not 3."),
        (station('name = ""'), "round.toml, line 3: name is empty."),
        (station(f'name = "{"x" * 501}"'), "round.toml, line 3: name has 501 characters, and 500 are the most: shorten it."),
        (station('name = "a\\u0007"'), "round.toml, line 3: name holds a character that cannot be printed: 'a\\x07'."),
        (station("check_digits = 47"), "round.toml, line 3: check_digits must be a list of texts, not 47."),
        (station("check_digits = [47]"), "round.toml, line 3: check_digits must be a list of texts, not [47]."),
        (station("check_digits = []"), "round.toml, line 3: check_digits is an empty list."),
        (station("low = true"), "round.toml, line 3: low must be a number, not True."),
        (station("low = nan"), "round.toml, line 3: low must be a number, not nan."),
        (station("scale = [1]"), "round.toml, line 3: scale must be two numbers, not [1]."),
        (station('keep_picture = "no"'), "round.toml, line 3: keep_picture must be true or false, not 'no'."),
        (station("items = []"), "round.toml, line 3: items is an empty list."),
        # What a station needs.
        (station('step = "say"'), "round.toml, line 2: the station has no name."),
        (station('name = "a"'), "round.toml, line 2: the station has no step."),
        (
            station('name = "a"', 'step = "see"'),
            "round.toml, line 4: step must be one of 'read', 'code', 'ask', 'say', 'gauge', 'display', not 'see'.",
        ),
        (station(*GOOD), "round.toml, line 2: answer must be one of 'yes/no', 'number', 'text', 'one of'; the station has none."),
        (station(*GOOD, 'answer = "numbers"'), "line 6: answer must be one of 'yes/no', 'number', 'text', 'one of'; not 'numbers'."),
        (
            station('name = "a"', 'step = "ask"', 'answer = "text"'),
            "round.toml, line 2: a step of the kind 'ask' needs a question.",
        ),
        (
            station('name = "a"', 'step = "gauge"', 'answer = "text"'),
            "round.toml, line 5: a step of the kind 'gauge' has a number as its answer, not 'text'.",
        ),
        (station('name = "a"', 'step = "gauge"'), "line 2: a gauge needs its scale: the values at both ends of the dial"),
        (
            station('name = "a"', 'step = "gauge"', "scale = [3, 3]"),
            "round.toml, line 5: scale has the same value at both ends of the dial.",
        ),
        (station(*NUMBER, "scale = [0, 1]"), "round.toml, line 7: scale belongs to a step of the kind 'gauge'."),
        (station(*NUMBER, "sweep = 270"), "round.toml, line 7: sweep belongs to a step of the kind 'gauge'."),
        (
            station('name = "a"', 'step = "gauge"', "scale = [0, 3]", "sweep = 361"),
            "round.toml, line 6: sweep must be an angle above 0 and up to 360 degrees, not 361.",
        ),
        # Limits, units, lists.
        (
            station(*NUMBER, "low = 8", "high = 6"),
            "round.toml, line 7: low = 8 is above high = 6: the limits are the wrong way round.",
        ),
        (station(*NUMBER, 'unit = "barr"'), "round.toml, line 7: unit 'barr' is not a known unit of measurement"),
        (station(*NUMBER, 'unit = "7 bar"'), "round.toml, line 7: unit '7 bar' is not a known unit of measurement"),
        (station(*GOOD, 'answer = "text"', 'unit = "bar"'), "line 7: unit does not fit an answer of the kind 'text'."),
        (station(*NUMBER, 'right = "3"'), "line 7: right does not fit an answer of the kind 'number'."),
        (station(*LIST), "line 2: an answer of the kind 'one of' needs items, the list of what can be said."),
        (station(*LIST, 'items = ["open", "Open"]'), "line 7: items has 'Open' twice."),
        (station(*LIST, 'items = ["open", "next"]'), "line 7: items has 'next', which is a command or an answer of every round"),
        (station(*LIST, 'items = ["open", "yes"]'), "line 7: items has 'yes', which is a command or an answer of every round"),
        (
            station(*LIST, 'items = ["open", "closed"]', 'right = ["opened"]'),
            "line 8: right has 'opened', which is not one of the items; did you mean 'open'?",
        ),
        (
            station(*GOOD, 'answer = "yes/no"', 'right = "open"'),
            "line 7: right must be 'yes' or 'no' where the answer is 'yes/no', not 'open'.",
        ),
        (
            station(*GOOD, 'answer = "yes/no"', 'right = ["yes"]'),
            "line 7: right must be a text in quotes where the answer is 'yes/no'.",
        ),
        (station(*NUMBER, 'check_digits = ["4a"]'), "line 7: check_digits has '4a': each text is one to eight digits"),
        (station(*NUMBER, 'check_digits = ["4", "4"]'), "line 7: check_digits has the same digits twice."),
        (
            station(*NUMBER, "[[station]]", 'name = "A"', *NUMBER[1:]),
            "round.toml, line 8: there are two stations of the name 'A': name one of them otherwise.",
        ),
    ],
)  # fmt: skip
def test_every_fault_is_refused_with_its_line_and_key(text: str, sentence: str) -> None:
    """Before the round begins, in one sentence that says what to do."""
    assert sentence in fault(text)


def test_a_fault_of_a_later_station_has_the_line_of_that_station() -> None:
    """Though both stations have the same keys."""
    text = station(*NUMBER, 'unit = "bar"', "[[station]]", 'name = "b"', *NUMBER[1:], 'unit = "barr"')
    assert fault(text).startswith("round.toml, line 13: unit 'barr'")


def test_a_checklist_without_an_end_is_refused() -> None:
    """Nobody walks 501 stations."""
    assert "has 501 stations, and 500 are the most" in fault('title = "t"\n' + "[[station]]\n" * 501)
