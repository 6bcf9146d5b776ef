from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.settings.voice_state import (
    RATES_WPM,
    VOLUMES,
    VoiceSettings,
    VoiceState,
    faster,
    load_state,
    louder,
    quieter,
    save_state,
    slower,
    state_path,
)

DEFAULT = VoiceState(rate_wpm=175, volume=1.0)


def test_what_was_set_by_voice_is_there_the_next_time(tmp_path: Path) -> None:
    """It is saved in a folder that need not exist, and no partial file is left beside it."""
    path = state_path({"XDG_STATE_HOME": str(tmp_path)})
    save_state(path, VoiceState(230, 0.55))
    save_state(path, VoiceState(265, 0.4))
    assert load_state(path, DEFAULT) == VoiceState(265, 0.4)
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]
    assert path == tmp_path / "seesay" / "state.json"


def test_what_was_not_changed_is_not_remembered(tmp_path: Path) -> None:
    """ "Slower" does not store the volume, so another profile's volume still counts. An earlier change stays."""
    path = tmp_path / "state.json"
    voice = VoiceSettings(VoiceState(175, 0.75), lambda new: None, path)
    assert voice.change(slower)
    assert load_state(path, DEFAULT) == VoiceState(155, 1.0)
    assert VoiceSettings(VoiceState(155, 1.0), lambda new: None, path).change(quieter)
    assert load_state(path, VoiceState(400, 0.1)) == VoiceState(155, 0.75)


def test_the_first_run_has_the_configuration_and_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A missing file is the ordinary case."""
    assert load_state(tmp_path / "state.json", DEFAULT) == DEFAULT
    assert caplog.records == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 40_000, b'{"version": 1}' + b" " * 70_000,
        b'{"rate_wpm": 200, "volume": 1}', b'{"version": 2, "rate_wpm": 200, "volume": 0.5}',
        b'{"version": 1, "rate_wpm": "fast"}', b'{"version": 1, "rate_wpm": true}', b'{"version": 1, "volume": NaN}',
        b'{"version": 1, "volume": null}',
    ],
)  # fmt: skip
def test_a_broken_or_newer_file_is_ignored_with_one_line(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The line names the file."""
    path = tmp_path / "state.json"
    path.write_bytes(content)
    assert load_state(path, DEFAULT) == DEFAULT
    assert [str(path) in record.getMessage() for record in caplog.records] == [True]


def test_a_folder_in_its_place_is_no_end_of_the_world(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither reading nor writing stops the program."""
    path = tmp_path / "state.json"
    path.mkdir()
    assert load_state(path, DEFAULT) == DEFAULT
    save_state(path, VoiceState(200, 0.5))
    assert len(caplog.records) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_file_in_the_folders_place_is_a_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If the state folder cannot be made, only the memory is lost, not the conversation."""
    (tmp_path / "seesay").write_text("")
    with caplog.at_level(logging.WARNING):
        save_state(tmp_path / "seesay" / "state.json", DEFAULT)
    assert "will not be remembered" in caplog.text


@pytest.mark.parametrize(
    ("saved", "loaded"),
    [
        ({"rate_wpm": 9000, "volume": 7}, VoiceState(900, 1.0)),
        ({"rate_wpm": 1, "volume": -1.0}, VoiceState(80, 0.0)),
        ({"rate_wpm": 10**400, "volume": float("inf")}, VoiceState(900, 1.0)),
        ({"rate_wpm": 199.6}, VoiceState(200, 1.0)),
        ({"volume": 0.5, "later": "key"}, VoiceState(175, 0.5)),
    ],
)
def test_ranges_are_those_of_the_configuration(saved: dict[str, float], loaded: VoiceState, tmp_path: Path) -> None:
    """A value outside its range is brought to the nearest end, and a missing one is the configuration's."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"version": 1, **saved}))
    assert load_state(path, DEFAULT) == loaded


@pytest.mark.parametrize(
    ("step", "back", "end"),
    [
        (slower, faster, VoiceState(RATES_WPM[0], 1.0)),
        (faster, slower, VoiceState(RATES_WPM[-1], 1.0)),
        (quieter, louder, VoiceState(175, VOLUMES[0])),
    ],
)
def test_steps_go_there_and_back_and_end(
    step: Callable[[VoiceState], VoiceState], back: Callable[[VoiceState], VoiceState], end: VoiceState
) -> None:
    """A step and its opposite cancel out.

    At the end of the steps the state does not change, which tells that it is the end.
    """
    assert step(DEFAULT) != DEFAULT
    assert back(step(DEFAULT)) == DEFAULT
    state = DEFAULT
    for _ in range(20):
        state = step(state)
    assert state == end == step(state)


def test_a_rate_between_two_steps_goes_to_the_nearer_neighbour_on_each_side() -> None:
    """A rate such as 180, from the configuration, goes to 175 or to 200."""
    assert slower(VoiceState(180, 0.5)).rate_wpm == 175
    assert faster(VoiceState(180, 0.5)).rate_wpm == 200
    assert louder(VoiceState(180, 0.0)).volume == 0.1
    assert louder(VoiceState(180, 1.0)) == VoiceState(180, 1.0)
