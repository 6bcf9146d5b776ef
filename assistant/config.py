"""The settings: one frozen dataclass a TOML table, read from one file, checked before anything is opened.

Every field carries its default and what it accepts; units stand in the names. It does not know what the settings
are for, opens no device, and keeps no global: sections are handed on to who needs them.
"""

from __future__ import annotations

import dataclasses
import difflib
import reprlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import ConfigError
from assistant.folders import config_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUILT_IN = "the built-in defaults"
_MAX_FILE_BYTES = 65_536  # ten times the shipped file: more is not a configuration
_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


def _number(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"range": (low, high)})


def _one_of(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others)})


@dataclass(frozen=True)
class HearingConfig:
    """From the microphone to words."""

    input_device: str = ""
    speech_model: str = ""
    vad_aggressiveness: int = _number(2, 0, 3)
    pre_roll_seconds: float = _number(0.8, 0.0, 2.0)
    min_speech_seconds: float = _number(0.12, 0.03, 1.0)
    end_silence_seconds: float = _number(0.7, 0.1, 5.0)
    max_utterance_seconds: float = _number(15.0, 2.0, 60.0)
    min_confidence: float = _number(0.5, 0.0, 1.0)
    barge_in: str = _one_of("off", "stop_word", "any")


@dataclass(frozen=True)
class SpeakingConfig:
    """From words to the loudspeaker."""

    output_device: str = ""
    voice: str = ""
    rate_wpm: int = _number(175, 80, 450)
    volume: float = _number(1.0, 0.0, 1.0)
    earcons: bool = True


@dataclass(frozen=True)
class SeeingConfig:
    """The camera and how its picture is made square."""

    camera: str = "0"
    fit: str = _one_of("pad", "crop", "stretch")
    open_timeout_seconds: float = _number(5.0, 0.5, 60.0)


@dataclass(frozen=True)
class EngineConfig:
    """The vision-language model."""

    model: str = ""
    threads: int = _number(0, 0, 64)
    max_new_tokens: int = _number(128, 1, 512)
    prefill_chunk_tokens: int = _number(64, 1, 1024)
    temperature: float = _number(0.0, 0.0, 2.0)
    top_p: float = _number(1.0, 0.01, 1.0)
    repetition_penalty: float = _number(1.0, 1.0, 2.0)
    arithmetic: str = _one_of("packed", "transformers")


@dataclass(frozen=True)
class ConversationConfig:
    """How the assistant converses."""

    language: str = _one_of("en", "zh")
    picture_seconds: float = _number(60.0, 0.0, 3600.0)


@dataclass(frozen=True)
class DoubtConfig:
    """From when on an answer sounds unsure."""

    hedge_below: float = _number(0.2, 0.0, 1.0)
    cannot_tell_below: float = _number(0.2, 0.0, 1.0)
    spell_below: float = _number(0.9, 0.0, 1.0)


@dataclass(frozen=True)
class Config:
    """All settings. `source` says where they came from, for messages."""

    hearing: HearingConfig = HearingConfig()
    speaking: SpeakingConfig = SpeakingConfig()
    seeing: SeeingConfig = SeeingConfig()
    engine: EngineConfig = EngineConfig()
    conversation: ConversationConfig = ConversationConfig()
    doubt: DoubtConfig = DoubtConfig()
    source: str = field(default=BUILT_IN, metadata={"table": False})


def load_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Config:
    """The settings of the first file there is: `explicit`, $SEESAY_CONFIG, ./config.toml, the user's own, none.

    Raises ConfigError where a file that was named is missing, or the file found is refused.
    """
    path = find_config(explicit, environ, cwd)
    if path is None:
        return Config()
    return parse_config(_read(path), source=str(path))


def find_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The configuration file to read; one that was named is returned even if it is not there."""
    if explicit is not None:
        return cwd / explicit.expanduser()
    if environ.get("SEESAY_CONFIG"):
        return cwd / Path(environ["SEESAY_CONFIG"]).expanduser()
    candidates = (cwd / "config.toml", config_folder(environ) / "config.toml")
    return next((path for path in candidates if path.is_file()), None)


def parse_config(text: str, source: str) -> Config:
    """The settings written in `text`; what is not written keeps its default.

    Raises ConfigError that names the key, `source`, the line and, for an unknown key, the nearest known one.
    """
    try:
        document = tomllib.loads(text)
    # Besides TOMLDecodeError: a number of 5,000 digits is a plain ValueError, 2,000 open brackets a RecursionError.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from None
    tables = _tables()
    lines = key_lines(text)
    # In the order of the file, so that the message is about the first fault a reader meets.
    for path, line in sorted(lines.items(), key=lambda item: item[1]):
        _check(document, path, tables, f"{source}, line {line}")
    sections = {name: section(**_as_declared(document.get(name, {}), section)) for name, section in tables.items()}
    return Config(**sections, source=source)


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """For every table and key of a valid TOML document, the number of the line where it begins.

    tomllib tells no positions. But each statement of TOML, a table's header or one key with its value, is valid TOML
    by itself, so a statement is the shortest run of lines that parses.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    statement = ""
    begins = 1
    for number, line in enumerate(text.split("\n"), start=1):
        statement += line + "\n"
        try:
            content = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        is_header = statement.lstrip().startswith("[")
        paths = list(_paths(content))
        if is_header:
            table = max(paths, key=len)
        for path in paths:
            found.setdefault(path if is_header else table + path, begins)
        statement = ""
        begins = number + 1
    return found


def _paths(content: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(content, list):  # an array of tables, which no setting is: enough to know where it stands
        content = content[-1] if content else {}
    if not isinstance(content, dict):
        return
    for key, value in content.items():
        yield (*prefix, key)
        yield from _paths(value, (*prefix, key))


def _tables() -> dict[str, type]:
    defaults = Config()
    return {
        f.name: type(getattr(defaults, f.name)) for f in dataclasses.fields(Config) if f.metadata.get("table", True)
    }


def _check(document: dict[str, Any], path: tuple[str, ...], tables: dict[str, type], where: str) -> None:
    name = path[0]
    if name not in tables:
        what = "table" if isinstance(document[name], dict) else "key"
        owners = [f"[{table}]" for table, section in tables.items() if name in _fields(section)]
        hint = f"; it belongs under {owners[0]}." if owners else _nearest(name, [*tables])
        raise ConfigError(f"{where}: unknown {what} {name!r}{hint}")
    if not isinstance(document[name], dict):
        raise ConfigError(f"{where}: {name!r} is a table, write [{name}] and its keys below.")
    if len(path) == 1:
        return
    key = path[1]
    known = _fields(tables[name])
    if key not in known:
        raise ConfigError(f"{where}: unknown key {name}.{key}{_nearest(key, [*known])}")
    if len(path) == 2:
        _check_value(known[key], document[name][key], f"{where}: {name}.{key}")


def _fields(section: type) -> dict[str, dataclasses.Field[Any]]:
    return {declared.name: declared for declared in dataclasses.fields(section)}


def _check_value(declared: dataclasses.Field[Any], value: Any, what: str) -> None:
    kind: type[Any] = type(declared.default)
    # bool is a kind of int to Python and 5 is a fine 5.0, but true is no number and 5.0 no whole one.
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ConfigError(f"{what} must be {_TYPE_NAMES[kind]}, not {reprlib.repr(value)}.")
    if "range" in declared.metadata:
        low, high = declared.metadata["range"]
        if not low <= value <= high:  # also false for nan
            raise ConfigError(f"{what} must be from {low:g} to {high:g}, not {reprlib.repr(value)}.")
    choices = declared.metadata.get("choices", ())
    if choices and value not in choices:
        raise ConfigError(f"{what} must be one of {', '.join(map(repr, choices))}, not {reprlib.repr(value)}.")
    if kind is str and not value.isprintable():
        raise ConfigError(f"{what} holds a character that cannot be printed: {reprlib.repr(value)}.")


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; the nearest known one is {near[0]!r}."


def _as_declared(values: dict[str, Any], section: type) -> dict[str, Any]:
    kinds: dict[str, type[Any]] = {name: type(declared.default) for name, declared in _fields(section).items()}
    return {key: kinds[key](value) for key, value in values.items()}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror or error}.") from None
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {_MAX_FILE_BYTES:,} bytes: that is not a configuration.")
    try:
        return content.decode("utf-8-sig")  # Windows editors put a mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8.") from None
