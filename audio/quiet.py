"""Silences C libraries that write to stderr: for a moment while they load, or for the rest of the process.

It does not know which library is loaded, nor what it would have written.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_STDERR = 2


class _Silence:
    """File descriptor 2 of this process, which leads nowhere while at least one thread wants it so.

    The descriptor belongs to all threads. So the first thread that wants silence redirects it, and the last one puts
    it back: a thread in between must neither save the redirected descriptor nor end the silence of another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted_by = 0  # threads
        self._redirected = False
        self._kept: int | None = None  # a copy of the real descriptor; None where it was closed
        self._python_stderr: tuple[TextIO, TextIO] | None = None  # the real one, and the one that stands in for it
        self._stand_in_descriptor: int | None = None  # closed at the next time, as a thread may still be printing to it

    def begin(self) -> None:
        with self._lock:
            if self._wanted_by == 0:
                self._redirect()
            self._wanted_by += 1

    def end(self) -> None:
        with self._lock:
            self._wanted_by -= 1
            if self._wanted_by == 0 and self._redirected:
                self._put_back()

    def _redirect(self) -> None:
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except OSError:  # no descriptor is free: a page of messages is better than a failed start
            return
        if nowhere == _STDERR:  # descriptor 2 was closed, and so it was the lowest free number
            self._kept, self._redirected = None, True
            return
        try:
            self._kept = os.dup(_STDERR)
        except OSError:  # descriptor 2 is closed; without /dev/null there, the next file opened could get its number
            self._kept = None
        self._keep_python_stderr()  # before the next line, else what another thread prints in between would be lost
        os.dup2(nowhere, _STDERR)
        os.close(nowhere)
        self._redirected = True

    def _keep_python_stderr(self) -> None:
        """Lets sys.stderr write to the copy of the descriptor, so that what this program says meanwhile is not lost.

        A device may take seconds to open, while another thread tells the user that a microphone has gone.
        """
        real = sys.stderr
        if self._kept is None or real is None:
            return
        with contextlib.suppress(OSError, ValueError):
            if real.fileno() != _STDERR:
                return
            if self._stand_in_descriptor is not None:
                os.close(self._stand_in_descriptor)
            self._stand_in_descriptor = None
            descriptor = self._stand_in_descriptor = os.dup(self._kept)
            stand_in = open(descriptor, "w", encoding=real.encoding, errors=real.errors, closefd=False)  # noqa: SIM115
            self._python_stderr = real, stand_in
            sys.stderr = stand_in

    def _put_back(self) -> None:
        self._redirected = False
        if self._kept is None:
            os.close(_STDERR)
        else:  # before sys.stderr leads there again, else what another thread prints in between would be lost
            os.dup2(self._kept, _STDERR)
            os.close(self._kept)
        if self._python_stderr is not None:
            real, stand_in = self._python_stderr
            self._python_stderr = None
            with contextlib.suppress(OSError, ValueError):
                stand_in.flush()
            if sys.stderr is stand_in:
                sys.stderr = real


_silence = _Silence()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """File descriptor 2 leads nowhere inside, for all threads: keep it short.

    Threads may be inside at the same time. After the last one has left, the descriptor is as it was, also where it was
    closed. What Python has buffered for stderr is written before, and what Python prints to sys.stderr inside is seen.
    """
    if sys.stderr is not None:  # None where the program was started without a stderr
        with contextlib.suppress(OSError, ValueError):  # a full disk, a terminal that is gone, a closed stream
            sys.stderr.flush()
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()


def mute_c_stderr() -> None:
    """From now on, nothing of what C libraries print to C's `stderr` is seen. Descriptor 2 stays as it is.

    ALSA, JACK and PortAudio print there from threads of their own when a sound server dies in the middle of a stream,
    and PortAudio has no way to turn that off. Python and C++ libraries write to descriptor 2 in other ways, so their
    messages are still seen. Those of C's `assert` are lost, and so is the text of a crash of the interpreter itself.
    Does nothing without glibc, because other C libraries keep `stderr` in memory that cannot be written.
    """
    global _c_stderr_is_muted
    if _c_stderr_is_muted or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return
    with contextlib.suppress(ValueError, OSError):  # an unknown name, or no such symbol
        if not os.confstr("CS_GNU_LIBC_VERSION"):
            return
        libc = ctypes.CDLL(None)
        libc.fopen.restype = ctypes.c_void_p
        nowhere = libc.fopen(os.devnull.encode(), b"we")  # "e": not inherited by other programs
        if nowhere:  # it is null where no descriptor is free
            ctypes.c_void_p.in_dll(libc, "stderr").value = nowhere
            _c_stderr_is_muted = True


_c_stderr_is_muted = False
