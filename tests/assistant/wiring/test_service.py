"""What the service needs for a configuration, and the signs of life that a running program gives."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from assistant.conversation.event_queue import Event, Tick
from assistant.machine.service.notify import Notifier
from assistant.machine.service.unit import Network
from assistant.settings.config_reader import parse_config
from assistant.wiring.conversation import _with_signs_of_life
from assistant.wiring.service import SignsOfLife, network_of, unit_settings


@pytest.mark.parametrize(
    ("toml", "page", "network"),
    [
        ("", False, Network.NONE),
        ("", True, Network.LOOPBACK),
        ('[web]\nhost = "0.0.0.0"', False, Network.NONE),
        ('[web]\nhost = "0.0.0.0"', True, Network.ANY),
        ('[seeing]\ncamera = "rtsp://user:pass@192.168.1.7/live"', False, Network.ANY),
        ('[seeing]\ncamera = "http://127.0.0.1:8080/video"', False, Network.LOOPBACK),
        ('[seeing]\ncamera = "http://[::1]:8080/video"', True, Network.LOOPBACK),
        ('[journal]\nmqtt_url = "mqtts://broker.example/seesay"', False, Network.ANY),
        ('[journal]\nwebhook_url = "http://localhost:9000/x"', False, Network.LOOPBACK),
        ('[engine]\nbackend = "openai"\n[remote]\nbase_url = "http://10.0.0.2:8000/v1"', False, Network.ANY),
        ('[remote]\nbase_url = "http://10.0.0.2:8000/v1"', False, Network.NONE),
    ],
)
def test_the_network_is_open_as_far_as_the_configuration_asks(toml: str, page: bool, network: Network) -> None:
    """A camera, a receiver of records or another computer's engine opens it, and the page if it is served."""
    assert network_of(parse_config(toml, "x"), page=page) is network


def test_the_memory_limit_is_that_of_the_full_model_while_only_the_demo_model_is_here(tmp_path: Path) -> None:
    """A model that is fetched later must not be ended for its size."""
    environ = {"HOME": str(tmp_path)}
    settings = unit_settings(parse_config("", "x"), ("seesay",), environ, page=False, logs_words=False)
    assert settings.memory_bytes > 4 << 30
    assert settings.writable == (
        tmp_path / ".cache/seesay",
        tmp_path / ".local/share/seesay",
        tmp_path / ".local/state/seesay",
    )
    assert settings.machine_code.parent in settings.writable


def test_the_memory_limit_follows_a_model_that_is_named(tmp_path: Path) -> None:
    """The size of its weights counts."""
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(20 << 30)
    config = parse_config(f'[engine]\nmodel = "{tmp_path}"', "x")
    settings = unit_settings(config, ("seesay",), {"HOME": str(tmp_path)}, page=False, logs_words=False)
    assert settings.memory_bytes > 15 << 30


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def received(systemd: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(systemd.recv(1000).decode())
        except BlockingIOError:
            return messages


def test_a_conversation_that_comes_around_with_sound_feeds_the_watchdog(systemd: socket.socket) -> None:
    """The conversation asks for the next event, and the sound of the last one was young: one sign of life."""
    from time import monotonic

    life = SignsOfLife(Notifier(str(systemd.getsockname())), 0.0, needs_sound=True)
    life.ready("listening")
    assert received(systemd) == ["READY=1\nSTATUS=listening", "WATCHDOG=1"]

    def heard() -> Generator[Event, None, None]:
        yield Tick(monotonic())
        yield Tick(monotonic() - 60.0)
        yield Tick(monotonic())

    events = _with_signs_of_life(heard(), life)
    next(events)
    assert received(systemd) == [], "the conversation has not yet dealt with the event"
    next(events)
    assert received(systemd) == ["WATCHDOG=1"]
    next(events)
    assert received(systemd) == [], "the sound was a minute old"
    assert next(events, None) is None
    assert received(systemd) == ["WATCHDOG=1"]
    life.ending()
    assert received(systemd) == ["STOPPING=1\nSTATUS=ending"]


def test_the_sound_is_let_go_when_the_conversation_ends() -> None:
    """Closing the watched events closes those below, and so the microphone."""
    closed = []

    def heard() -> Generator[Event, None, None]:
        try:
            while True:
                yield Tick(0.0)
        finally:
            closed.append(True)

    events = _with_signs_of_life(heard(), SignsOfLife(Notifier(), None, needs_sound=True))
    next(events)
    events.close()
    assert closed == [True]
