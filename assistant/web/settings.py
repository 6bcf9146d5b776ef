"""The settings of the web server. Values only: whoever makes them checks them."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NEW_TOKENS = 512


@dataclass(frozen=True)
class WebSettings:
    host: str = "127.0.0.1"
    port: int = 8765  # 0: any that is free
    names: frozenset[str] = (
        frozenset()
    )  # further names of this machine, in lower case, beside its addresses and "localhost"
    token: str | None = None  # None: everybody who reaches the port may use it
    trusted_proxy: str = ""  # its address: what it says about client and scheme is believed
    max_body_bytes: int = 16_000_000
    max_pixels: int = 40_000_000
    max_question_characters: int = 1000
    requests_per_minute: int = 60  # from one client; only requests that cost work count
    queue_limit: int = 8  # questions, the one being answered included
    kept_pictures: int = 16
    kept_seconds: float = 600.0  # of a picture, since the last question about it
    slow_request_seconds: float = 30.0  # within which a request must have arrived
    language: str = "en"
