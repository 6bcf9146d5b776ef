"""The settings: where they come from, and with which words wrong ones are refused."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ConfigError, exit_status_of
from assistant.language.phrases import LANGUAGES, phrases_for
from assistant.settings.config import BUILT_IN, Config
from assistant.settings.config_reader import FoundConfig, find_config, key_lines, load_config, parse_config
from assistant.settings.profiles import PROFILES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHIPPED = Path(__file__).parents[3] / "config.toml"


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
    """Reading config.toml gives exactly the defaults."""
    assert dataclasses.replace(parse_config(SHIPPED.read_text(), "x"), source=BUILT_IN) == Config()


def test_the_shipped_file_shows_every_key_with_its_limits() -> None:
    """Every key has one line in config.toml, with a comment that names its range or its choices.

    A language that is added needs no line there, neither for its choice nor for its prompt.
    """
    written = {
        path: SHIPPED.read_text().splitlines()[line - 1] for path, line in key_lines(SHIPPED.read_text()).items()
    }
    known = {(name, f.name): f for name, section in sections() for f in dataclasses.fields(section)}  # type: ignore[arg-type]
    for language in set(LANGUAGES) - {"en", "zh"}:
        del known["prompt", language]
    assert {path for path in written if len(path) == 2 and path[0] != "profile"} == set(known)
    for path, declared in known.items():
        if path[0] == "prompt":  # these are whole sentences over several lines, and their limit is at the table
            assert f"{declared.metadata['longest']:,} characters" in written["prompt",]
            continue
        comment = written[path].partition("  #")[2]
        assert comment, path
        low, high = declared.metadata.get("range", (None, None))
        assert low is None or f"{low:g} to {high:g}" in comment, path
        choices = ("en", "zh") if path[1] == "language" else declared.metadata.get("choices", ())
        assert all(f'"{choice}"' in comment for choice in choices), path
        if path[1].endswith("_seconds"):
            assert comment.strip().startswith("seconds"), path


def test_every_default_is_within_its_own_limits() -> None:
    """A default outside its range would be refused as soon as somebody wrote it down."""
    for name, section in sections():
        for declared in dataclasses.fields(section):  # type: ignore[arg-type]
            low, high = declared.metadata.get("range", (0, 0))
            if "range" in declared.metadata:
                assert low <= declared.default <= high, (name, declared.name)
            if "longest" in declared.metadata:
                assert len(declared.default) <= declared.metadata["longest"], (name, declared.name)


def test_the_prompt_is_that_of_the_language_in_use() -> None:
    """Each language has its own text, which a user may replace, also by several lines, or leave out."""
    config = parse_config('[prompt]\nen = ""\n', "x")
    assert (config.prompt.text("en"), config.prompt.text("zh")) == ("", phrases_for("zh").instructions)
    config = parse_config('[prompt]\nzh = """\n一，\u3000二\n三"""\n', "x")
    assert (config.prompt.text("en"), config.prompt.text("zh")) == (phrases_for("en").instructions, "一，\u3000二\n三")
    assert len(parse_config(f'[prompt]\nen = "{"x" * 2000}"\n', "x").prompt.text("en")) == 2000


def test_a_third_language_is_one_file(tmp_path: Path) -> None:
    """A module beside the other languages' is a choice of conversation.language and has a key under [prompt]."""
    (tmp_path / "de.py").write_text(
        "from dataclasses import replace\n"
        "from assistant.language.phrases.en import PHRASES as ENGLISH\n"
        "PHRASES = replace(ENGLISH, voice='de', instructions='Antworte kurz.')\n"
    )
    code = """
import importlib.util, sys
spec = importlib.util.find_spec("assistant.language.phrases")
spec.submodule_search_locations.append(sys.argv[1])
sys.modules[spec.name] = phrases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(phrases)
from assistant.settings.config import Config
from assistant.settings.config_reader import parse_config
from assistant.errors import ConfigError
with open("config.toml", encoding="utf-8") as file:
    shipped = file.read()
assert phrases.LANGUAGES == ("de", "en", "zh")
assert Config().conversation.language == "en"
for text in (shipped.replace('language = "en"', 'language = "de"'), '[conversation]\\nlanguage = "de"'):
    config = parse_config(text, "x")
    print(config.prompt.text(config.conversation.language))
print(parse_config('[prompt]\\nde = "Sag es."', "x").prompt.text("de"))
try:
    parse_config('[conversation]\\nlanguage = "fr"', "x")
except ConfigError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SHIPPED.parent, check=True)
    assert done.stdout.splitlines() == [
        "Antworte kurz.",
        "Antworte kurz.",
        "Sag es.",
        "x, line 2: conversation.language must be one of 'en', 'de', 'zh', not 'fr'.",
    ]


# Where the settings come from


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """One file in every place that is searched, each with a rate of its own."""
    files = {
        "explicit": tmp_path / "explicit.toml",
        "environment": tmp_path / "environment.toml",
        "here": tmp_path / "cwd" / "config.toml",
        "xdg": tmp_path / "xdg" / "seesay" / "config.toml",
    }
    for rate, file in enumerate(files.values(), start=101):
        file.parent.mkdir(parents=True, exist_ok=True)
        marker = "# SeeSay\n" if file == files["here"] else ""  # without the marker it would be another program's
        file.write_text(f"{marker}[speaking]\nrate_wpm = {rate}\n")
    return files


def test_the_first_file_found_wins(places: dict[str, Path], tmp_path: Path) -> None:
    """The order is --config, $SEESAY_CONFIG, ./config.toml, the user's own file, and then the defaults."""
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
    """--config explicit.toml is searched in the current folder."""
    assert load_config(Path("explicit.toml"), {}, tmp_path).speaking.rate_wpm == 101


@pytest.mark.parametrize("by_option", [True, False])
def test_a_named_file_that_is_missing_is_an_error(by_option: bool, tmp_path: Path) -> None:
    """A file that the user named is never silently replaced by the defaults."""
    environ = {} if by_option else {"SEESAY_CONFIG": "gone.toml"}
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*gone\.toml: No such file"):
        load_config(Path("gone.toml") if by_option else None, environ, tmp_path)


# Whose file ./config.toml is

WEB_PROJECT = 'baseURL = "https://example.org/"\n[params]\nseesay = true\n'


def found_here(tmp_path: Path, text: str) -> FoundConfig:
    """What is found in a folder with this config.toml, where the user has a file of their own as well."""
    own = tmp_path / "xdg" / "seesay" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("")
    here = tmp_path / "project"
    here.mkdir()
    (here / "config.toml").write_text(text)
    return find_config(None, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}, here)


@pytest.mark.parametrize(
    "text", [WEB_PROJECT, "", "[speaking]\nrate_wpm = 150\n", "x = [\n", "\n# SeeSay\n", "[seesay.x]\n"]
)
def test_another_program_s_config_toml_is_passed_over_in_one_line(tmp_path: Path, text: str) -> None:
    """The user's own file is read instead, and a sentence names the file, the reason and the way to use it."""
    found = found_here(tmp_path, text)
    assert found.path == tmp_path / "xdg" / "seesay" / "config.toml"
    assert str(tmp_path / "project" / "config.toml") in found.passed_over
    assert "does not say that it is SeeSay's" in found.passed_over
    assert "--config config.toml" in found.passed_over
    assert "\n" not in found.passed_over


@pytest.mark.parametrize(
    "text", ["# SeeSay\n", "\ufeff# seesay's, on the cart\r\n", "# mine\n [seesay]  # ours\n", "# SeeSay\nx = [\n"]
)
def test_a_config_toml_that_says_so_is_ours(tmp_path: Path, text: str) -> None:
    """The first line or a table [seesay] says so, also in a faulty file, whose fault is then named."""
    assert found_here(tmp_path, text) == FoundConfig(tmp_path / "project" / "config.toml")


def test_a_config_toml_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """Another program's file is no reason not to start."""
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00" * 100_000)
    found = find_config(None, {"HOME": str(tmp_path)}, tmp_path)
    assert found.path is None
    assert found.passed_over


def test_the_program_s_own_folder_and_the_user_s_need_no_marker(tmp_path: Path) -> None:
    """No other program's config.toml is beside the program's packages or in the folder of the user's own settings."""
    own = tmp_path / "seesay"
    own.mkdir()
    (own / "config.toml").write_text("")
    assert find_config(None, {"XDG_CONFIG_HOME": str(tmp_path)}, own) == FoundConfig(own / "config.toml")
    assert find_config(None, {"HOME": str(tmp_path)}, SHIPPED.parent) == FoundConfig(SHIPPED)


def test_a_named_file_is_always_ours(tmp_path: Path) -> None:
    """A file that --config or $SEESAY_CONFIG names needs no marker."""
    (tmp_path / "config.toml").write_text("[speaking]\nrate_wpm = 150\n")
    named = FoundConfig(tmp_path / "config.toml")
    assert find_config(Path("config.toml"), {}, tmp_path) == named
    assert find_config(None, {"SEESAY_CONFIG": "config.toml"}, tmp_path) == named


def test_the_marker_table_has_no_keys() -> None:
    """The table is read like any other, and a key in it is an error that is named."""
    assert parse_config("[seesay]\n", BUILT_IN) == Config()
    expected = "my.toml, line 1: 'seesay' is a table without keys: it only says that the file is SeeSay's."
    assert refused("[seesay]\nrate_wpm = 150\n") == expected
    assert refused("seesay = true\n") == expected


def test_the_shipped_file_carries_the_marker(tmp_path: Path) -> None:
    """A copy of the shipped file counts in any folder."""
    assert found_here(tmp_path, SHIPPED.read_text()).path == tmp_path / "project" / "config.toml"


# What is refused


def test_an_unknown_key_is_named_with_its_line_and_the_nearest() -> None:
    """The message names the misspelt key, its file and line, and the key that was probably meant."""
    message = refused('# mine\n[hearing]\ninput_device = "USB"\n\nvad_agressiveness = 1\n')
    assert message == "my.toml, line 5: unknown key hearing.vad_agressiveness; did you mean 'vad_aggressiveness'?"


def test_an_unknown_key_far_from_all_others_still_gets_a_hint() -> None:
    """Even a key like no other names the nearest known one."""
    assert "; the nearest known one is '" in refused("[engine]\nqqqq = 1\n")


def test_an_unknown_table_is_named() -> None:
    """A misspelt table is named."""
    assert (
        refused("[speeking]\nvolume = 1.0\n") == "my.toml, line 1: unknown table 'speeking'; did you mean 'speaking'?"
    )


def test_a_key_without_its_table_is_sent_there() -> None:
    """If a known key is at the top of the file, the message names the table that it belongs to."""
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
        ("[speaking]\nrate_wpm = 79", "line 2: speaking.rate_wpm must be from 80 to 900, not 79."),
        ("[engine]\nmax_new_tokens = 513", "line 2: engine.max_new_tokens must be from 1 to 512, not 513."),
        ("[speaking]\nvolume = nan", "line 2: speaking.volume must be from 0 to 1, not nan."),
        ("[speaking]\nvolume = inf", "line 2: speaking.volume must be from 0 to 1, not inf."),
        (
            "[seeing]\nfit = 'zoom'",
            "line 2: seeing.fit must be one of 'auto', 'native', 'pad', 'crop', 'stretch', not 'zoom'.",
        ),
        (
            '[seeing]\ncamera = "a\\u0000b"',
            "line 2: seeing.camera holds a character that cannot be printed: 'a\\x00b'.",
        ),
        (
            '[prompt]\nen = "' + "x" * 2001 + '"',
            "line 2: prompt.en has 2,001 characters, and 2,000 are the most: shorten it.",
        ),
        ("[prompt]\nen = 1", "line 2: prompt.en must be a text in quotes, not 1."),
        ("[prompt]\nfr = ''", "line 2: unknown key prompt.fr; "),
        ("hearing = 3", "line 1: 'hearing' is a table, write [hearing] and its keys below."),
        ("[[hearing]]\nvoice = ''", "line 1: 'hearing' is a table, write [hearing] and its keys below."),
        ("[hearing.barge_in]\nx = 1", "line 1: hearing.barge_in must be a text in quotes, not {'x': 1}."),
        ("[speaking]\nvolume =\nx", "is not valid TOML: Invalid value (at line 2"),
        ("[speaking]\nvolume = 1\nvolume = 1\n\n", "is not valid TOML: Cannot overwrite a value (at line 3"),
        ("[engine]\nthreads = " + "9" * 5000, "is not valid TOML: "),
        ("x = " + "[" * 20_000, "is not valid TOML: "),
        ("x" + ".x" * 20_000 + " = 1", "is not valid TOML: line 1 nests brackets or keys more than 50 deep"),
        ("\nx = " + "[" * 400 + "]" * 400, "is not valid TOML: line 2 nests brackets or keys more than 50 deep"),
        ("[engine]\nthreads = 0x" + "f" * 5000, "is not valid TOML: a whole number in it takes more than 64 bits"),
        ('[engine]\n"a\\nb" = 1', "unknown key engine.a\\nb"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_line(text: str, words: str) -> None:
    """A wrong type, a value out of range or not among the choices, and a file that is not TOML are refused."""
    message = refused(text)
    assert words in message
    assert message.startswith("my.toml")


def test_the_time_to_find_the_lines_grows_with_the_file_alone() -> None:
    """A value on 12,000 lines takes far less than a second. Each further line once took a look at all before it."""
    began = time.process_time()
    assert "line 2: engine.backend must be a text" in refused("[engine]\nbackend = [\n" + "[],\n" * 12_000 + "]")
    assert time.process_time() - began < 5


def test_lines_are_found_behind_values_of_several_lines() -> None:
    """Brackets and quotes in texts and comments end nothing."""
    text = 'a = """x""""\nb = [ # ]\n1.5, "]",\n]\nc = \'\\\'\nd = {e = [\n1]}\n"f#" . g = \'\'\'\n"\'\'\'\n[h]\ni = "\\""\nj = 1'
    places = {".".join(path): line for path, line in key_lines(text).items()}
    assert places == {"a": 1, "b": 2, "c": 5, "d": 6, "d.e": 6, "f#": 8, "f#.g": 8, "h": 10, "h.i": 11, "h.j": 12}


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
    """Bytes that are not UTF-8 and a file that is far too large are refused."""
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


# Profiles


def test_the_shipped_profiles_are_the_built_in_ones() -> None:
    """What config.toml shows of them is what a user without that file gets."""
    document = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert document["profile"] == PROFILES
    for name in PROFILES:
        assert replace(parse_config(SHIPPED.read_text(encoding="utf-8"), "x", name), source="") == replace(
            parse_config("", "", name), source=""
        )


def test_a_profile_lies_over_the_file_s_own_settings() -> None:
    """The profile overrides what it names, and everything else stays as the file has it."""
    config = parse_config('[hearing]\nbarge_in = "off"\nmin_confidence = 0.7\n', "x", "headset")
    assert (config.hearing.barge_in, config.hearing.min_confidence) == ("any", 0.7)


def test_a_file_changes_a_built_in_profile_and_adds_its_own() -> None:
    """The file's [profile.NAME.TABLE] overrides the built-in one."""
    text = '[profile.cart.speaking]\nrate_wpm = 200\n[profile.mine.hearing]\nbarge_in = "any"\n'
    cart = parse_config(text, "x", "cart")
    assert (cart.speaking.rate_wpm, cart.speaking.volume, cart.activation.by) == (200, 1.0, "wake_word")
    assert parse_config(text, "x", "mine").hearing.barge_in == "any"


def test_the_file_may_name_the_profile_and_the_command_line_another() -> None:
    """conversation.profile is used unless the user asks for another one."""
    text = '[conversation]\nprofile = "button"\n'
    assert parse_config(text, "x").activation.by == "button"
    assert parse_config(text, "x", "headset").activation.by == "open"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[profile.cart.hearing]\nbarge_inn = 'any'",
            "line 2: unknown key hearing.barge_inn; did you mean 'barge_in'?",
        ),
        ("[profile.cart.speaking]\nrate_wpm = 3", "line 2: speaking.rate_wpm must be from 80 to 900, not 3."),
        ("[profile]\ncart = 3", "line 2: 'cart' is no profile"),
        ("[profile.cart.speeking]\nrate_wpm = 100", "line 1: unknown table 'speeking'; did you mean 'speaking'?"),
        ("[profile.cart.profile.cart]\nx = 1", "a profile within a profile is not known"),
        ("profile = 'cart'", "unknown key 'profile'; it belongs under [conversation]."),
        ("[conversation]\nprofile = 'kart'", "there is no profile 'kart'; did you mean 'cart'?"),
    ],
)
def test_a_fault_in_a_profile_is_told_like_any_other(text: str, words: str) -> None:
    """The error has its line and the nearest name."""
    assert words in refused(text)


# Paths


@pytest.mark.parametrize(
    ("table", "key"),
    [("engine", "model"), ("seeing", "camera"), ("hearing", "speech_model"), ("remote", "api_key_file"),
     ("remote", "ca_file"), ("web", "token_file"), ("journal", "webhook_token_file"), ("journal", "ca_file")],
)  # fmt: skip
def test_a_tilde_is_the_users_home(table: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for every setting that is a path, in a profile too; the path of an unknown user stays as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for written, meant in (("~/x", f"{tmp_path}/x"), ("~nobody-here/x", "~nobody-here/x"), ("/a/~b", "/a/~b")):
        plain = parse_config(f'[{table}]\n{key} = "{written}"', "my.toml")
        of_profile = parse_config(f'[profile.me.{table}]\n{key} = "{written}"', "my.toml", "me")
        assert getattr(getattr(plain, table), key) == meant
        assert getattr(getattr(of_profile, table), key) == meant


def test_a_tilde_that_is_no_path_stays() -> None:
    """A model's name on another computer, a device's name and a prompt are texts."""
    config = parse_config('[remote]\nmodel = "~/m"\n[button]\ndevice = "~d"\n[prompt]\nen = "~p"', "my.toml")
    assert (config.remote.model, config.button.device, config.prompt.text("en")) == ("~/m", "~d", "~p")


def test_a_configuration_of_an_unknown_user_is_missing_and_no_fault(tmp_path: Path) -> None:
    """`--config ~nobody-here/x.toml` is a missing file."""
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*~nobody-here"):
        load_config(Path("~nobody-here/x.toml"), {}, tmp_path)
