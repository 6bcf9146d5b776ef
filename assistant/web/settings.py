"""What the server is told: values only, checked where they come from."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NEW_TOKENS = 512


@dataclass(frozen=True)
class WebSettings:
    host: str = "127.0.0.1"
    port: int = 8765  # 0: any that is free
    names: frozenset[str] = frozenset()  # lower case; of this machine, beside its addresses and "localhost"
    token: str | None = None  # None: whoever reaches the port may come in
    trusted_proxy: str = ""  # its address; what it says of client and scheme is believed
    max_body_bytes: int = 16_000_000
    max_pixels: int = 40_000_000
    max_question_characters: int = 1000
    requests_per_minute: int = 60  # from one client, of those that cost something
    queue_limit: int = 8  # questions, with the one at work
    kept_pictures: int = 16
    kept_seconds: float = 600.0  # since the last question about it
    slow_request_seconds: float = 30.0  # for a request to arrive
    language: str = "en"
