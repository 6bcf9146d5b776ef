"""Addresses of receivers, taken apart: `https://user:password@host:port/path`, `mqtts://user:password@host:port/topic`.

Values only. A password is in no sentence and in no `repr`.
"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

WEBHOOK_PORTS = {"http": 80, "https": 443}
MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_ENCRYPTED = ("https", "mqtts")
# Signs that have a meaning in the path and the query of an address, and stay as they are.
_SAFE = "/%:=&?~+!$,;'@()*"


@dataclass(frozen=True)
class Address:
    scheme: str
    host: str  # without brackets
    port: int
    path: str = field(repr=False)  # with its leading slash, percent-encoded; it may be a secret of the receiver's
    query: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def is_encrypted(self) -> bool:
        return self.scheme in _ENCRYPTED

    @property
    def shown(self) -> str:
        """Scheme, host and port, without all that may be secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def key(self) -> str:
        """Stands for the receiver. It stays the same when the password or the query changes."""
        return hashlib.sha256(f"{self.shown}{self.path}".encode()).hexdigest()


def address_of(text: str, ports: Mapping[str, int]) -> Address:
    """The parts of an address. `ports` has the schemes that are accepted, and the port of each where none is given.

    Raises ValueError, whose text says what is wrong and repeats no part of the address.
    """
    schemes = " or ".join(f"{scheme}://" for scheme in ports)
    try:
        parts = urllib.parse.urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise ValueError("it cannot be read as an address") from None
    if scheme not in ports:
        raise ValueError(f"it must begin with {schemes}")
    if not host:
        raise ValueError("it names no computer")
    if port == 0:
        raise ValueError("its port is 1 to 65535")
    if parts.fragment:
        raise ValueError('it has a "#", which leads to a place within a page')
    return Address(
        scheme,
        host,
        port or ports[scheme],
        urllib.parse.quote(parts.path or "/", safe=_SAFE),
        urllib.parse.quote(parts.query, safe=_SAFE),
        urllib.parse.unquote(parts.username or ""),
        urllib.parse.unquote(parts.password or ""),
    )


def topic_of(address: Address) -> str:
    """The MQTT topic: the path without its leading slash. Raises ValueError if it is none that can be published to."""
    topic = urllib.parse.unquote(address.path[1:])
    if not topic or any(sign in topic for sign in "+#\0") or len(topic.encode()) > 65_535:
        raise ValueError('it needs a topic behind the host, such as /plant/journal, without "+" and "#"')
    return topic
