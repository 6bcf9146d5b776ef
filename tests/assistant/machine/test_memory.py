"""The setting of the C library's malloc. That it helps is measured in tests/assistant/web/api/test_serve.py."""

from __future__ import annotations

import ctypes
import platform

import pytest

from assistant.machine.memory import tune_malloc


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_glibc_takes_the_setting() -> None:
    """glibc accepts the setting, also when it is made again."""
    assert [tune_malloc() for _ in range(2)] == [True, True]


def test_any_other_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A C library without the call, and a system other than Linux, are left as they are."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not tune_malloc()
    monkeypatch.undo()
    monkeypatch.setattr("sys.platform", "darwin")
    assert not tune_malloc()
