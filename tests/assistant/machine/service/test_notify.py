"""The messages reach a socket as systemd opens one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.machine.service.notify import Notifier, notifier_of, watchdog_seconds


@pytest.fixture
def systemd() -> Iterator[socket.socket]:
    """A datagram socket such as systemd's own."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(5.0)
        yield listening


def test_a_message_is_one_datagram(systemd: socket.socket, tmp_path: Path) -> None:
    """All assignments of a call arrive together, a line each."""
    systemd.bind(str(tmp_path / "notify"))
    notifier_of({"NOTIFY_SOCKET": str(tmp_path / "notify")}).tell("READY=1", "STATUS=listening")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=listening"


def test_an_abstract_socket_is_reached(systemd: socket.socket) -> None:
    """A name that begins with @ is no file."""
    systemd.bind(f"\0seesay-test-{os.getpid()}")
    Notifier(f"@seesay-test-{os.getpid()}").tell("WATCHDOG=1")
    assert systemd.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_without_systemd_nothing_is_sent_and_nothing_fails(address: str) -> None:
    """A program that was started by hand, or whose systemd has gone, goes on."""
    Notifier(address).tell("READY=1")


def test_a_systemd_that_does_not_read_is_not_waited_for(systemd: socket.socket, tmp_path: Path) -> None:
    """Messages are dropped when its queue is full."""
    systemd.bind(str(tmp_path / "notify"))
    notifier = Notifier(str(tmp_path / "notify"))
    for _ in range(2000):
        notifier.tell("WATCHDOG=1")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_only_the_process_that_is_watched_feeds(environ: dict[str, str], seconds: float | None) -> None:
    """The time limit counts for the process that it names; a child that inherited it has none."""
    assert watchdog_seconds(environ, pid=7) == seconds
