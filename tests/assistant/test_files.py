"""The user's files: folders, a replacement in one step, and a lock between processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.files import locked, replace_file


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """The file holds the new text as it was given, line ends included, and no other file is left beside it."""
    path = tmp_path / "config.toml"
    path.write_text("old")
    replace_file(path, "é\r\nnew\n")
    assert path.read_bytes() == b"\xc3\xa9\r\nnew\n"
    assert [*tmp_path.iterdir()] == [path]


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    """A file that its user has opened to others stays open to them."""
    path = tmp_path / "state.json"
    path.write_text("old")
    path.chmod(0o664)
    replace_file(path, "new")
    assert mode_of(path) == 0o664


@pytest.mark.parametrize(("options", "mode"), [({}, 0o600), ({"new_mode": 0o666}, 0o640)])
def test_a_new_file_is_its_users_alone(options: dict[str, int], mode: int, tmp_path: Path) -> None:
    """A new file is its user's alone unless the caller shares it, and then the user's umask still applies."""
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "new", "text", **options)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new") == mode


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file(failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full disk or Ctrl-C before the last byte, the old text is complete, and no other file is beside it."""

    def fail(_: int) -> None:
        raise failure

    path = tmp_path / "config.toml"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(failure)):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_lock_lets_one_in_and_refuses_the_next(tmp_path: Path) -> None:
    """A caller who does not wait is refused while another holds the lock, and let in afterwards."""
    path = tmp_path / "x.lock"
    with locked(path, wait=False), pytest.raises(BlockingIOError, match=r"another process holds .*x\.lock"):
        locked(path, wait=False).__enter__()
    with locked(path, wait=False):
        assert path.exists()
    assert path.exists()


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    """A caller who waits is let in when the holder is done."""
    path, order = tmp_path / "x.lock", []

    def second() -> None:
        with locked(path, wait=True):
            order.append("second")

    waiting = threading.Thread(target=second)
    with locked(path, wait=False):
        waiting.start()
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    """The system releases the lock, whatever ends its holder."""
    path = tmp_path / "x.lock"
    code = (
        "import os, sys, pathlib; from assistant.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1]), wait=False): os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    with locked(path, wait=False):
        assert path.exists()


def test_a_file_system_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mere existence of a file never counts as a lock, because a killed process would hold that for ever."""

    def no_locks(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(OSError, match="not implemented"):
        locked(tmp_path / "x.lock", wait=False).__enter__()
