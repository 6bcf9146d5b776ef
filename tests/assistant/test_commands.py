from __future__ import annotations

import pytest

from assistant.commands import parse_command
from assistant.phrases import Command, phrases_for


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("stop", Command.STOP),
        ("please stop", Command.STOP),
        ("okay stop talking please", Command.STOP),
        ("Repeat that, please!", Command.REPEAT),
        ("can you say that again", Command.REPEAT),
        ("take a new picture", Command.NEW_PICTURE),
        ("same picture", Command.SAME_PICTURE),
        ("help", Command.HELP),
        ("goodbye", Command.QUIT),
        ("what does the stop sign say", None),
        ("is there a help button", None),
        ("where is the exit", None),
        ("please", None),
        ("", None),
    ],
)
def test_only_a_whole_utterance_is_a_command(text: str, command: Command | None) -> None:
    """Fillers are forgiven; a question that holds a command word stays a question."""
    assert parse_command(text, phrases_for("en")) is command


@pytest.mark.parametrize(
    ("text", "command"),
    [("停止", Command.STOP), ("请 再 说 一遍", Command.REPEAT), ("帮助 一下", Command.HELP), ("前面 有 什么", None)],
)
def test_chinese_commands_need_no_spaces(text: str, command: Command | None) -> None:
    """The recogniser puts spaces between Chinese words; the table has none."""
    assert parse_command(text, phrases_for("zh")) is command


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_phrase_means_two_commands(language: str) -> None:
    """Each command can be told from the others, in every language."""
    spoken = [words for phrases in phrases_for(language).commands.values() for words in phrases]
    assert len(spoken) == len(set(spoken))
    assert set(phrases_for(language).commands) == set(Command)
