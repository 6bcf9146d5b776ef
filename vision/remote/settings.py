"""Where the other computer's server is and how long it may take, checked before anything is sent. Connects to nothing."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSettings:
    """Where the server is and how long it may take."""

    base_url: str
    api_key: str | None = None
    connect_timeout_seconds: float = 2.0
    answer_timeout_seconds: float = 20.0  # to the first piece, repetitions included
    silence_timeout_seconds: float = 5.0  # from one piece to the next
    retries: int = 2

    @property
    def host(self) -> str:
        """The name for people, such as 192.168.1.20, without the port: nobody wants to hear that."""
        return urllib.parse.urlsplit(self.base_url).hostname or self.base_url

    @property
    def is_encrypted(self) -> bool:
        return self.base_url.startswith("https://")
