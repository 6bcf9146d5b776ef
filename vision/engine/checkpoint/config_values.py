"""Reads single values of a `config.json`, and refuses those that would be computed wrong.

A value that is missing gets transformers' default; a value of the wrong kind is refused. This file knows the keys that
are written in more than one way; `shapes` knows which numbers a network has.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


class Unfit(ValueError):
    """A value that this arithmetic cannot compute with."""

    def __init__(self, key: str, value: object, expected: str) -> None:
        super().__init__(f"{key} is {value!r}, not {expected}")


def is_tied(config: Mapping[str, Any], text: Mapping[str, Any]) -> bool:
    """Whether the head is the embedding."""
    return bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False)))


def read_rope(table: Mapping[str, Any], where: str, types: tuple[str, ...]) -> Mapping[str, Any]:
    """The table about rotary positions: `rope_scaling` in published files, `rope_parameters` in newly saved ones."""
    rope = table.get("rope_scaling") or table.get("rope_parameters") or {}
    if not isinstance(rope, Mapping):
        raise Unfit(f"{where}.rope_scaling", rope, "a table")
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind not in types:
        raise Unfit(f"{where}.rope_scaling.rope_type", kind, '"default"')
    return rope


def read_theta(rope: Mapping[str, Any], table: Mapping[str, Any], where: str, default: float) -> float:
    """The base of the rotation frequencies, from the rotary table or from the table around it."""
    if "rope_theta" in rope:
        return read_positive(rope, "rope_theta", where, default)
    return read_positive(table, "rope_theta", where, default)


def read_sections(rope: Mapping[str, Any], where: str) -> tuple[int, int, int]:
    """How many pairs of a head are rotated by time, height and width."""
    value = rope.get("mrope_section", (24, 20, 20))
    if not isinstance(value, list | tuple) or len(value) != 3 or not all(type(n) is int and n >= 0 for n in value):
        raise Unfit(f"{where}.rope_scaling.mrope_section", value, "three numbers")
    return value[0], value[1], value[2]


def read_deepstack(table: Mapping[str, Any], where: str, depth: int) -> tuple[int, ...]:
    """The encoder blocks whose output the decoder also gets, in rising order."""
    value = table.get("deepstack_visual_indexes", (8, 16, 24))
    key = f"{where}.deepstack_visual_indexes"
    if not isinstance(value, list | tuple) or not all(type(n) is int and 0 <= n < depth for n in value):
        raise Unfit(key, value, f"a list of blocks from 0 to {depth - 1}")
    if list(value) != sorted(set(value)):
        raise Unfit(key, value, "in rising order")
    return tuple(value)


def read_table(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table that must be there."""
    value = config.get(key)
    if not isinstance(value, Mapping):
        raise Unfit(key, value, "a table")
    return value


def read_count(table: Mapping[str, Any], key: str, where: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    value = table.get(key, default)
    if type(value) is not int or value < 1:
        raise Unfit(f"{where}.{key}", value, "a number from 1")
    if value > most:
        raise Unfit(f"{where}.{key}", value, f"a number up to {most}")
    return value


def read_positive(table: Mapping[str, Any], key: str, where: str, default: float) -> float:
    """A positive, finite number."""
    value = table.get(key, default)
    if type(value) not in (int, float) or not 0 < value <= sys.float_info.max:
        raise Unfit(f"{where}.{key}", value, "a positive number")
    return float(value)


def require_only(table: Mapping[str, Any], key: str, where: str, allowed: object) -> None:
    """Refuse a key that is there with any other value than the one that is computed here."""
    if (value := table.get(key, allowed)) != allowed:
        raise Unfit(f"{where}.{key}", value, repr(allowed).replace("'", '"'))
