"""Builds another computer's engine from the configuration, with this machine's own engine as its fallback.

Every notice about it to the user is both printed and spoken.
"""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.reading.reader_context import without_print
from assistant.errors import ConfigError
from assistant.language.phrases import Phrases, phrases_for
from assistant.models.catalog import ChosenModel
from assistant.settings.config import Config, RemoteConfig
from assistant.wiring.credentials import read_secret, ssl_context
from vision.engine.host import arithmetic_threads
from vision.interface import Answerer
from vision.remote.engine import RemoteEngine
from vision.remote.fallback import Away, Change, FallbackEngine
from vision.remote.server import Server
from vision.remote_settings import RemoteSettings, ServerSettings

if TYPE_CHECKING:
    from vision.engine.engine import Engine


def open_remote_engine(
    config: Config,
    load_local: Callable[[contextlib.ExitStack], Engine],  # loads this machine's own engine; called when that is needed
    local_model: ChosenModel,
    say: Callable[[str], None],  # prints a notice
    announce: Callable[[str], None],  # speaks a notice; called on the thread that sees or asks
) -> FallbackEngine:
    """Tells the user that pictures leave this machine, and checks if the other computer is there.

    Raises ConfigError.
    """
    phrases = phrases_for(config.conversation.language)

    def tell(notice: Notice) -> None:
        say(notice.printed)
        announce(notice.spoken)

    def tell_change(change: Change) -> None:
        tell(of_change(change, phrases, local_is_demo=local_model.is_demo))

    server = open_server(config.remote)
    asked = RemoteSettings(
        model=config.remote.model,
        instructions=config.prompt.text(config.conversation.language),
        picture_pixels=config.remote.picture_pixels,
        max_new_tokens=config.engine.max_new_tokens,
        temperature=config.engine.temperature,
        top_p=config.engine.top_p,
        presence_penalty=config.engine.presence_penalty,
    )
    tell(pictures_leave(server.settings, phrases))
    engine = FallbackEngine(
        RemoteEngine(server, asked),
        load_local if config.remote.fallback == "local" else None,
        tell_change,
        config.remote.again_seconds,
        threads=arithmetic_threads(config.engine.threads),
        own=Answerer(local_model.folder.name, local_model.is_demo),
        question_for_own=lambda text: without_print(text, phrases) if local_model.is_demo else text,
    )
    engine.connect()
    return engine


@dataclass(frozen=True)
class Notice:
    """One notice to the user, in its printed and its spoken words."""

    printed: str
    spoken: str


def pictures_leave(server: ServerSettings, phrases: Phrases) -> Notice:
    """The notice at the start, before the first picture: pictures leave this machine, encrypted or not."""
    way = "encrypted" if server.is_encrypted else "NOT encrypted, so that network can read along"
    return Notice(
        f"PICTURES LEAVE THIS MACHINE: each one that is asked about goes to {server.base_url} with the questions, {way}",
        phrases.pictures_leave.format(host=server.host),
    )


def of_change(change: Change, phrases: Phrases, *, local_is_demo: bool) -> Notice:
    """The notice when the other computer's engine goes away or comes back."""
    if not isinstance(change, Away):
        return Notice("the engine on the other computer is back and answers again", phrases.remote_back)
    if not change.has_local:
        return Notice(str(change.error), phrases.remote_away_alone)
    if local_is_demo:
        own = "the small demo model of this machine answers, which knows drawn shapes only"
        return Notice(f"{change.error}; until it is back, {own}", phrases.remote_away_demo)
    return Notice(f"{change.error}; until it is back, this machine's own engine answers", phrases.remote_away)


def settings_from(remote: RemoteConfig) -> ServerSettings:
    """Checks the values of the configuration and reads the key. Raises ConfigError."""
    return ServerSettings(
        _checked_url(remote.base_url),
        read_secret(remote.api_key_file, "remote.api_key_file", "key"),
        remote.connect_timeout_seconds,
        remote.answer_timeout_seconds,
        remote.silence_timeout_seconds,
        remote.retries,
    )


def _checked_url(text: str) -> str:
    """The address without its last slash. Raises ConfigError, also for a password in it, which would be logged."""
    example = "an address such as http://192.168.1.20:8000/v1"
    if not text:
        raise ConfigError(f'engine.backend = "openai" needs remote.base_url, {example}')
    if "@" in text:  # checked before anything could print the address
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


def open_server(remote: RemoteConfig) -> Server:
    """The client of the other computer's server. It does not connect yet.

    Raises ConfigError if a setting or a certificate is wrong, or the package `openai` is not installed.
    """
    settings = settings_from(remote)
    tls = ssl_context(remote.ca_file, "remote.ca_file")
    try:
        return Server(settings, tls)
    except ImportError:
        raise ConfigError(
            'engine.backend = "openai" needs the Python package openai: .venv/bin/pip install ".[remote]" '
            'in the folder of SeeSay, or set it to "local"'
        ) from None
