"""The notice about open listening: at the first start, without a profile, in both languages."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from assistant.conversation.activation import settings_from
from assistant.language.phrases import phrases_for
from assistant.wiring.open_listening import first_notice, much_talk_notice, told_path

OPEN = settings_from("open", "hey camera", 6.0)
EN = phrases_for("en")


@pytest.mark.parametrize(("language", "wake_phrase"), [("en", "hey camera"), ("zh", "你好 相机")])
def test_the_first_start_says_that_everything_is_answered_and_what_else_there_is(
    language: str, wake_phrase: str, tmp_path: Path
) -> None:
    """The second start says nothing."""
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    phrases, settings = phrases_for(language), settings_from("open", wake_phrase, 6.0)
    notice = first_notice(settings, "", phrases, environ)
    assert notice.startswith(phrases.open_listening)
    assert wake_phrase in notice
    assert "seesay setup" in notice
    assert first_notice(settings, "", phrases, environ) == ""


@pytest.mark.parametrize("by", ["button", "wake_word", "button+wake_word"])
def test_who_has_chosen_is_told_nothing(by: str, tmp_path: Path) -> None:
    """With a button, a wake word or a profile; and the notice is not used up by that."""
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert first_notice(settings_from(by, "hey camera", 6.0), "", EN, environ) == ""
    assert first_notice(OPEN, "headset", EN, environ) == ""
    assert much_talk_notice(settings_from(by, "hey camera", 6.0), EN) == ""
    assert first_notice(OPEN, "", EN, environ)


def test_much_talk_proposes_the_same() -> None:
    """The offer is the same sentence as at the first start."""
    offer = EN.offer_button_or_wake_word.format(wake_word="hey camera")
    assert much_talk_notice(OPEN, EN) == f"{EN.much_talk} {offer}"


def test_a_state_folder_that_cannot_be_written_only_repeats_the_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is one line in the log, and the program goes on."""
    (tmp_path / "file").write_text("")
    environ = {"XDG_STATE_HOME": str(tmp_path / "file")}
    with caplog.at_level(logging.WARNING):
        assert first_notice(OPEN, "", EN, environ)
    assert str(told_path(environ)) in caplog.text
    assert first_notice(OPEN, "", EN, environ)
