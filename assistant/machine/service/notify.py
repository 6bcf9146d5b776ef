"""Tells systemd how the service is: ready, still alive, or ending. Where systemd does not ask for it, nothing is sent.

systemd names a datagram socket in the environment, and each message is one datagram (sd_notify(3)). The packages on
the index that do this are either unmaintained or have to be compiled against libsystemd, for these few lines. It does
not know when the program is ready or alive.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends messages to the socket at `address`, or none at all without an address. Any thread may call it."""

    def __init__(self, address: str = "") -> None:
        # A leading @ stands for a socket in Linux's abstract name space, which the kernel wants as a zero byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def tell(self, *assignments: str) -> None:
        """Sends assignments such as "READY=1" and "STATUS=listening". It never fails: systemd may have gone."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.setblocking(False)  # a systemd that does not read must not make the conversation wait
            to.connect(self._address)
            to.send("\n".join(assignments).encode())


def notifier_of(environ: Mapping[str, str]) -> Notifier:
    return Notifier(environ.get("NOTIFY_SOCKET", ""))


def watchdog_seconds(environ: Mapping[str, str], pid: int | None = None) -> float | None:
    """After how many seconds without a sign of life systemd ends this process; None if it does not watch it."""
    try:
        micros = int(environ.get("WATCHDOG_USEC", "0"))
        watched = int(environ.get("WATCHDOG_PID", "0"))
    except ValueError:
        return None
    is_watched = watched in (0, os.getpid() if pid is None else pid)  # a child inherits the environment of its parent
    return micros / 1e6 if micros > 0 and is_watched else None
