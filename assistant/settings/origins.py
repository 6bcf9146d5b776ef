"""Tells for every setting which value is in force and where it comes from, and writes the settings as TOML.

It does not know what the settings are for, and reads no file itself.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.settings.config import Config
from assistant.settings.config_reader import Layer

DEFAULT = "default"
_PASSWORD = re.compile(r"(?<=//)[^/?#]*@")  # the user's name in an address goes with it
Value = str | int | float | bool


@dataclass(frozen=True)
class Setting:
    """One setting in force."""

    table: str
    key: str
    value: Value
    origin: str = DEFAULT  # for a person: the default, a file, a profile, or an option
    line: int | None = None  # where it stands in the origin's file; None outside a file

    @property
    def where(self) -> str:
        """The origin with its line, in words."""
        return self.origin if self.line is None else f"{self.origin}, line {self.line}"


def settings_in_force(config: Config, layers: Sequence[Layer]) -> list[Setting]:
    """Every setting of `config` in the order of its tables. `layers` are those that it was made of.

    A password in an address is replaced by "…", because people show this list to others.
    """
    sections = {declared.name: getattr(config, declared.name) for declared in dataclasses.fields(config)}
    return [
        _setting(table, declared.name, _shown(declared, getattr(section, declared.name)), layers)
        for table, section in sections.items()
        if dataclasses.is_dataclass(section)
        for declared in dataclasses.fields(section)
    ]


def _shown(declared: dataclasses.Field[Any], value: Value) -> Value:
    if declared.metadata.get("hides_password") and isinstance(value, str):
        return _PASSWORD.sub("…@", value)
    return value


def _setting(table: str, key: str, value: Value, layers: Sequence[Layer]) -> Setting:
    for layer in reversed(layers):
        if key in layer.tables.get(table, {}):
            return Setting(table, key, value, layer.origin, layer.lines.get((table, key)))
    return Setting(table, key, value)


def as_toml(settings: Sequence[Setting]) -> str:
    """A table for each group of keys, and behind each value, as a comment, where it comes from.

    TOML, without a final \\n.
    """
    lines: list[str] = []
    table = ""
    for setting in settings:
        if setting.table != table:
            table = setting.table
            lines += ["", f"[{table}]"]
        lines.append(f"{setting.key} = {_toml_value(setting.value)}  # {setting.where}")
    return "\n".join(lines)


def as_json(settings: Sequence[Setting]) -> dict[str, Any]:
    """The tables of the configuration; for each key its value, its origin, and its line or null."""
    tables: dict[str, Any] = {}
    for setting in settings:
        known = {"value": setting.value, "origin": setting.origin, "line": setting.line}
        tables.setdefault(setting.table, {})[setting.key] = known
    return tables


def _toml_value(value: Value) -> str:
    if isinstance(value, str):
        # A JSON text is a TOML text as well, apart from DEL, which TOML wants to be escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)  # true, false and the numbers look the same in both
