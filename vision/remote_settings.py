"""What of the engine on another computer can be set: where its server is and how long it may take. Connects to nothing.

This file stands outside `vision/remote`, of which nothing is imported unless another computer is to answer.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

from vision.engine.settings import EngineSettings

AGAIN_SECONDS = 30.0  # how long this machine answers by itself before it asks whether the other one is back


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


@dataclass(frozen=True)
class RemoteSettings:
    """What is asked of the server. The engine of this machine has the same settings under [engine] and [prompt]."""

    model: str = ""  # "": the first model that the server names
    instructions: str = ""
    picture_pixels: int = 1024
    max_new_tokens: int = EngineSettings.max_new_tokens
    temperature: float = EngineSettings.temperature
    top_p: float = EngineSettings.top_p
    presence_penalty: float = EngineSettings.presence_penalty
