"""Descriptor 2 leads nowhere inside, and is afterwards what it was, for several threads and without a stderr."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio.quiet import quiet_stderr

ROOT = Path(__file__).parents[2]


def place_of(descriptor: int) -> tuple[int, int]:
    """The device and the inode that a descriptor leads to."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def test_what_a_library_writes_is_not_seen(capfd: pytest.CaptureFixture[str]) -> None:
    """Inside, bytes written to the descriptor are gone; before and after, they are seen."""
    os.write(2, b"before ")
    with quiet_stderr():
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


@pytest.fixture
def _often_switched() -> Iterator[None]:
    """Threads take turns after a microsecond instead of 5 ms, so that they meet in the middle of things."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_often_switched")
def test_two_threads_leave_the_descriptor_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    """A thousand times each, at the same time: descriptor 2 leads where it led before, and none is left open."""
    before, open_before = place_of(2), len(os.listdir("/proc/self/fd"))
    together = threading.Barrier(2)

    def often() -> None:
        together.wait()
        for _ in range(1000):
            with quiet_stderr():
                os.sched_yield()  # the other thread is now likely to come in or to leave

    threads = [threading.Thread(target=often, name=f"quiet {number}") for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place_of(2) == before
    assert len(os.listdir("/proc/self/fd")) == open_before
    assert capfd.readouterr().err == ""


def test_one_thread_does_not_end_the_silence_of_another(capfd: pytest.CaptureFixture[str]) -> None:
    """The silence lasts until the last one that wants it has left, whoever came first, and then it ends."""
    before = place_of(2)
    first, second = quiet_stderr(), quiet_stderr()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    os.write(2, b"still inside the second")
    second.__exit__(None, None, None)
    assert place_of(2) == before
    assert capfd.readouterr().err == ""


def test_an_error_inside_comes_out_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """The descriptor is put back also when the library fails."""
    before = place_of(2)
    with pytest.raises(ZeroDivisionError), quiet_stderr():
        raise ZeroDivisionError
    assert place_of(2) == before


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_it_works_without_a_stderr(closed: str) -> None:
    """With the descriptor closed, a file opened inside does not get its number, and afterwards it is closed again."""
    code = (
        "import os, sys\n"
        "from audio.quiet import quiet_stderr\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'noise')\n"
        "try:\n"
        "    os.fstat(2)\n"
        "except OSError:\n"
        "    sys.exit(7)\n"
    )
    done = subprocess.run(["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code], cwd=ROOT, check=False)
    assert done.returncode == 7


def test_two_threads_that_overlap_leave_stderr_as_it_was(capfd):
    """The first one in may be the first one out: the other one stays quiet, and stderr comes back behind it."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def second():
        first_is_in.wait(5)
        with quiet_stderr():
            second_is_in.set()
            first_is_out.wait(5)
            os.write(2, b"inside ")

    thread = threading.Thread(target=second)
    thread.start()
    with quiet_stderr():
        first_is_in.set()
        second_is_in.wait(5)
    first_is_out.set()
    thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_what_this_program_says_meanwhile_is_seen() -> None:
    """A message that Python prints to stderr while a library is silenced comes out; the library's own does not."""
    code = (
        "import os, sys\n"
        "from audio.quiet import quiet_stderr\n"
        "real = sys.stderr\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'library\\n')\n"
        "    print('the microphone has gone', file=sys.stderr, flush=True)\n"
        "    print('soon', file=sys.stderr)\n"
        "assert sys.stderr is real\n"
        "print('after', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines() == ["the microphone has gone", "soon", "after"]
    assert done.returncode == 0


def test_what_another_thread_says_at_the_edges_is_seen() -> None:
    """At the moment when the descriptor is redirected, and just before it is put back."""
    code = """
import os, sys
from audio.quiet import quiet_stderr

redirect = os.dup2
def dup2(source, target):
    print("before", file=sys.stderr, flush=True)
    redirect(source, target)
    print("after", file=sys.stderr, flush=True)

os.dup2 = dup2
with quiet_stderr():
    pass
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr.split() == ["before", "after"] * 2


def test_c_libraries_are_mute_but_python_is_not() -> None:
    """What C code prints to its stderr is gone for good; Python's messages and descriptor 2 are still seen."""
    code = """
import ctypes, os, sys
from audio.quiet import mute_c_stderr
libc = ctypes.CDLL(None)
def say(word):
    libc.fputs(word, ctypes.c_void_p.in_dll(libc, "stderr"))
say(b"before ")
mute_c_stderr()
mute_c_stderr()
say(b"inside ")
sys.stderr.write("python ")
sys.stderr.flush()
os.write(2, b"descriptor")
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stderr == "before python descriptor"
