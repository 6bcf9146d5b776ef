"""Reads the files that a connection to another computer needs: a key or token, and certificates.

Every fault is told with the setting's name. It does not know who is connected to.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from assistant.errors import ConfigError


def read_secret(file: str, setting: str, what: str) -> str | None:
    """The one line of a file. None if no file is set. `what` says what it holds: "key". Raises ConfigError."""
    if not file:
        return None
    path = Path(file)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ConfigError(f"cannot read {setting} {path}: {reason}") from None
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigError(f"{setting} {path} must hold one {what} on one line, and nothing else")
    return secret


def ssl_context(ca_file: str, setting: str) -> ssl.SSLContext:
    """The certificates that servers are checked against; "" stands for the system's. The check cannot be turned off.

    Raises ConfigError.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot read the certificates in {setting} {ca_file}: {error.strerror or error}") from None
