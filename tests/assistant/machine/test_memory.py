"""What the C library is asked for; that it helps is measured in a real server: tests/assistant/web/api/test_serve.py."""

from __future__ import annotations

import ctypes
import platform

import pytest

from assistant.machine.memory import tune_malloc


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_glibc_takes_the_setting() -> None:
    """As often as it is asked."""
    assert [tune_malloc() for _ in range(2)] == [True, True]


def test_any_other_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without the call, and a system other than Linux."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not tune_malloc()
    monkeypatch.undo()
    monkeypatch.setattr("sys.platform", "darwin")
    assert not tune_malloc()
