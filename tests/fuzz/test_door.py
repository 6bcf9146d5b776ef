"""The check of the readers is itself checked: readers with one fault each, which it has to find."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz import door
from tests.fuzz.door import Target, check

CASES = 3


def _allocate(data: bytes, folder: Path) -> None:
    np.empty(300_000_000, np.uint8)  # never touched, so it takes no real memory: the request counts


def _run(data: bytes, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def _connect(data: bytes, folder: Path) -> None:
    with socket.socket() as out:
        out.settimeout(0.01)
        out.connect_ex(("127.0.0.1", 9))


def _write(data: bytes, folder: Path) -> None:
    (folder.parent / "elsewhere").write_bytes(data)


def _compute(data: bytes, folder: Path) -> None:
    ends_at = time.thread_time() + 0.02
    while time.thread_time() < ends_at:
        pass


def _fail(data: bytes, folder: Path) -> None:
    raise KeyError("size")


def _say_nothing(data: bytes, folder: Path) -> None:
    raise ValueError(" ")


def _say_two_lines(data: bytes, folder: Path) -> None:
    raise ValueError("one\ntwo")


def _execute(data: bytes, folder: Path) -> None:
    exec("1")


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (_allocate, "MemoryError"),
        (_run, "subprocess.Popen"),
        (_connect, "socket.connect"),
        (_write, "for writing"),
        (_compute, "took 0.0 s"),
        (_fail, "KeyError: \"'size'\""),
        (_say_nothing, "without a sentence"),
        (_say_two_lines, "not one printable line"),
        (_execute, "exec of a text"),
    ],
)
def test_a_reader_with_a_fault_is_found(
    read: Callable[[bytes, Path], None], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every case of it is told, with what it did."""
    monkeypatch.setattr(door, "MOST_CPU_SECONDS", 0.015 if read is _compute else 10.0)
    is_seed = [True]

    def after_the_seed(data: bytes, folder: Path) -> None:
        if is_seed:
            is_seed.clear()
        else:
            read(data, folder)

    folder = tmp_path / "own"
    folder.mkdir()
    result = check(Target("faulty", lambda: [b"seed"], after_the_seed, (ValueError,)), range(CASES), folder)
    assert result.ends == {"fault": CASES}
    assert all(told in fault for fault in result.faults), result.faults


def test_a_reader_without_a_fault_passes(tmp_path: Path) -> None:
    """It may return, or raise its error with a sentence, and write into its own folder."""

    def read(data: bytes, folder: Path) -> None:
        (folder / "file").write_bytes(data)
        if len(data) % 2:
            raise ValueError("the file is damaged: fetch it again")

    assert check(Target("sound", lambda: [b"even"], read, (ValueError,)), range(200), tmp_path).faults == []
