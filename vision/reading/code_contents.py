"""Says what the text of a code is: a number, a web address, a wireless network, a contact or plain text.

A code's text comes from a stranger. It is cleaned of everything that is not printed, so that nothing in it steers a
terminal or changes the direction of the writing. It is only taken apart, and nothing in it is followed. This module
does not know pixels, and not what is said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urlsplit

from vision.reading.codes import Code, CodeKind

MOST_CHARACTERS = 4096  # the rest of a longer text is left out; the largest QR code holds 7,089 digits

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # Unicode's controls, marks of direction, and what is no character
_MOST_MARKS = 2  # accents in a row; more of them only hide a letter
_MOST_UNREADABLE = 0.2  # a text with a larger share of controls is data for a machine


class ContentKind(Enum):
    """What a code's text is."""

    NUMBER = "number"
    TEXT = "text"
    ADDRESS = "address"
    WIFI = "wifi"
    CONTACT = "contact"
    EMAIL = "email"
    PHONE = "phone"
    DATA = "data"  # nothing that can be said


@dataclass(frozen=True)
class Content:
    """A code's text, taken apart. All texts are clean, and "" stands for none."""

    kind: ContentKind
    main: str  # the number, text, address without "https://", name of the network, name of the contact
    written: str = ""  # as it is shown to a sighted person; "" where `main` is
    groups: tuple[str, ...] = ()  # of a number: how its digits are printed and said
    password: str = ""  # of a wireless network


def content_of(code: Code) -> Content:
    """Takes the text of a code apart."""
    text = code.text[:MOST_CHARACTERS]
    plain = readable(text)
    if code.kind in (CodeKind.PRODUCT, CodeKind.BOOK):
        return Content(ContentKind.NUMBER, plain, groups=_printed_groups(plain))
    if not plain or _is_data(text):
        return Content(ContentKind.DATA, "")
    if code.kind is CodeKind.BAR:
        return Content(ContentKind.NUMBER, plain, groups=_groups_of(plain, 4))
    return _wifi(text) or _contact(text) or _address(plain) or _reachable(plain) or Content(ContentKind.TEXT, plain)


def readable(text: str) -> str:
    """`text` on one line, without controls, marks of direction and heaps of accents."""
    kept: list[str] = []
    marks = 0
    for sign in unicodedata.normalize("NFC", text):
        category = unicodedata.category(sign)
        marks = marks + 1 if category.startswith("M") else 0
        if category in _INVISIBLE or category.startswith("Z"):
            kept.append(" " if sign.isspace() or category == "Cc" else "")
        elif marks <= _MOST_MARKS:
            kept.append(sign)
    return " ".join("".join(kept).split())


def _is_data(text: str) -> bool:
    odd = sum(unicodedata.category(sign) in _INVISIBLE and not sign.isspace() for sign in text)
    return odd > _MOST_UNREADABLE * len(text) or "\ufffd" in text


def _printed_groups(number: str) -> tuple[str, ...]:
    """As the digits stand below the bars of EAN-13, UPC-A and EAN-8."""
    ends = {13: (1, 7, 13), 12: (1, 6, 11, 12), 8: (4, 8)}.get(len(number), (len(number),))
    return tuple(number[begin:end] for begin, end in zip((0, *ends[:-1]), ends, strict=True))


def _groups_of(number: str, size: int) -> tuple[str, ...]:
    """Groups of so many digits, () for what is not all digits."""
    if not (number.isascii() and number.isdigit()):
        return ()
    return tuple(number[begin : begin + size] for begin in range(0, len(number), size))


def _address(text: str) -> Content | None:
    """The host comes first, also for https://bank.example@other.example, which leads to the other one."""
    if not re.fullmatch(r"(?i)(https?://|www\.)\S+", text):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, or half a bracket
        return None
    if not host:
        return None
    rest = (parts.path.rstrip("/") if not parts.query else parts.path) + (f"?{parts.query}" if parts.query else "")
    return Content(ContentKind.ADDRESS, host + (f":{port}" if port else "") + rest, written=text)


def _reachable(text: str) -> Content | None:
    """An email address or a phone number."""
    if mail := re.match(r"(?i)(?:mailto:|MATMSG:TO:)([^?;]+)", text):
        return Content(ContentKind.EMAIL, readable(unquote(mail[1])))
    if phone := re.match(r"(?i)(?:tel|sms|smsto):(\+?[\d\s().-]{3,30})", text):
        digits = re.sub(r"[^\d+]", "", phone[1])
        return Content(ContentKind.PHONE, digits, groups=_groups_of(digits.lstrip("+"), 3))
    return None


def _wifi(text: str) -> Content | None:
    """The fields of `WIFI:T:WPA;S:name;P:password;;` in any order. A backslash goes before a sign of the form."""
    if text[:5].upper() != "WIFI:":
        return None
    fields = _fields(text[5:])
    name = readable(fields.get("S", ""))
    if not name:
        return None
    return Content(ContentKind.WIFI, name, password=readable(fields.get("P", "")))


def _contact(text: str) -> Content | None:
    """The name in a vCard or a MECARD."""
    if text[:7].upper() == "MECARD:":
        last, _, first = _fields(text[7:]).get("N", "").partition(",")
        name = f"{first} {last}"
    elif text.lstrip()[:11].upper() == "BEGIN:VCARD":
        full = re.search(r"(?im)^FN(?:;[^:\r\n]*)?:(.+)$", text)
        parts = re.search(r"(?im)^N(?:;[^:\r\n]*)?:([^;\r\n]*);?([^;\r\n]*)", text)
        name = full[1] if full else f"{parts[2]} {parts[1]}" if parts else ""
    else:
        return None
    return Content(ContentKind.CONTACT, name) if (name := readable(re.sub(r"\\(.)", r"\1", name))) else None


def _fields(text: str) -> dict[str, str]:
    """`S:name;P:a\\;b;;` as {"S": "name", "P": "a;b"}. The first field of a name counts."""
    fields: dict[str, str] = {}
    for field in re.findall(r"((?:\\.|[^;\\])+)(?:;|$)", text, re.DOTALL):
        name, colon, value = field.partition(":")
        if colon:
            fields.setdefault(name.strip().upper(), re.sub(r"(?s)\\(.)", r"\1", value))
    return fields
