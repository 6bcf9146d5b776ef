"""Rate and voice of a screen reader on the same machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.setup.screen_reader import (
    Preference,
    parse_orca,
    parse_speech_dispatcher,
    rate_wpm,
    screen_reader,
)

SPEECHD = """\
# DefaultRate  -20
DefaultRate   50
DefaultVoiceType  "FEMALE2"
DefaultLanguage "en-GB"   # the island
DefaultModule espeak-ng
"""


@pytest.mark.parametrize(("rate", "wpm"), [(-100, 80), (-50, 125), (0, 170), (100, 449), (500, 449)])
def test_a_rate_of_speech_dispatcher_is_one_of_ours(rate: float, wpm: int) -> None:
    """The ends and the middle of its scale are those of its module for espeak-ng."""
    assert rate_wpm(rate) == wpm


def test_speech_dispatcher_is_taken_over() -> None:
    """Rate, language and kind of voice; what stands in a comment does not count."""
    assert parse_speech_dispatcher(SPEECHD) == Preference("Speech Dispatcher", 310, "en-gb", "+f2")
    assert parse_speech_dispatcher("# DefaultRate 20\nLogLevel 3\n") is None
    assert parse_speech_dispatcher("DefaultRate fast\n") is None


def test_a_voice_of_another_language_is_left() -> None:
    """The kind of voice is kept, the language of ours counts."""
    preference = Preference("Orca", 300, "de", "+f2")
    assert preference.voice_for("en", "en-us") == "en-us+f2"
    assert preference.voice_for("zh", "cmn") == "cmn+f2"
    assert Preference("Orca", 300, "zh").voice_for("zh", "cmn") == ""
    assert Preference("Orca", 300, "en-gb").voice_for("en", "en-us") == "en-gb"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"profiles": {"default": 3}}', '{"profiles": {}}', "null"])
def test_settings_of_orca_that_say_nothing_are_left(text: str) -> None:
    """A file that is empty, broken or of another shape is not taken over."""
    assert parse_orca(text) is None


def test_orca_counts_before_speech_dispatcher(tmp_path: Path) -> None:
    """Orca's rate is what its user hears; the kind of voice is still Speech Dispatcher's."""
    environ = {"HOME": str(tmp_path)}
    assert screen_reader(environ) is None
    (tmp_path / ".config/speech-dispatcher").mkdir(parents=True)
    (tmp_path / ".config/speech-dispatcher/speechd.conf").write_text(SPEECHD)
    assert screen_reader(environ) == Preference("Speech Dispatcher", 310, "en-gb", "+f2")
    (tmp_path / ".local/share/orca").mkdir(parents=True)
    voice = {"rate": 49, "family": {"lang": "en", "name": "english"}}
    document = {"profiles": {"default": {"voices": {"default": voice}}}}
    (tmp_path / ".local/share/orca/user-settings.conf").write_text(json.dumps(document))
    assert screen_reader(environ) == Preference("Orca", 170, "en", "+f2")
