"""Makes hostile inputs out of valid ones: bytes flipped, cut, repeated and spliced, numbers and lengths replaced.

The same random numbers give the same input. It does not know what reads the input.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

LONGEST_BYTES = 70_000  # above the longest text that a reader takes, and still quick to read
_NUMBERS = (
    0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 1023, 4096, 32767, 32768, 65535, 65536, 10**6, 2**24, 2**31 - 1, 2**31,
    2**32 - 1, 2**32, 2**48, 2**53, 2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
_NUMBER_TEXTS = (
    *(str(number).encode() for number in _NUMBERS),
    *(b"-1", b"-0", b"-2147483648", b"0.5", b"1e308", b"1e999", b"-1e999", b"1e-400", b"nan", b"inf", b"NaN", b"Infinity"),
    *(b"0x" + b"f" * 300, b"0x" + b"f" * 6000, b"9" * 400, b"9" * 6000, b"0b1", b"1_000", b"00", b"\xd9\xa3"),
)  # fmt: skip
_TOKENS = (
    b"\0", b"\n", b"\r", b"\r\n", b'"', b"'", b"\\", b"[", b"]", b"{", b"}", b",", b":", b"=", b".", b"#", b"\xff", b"\xed\xa0\x80",
    b"\xef\xbb\xbf", b"\xc3\xa9", b"\\ud800", b"\\u0000", b"\x1b[2J", b"../../../etc/passwd", b"%s%n", b"true", b"null", b'"""', b"'''",
)  # fmt: skip
_DEEPEST = 5_000  # brackets within each other; Python itself gives up at a thousand
_DIGITS = re.compile(rb"\d+")
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 2**31, 2**63, -(2**63), 2**64, 10**400, 1e308, float("inf"), float("nan"), "", " ", "\n", "a\nb",
    "\ud800", "\0", "a" * 5000, "é" * 300, "../../etc/passwd", "data:image/png;base64,AAAA", "12", "true", [], {}, [[]], [None], {"": 0},
    [1, 2, 3], "[" * 50,
)  # fmt: skip


def mutated(seed: bytes, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> bytes:
    """`seed` with one to four changes. `others` may lend it a part, and `tokens` are words of its format."""
    data = bytearray(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        rng.choice(_CHANGES)(data, others, (*tokens, *_TOKENS), rng)
    return bytes(data[:LONGEST_BYTES])


def json_mutated(value: Any, rng: random.Random) -> Any:
    """A JSON value with one to three of its parts replaced, removed, renamed or wrapped. `value` itself may change."""
    holder = [value]
    for _ in range(rng.choice((1, 1, 2, 3))):
        _change_json(holder, rng)
    return holder[0]


def json_bytes(value: Any) -> bytes:
    """`value` as JSON text, which also has NaN, infinities and half surrogate pairs, as Python writes them."""
    try:
        return json.dumps(value).encode()
    except RecursionError:  # nested deeper than Python writes; a reader has to stand that as well
        return b"[" * _DEEPEST + b"]" * _DEEPEST


def lines_mutated(text: bytes, values: Sequence[bytes], rng: random.Random) -> bytes:
    """A text of `key = value` lines with a value replaced, or a line removed, repeated or moved."""
    lines = text.split(b"\n")
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(lines))
        kind = rng.randrange(5)
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines.insert(at, rng.choice(lines))
        elif kind == 2:
            lines[at], lines[0] = lines[0], lines[at]
        elif b"=" in lines[at]:
            lines[at] = lines[at].partition(b"=")[0] + b"= " + rng.choice((*values, *_NUMBER_TEXTS))
    return b"\n".join(lines)


def _places(holder: Any) -> list[tuple[Any, Any]]:
    """Every part of a JSON value: what holds it, and by which key or place."""
    found, left = [], [holder]
    while left:
        part = left.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part))
        for key in keys:
            found.append((part, key))
            if isinstance(part[key], dict | list):
                left.append(part[key])
    return found


def _change_json(holder: list[Any], rng: random.Random) -> None:
    place, key = rng.choice(_places(holder))
    kind = rng.randrange(10)
    if kind == 0 and place is not holder:
        del place[key]
    elif kind == 1 and isinstance(place, dict):
        place[rng.choice((key + "x", key.upper(), "", "a\nb", "\ud800"))] = place.pop(key)
    elif kind == 2:
        place[key] = [json.loads(json.dumps(place[key]))] * rng.choice((1, 2, 30))
    elif kind == 3:
        place[key] = {"": place[key]}
    elif kind == 4 and rng.random() < 0.1:
        for _ in range(400):
            place[key] = [place[key]]
    elif kind == 5 and isinstance(place[key], int | float):
        place[key] = rng.choice((*_NUMBERS, -place[key], place[key] + 1, place[key] * 2))
    elif kind == 6:
        place[key] = json.loads(json.dumps(rng.choice(_places(holder))[0]))  # a copy of another part
    else:
        place[key] = copy.deepcopy(rng.choice(_ODD_VALUES))  # it may be changed further


Change = Callable[[bytearray, Sequence[bytes], Sequence[bytes], random.Random], None]


def _flip(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set_byte(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, 10, 34, 92, rng.randrange(256)))


def _set_number(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    """A number or a length, stored in 1 to 8 bytes in either order."""
    width = rng.choice((1, 2, 4, 4, 8))
    value = rng.choice(_NUMBERS) % (1 << (8 * width))
    at = rng.randrange(min(len(data), 128) + 1 if rng.random() < 0.5 else len(data) + 1)  # headers stand in front
    data[at : at + width] = value.to_bytes(width, rng.choice(("little", "big")))


def _set_number_text(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    found = list(_DIGITS.finditer(data))
    if found:
        at = rng.choice(found)
        data[at.start() : at.end()] = rng.choice(_NUMBER_TEXTS)


def _cut(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _take_out(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 2, 4, 16, 100))]


def _repeat(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((1, 4, 16, 100))] * rng.choice((1, 1, 2, 10))


def _insert_noise(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 64)))


def _insert_token(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.choice((0, 0, 1, 4))] = rng.choice(tokens)


def _many_tokens(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    """Deep nesting and long runs. They are rare, because they take the readers some time."""
    if rng.random() < 0.05:
        at = rng.randrange(len(data) + 1)
        data[at:at] = rng.choice((*tokens, b"[", b"{", b'{"a":', b".a", b"[],\n")) * rng.choice((100, 1000, 5000))


def _splice(data: bytearray, others: Sequence[bytes], tokens: Sequence[bytes], rng: random.Random) -> None:
    other = rng.choice(others)
    begin = rng.randrange(len(other) + 1)
    at = rng.randrange(len(data) + 1)
    data[at:] = other[begin:]


_CHANGES: tuple[Change, ...] = (
    _flip, _flip, _set_byte, _set_number, _set_number, _set_number_text, _set_number_text, _cut, _take_out, _repeat,
    _insert_noise, _insert_token, _insert_token, _many_tokens, _splice,
)  # fmt: skip
