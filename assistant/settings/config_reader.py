"""Finds the configuration file, checks it, and reads it into a `Config`, the profile's settings above the file's own.

Every fault is told with the file, the line and the key. It does not know what the settings are for, and opens no
device.
"""

from __future__ import annotations

import dataclasses
import difflib
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import ConfigError
from assistant.files import config_folder, user_path, without_tilde
from assistant.settings.config import BUILT_IN, Config
from assistant.settings.profiles import PROFILES
from assistant.settings.toml_text import parse_toml, statements

PROFILE = "profile"  # the table that holds the profiles' tables


# A file called config.toml in a working directory may belong to any program. Ours says so itself, in one of two ways.
MARKER_COMMENT = "# SeeSay"  # how its first line begins


MARKER_TABLE = "seesay"  # a table without keys, for files whose comments a program may remove


# The folder that holds this program's packages, and config.toml: a checkout, or the folder that the wheel installs.
PROGRAM_FOLDER = Path(__file__).resolve().parents[2]


SHIPPED_FILE = PROGRAM_FOLDER / "config.toml"


_MAX_FILE_BYTES = 65_536  # ten times the shipped file: a larger file is not a configuration


_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


@dataclass(frozen=True)
class FoundConfig:
    """Which configuration file is read."""

    path: Path | None  # None: there is none, so the defaults hold
    passed_over: str = (
        ""  # a sentence about a config.toml in the working directory that was not taken; "" = there is none
    )


@dataclass(frozen=True)
class Layer:
    """Settings that lie over the defaults and over those of the layers before it."""

    tables: Mapping[str, Mapping[str, Any]]  # a table's name to its keys and values
    origin: str  # where the settings come from, for a person: a file, a profile or an option
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)  # (table, key) to its line; {} outside a file


def load_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path, profile: str | None = None) -> Config:
    """The settings of the first file that exists: `explicit`, $SEESAY_CONFIG, ./config.toml, the user's own.

    Without a file they are the defaults. The settings of the profile lie over those of the file: `profile`, else the
    one that the file names. A ./config.toml of another program does not count, see `find_config`. Raises ConfigError
    if a file that was named is missing, if the file that was found is refused, or if there is no such profile.
    """
    return read_config(find_config(explicit, environ, cwd).path, profile)


def find_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> FoundConfig:
    """The configuration file to read. A file that was named is returned even if it is missing.

    A config.toml in the working directory `cwd` counts only if it says that it is SeeSay's, by its first line or by a
    table [seesay], or if `cwd` is the program's own folder: every program may call its file so.
    """
    if explicit is not None:
        return FoundConfig(cwd / user_path(str(explicit)))
    if environ.get("SEESAY_CONFIG"):
        return FoundConfig(cwd / user_path(environ["SEESAY_CONFIG"]))
    here, own = cwd / "config.toml", config_folder(environ) / "config.toml"
    if not here.is_file():
        return FoundConfig(own if own.is_file() else None)
    belongs_here = own.is_file() and here.samefile(own)
    if belongs_here or cwd.resolve() == PROGRAM_FOLDER or _says_that_it_is_ours(here):
        return FoundConfig(here)
    return FoundConfig(
        own if own.is_file() else None,
        f"{here} was passed over, because it does not say that it is SeeSay's: `--config config.toml` takes it all the "
        f'same, and "{MARKER_COMMENT}" as its first line does so for good.',
    )


def read_config(path: Path | None, profile: str | None = None) -> Config:
    """The settings of the file, or the defaults without one, and above them the profile's. Raises ConfigError."""
    return parse_config("" if path is None else read_text(path), BUILT_IN if path is None else str(path), profile)


def parse_config(text: str, source: str, profile: str | None = None) -> Config:
    """The settings that are written in `text`, with the profile's over them.

    A key that is not written keeps its default. Raises ConfigError, which names the key, `source`, the line and, for
    an unknown key, the nearest known one.
    """
    layers = parse_layers(text, source, profile)
    sections = {
        table: section(
            **{
                key: value
                for layer in layers
                for key, value in _as_declared(layer.tables.get(table, {}), section).items()
            }
        )
        for table, section in _tables().items()
    }
    return Config(**sections, source=source)


def parse_layers(text: str, source: str, profile: str | None = None) -> list[Layer]:
    """What is written in `text`, and the profile's settings as built in and as the text has them; later ones count.

    Raises ConfigError as `parse_config` does.
    """
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from None
    tables = _tables()
    lines = key_lines(text)
    # In the order of the file, so that the message is about the first fault that a reader meets.
    for path, line in sorted(lines.items(), key=lambda item: item[1]):
        _check(document, path, tables, f"{source}, line {line}")
    document.pop(MARKER_TABLE, None)
    own_profiles = document.pop(PROFILE, {})
    name = document.get("conversation", {}).get(PROFILE, "") if profile is None else profile
    layers = [Layer(document, source, lines)]
    if not name:
        return layers
    known = {**PROFILES, **own_profiles}
    if name not in known:
        raise ConfigError(f"{source}: there is no profile {name!r}{nearest(name, [*known])}")
    origin = f"profile {name}"
    own_lines = {path[2:]: line for path, line in lines.items() if path[:2] == (PROFILE, name)}
    choice = Layer({"conversation": {PROFILE: name}}, *((source, lines) if profile is None else ("--profile",)))
    return [
        *layers,
        Layer(PROFILES.get(name, {}), f"{origin}, built in"),
        Layer(own_profiles.get(name, {}), f"{origin}, {source}", own_lines),
        choice,
    ]


def _says_that_it_is_ours(path: Path) -> bool:
    """Whether the file carries one of the two markers. A fault further down is for whoever reads the settings."""
    try:
        with path.open("rb") as file:
            lines = file.read(_MAX_FILE_BYTES).decode("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return False
    if lines and lines[0].casefold().startswith(MARKER_COMMENT.casefold()):
        return True
    return any(line.partition("#")[0].strip() == f"[{MARKER_TABLE}]" for line in lines)


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The number of the line where each table and key of a valid TOML document begins."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for statement in statements(text):
        paths = list(_paths(statement.content))
        if statement.is_header:
            table = max(paths, key=len)
        for path in paths:
            found.setdefault(path if statement.is_header else table + path, statement.line)
    return found


def _paths(content: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(content, list):  # an array of tables; no setting is one, so only its place is needed
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
    if name == MARKER_TABLE:
        if document[name] != {}:
            raise ConfigError(f"{where}: {name!r} is a table without keys: it only says that the file is SeeSay's.")
        return
    if name == PROFILE and isinstance(document[name], dict):
        _check_profile(document[name], path[1:], tables, where)
        return
    if name not in tables:
        what = "table" if isinstance(document[name], dict) else "key"
        owners = [f"[{table}]" for table, section in tables.items() if name in _fields(section)]
        hint = f"; it belongs under {owners[0]}." if owners else nearest(name, [*tables])
        raise ConfigError(f"{where}: unknown {what} {name!r}{hint}")
    if not isinstance(document[name], dict):
        raise ConfigError(f"{where}: {name!r} is a table, write [{name}] and its keys below.")
    if len(path) == 1:
        return
    key = path[1]
    known = _fields(tables[name])
    if key not in known:
        raise ConfigError(f"{where}: unknown key {name}.{key}{nearest(key, [*known])}")
    if len(path) == 2:
        _check_value(known[key], document[name][key], f"{where}: {name}.{key}")


def _check_profile(profiles: dict[str, Any], path: tuple[str, ...], tables: dict[str, type], where: str) -> None:
    """Checks a profile. `path` begins with its name; its tables and keys are the same as outside of it."""
    if path and not isinstance(profiles[path[0]], dict):
        raise ConfigError(f"{where}: {path[0]!r} is no profile, write [profile.NAME.TABLE] and its keys below.")
    if len(path) > 1 and path[1] == PROFILE:
        raise ConfigError(f"{where}: a profile within a profile is not known.")
    if len(path) > 1:
        _check(profiles[path[0]], path[1:], tables, where)


def _fields(section: type) -> dict[str, dataclasses.Field[Any]]:
    return {declared.name: declared for declared in dataclasses.fields(section)}


def _check_value(declared: dataclasses.Field[Any], value: Any, what: str) -> None:
    kind: type[Any] = type(declared.default)
    # To Python a bool is an int, but `true` is not a number here. 5 will do for 5.0, but 5.0 is not whole.
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ConfigError(f"{what} must be {_TYPE_NAMES[kind]}, not {reprlib.repr(value)}.")
    if "range" in declared.metadata:
        low, high = declared.metadata["range"]
        if not low <= value <= high:  # this is also false for nan
            raise ConfigError(f"{what} must be from {low:g} to {high:g}, not {reprlib.repr(value)}.")
    choices = declared.metadata.get("choices", ())
    if choices and value not in choices:
        raise ConfigError(f"{what} must be one of {', '.join(map(repr, choices))}, not {reprlib.repr(value)}.")
    if "longest" in declared.metadata:  # prose in any script and on any number of lines
        longest = declared.metadata["longest"]
        if len(value) > longest:
            raise ConfigError(f"{what} has {len(value):,} characters, and {longest:,} are the most: shorten it.")
    elif kind is str and not value.isprintable():
        raise ConfigError(f"{what} holds a character that cannot be printed: {reprlib.repr(value)}.")


def nearest(word: str, known: list[str]) -> str:
    """The end of a sentence about an unknown word: which of the known ones was meant, perhaps."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; the nearest known one is {near[0]!r}."


def _as_declared(values: Mapping[str, Any], section: type) -> dict[str, Any]:
    fields = _fields(section)
    kinds: dict[str, type[Any]] = {name: type(declared.default) for name, declared in fields.items()}
    given = {key: kinds[key](value) for key, value in values.items()}
    return {key: without_tilde(value) if fields[key].metadata.get("path") else value for key, value in given.items()}


def read_text(path: Path, what: str = "configuration") -> str:
    """The text of a TOML file. Raises ConfigError where it cannot be read, is too large or is not UTF-8.

    `what` is the word for the file in the error, behind an article.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the {what} {path}: {error.strerror or error}.") from None
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {_MAX_FILE_BYTES:,} bytes: that is not a {what}.")
    try:
        return content.decode("utf-8-sig")  # Windows editors put a byte order mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8.") from None
