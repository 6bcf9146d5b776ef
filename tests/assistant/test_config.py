"""Settings: where they come from, and what is refused with which words."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from assistant.config import BUILT_IN, Config, key_lines, load_config, parse_config
from assistant.errors import ConfigError, exit_status_of

SHIPPED = Path(__file__).parents[2] / "config.toml"


def sections() -> list[tuple[str, object]]:
    """The tables of the built-in defaults."""
    defaults = Config()
    return [(f.name, getattr(defaults, f.name)) for f in dataclasses.fields(Config) if f.name != "source"]


def refused(text: str) -> str:
    """The message with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "my.toml")
    assert exit_status_of(caught.value) == 2
    return str(caught.value)


# The file that ships


def test_the_shipped_file_says_the_built_in_defaults() -> None:
    """config.toml changes nothing: reading it gives exactly the defaults."""
    assert dataclasses.replace(parse_config(SHIPPED.read_text(), "x"), source=BUILT_IN) == Config()


def test_the_shipped_file_shows_every_key_with_its_limits() -> None:
    """Every key stands in config.toml on one line with a comment that names its range or its choices."""
    written = {
        path: SHIPPED.read_text().splitlines()[line - 1] for path, line in key_lines(SHIPPED.read_text()).items()
    }
    known = {(name, f.name): f for name, section in sections() for f in dataclasses.fields(section)}  # type: ignore[arg-type]
    assert {path for path in written if len(path) == 2} == set(known)
    for path, declared in known.items():
        comment = written[path].partition("  #")[2]
        assert comment, path
        low, high = declared.metadata.get("range", (None, None))
        assert low is None or f"{low:g} to {high:g}" in comment, path
        assert all(f'"{choice}"' in comment for choice in declared.metadata.get("choices", ())), path
        if path[1].endswith("_seconds"):
            assert comment.strip().startswith("seconds"), path


def test_every_default_is_within_its_own_limits() -> None:
    """A default outside its range would be refused as soon as somebody wrote it down."""
    for name, section in sections():
        for declared in dataclasses.fields(section):  # type: ignore[arg-type]
            low, high = declared.metadata.get("range", (0, 0))
            if "range" in declared.metadata:
                assert low <= declared.default <= high, (name, declared.name)


# Where the settings come from


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """One file in every place that is looked at, each with a rate of its own."""
    files = {
        "explicit": tmp_path / "explicit.toml",
        "environment": tmp_path / "environment.toml",
        "here": tmp_path / "cwd" / "config.toml",
        "xdg": tmp_path / "xdg" / "seesay" / "config.toml",
    }
    for rate, file in enumerate(files.values(), start=101):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"[speaking]\nrate_wpm = {rate}\n")
    return files


def test_the_first_file_found_wins(places: dict[str, Path], tmp_path: Path) -> None:
    """--config, then $SEESAY_CONFIG, then ./config.toml, then the user's own, then the defaults."""
    environ = {"SEESAY_CONFIG": str(places["environment"]), "XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": "/none"}
    cwd = tmp_path / "cwd"
    assert load_config(places["explicit"], environ, cwd).speaking.rate_wpm == 101
    assert load_config(None, environ, cwd).speaking.rate_wpm == 102
    del environ["SEESAY_CONFIG"]
    here = load_config(None, environ, cwd)
    assert (here.speaking.rate_wpm, here.source) == (103, str(places["here"]))
    places["here"].unlink()
    assert load_config(None, environ, cwd).speaking.rate_wpm == 104
    places["xdg"].unlink()
    assert load_config(None, environ, cwd) == Config()


def test_without_xdg_folder_the_home_folder_is_used(tmp_path: Path) -> None:
    """An unset or relative XDG_CONFIG_HOME means ~/.config, as the specification says."""
    file = tmp_path / ".config" / "seesay" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[speaking]\nrate_wpm = 200\n")
    for environ in ({"HOME": str(tmp_path)}, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "relative"}):
        assert load_config(None, environ, tmp_path / "empty").speaking.rate_wpm == 200


def test_a_relative_name_starts_at_the_current_folder(places: dict[str, Path], tmp_path: Path) -> None:
    """--config explicit.toml is looked for where the user stands."""
    assert load_config(Path("explicit.toml"), {}, tmp_path).speaking.rate_wpm == 101


@pytest.mark.parametrize("by_option", [True, False])
def test_a_named_file_that_is_missing_is_an_error(by_option: bool, tmp_path: Path) -> None:
    """A file that the user named is never silently replaced by the defaults."""
    environ = {} if by_option else {"SEESAY_CONFIG": "gone.toml"}
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*gone\.toml: No such file"):
        load_config(Path("gone.toml") if by_option else None, environ, tmp_path)


# What is refused


def test_an_unknown_key_is_named_with_its_line_and_the_nearest() -> None:
    """A misspelt key: which, in which file and line, and what was probably meant."""
    message = refused('# mine\n[hearing]\ninput_device = "USB"\n\nvad_agressiveness = 1\n')
    assert message == "my.toml, line 5: unknown key hearing.vad_agressiveness; did you mean 'vad_aggressiveness'?"


def test_an_unknown_key_far_from_all_others_still_gets_a_hint() -> None:
    """Even a key like no other names the nearest known one."""
    assert "; the nearest known one is '" in refused("[engine]\nqqqq = 1\n")


def test_an_unknown_table_is_named() -> None:
    """A misspelt table."""
    assert (
        refused("[speeking]\nvolume = 1.0\n") == "my.toml, line 1: unknown table 'speeking'; did you mean 'speaking'?"
    )


def test_a_key_without_its_table_is_sent_there() -> None:
    """A known key at the top of the file: the message says under which table it belongs."""
    assert refused("volume = 0.5\n") == "my.toml, line 1: unknown key 'volume'; it belongs under [speaking]."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[speaking]\nrate_wpm = '175'", "line 2: speaking.rate_wpm must be a whole number, not '175'."),
        ("[speaking]\nrate_wpm = 175.0", "line 2: speaking.rate_wpm must be a whole number, not 175.0."),
        ("[speaking]\nrate_wpm = true", "line 2: speaking.rate_wpm must be a whole number, not True."),
        ("[speaking]\n\nvolume = 'loud'", "line 3: speaking.volume must be a number, not 'loud'."),
        ("[speaking]\nearcons = 1", "line 2: speaking.earcons must be true or false, not 1."),
        ("[seeing]\ncamera = 0", "line 2: seeing.camera must be a text in quotes, not 0."),
        ("[speaking]\nrate_wpm = 79", "line 2: speaking.rate_wpm must be from 80 to 450, not 79."),
        ("[engine]\nmax_new_tokens = 513", "line 2: engine.max_new_tokens must be from 1 to 512, not 513."),
        ("[speaking]\nvolume = nan", "line 2: speaking.volume must be from 0 to 1, not nan."),
        ("[speaking]\nvolume = inf", "line 2: speaking.volume must be from 0 to 1, not inf."),
        ("[seeing]\nfit = 'zoom'", "line 2: seeing.fit must be one of 'pad', 'crop', 'stretch', not 'zoom'."),
        (
            '[seeing]\ncamera = "a\\u0000b"',
            "line 2: seeing.camera holds a character that cannot be printed: 'a\\x00b'.",
        ),
        ("hearing = 3", "line 1: 'hearing' is a table, write [hearing] and its keys below."),
        ("[[hearing]]\nvoice = ''", "line 1: 'hearing' is a table, write [hearing] and its keys below."),
        ("[hearing.barge_in]\nx = 1", "line 1: hearing.barge_in must be a text in quotes, not {'x': 1}."),
        ("[speaking]\nvolume =\nx", "is not valid TOML: Invalid value (at line 2"),
        ("[speaking]\nvolume = 1\nvolume = 1\n\n", "is not valid TOML: Cannot overwrite a value (at line 3"),
        ("[engine]\nthreads = " + "9" * 5000, "is not valid TOML: "),
        ("x = " + "[" * 20_000, "is not valid TOML: "),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_line(text: str, words: str) -> None:
    """Wrong type, out of range, not one of the choices, not TOML at all."""
    message = refused(text)
    assert words in message
    assert message.startswith("my.toml")


def test_the_first_fault_of_the_file_is_told() -> None:
    """With several faults the message is about the one a reader meets first."""
    assert ", line 2: " in refused("[speaking]\nvolume = 7\n[hearing]\nnope = 1\n")


def test_a_whole_number_is_a_fine_number() -> None:
    """volume = 1 is as good as 1.0, and arrives as a float."""
    volume = parse_config("[speaking]\nvolume = 1\n", "x").speaking.volume
    assert (volume, type(volume)) == (1.0, float)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[speaking]\nvoice = '\xff'\n", "line 2: not UTF-8"),
        (b"#" * 70_000, "that is not a configuration"),
    ],
)
def test_a_file_that_is_no_text_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and a file far too large."""
    file = tmp_path / "c.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(words)):
        load_config(file, {}, tmp_path)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    """A folder in the place of the file is unreadable, not empty."""
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config(tmp_path, {}, tmp_path)


def test_the_mark_that_windows_editors_write_is_ignored(tmp_path: Path) -> None:
    """A byte order mark before the first table does no harm."""
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xef\xbb\xbf[speaking]\r\nrate_wpm = 99\r\n")
    assert load_config(file, {}, tmp_path).speaking.rate_wpm == 99


# The lines


def test_lines_are_found_behind_every_form_of_toml() -> None:
    """Values over several lines, text that looks like keys, inline tables and dotted keys do not mislead the count."""
    text = '\n'.join(
        [
            "a.b = 1",
            "[hearing]  # [not] a = table",
            'voice = """',
            "[seeing]",
            'camera = 3"""',
            "'quoted key' = [",
            "  1,",
            "]",
            "inline = { x = 1, y = { z = 2 } }",
            '"\u2028" = 1',
            "[seeing.deep]",
            "camera = 1",
            "[[many]]",
            "first = 1",
        ]
    )  # fmt: skip
    assert key_lines(text) == {
        ("a",): 1,
        ("a", "b"): 1,
        ("hearing",): 2,
        ("hearing", "voice"): 3,
        ("hearing", "quoted key"): 6,
        ("hearing", "inline"): 9,
        ("hearing", "inline", "x"): 9,
        ("hearing", "inline", "y"): 9,
        ("hearing", "inline", "y", "z"): 9,
        ("hearing", "\u2028"): 10,
        ("seeing",): 11,
        ("seeing", "deep"): 11,
        ("seeing", "deep", "camera"): 12,
        ("many",): 13,
        ("many", "first"): 14,
    }
