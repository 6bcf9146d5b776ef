"""Changes single values in a user's config.toml. Everything else in it, comments included, stays as it was written.

The file is replaced in one step, so that it is never half-written. This module does not know which settings there are:
config.py reads and checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import ConfigError
from assistant.files import replace_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

Value = str | int | float | bool


def set_values(path: Path, table: str, values: Mapping[str, Value]) -> None:
    """Write `values` under [table] of the file, which need not exist. Raises ConfigError; then nothing has changed."""
    set_tables(path, {table: values})


def set_tables(path: Path, tables: Mapping[str, Mapping[str, Value]]) -> None:
    """Like `set_values` for several tables, in one step: either all of it is written or nothing."""
    path = path.resolve()  # a link into somebody's dotfiles stays a link
    try:
        old = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        new = old
        for table, values in tables.items():
            new = with_values(new, table, values)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, new)
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; save the file as UTF-8.") from None
    except ConfigError as error:
        raise ConfigError(f"{path} {error}") from None
    except OSError as error:
        raise ConfigError(f"cannot write the configuration {path}: {error.strerror or error}.") from None


def with_values(text: str, table: str, values: Mapping[str, Value]) -> str:
    """The TOML text with `values` under [table]. A table that is not there yet is added at the end.

    Raises ConfigError.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document: TOMLDocument = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"is not valid TOML: {error}") from None
    section = document.get(table)
    if section is None:
        if text.strip():
            document.add(tomlkit.nl())
        section = tomlkit.table()
        document.add(table, section)
    if not isinstance(section, dict):
        raise ConfigError(f"has {table!r} as a key; it is a table, write [{table}] and its keys below.")
    for key, value in values.items():
        section[key] = value
    return tomlkit.dumps(document)
