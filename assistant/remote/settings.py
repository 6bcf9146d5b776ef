"""Where the other computer's server is and how long it may take, checked before anything is sent. Connects to nothing."""

from __future__ import annotations

import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from assistant.config import RemoteConfig
from assistant.errors import ConfigError


@dataclass(frozen=True)
class ServerSettings:
    """Where it is and how long it may take."""

    base_url: str
    api_key: str | None = None
    ca_file: Path | None = None
    connect_timeout_seconds: float = 2.0
    answer_timeout_seconds: float = 20.0  # to the first piece, repetitions included
    silence_timeout_seconds: float = 5.0  # from one piece to the next
    retries: int = 2

    @property
    def host(self) -> str:
        """For people: 192.168.1.20, without the port, which nobody wants to hear."""
        return urllib.parse.urlsplit(self.base_url).hostname or self.base_url

    @property
    def is_encrypted(self) -> bool:
        return self.base_url.startswith("https://")


def settings_from(remote: RemoteConfig) -> ServerSettings:
    """Checks what the configuration says and reads the key. Raises ConfigError."""
    return ServerSettings(
        _checked_url(remote.base_url),
        _key(remote.api_key_file),
        Path(remote.ca_file).expanduser() if remote.ca_file else None,
        remote.connect_timeout_seconds,
        remote.answer_timeout_seconds,
        remote.silence_timeout_seconds,
        remote.retries,
    )


def _checked_url(text: str) -> str:
    """Raises ConfigError; a password in it would be printed and logged, so it is refused too."""
    example = "an address such as http://192.168.1.20:8000/v1"
    if not text:
        raise ConfigError(f'engine.backend = "openai" needs remote.base_url, {example}')
    if "@" in text:  # before anything that prints it
        raise ConfigError(
            f"remote.base_url must be {example}, with no name in it: a key belongs into remote.api_key_file"
        )
    try:
        parts = urllib.parse.urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise ConfigError(f"remote.base_url must be {example}, not {text!r}")
    return text.rstrip("/")


def _key(file: str) -> str | None:
    if not file:
        return None
    path = Path(file).expanduser()
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigError(f"cannot read remote.api_key_file {path}: {reason}") from None
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"remote.api_key_file {path} must hold one key on one line, and nothing else")
    return key


def ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    """Made once: it takes longer than a request. Certificates are always checked."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"cannot read the certificates in remote.ca_file {ca_file}: {error.strerror or error}"
        ) from None
