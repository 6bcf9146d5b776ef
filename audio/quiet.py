"""Silence for C libraries that write to stderr while they load (ALSA, Kaldi)."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_changing = threading.Lock()  # guards the two below
_users = 0  # threads that are inside now
_kept: int | None = None  # a copy of the real stderr while somebody is inside


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """File descriptor 2 leads nowhere inside. Keep it short: it is so for all threads.

    Two threads may be inside at once, as when the microphone and the loudspeaker are opened again at the same time. The
    first one in silences, and the last one out restores.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _kept
    sys.stderr.flush()
    with _changing:
        _users += 1
        if _users > 1:
            return
        try:
            _kept = os.dup(2)
        except OSError:  # no stderr at all (a service with closed descriptors): nothing to quiet
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _leave() -> None:
    global _users, _kept
    with _changing:
        _users -= 1
        if _users == 0 and _kept is not None:
            os.dup2(_kept, 2)
            os.close(_kept)
            _kept = None
