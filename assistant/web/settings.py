"""The settings of the web server. Values only: whoever makes them checks them."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.settings.config import WebConfig

MAX_NEW_TOKENS = 512


@dataclass(frozen=True)
class WebSettings:
    host: str = WebConfig.host
    port: int = WebConfig.port  # 0: any that is free
    names: frozenset[str] = (
        frozenset()
    )  # further names of this machine, in lower case, beside its addresses and "localhost"
    token: str | None = None  # None: everybody who reaches the port may use it
    trusted_proxy: str = ""  # its address: what it says about client and scheme is believed
    max_body_bytes: int = int(WebConfig.max_body_megabytes * 1_000_000)
    max_pixels: int = WebConfig.max_megapixels * 1_000_000
    max_question_characters: int = WebConfig.max_question_characters
    requests_per_minute: int = WebConfig.requests_per_minute  # from one client; only requests that cost work count
    queue_limit: int = WebConfig.queue  # questions, the one being answered included
    kept_pictures: int = WebConfig.kept_pictures
    kept_seconds: float = WebConfig.kept_minutes * 60.0  # of a picture, since the last question about it
    ollama: bool = WebConfig.ollama  # the routes of Ollama's API are there too
    slow_request_seconds: float = 30.0  # within which a request must have arrived
    shows_all_last: bool = WebConfig.show_last == "all"  # the last question of any client is shown to all clients
    announces_looks: bool = False  # who looks through the camera is heard beside this machine
    language: str = "en"
