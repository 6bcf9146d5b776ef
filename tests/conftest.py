"""Settings for all tests. No test reads or writes anything of the user's.

Packed weights go into a cache folder of this run. numba's machine code stays in its usual place, beside its source or
in the folder that NUMBA_CACHE_DIR names, because it is the same for all runs and takes minutes to compile.

`make test` runs two files side by side (pytest-xdist). Tests that have to keep time with a sound card come last, and
nothing runs beside them, because the load of another file could be heard.

Hypothesis tries the same examples in every run and sets no time limit for one, so that neither chance nor a busy
machine decides whether the tests pass. `pytest --hypothesis-profile=explore` tries other examples.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("gate")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts each file into a group of its own, so that its fixtures are made once.

    All tests that need the machine to themselves form one further group, which comes last.
    """

    items.sort(key=_alone)  # a stable sort, so that the rest keeps its order
    for item in items:
        item.add_marker(pytest.mark.xdist_group("alone" if _alone(item) else str(item.path)))


def _alone(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(mark) for mark in ("device", "soak"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Has a test that runs alone wait for the end of the other process's test, and that one's next test wait for it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if _alone(item) else fcntl.LOCK_SH)
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sets a cache folder for this run, also for the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
